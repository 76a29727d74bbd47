package account

import "testing"

func TestListed(t *testing.T) {
	const groups = "root:x:0:\nhaclient:x:105:anna,ben\n# odd\nops:x:7:ben\n"
	for _, tt := range []struct {
		user, group string
		want        bool
	}{
		{"anna", "haclient", true}, {"ben", "haclient", true}, {"ben", "ops", true},
		{"anna", "ops", false}, {"", "root", false}, {"root", "root", false}, {"anna", "nobody", false},
	} {
		if got := listed(groups, tt.user, tt.group); got != tt.want {
			t.Errorf("%s in %s: %v", tt.user, tt.group, got)
		}
	}
}
