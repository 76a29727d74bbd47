package engine_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

var seeds = flag.Int("seeds", 30, "how many seeds TestRandom plays for each configuration")

// TestRandom plays random partitions, merges, crashes and restarts, some in the
// middle of a synchronisation. After each, once the cluster has settled:
//
//   - nodes of one ring agree on the votes there are and, with the exceptions
//     noted below, on being quorate;
//   - no two rings are quorate, but with a tie breaker or last_man_standing,
//     which guess what became of the others;
//   - all in one ring are quorate (once, for each story).
func TestRandom(t *testing.T) {
	for _, conf := range []string{
		"nodes=3",
		"nodes=4",
		"nodes=5",
		"nodes=5 votes=1,2,3,2,1",
		"nodes=4 votes=3,1,1,0",
		"expected_votes=5",
		"nodes=3 wait_for_all=1",
		"nodes=5 wait_for_all=1 votes=2,1,1,1,1",
		"nodes=5 wait_for_all=1 last_man_standing=1",
		"nodes=4 wait_for_all=1 auto_tie_breaker=1",
		"nodes=5 expected_votes_tracking=1",
	} {
		t.Run(strings.ReplaceAll(conf, " ", ","), func(t *testing.T) {
			for seed := range *seeds {
				story(t, conf, uint64(seed))
			}
		})
	}
}

// drama is one random story.
type drama struct {
	*world
	rand   *rand.Rand
	all    []totem.NodeID
	seed   uint64
	parts  [][]totem.NodeID // the rings
	script strings.Builder
}

func story(t *testing.T, conf string, seed uint64) {
	d := &drama{world: newWorld(t, io.Discard), rand: rand.New(rand.NewPCG(seed, 1)), seed: seed}
	d.level = loglevel.Emerg
	d.conf = config(strings.Fields(conf))
	nodes := 5
	if rest, ok := strings.CutPrefix(conf, "nodes="); ok {
		nodes = int(rest[0] - '0')
	}
	for id := range nodes {
		d.all = append(d.all, totem.NodeID(id+1))
		d.restart(totem.NodeID(id + 1))
	}
	for range 25 {
		overtaken := d.fault()
		d.settle()
		// What a node multicast in a synchronisation that was overtaken still
		// arrives, and what it says of the node is old by then. And with
		// wait_for_all a node that loses one peer and gains another at once has
		// to wait while the newcomer, who heard it say that it was quorate, has
		// not. Both are so in the reference, and the next change puts them right.
		d.check(!overtaken && !strings.Contains(conf, "wait_for_all"), !strings.Contains(conf, "last_man") && !strings.Contains(conf, "tie"))
		if t.Failed() {
			t.Fatalf("seed %d, %s, after\n%s", seed, conf, d.script.String())
		}
	}
	// Once all are there, all are quorate.
	for _, id := range d.all {
		if d.hosts[id].up == nil {
			d.restart(id)
		}
	}
	d.split(d.all)
	d.settle()
	for _, id := range d.all {
		if !d.hosts[id].up.quorum.Quorate() {
			t.Fatalf("seed %d, %s: node %d is not quorate with all others\n%s", seed, conf, id, d.script.String())
		}
	}
}

func (d *drama) note(format string, args ...any) { fmt.Fprintf(&d.script, format+"\n", args...) }

func (d *drama) restart(id totem.NodeID) {
	d.note("start %d", id)
	if err := d.start(id); err != nil {
		d.t.Fatal(err)
	}
}

// fault crashes and restarts nodes and draws new rings; now and then it does so
// again before the nodes have synchronised.
func (d *drama) fault() (overtaken bool) {
	changes := 1 + d.rand.IntN(3)*d.rand.IntN(2)
	for range changes {
		for _, id := range d.all {
			switch {
			case d.hosts[id].up == nil && d.rand.IntN(3) == 0:
				d.restart(id)
			case d.hosts[id].up != nil && d.rand.IntN(8) == 0:
				d.note("crash %d", id)
				d.crash(id)
			}
		}
		up := d.running()
		parts := make([][]totem.NodeID, 1+d.rand.IntN(3))
		for _, id := range up {
			i := d.rand.IntN(len(parts))
			parts[i] = append(parts[i], id)
		}
		d.parts = slices.DeleteFunc(parts, func(p []totem.NodeID) bool { return len(p) == 0 })
		d.split(d.parts...)
		for range d.rand.IntN(40) {
			d.step()
		}
	}
	if d.rand.IntN(2) == 0 {
		ms := d.rand.IntN(15000)
		d.note("advance %dms", ms)
		d.advance(time.Duration(ms) * time.Millisecond)
	}
	return changes > 1
}

func (d *drama) split(parts ...[]totem.NodeID) {
	d.note("cut %v", parts)
	if len(parts) > 0 {
		d.cut(parts...)
	}
}

func (d *drama) check(agree, one bool) {
	type ringView struct {
		id      totem.NodeID
		total   uint32
		quorate bool
	}
	rings := map[totem.RingID]ringView{}
	var quorate []totem.RingID
	for _, id := range d.running() {
		p := d.hosts[id].up
		info, err := wire.ParseInfo(p.connect(5).call(wire.GetInfo{}.AppendTo(nil)))
		if err != nil {
			d.t.Fatal(err)
		}
		v := ringView{id, info.TotalVotes, p.quorum.Quorate()}
		if v.quorate != (info.Flags&wire.InfoQuorate != 0) {
			d.t.Errorf("node %d: the quorum service says %v, votequorum otherwise", id, v.quorate)
		}
		first, ok := rings[p.ring]
		if !ok {
			rings[p.ring] = v
			if v.quorate {
				quorate = append(quorate, p.ring)
			}
		} else if first.total != v.total || agree && first.quorate != v.quorate {
			d.t.Errorf("ring %v: %+v but %+v", p.ring, first, v)
		}
	}
	if one && len(quorate) > 1 {
		d.t.Errorf("two rings are quorate: %v", quorate)
	}
}
