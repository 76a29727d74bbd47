package sim

import "testing"

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
			if _, err := Simulate(seed, nil); err != nil {
				t.Errorf("seed %d: %v; go run ./crmd/sim/cmd/sim-cluster -seed %d -trace -log", seed, err, seed)
			}
		})
	}
}

// TestOneActive: what must not happen is noticed.
func TestOneActive(t *testing.T) {
	w := New(1)
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
		w := New(7)
		w.Boot()
		w.Run(30e9)
		steps[i] = w.Steps()
	}
	if steps[0] != steps[1] || steps[0] == 0 {
		t.Errorf("%d and %d steps", steps[0], steps[1])
	}
}
