package sim

import (
	"fmt"
	"maps"
	"slices"
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
	for _, rsc := range slices.Sorted(maps.Keys(w.agents.clones)) {
		c := w.agents.clones[rsc]
		all, _ := w.agents.instances(rsc, nil)
		if want := min(c.max, len(w.nodes)*c.nodeMax); all != want && !w.blocked(rsc) {
			return fmt.Errorf("%s has %d instances instead of %d", rsc, all, want)
		}
		if want := min(c.promotedMax, all); len(w.agents.promoted[rsc]) != want && !w.blocked(rsc) {
			return fmt.Errorf("%s is promoted on %d nodes instead of %d", rsc, len(w.agents.promoted[rsc]), want)
		}
	}
	for _, rsc := range w.agents.names() {
		if _, cloned := w.agents.clones[family(rsc)]; !cloned && !w.forgotten(rsc) && len(w.agents.active[rsc]) != w.shallRun(rsc) && !w.blocked(rsc) {
			return fmt.Errorf("%s is active on %d nodes", rsc, len(w.agents.active[rsc]))
		}
	}
	return nil
}

// shallRun is how many instances there shall be of a resource that is no clone.
func (w *World) shallRun(rsc string) int {
	if rsc == extra {
		return 0 // administrators tidy up
	}
	return 1
}

// forgotten tells whether nobody knows of a resource that has been taken out of the configuration that it runs: its node's
// controller has died since it was started, and with it the node's history. The next controller asks the agents only of what is configured.
func (w *World) forgotten(rsc string) bool {
	cib := w.nodes[0].cib.m.CIB()
	return rsc == extra && len(w.agents.active[rsc]) == 1 && w.agents.active[rsc][0].forgets &&
		cib.FindElement("./configuration/resources/primitive[@id='"+rsc+"']") == nil &&
		cib.FindElement("./status/node_state[@uname='"+w.agents.active[rsc][0].name+"']/lrm/lrm_resources/lrm_resource[@id='"+rsc+"']") == nil
}

// blocked tells whether the configuration keeps a resource from running again: it has failed too often.
func (w *World) blocked(rsc string) bool {
	for _, n := range w.nodes {
		for _, pair := range n.cib.m.CIB().FindElements("./status/node_state/transient_attributes/instance_attributes/nvpair") {
			if family, _, _ := strings.Cut(strings.TrimPrefix(pair.SelectAttrValue("name", ""), "fail-count-"), "#"); family == rsc &&
				pair.SelectAttrValue("value", "") == "INFINITY" {
				return true
			}
		}
	}
	return false
}

// Steps is how many things have happened.
func (w *World) Steps() int { return w.steps }

// Simulate runs the cluster of a seed through faults and says what was wrong.
func Simulate(seed uint64, c Course, prepare func(*World)) (*World, error) {
	w := New(seed, c)
	if prepare != nil {
		prepare(w)
	}
	w.Boot()
	w.Run(2 * time.Minute)
	if err := w.Settled(); err != nil {
		return w, fmt.Errorf("at first: %w", err)
	}
	harm := c.Harm
	if harm == 0 {
		harm = time.Duration(1+w.rand.IntN(10)) * time.Minute
	}
	w.Harm(harm)
	w.Rest(30 * time.Minute)
	if c.Administrators && w.broken == nil {
		// A change that a node makes on its own may win, which quorum does not keep it from.
		if err := w.admin.lost(w.nodes[0].cib.m.CIB()); err != nil && w.admin.alone == 0 {
			return w, fmt.Errorf("in the end: lost: %w", err)
		}
		w.admin.tidy()
		w.Run(10 * time.Minute)
	}
	if err := w.Settled(); err != nil {
		return w, fmt.Errorf("in the end: %w", err)
	}
	return w, nil
}
