package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
)

// Settled is nil if the cluster is as it shall be when nothing disturbs it: one DC that has nothing to do, all
// nodes in it with one CIB, every resource active once.
func (w *World) Settled() error {
	if w.broken != nil {
		return w.broken
	}
	var dc string
	var want string
	for _, n := range w.nodes {
		if !n.up {
			return fmt.Errorf("%s is off", n.name)
		}
		c := n.controller.core
		switch state := c.State(); {
		case c.IsDC() && state != fsa.SIdle:
			return fmt.Errorf("%s leads, and is in %v", n.name, state)
		case !c.IsDC() && state != fsa.SNotDC:
			return fmt.Errorf("%s does not lead, and is in %v", n.name, state)
		}
		if dc == "" {
			dc = c.DC()
		}
		if c.DC() == "" || c.DC() != dc {
			return fmt.Errorf("%s takes %q for the DC, %s takes %q", n.name, c.DC(), w.nodes[0].name, dc)
		}
		got := digest.OfCIB(n.cib.m.CIB())
		if want == "" {
			want = got
		}
		if got != want {
			return fmt.Errorf("%s has another CIB than %s", n.name, w.nodes[0].name)
		}
	}
	for _, rsc := range w.agents.names() {
		if len(w.agents.active[rsc]) != 1 && !w.blocked(rsc) {
			return fmt.Errorf("%s is active on %d nodes", rsc, len(w.agents.active[rsc]))
		}
	}
	return nil
}

// blocked tells whether the configuration keeps a resource from running again: it has failed too often.
func (w *World) blocked(rsc string) bool {
	for _, n := range w.nodes {
		for _, pair := range n.cib.m.CIB().FindElements("./status/node_state/transient_attributes/instance_attributes/nvpair") {
			if strings.HasPrefix(pair.SelectAttrValue("name", ""), "fail-count-"+rsc+"#") {
				return true
			}
		}
	}
	return false
}

// Steps is how many things have happened.
func (w *World) Steps() int { return w.steps }

// Simulate runs the cluster of a seed through faults and says what was wrong.
func Simulate(seed uint64, prepare func(*World)) (*World, error) {
	w := New(seed)
	if prepare != nil {
		prepare(w)
	}
	w.Boot()
	w.Run(2 * time.Minute)
	if err := w.Settled(); err != nil {
		return w, fmt.Errorf("at first: %w", err)
	}
	w.Harm(time.Duration(1+w.rand.IntN(10)) * time.Minute)
	w.Rest(30 * time.Minute)
	if err := w.Settled(); err != nil {
		return w, fmt.Errorf("in the end: %w", err)
	}
	return w, nil
}
