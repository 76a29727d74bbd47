package link

import (
	"math/rand/v2"
	"testing"
)

func TestWindow(t *testing.T) {
	type step struct {
		seq uint16
		new bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"in order, twice each", []step{{1, true}, {1, false}, {2, true}, {2, false}, {1, false}}},
		{"out of order", []step{{10, true}, {7, true}, {9, true}, {7, false}, {8, true}, {10, false}}},
		{"over the end of the numbers", []step{{65534, true}, {65535, true}, {1, true}, {65535, false}, {2, true}, {1, false}, {65534, false}}},
		{"a jump within the window", []step{{1, true}, {4000, true}, {1, false}, {2, true}, {4000, false}}},
		{"a slide forgets what it leaves", []step{{1, true}, {4097, true}, {2, true}, {4097, false}}},
		{"a far jump begins anew", []step{{100, true}, {30000, true}, {30000, false}, {29999, true}, {100, true}, {100, false}}},
	} {
		var w window
		for i, s := range tt.steps {
			w.admit(s.seq)
			if got := w.isNew(s.seq); got != s.new {
				t.Errorf("%s: step %d: number %d is new: %v, want %v", tt.name, i, s.seq, got, s.new)
			}
			w.deliver(s.seq)
		}
	}
}

// Whatever comes late by less than the window, doubled and out of order, is new
// once, through several turns of the numbers.
func TestWindowAgainstAList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var w window
	type msg struct{ turn, seq int }
	seen := map[msg]bool{}
	next := 1
	for range 400_000 {
		n := next
		if r.IntN(4) == 0 {
			n = max(1, next-r.IntN(windowLen-8)) // late or doubled
		} else {
			next++
			if next%65536 == 0 {
				next++ // 0 is left out
			}
		}
		if n%65536 == 0 {
			continue
		}
		seq := uint16(n)
		w.admit(seq)
		if got, want := w.isNew(seq), !seen[msg{n / 65536, n % 65536}]; got != want {
			t.Fatalf("number %d (%d): new %v, want %v", n, seq, got, want)
		}
		w.deliver(seq)
		seen[msg{n / 65536, n % 65536}] = true
	}
}
