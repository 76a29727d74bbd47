package featureset

import "testing"

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"3.0.12", "3.0.13", -1}, {"3.16.1", "3.0.13", 1}, {"3.16.1", "3.16.1", 0}, {"", "3.0.13", -1}, {"3.1", "3.0.13", 1}, {"3", "3.0", 0},
		{"", "0", -1},
		{"3.x", "3.y", 0}, {"x", "y", 0}, {"-1", "0", -1}, {"99999999999999999999", "-1", 0},
	} {
		if got := Compare(tt.a, tt.b); got != tt.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := Compare(tt.b, tt.a); got != -tt.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", tt.b, tt.a, got, -tt.want)
		}
	}
}
