package account

import (
	"errors"
	"testing"
)

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

func TestMember(t *testing.T) {
	const groups = "root:x:0:\nhaclient:x:105:anna\nnogroup:x:65534:\n"
	for _, tt := range []struct {
		user, gid, group string
		want             error
	}{
		{"hacluster", "105", "haclient", nil}, {"anna", "1000", "haclient", nil},
		{"root", "0", "haclient", ErrNotMember}, {"root", "0", "nobody", ErrNoGroup},
	} {
		if got := member(groups, tt.user, tt.gid, tt.group); !errors.Is(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("%s in %s: %v", tt.user, tt.group, got)
		}
	}
	if err := Member("no-such-user", "root"); !errors.Is(err, ErrNoUser) {
		t.Error(err)
	}
}
