package sim

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// TestMain has the collector run rarely: a simulated cluster keeps little and drops much.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// many sees small clusters through, with two minutes of faults each.
func many(t *testing.T, seeds uint64, c Course) {
	c.Small, c.Harm = true, 2*time.Minute
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if _, err := Simulate(seed, c, nil); err != nil {
				t.Errorf("seed %d of %+v: %v", seed, c, err)
			}
		})
	}
}

// TestClones: there are never more instances than are allowed, in the world, on a node, and promoted.
func TestClones(t *testing.T) { many(t, 20, Course{Clones: true}) }

// Seeds that have found something: two CIBs that stayed different (29), a start that the DC forgot (32), a node
// that stayed pending (138).
var telling = []uint64{29, 32, 138}

// TestSimulation sees some clusters through; "make sim-cluster SEEDS=N" many.
func TestSimulation(t *testing.T) {
	seeds := telling
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, seed := range seeds {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if _, err := Simulate(seed, Course{}, nil); err != nil {
				t.Errorf("seed %d: %v; go run ./crmd/sim/cmd/sim-cluster -seed %d -trace -log", seed, err, seed)
			}
		})
	}
}

// TestOneActive: what must not happen is noticed.
func TestOneActive(t *testing.T) {
	w := New(1, Course{})
	a, b := w.nodes[0], w.nodes[1]
	w.agents.started(a, "r1")
	w.agents.started(a, "r1")
	if w.broken != nil {
		t.Fatal(w.broken)
	}
	w.agents.started(b, "r1")
	if w.broken == nil {
		t.Error("two instances, and nobody minds")
	}
	if err := w.Settled(); err == nil {
		t.Error("settled")
	}
}

// TestReplay: a seed determines everything.
func TestReplay(t *testing.T) {
	var steps [2]int
	for i := range steps {
		w := New(7, Full)
		w.Boot()
		w.Run(30e9)
		steps[i] = w.Steps()
	}
	if steps[0] != steps[1] || steps[0] == 0 {
		t.Errorf("%d and %d steps", steps[0], steps[1])
	}
}

// TestAdministrators: what was acknowledged in a ring with quorum stays.
func TestAdministrators(t *testing.T) { many(t, 20, Course{Administrators: true}) }

// TestDaemons: what must hold does when daemons die alone.
func TestDaemons(t *testing.T) { many(t, 20, Course{Daemons: true}) }

// TestLost: an acknowledged write that is gone is noticed, and nothing else is taken for one.
func TestLost(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	one, two := &write{"1", at(1), at(2)}, &write{"2", at(3), at(4)}
	pending, beside := &write{value: "3", asked: at(3)}, &write{"4", at(1), at(4)}
	for _, tt := range []struct {
		writes []*write
		value  string
		ok     bool
	}{
		{nil, "", true},
		{nil, "1", false}, // from nowhere
		{[]*write{one}, "1", true},
		{[]*write{one}, "", false},
		{[]*write{one, two}, "2", true},
		{[]*write{one, two}, "1", false},
		{[]*write{one, pending}, "1", true},
		{[]*write{one, pending}, "3", true},
		{[]*write{pending, two}, "3", true}, // late
		{[]*write{one, beside}, "1", true},  // at the same time
		{[]*write{one, beside}, "4", true},
		{[]*write{one, {"", at(5), at(6)}}, "", true},
		{[]*write{one, {"", at(5), at(6)}}, "1", false},
	} {
		if err := explained(tt.writes, tt.value); (err == nil) != tt.ok {
			t.Errorf("%d writes, %q: %v", len(tt.writes), tt.value, err)
		}
	}
	w := New(1, Course{Administrators: true, Small: true})
	w.Boot()
	w.Run(2 * time.Minute)
	changes := []change{
		standby(w.nodes[1], 1, true), maintenance(2, true), location("r1", w.nodes[0], 3, true), location("g", w.nodes[2], 4, false), adds(5),
	}
	for _, c := range changes {
		w.admin.write(w.nodes[0], c, nil)
		w.Run(time.Second)
	}
	cib := w.nodes[2].cib.m.CIB()
	if err := w.admin.lost(cib); err != nil || w.admin.acknowledged != len(changes) || w.admin.alone != 0 {
		t.Errorf("%d acknowledged, %d alone: %v", w.admin.acknowledged, w.admin.alone, err)
	}
	for _, c := range changes {
		w := &World{nodes: w.nodes}
		w.admin = &administrators{w: w, writes: map[string][]*write{c.key: {{c.value + "0", at(1), at(2)}}}}
		if err := w.admin.lost(cib); err == nil {
			t.Errorf("%s: another value, and nobody minds", c.key)
		}
	}
}

// TestCloneLimits: that there are more instances of clones than are allowed is noticed.
func TestCloneLimits(t *testing.T) {
	for what, do := range map[string]func(w *World){
		"c1 is started on node3 and then has 3 instances, 2 are allowed": func(w *World) {
			for _, n := range w.nodes {
				w.agents.started(n, "c1")
			}
		},
		"u1:1 is started on node1, which then has 2 instances, 1 are allowed": func(w *World) {
			w.agents.started(w.nodes[0], "u1:0")
			w.agents.started(w.nodes[0], "u1:1")
		},
		"u1:0 is started on node2 and may be active on node1": func(w *World) {
			w.agents.started(w.nodes[0], "u1:0")
			w.agents.started(w.nodes[1], "u1:0")
		},
		"p1 is promoted on node2 and may be promoted on node1 too, 1 are allowed": func(w *World) {
			for _, n := range w.nodes[:2] {
				w.agents.started(n, "p1")
				w.agents.promotes(n, "p1")
			}
		},
	} {
		w := New(1, Course{Clones: true, Small: true})
		w.agents.clones = map[string]clone{"c1": {max: 2, nodeMax: 1}, "u1": {max: 3, nodeMax: 1}, "p1": {max: 2, nodeMax: 1, promotedMax: 1}}
		do(w)
		if w.broken == nil || !strings.HasSuffix(w.broken.Error(), what) {
			t.Errorf("%v, want: %s", w.broken, what)
		}
	}
	w := New(1, Course{Clones: true, Small: true})
	w.agents.clones = map[string]clone{"c1": {max: 2, nodeMax: 1}, "p1": {max: 2, nodeMax: 1, promotedMax: 1}}
	a, b := w.nodes[0], w.nodes[1]
	for _, n := range []*node{a, b} {
		w.agents.started(n, "c1")
		w.agents.started(n, "p1")
	}
	w.agents.promotes(a, "p1")
	w.agents.demoted(a, "p1")
	w.agents.promotes(b, "p1")
	w.agents.off(b)
	w.agents.promotes(a, "p1")
	w.agents.started(w.nodes[2], "c1")
	if w.broken != nil {
		t.Errorf("what is allowed: %v", w.broken)
	}
}
