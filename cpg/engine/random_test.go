package engine_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

var (
	seeds     = flag.Int("cpg.seeds", 300, "how many random histories to run")
	firstSeed = flag.Uint64("cpg.seed", 1, "the first of them")
)

// A history of joins, leaves, deaths, multicasts, crashes, restarts,
// partitions and merges, with every node at its own pace. Each client's
// memberships must follow from one another at all times; and when everything
// has come to rest on one ring, all nodes know the processes that are really
// there, and no others.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(*seeds) {
		seed += *firstSeed
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { randomHistory(t, seed) }) {
			t.Fatalf("go test -run TestRandomHistories -args -cpg.seeds 1 -cpg.seed %d", seed)
		}
	}
}

func randomHistory(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 42))
	all := make([]totem.NodeID, 2+rng.IntN(4))
	for i := range all {
		all[i] = totem.NodeID(i + 1)
	}
	w := newWorld(t, all...)
	w.lose = func() bool { return rng.IntN(3) == 0 }
	groups := []string{"crmd", ""}
	pid := uint32(100)
	// Everything that any client was told stands here, also of those that died.
	var told []*conn
	check := func() {
		for _, c := range told {
			checkHistory(t, c)
		}
		checkOrder(t, told)
		checkSynchrony(t, told)
	}
	for range 200 + rng.IntN(300) {
		alive := w.ids()
		n := w.nodes[alive[rng.IntN(len(alive))]]
		var c *conn
		if len(n.conns) > 0 {
			serials := []uint64{}
			for s := range n.conns {
				serials = append(serials, s)
			}
			slices.Sort(serials)
			c = n.conns[serials[rng.IntN(len(serials))]]
		}
		switch k := rng.IntN(100); {
		case k < 5:
			pid++
			told = append(told, n.connect(pid))
		case k < 13 && c != nil:
			c.join(groups[rng.IntN(len(groups))])
		case k < 15 && c != nil:
			c.leave(c.group)
		case k < 18 && c != nil:
			c.kill()
		case k < 40 && c != nil:
			c.mcast(fmt.Sprint(rng.Uint32()))
		case k < 41:
			n.full = !n.full
		case k < 42 && len(alive) > 1:
			w.crash(n.id)
			w.reform(rng, rest(alive, n.id))
		case k < 45:
			for _, id := range all {
				if old := w.nodes[id]; old.dead {
					fresh := w.start(id)
					fresh.forgetful = rng.IntN(2) == 0
					break
				}
			}
		case k < 48:
			w.reform(rng, alive)
		default:
			for range rng.IntN(60) {
				n := w.nodes[alive[rng.IntN(len(alive))]]
				switch rng.IntN(8) {
				case 0:
					n.tick()
				case 1:
					n.process()
				case 2, 3, 4:
					n.send()
				default:
					n.deliver()
				}
			}
		}
	}
	for _, id := range w.ids() {
		w.nodes[id].full = false
	}
	w.form(w.ids()...)
	w.settle()
	check()

	want := map[string][]wire.Address{}
	for _, id := range w.ids() {
		for _, c := range w.nodes[id].conns {
			if c.inGroup() {
				want[c.group] = append(want[c.group], wire.Address{Node: uint32(id), PID: c.pid})
			}
		}
	}
	for _, id := range w.ids() {
		got := w.nodes[id].e.Groups()
		if len(got) != len(want) {
			t.Fatalf("node %d knows %v, there are %v", id, got, want)
		}
		for _, g := range got {
			slices.SortFunc(want[g.Name], func(a, b wire.Address) int {
				return int(a.Node)*1000000 + int(a.PID) - int(b.Node)*1000000 - int(b.PID)
			})
			if !slices.Equal(g.Members, want[g.Name]) {
				t.Fatalf("node %d knows %q with %v, there are %v", id, g.Name, g.Members, want[g.Name])
			}
		}
	}
	// And those who are in a group were last told the same.
	for _, id := range w.ids() {
		for _, c := range w.nodes[id].conns {
			if c.inGroup() && !slices.Equal(c.members(t), want[c.group]) {
				t.Fatalf("client %d:%d was last told %v, there are %v", id, c.pid, c.members(t), want[c.group])
			}
		}
	}
}

// inGroup tells whether the client has asked to be in a group: the empty name
// is one, too.
func (c *conn) inGroup() bool { return c.member }

func rest(list []totem.NodeID, not totem.NodeID) []totem.NodeID {
	return slices.DeleteFunc(slices.Clone(list), func(id totem.NodeID) bool { return id == not })
}

// reform divides the nodes into one to three rings.
func (w *world) reform(rng *rand.Rand, ids []totem.NodeID) {
	parts := make([][]totem.NodeID, 1+rng.IntN(3))
	for _, id := range ids {
		k := rng.IntN(len(parts))
		parts[k] = append(parts[k], id)
	}
	for _, p := range parts {
		if len(p) > 0 {
			w.form(p...)
		}
	}
}

// members is the membership in the client's last change.
func (c *conn) members(t *testing.T) []wire.Address {
	for _, ev := range slices.Backward(c.events) {
		if h, _ := wire.ParseResponseHeader(ev); h.ID == wire.EventConfchg {
			cc, err := wire.ParseConfchg(ev)
			if err != nil {
				t.Fatal(err)
			}
			return cc.Members
		}
	}
	return nil
}

