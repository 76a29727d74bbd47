package sim

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDies: a daemon that is killed is started again, a controller exits when its executor has gone, and nobody
// takes the node's instances for stopped: they run until somebody stops them or fences the node.
func TestDies(t *testing.T) {
	for _, tt := range []struct {
		what string
		want []string // of the node, in this order
	}{
		{"executor", []string{"the executor is killed", "the controller exits: Error occurred", "the controller is started again"}},
		{"controller", []string{"the controller is killed", "the controller is started again"}},
		{"scheduler", []string{"the scheduler is killed", "the scheduler is started again"}},
	} {
		w := New(2, Course{Daemons: true, Small: true})
		w.Boot()
		w.Run(2 * time.Minute)
		if err := w.Settled(); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(w.nodes, func(n *node) bool { return slices.Contains(w.agents.active["r1"], n) })
		n := w.nodes[i]
		var heard []string
		w.Trace = func(_ time.Time, name, text string) {
			if name == n.name && strings.HasPrefix(text, "the ") {
				heard = append(heard, text)
			}
		}
		n.kill(tt.what)
		w.Run(200 * time.Millisecond)
		rest := heard
		for _, want := range tt.want {
			at := slices.Index(rest, want)
			if at < 0 {
				t.Fatalf("%s: %q, want %q in this order", tt.what, heard, tt.want)
			}
			rest = rest[at+1:]
		}
		if n.up != slices.Contains(w.agents.active["r1"], n) { // the other node may have had it fenced by now
			t.Errorf("%s: %s is up: %v; r1 is active on %d nodes", tt.what, n.name, n.up, len(w.agents.active["r1"]))
		}
		w.Run(10 * time.Minute)
		if err := w.Settled(); err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

// TestOrphan: an agent that its executor has left alone does what it was asked for all the same.
func TestOrphan(t *testing.T) {
	w := New(2, Course{Daemons: true, Small: true})
	w.Boot()
	w.Run(2 * time.Minute)
	n := w.agents.active["r1"][0]
	stops := false
	w.Trace = func(_ time.Time, name, text string) {
		stops = stops || name == n.name && strings.HasPrefix(text, "agent of r1: r1_stop_0")
	}
	w.admin.write(w.nodes[0], standby(n, 1, true), nil)
	for !slices.Contains(slices.Collect(maps.Values(n.exec.runs)), "r1_stop_0") {
		if !w.step(w.now.Add(time.Minute)) {
			t.Fatal("r1 is not stopped")
		}
	}
	n.kill("executor")
	w.Run(time.Second)
	if !stops || slices.Contains(w.agents.active["r1"], n) {
		t.Errorf("the agent ended: %v; r1 is active on %d nodes", stops, len(w.agents.active["r1"]))
	}
}
