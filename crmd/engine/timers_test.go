package engine

import (
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Without events the scheduler looks again after cluster-recheck-interval.
func TestRecheck(t *testing.T) {
	w := started(t, 3, 8)
	dc := w.dc()
	before := dc.asked
	w.run(14 * time.Minute)
	if dc.asked != before {
		t.Errorf("the scheduler was asked %d times", dc.asked-before)
	}
	w.run(2 * time.Minute)
	if dc.asked != before+1 {
		t.Errorf("the scheduler was asked %d times after the interval", dc.asked-before)
	}
	if err := w.settled(); err != nil {
		t.Error(err)
	}
}

// A DC whose scheduler does not answer leaves the lead to another.
func TestSchedulerStuck(t *testing.T) {
	w := started(t, 3, 9)
	dc := w.dc()
	dc.stuck = true
	w.run(15*time.Minute + 100*time.Second)
	if dc.exit != nil {
		t.Fatalf("it has not waited: %v", *dc.exit)
	}
	w.run(30 * time.Second)
	if dc.exit == nil || *dc.exit != crmexit.Fatal {
		t.Errorf("the DC ends with %v", dc.exit)
	}
	w.settles(time.Minute)
}

// A node that nobody lets go goes by itself.
func TestEscalation(t *testing.T) {
	w := started(t, 3, 10)
	dc := w.dc()
	dc.deaf = true
	n := w.other(dc)
	n.c.Shutdown(w.now)
	w.run(19 * time.Minute)
	if n.exit != nil {
		t.Fatalf("it has not waited: %v", *n.exit)
	}
	w.run(2 * time.Minute)
	if n.exit == nil || *n.exit != crmexit.OK {
		t.Errorf("it ends with %v", n.exit)
	}
}

// A node that does not answer the DC's offer is waited for until it is gone, with a new election after a
// while, as by the reference.
func TestNoAnswer(t *testing.T) {
	w := newWorld(t, 3, 11)
	w.loses = func(from, to *node, task string) bool { return from.name == "node3" && task == taskJoinRequest }
	for _, n := range w.nodes {
		n.age = time.Duration(3-n.id) * time.Second // the one that is not heard is no candidate
		n.start()
	}
	w.run(2 * time.Minute)
	if s := w.dc().c.State(); s != fsa.SIntegration {
		t.Fatalf("after two minutes the DC is in %v", s)
	}
	w.run(2 * time.Minute)
	if s := w.dc().c.State(); s != fsa.SFinalizeJoin {
		t.Errorf("after four minutes the DC is in %v", s)
	}
	round := w.dc().c.join.id
	w.run(30 * time.Minute)
	if w.dc().c.join.id == round {
		t.Error("after half an hour there is no new election")
	}
	w.loses = nil
	w.nodes[2].crash()
	w.nodes[2].start()
	w.settles(time.Minute)
}

// A transition that is not over in time for the join of nodes does not end the join: what is to be
// done is done once both are.
func TestDelay(t *testing.T) {
	w := newWorld(t, 2, 12)
	for _, n := range w.nodes {
		e := n.doc.root.FindElement("configuration/crm_config/cluster_property_set").CreateElement("nvpair")
		e.CreateAttr("id", "delay")
		e.CreateAttr("name", "transition-delay")
		e.CreateAttr("value", "3s")
		n.start()
	}
	w.settles(30 * time.Second)
}