// checkHistory replays what a client was told: who joins was not in the group,
// who leaves was, the rest stays, and who speaks is on a node that is in.
func checkHistory(t *testing.T, c *conn) {
	var now []wire.Address
	group, in := "", false
	for i, ev := range c.events {
		h, err := wire.ParseResponseHeader(ev)
		if err != nil {
			t.Fatal(err)
		}
		bad := func(why string) {
			t.Helper()
			for _, ev := range c.events[:i+1] {
				t.Log(printEvent(t, ev))
			}
			t.Fatalf("client %d:%d: %s", c.n.id, c.pid, why)
		}
		switch h.ID {
		case wire.EventDeliver:
			d, _ := wire.ParseDeliver(ev)
			if !in || string(d.Group) != group {
				bad("a message of another group")
			}
			if !slices.ContainsFunc(now, func(a wire.Address) bool { return a.Node == d.Node }) {
				bad("a message of a node that is not in the group")
			}
		case wire.EventConfchg:
			cc, err := wire.ParseConfchg(ev)
			if err != nil {
				t.Fatal(err)
			}
			self := wire.Address{Node: uint32(c.n.id), PID: c.pid}
			if !in {
				if !slices.Contains(plain(cc.Joined), self) {
					bad("told of a group that it has not joined")
				}
				group, in = cc.Group, true
				now = nil
				for _, a := range cc.Members {
					if !slices.Contains(plain(cc.Joined), a) {
						now = append(now, a)
					}
				}
			}
			if cc.Group != group {
				bad("another group")
			}
			for _, a := range plain(cc.Joined) {
				if slices.Contains(now, a) {
					bad("who is in joins")
				}
				now = append(now, a)
			}
			for _, a := range plain(cc.Left) {
				if !slices.Contains(now, a) {
					bad("who is not in leaves")
				}
				now = slices.DeleteFunc(now, func(b wire.Address) bool { return a == b })
			}
			slices.SortFunc(now, func(a, b wire.Address) int {
				if a.Node != b.Node {
					return int(a.Node) - int(b.Node)
				}
				return int(a.PID) - int(b.PID)
			})
			if !slices.Equal(now, cc.Members) {
				bad(fmt.Sprintf("the members do not follow, they should be %v", now))
			}
			in = slices.Contains(now, self)
		}
	}
}

// checkOrder compares the messages of every two clients: nobody hears one
// twice, and what two hear they hear in the same order.
func checkOrder(t *testing.T, told []*conn) {
	heard := make([]map[string]int, len(told))
	texts := make([][]string, len(told))
	for i, c := range told {
		heard[i] = make(map[string]int)
		for _, ev := range c.events {
			if h, _ := wire.ParseResponseHeader(ev); h.ID == wire.EventDeliver {
				d, _ := wire.ParseDeliver(ev)
				text := fmt.Sprintf("%d:%d %s", d.Node, d.PID, d.Message)
				if _, twice := heard[i][text]; twice {
					t.Fatalf("client %d:%d hears %s twice", c.n.id, c.pid, text)
				}
				heard[i][text] = len(texts[i])
				texts[i] = append(texts[i], text)
			}
		}
	}
	for i := range told {
		for j := range i {
			last := -1
			for _, text := range texts[i] {
				if at, ok := heard[j][text]; ok {
					if at < last {
						t.Fatalf("clients %d:%d and %d:%d hear %s in another order", told[i].n.id, told[i].pid, told[j].n.id, told[j].pid, text)
					}
					last = at
				}
			}
		}
	}
}

// checkSynchrony holds virtual synchrony: clients that go from one membership
// to the next together, both being in both, hear the same between.
func checkSynchrony(t *testing.T, told []*conn) {
	type step struct{ from, to string }
	first := make(map[step]string) // what the first one to take the step heard
	for _, c := range told {
		steps, heard := make(map[step][]string), ""
		self := wire.Address{Node: uint32(c.n.id), PID: c.pid}
		from := ""
		for _, ev := range c.events {
			h, _ := wire.ParseResponseHeader(ev)
			switch h.ID {
			case wire.EventDeliver:
				heard += printEvent(t, ev) + "\n"
			case wire.EventConfchg:
				cc, _ := wire.ParseConfchg(ev)
				to := printEvent(t, ev)
				in := slices.Contains(cc.Members, self)
				if from != "" && in {
					key := step{from, to}
					steps[key] = append(steps[key], heard)
				}
				if from, heard = "", ""; in {
					from = to
				}
			}
		}
		for key, what := range steps {
			if len(what) > 1 {
				continue // it went there and back: which was it with another?
			}
			if other, ok := first[key]; !ok {
				first[key] = what[0]
			} else if other != what[0] {
				t.Fatalf("client %d:%d hears from\n%s\nto\n%s\n%sanother hears\n%s", c.n.id, c.pid, key.from, key.to, what[0], other)
			}
		}
	}
}

// plain is the list without reasons.
func plain(list []wire.Address) []wire.Address {
	out := slices.Clone(list)
	for i := range out {
		out[i].Reason = wire.Undefined
	}
	return out
}
