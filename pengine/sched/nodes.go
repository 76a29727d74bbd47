package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// available tells whether a node can run resources, whatever a resource thinks of
// it (pcmk__node_available without score and guest).
func available(n *status.Node) bool {
	return n != nil && n.Online && !n.Shutdown && !n.Unclean && !n.Standby && !n.Maintenance
}

// usable tells whether a node can run resources and its score allows it
// (pcmk__node_available with score).
func usable(c *status.Candidate) bool { return c != nil && c.Score >= 0 && available(c.Node) }

// availableGuest is available, and for a guest node that its container has a
// place to run, too (pcmk__node_available with guest).
func availableGuest(n *status.Node) bool {
	return available(n) && (!n.IsGuest() || assignedCandidate(n.RemoteResource.Container) != nil)
}

// anyUsable tells whether one of the nodes can run the resource
// (pcmk__any_node_available).
func anyUsable(t *status.NodeTable) bool {
	for c := range t.ByIndex() {
		if usable(c) {
			return true
		}
	}
	return false
}

// nodeOrder compares nodes for one resource: compare_nodes with what it needs.
type nodeOrder struct {
	minimal, balanced bool
	active            *status.Node
}

func newNodeOrder(ws *status.WorkingSet, active *status.Node) nodeOrder {
	return nodeOrder{
		minimal:  strings.EqualFold(ws.PlacementStrategy, "minimal"),
		balanced: strings.EqualFold(ws.PlacementStrategy, "balanced"),
		active:   active,
	}
}

func scoreToCompare(c *status.Candidate) int {
	if !available(c.Node) {
		return -status.Infinity
	}
	return c.Score
}

// compare is negative if a is the better node: by score, then (as the placement
// strategy says) free capacity and number of resources, then where the resource
// is active, then by name.
func (o nodeOrder) compare(a, b *status.Candidate) int {
	result, _ := o.decide(a, b)
	return result
}

// decide is compare, and by what it decides.
func (o nodeOrder) decide(a, b *status.Candidate) (int, status.Criterion) {
	if scoreA, scoreB := scoreToCompare(a), scoreToCompare(b); scoreA != scoreB {
		return scoreB - scoreA, status.CriterionScore
	}
	if o.minimal {
		return strings.Compare(a.Name, b.Name), status.CriterionName
	}
	if o.balanced {
		if result := compareCapacities(a.Node, b.Node); result != 0 {
			return result, status.CriterionCapacity
		}
	}
	if a.NumResources != b.NumResources {
		return a.NumResources - b.NumResources, status.CriterionCount
	}
	if o.active != nil {
		switch o.active {
		case a.Node:
			return -1, status.CriterionActive
		case b.Node:
			return 1, status.CriterionActive
		}
	}
	return strings.Compare(a.Name, b.Name), status.CriterionName
}

// sortedNodes are a table's entries, the best first (pcmk__sort_nodes). active is
// the node where the resource is, or nil.
func sortedNodes(ws *status.WorkingSet, t *status.NodeTable, active *status.Node) []*status.Candidate {
	order := newNodeOrder(ws, active)
	nodes := t.Values() // of equals, or where compare is no order, the result depends on this
	glist.Sort(nodes, order.compare)
	return nodes
}

// topAllowed is the node's entry in the table of the resource's parent, or in its
// own if it has none (pcmk__top_allowed_node).
func topAllowed(r *status.Resource, n *status.Node) *status.Candidate {
	if r == nil || n == nil {
		return nil
	}
	if r.Parent != nil {
		r = r.Parent
	}
	return r.Allowed.Get(n)
}

// assignedCandidate is where the resource shall run: of a collective one the one
// node of all in it, or nil if there is none or more than one (native_location).
func assignedCandidate(r *status.Resource) *status.Candidate {
	one, _ := onlyAssigned(r)
	return one
}

// onlyAssigned is the first node of all that is assigned in a resource; nil if
// there are several, which the second result tells.
func onlyAssigned(r *status.Resource) (one *status.Candidate, several bool) {
	if len(r.Children) == 0 {
		return r.AssignedTo, false
	}
	for _, child := range r.Children {
		c, more := onlyAssigned(child)
		if more {
			return nil, true
		}
		switch {
		case c == nil:
		case one == nil:
			one = c
		case one.Node != c.Node:
			return nil, true
		}
	}
	return one, false
}

// isBlocked tells whether the resource, or anything in it, is blocked
// (is_set_recursive).
func isBlocked(r *status.Resource) bool {
	if r.Is(status.Blocked) {
		return true
	}
	for _, child := range r.Children {
		if isBlocked(child) {
			return true
		}
	}
	return false
}
