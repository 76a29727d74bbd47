package srp

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

var (
	firstSeed = flag.Uint64("seed", 0, "first `seed` of the drawn worlds")
	seeds     = flag.Uint64("seeds", 60, "`number` of drawn worlds")
)

// life is what one node delivered in one regular configuration: before it began
// to leave it, and in the transitional configuration that followed.
type life struct {
	node          totem.NodeID
	ring, next    totem.RingID
	regular, rest []string
	trans         []totem.NodeID
	ended         bool
}

func lives(d *testNode) []life {
	var out []life
	for i, s := range d.spans {
		if s.change.Type == totem.Transitional {
			if n := len(out); n > 0 && i+1 < len(d.spans) && !out[n-1].ended {
				l := &out[n-1]
				l.rest, l.next, l.trans, l.ended = s.msgs, s.change.Ring, s.change.Members, true
			}
			continue
		}
		out = append(out, life{node: d.id, ring: s.change.Ring, regular: s.msgs})
	}
	return out
}

// checkEVS looks for what extended virtual synchrony promises: the nodes of a
// configuration deliver the same messages in the same order as far as they both
// deliver any, those that go on together deliver the very same, and nothing is
// delivered twice.
func checkEVS(t *testing.T, past []*testNode) {
	t.Helper()
	byRing := map[totem.RingID][]life{}
	for _, d := range past {
		seen := map[string]bool{}
		for _, s := range d.spans {
			for _, m := range s.msgs {
				if seen[m] {
					t.Errorf("node %d delivers %s twice", d.id, m)
				}
				seen[m] = true
			}
		}
		for _, l := range lives(d) {
			byRing[l.ring] = append(byRing[l.ring], l)
		}
	}
	for ring, ls := range byRing {
		for i, p := range ls {
			for _, q := range ls[i+1:] {
				n := min(len(p.regular), len(q.regular))
				if !slices.Equal(p.regular[:n], q.regular[:n]) {
					t.Errorf("ring %v: %d and %d deliver in different order", ring, p.node, q.node)
				}
				if p.ended && q.ended && p.next == q.next {
					a, b := append(slices.Clone(p.regular), p.rest...), append(slices.Clone(q.regular), q.rest...)
					if !slices.Equal(a, b) {
						t.Errorf("ring %v to %v: %d delivers %d messages, %d %d", ring, p.next, p.node, len(a), q.node, len(b))
					}
					if !slices.Equal(p.trans, q.trans) {
						t.Errorf("ring %v to %v: transitional %v and %v", ring, p.next, p.trans, q.trans)
					}
				}
			}
		}
	}
}

// TestDrawnWorlds draws loss, partitions, crashes and pauses from a seed, checks
// the order of everything, and once the faults stop that one ring comes about.
func TestDrawnWorlds(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { drawnWorld(t, seed) })
	}
}

func drawnWorld(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	ids := []totem.NodeID{1, 2, 3, 4, 5}[:2+r.IntN(4)]
	n := newNet(t, ids...)
	n.rnd = r
	for _, d := range n.nodes {
		d.big = r.IntN(3) == 0
	}
	var past []*testNode
	side := map[totem.NodeID]int{}
	loss := 0
	n.drop = func(from, to totem.NodeID, _ []byte) bool {
		return side[from] != side[to] || r.IntN(100) < loss
	}
	sent := 0
	for range 40 {
		id := ids[r.IntN(len(ids))]
		d := n.nodes[id]
		switch r.IntN(10) {
		case 0:
			side[id] = r.IntN(2)
		case 1:
			clear(side)
		case 2:
			loss = r.IntN(30)
		case 3:
			loss = 0
		case 4:
			if !d.down {
				d.down = true
				past = append(past, d)
				n.nodes[id] = &testNode{id: id, down: true, stored: d.stored, big: d.big}
			}
		case 5:
			if d.down {
				n.add(id)
			} else if !d.paused {
				d.paused = true
			}
		case 6:
			if d.paused {
				n.resume(id)
			}
		default:
			for range r.IntN(80) {
				id := ids[r.IntN(len(ids))]
				if d := n.nodes[id]; !d.down && !d.paused {
					sent++
					n.send(id, fmt.Sprintf("m%d", sent))
				}
			}
		}
		n.run(time.Duration(r.IntN(1500)) * time.Millisecond)
	}
	clear(side)
	loss = 0
	for _, id := range ids {
		if n.nodes[id].down {
			n.add(id)
		} else if n.nodes[id].paused {
			n.resume(id)
		}
	}
	n.until(30*time.Second, "one ring", n.formed(ids...))
	n.run(3 * time.Second)
	for _, d := range n.nodes {
		past = append(past, d)
		if d.Backlog(false) != 0 {
			t.Errorf("node %d still has messages to send", d.id)
		}
	}
	checkEVS(t, past)
}
