package votequorum

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
)

func TestLeadingID(t *testing.T) {
	for _, tt := range []struct {
		in   string
		id   totem.NodeID
		rest string
	}{
		{"", 0, ""},
		{"lowest", 0, "lowest"},
		{"3", 3, ""},
		{"  12 5", 12, " 5"},
		{"\t+7,8", 7, ",8"},
		{"-1", 4294967295, ""}, // as C converts it
		{"0 3", 0, " 3"},
		{"3221225473x", 3221225473, "x"},
	} {
		if id, rest := leadingID(tt.in); id != tt.id || rest != tt.rest {
			t.Errorf("%q: %d, %q, want %d, %q", tt.in, id, rest, tt.id, tt.rest)
		}
	}
}

func TestMajority(t *testing.T) {
	for votes, want := range map[uint32]uint32{0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 510: 256, 1000: 501, ^uint32(0): 1 << 31} {
		if got := majority(votes); got != want {
			t.Errorf("majority of %d votes: %d, want %d", votes, got, want)
		}
	}
}
