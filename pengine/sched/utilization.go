package sched

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// amount is the number that a utilization attribute has; 0, with a warning, if it
// is none. One that does not fit is the least of all, and sums wrap around, which
// decides where a resource goes (utilization_value).
func amount(ws *status.WorkingSet, text string, ok bool) int32 {
	if !ok {
		return 0
	}
	n, isNumber := ws.ReadInt(text)
	switch {
	case isNumber:
	case n != 0:
		return math.MinInt32
	default:
		ws.At("utilization_value").Warnf("Using 0 for utilization instead of invalid value '%s'", text)
		return 0
	}
	return int32(min(max(n, math.MinInt32), math.MaxInt32))
}

// consumeCapacity takes from a node's capacity what a resource uses
// (pcmk__consume_node_capacity). What the node does not have at all it has none
// of then.
func consumeCapacity(capacity map[string]string, r *status.Resource) {
	for name, text := range r.Utilization {
		left := int32(0)
		if current, ok := capacity[name]; ok {
			left = amount(r.WorkingSet(), current, true) - amount(r.WorkingSet(), text, true)
		}
		capacity[name] = strconv.Itoa(int(left))
	}
}

// releaseCapacity gives back what a resource used (pcmk__release_node_capacity).
func releaseCapacity(capacity map[string]string, r *status.Resource) {
	for name, text := range r.Utilization {
		current, ok := capacity[name]
		capacity[name] = strconv.Itoa(int(amount(r.WorkingSet(), current, ok) + amount(r.WorkingSet(), text, true)))
	}
}

// compareCapacities is negative if a has more free capacity: more of more kinds
// than it has less (pcmk__compare_node_capacities).
func compareCapacities(a, b *status.Node) (result int) {
	compare := func(name string) {
		textA, okA := a.Utilization[name]
		textB, okB := b.Utilization[name]
		ws := a.WorkingSet()
		switch amountA, amountB := amount(ws, textA, okA), amount(ws, textB, okB); {
		case amountA > amountB:
			result--
		case amountA < amountB:
			result++
		}
	}
	for name := range a.Utilization {
		compare(name)
	}
	for name := range b.Utilization {
		if _, ok := a.Utilization[name]; !ok {
			compare(name)
		}
	}
	return result
}

// hasRoom tells whether a node has what is needed of everything
// (have_enough_capacity).
func hasRoom(n *status.Node, needed map[string]string) bool {
	ws := n.WorkingSet()
	for name, text := range needed {
		free, ok := n.Utilization[name]
		if amount(ws, text, true) > amount(ws, free, ok) {
			return false
		}
	}
	return true
}

// banTooSmall bans a resource from nodes without room for it and all that has to
// be with it or, if none has as much, from those without room for itself, and
// then tells the node with the most room (pcmk__ban_insufficient_capacity).
func (a *assigner) banTooSmall(r *status.Resource) (mostFree *status.Node) {
	if strings.EqualFold(a.ws.PlacementStrategy, "default") {
		return nil
	}
	together := &company{of: r, has: map[*status.Resource]bool{}}
	together.gather(r)
	if !together.has[r] {
		together.add(r)
	}
	needed := map[string]string{}
	for _, member := range together.list {
		together.addNeeds(member, needed)
	}
	anyRoom := false
	for c := range r.Allowed.All() {
		if !usable(c) {
			continue
		}
		anyRoom = anyRoom || hasRoom(c.Node, needed)
		if mostFree == nil || compareCapacities(c.Node, mostFree) < 0 {
			mostFree = c.Node
		}
	}
	if anyRoom {
		mostFree = nil
	} else {
		needed = r.Utilization
	}
	for c := range r.Allowed.ByIndex() {
		if usable(c) && !hasRoom(c.Node, needed) {
			if t := a.ws.Options.Trace; t != nil {
				t.Shortages[status.TracedScore{Resource: r, Node: c.Node}] = shortage(r, c.Node, needed, together.list)
			}
			r.Location(c.Node, -status.Infinity, "__limit_utilization__")
		}
	}
	return mostFree
}

// company is a resource and those that have to be on the same node.
type company struct {
	of   *status.Resource
	list []*status.Resource
	has  map[*status.Resource]bool
}

func (g *company) add(r *status.Resource) {
	g.list = append(g.list, r)
	g.has[r] = true
}

// gather adds a resource and, by mandatory colocations, what goes with it (the
// colocated_resources methods).
func (g *company) gather(r *status.Resource) {
	if r.Variant == status.Group {
		if r.GroupData.Colocated || r.Parent.IsClone() {
			for _, member := range r.Children {
				g.gather(member)
			}
		} else if len(r.Children) > 0 {
			g.gather(r.Children[0])
		}
	}
	if g.has[r] {
		return
	}
	g.add(r)
	for _, c := range r.ThisWith {
		if c.Primary != g.of && c.Score == status.Infinity && effectOf(c, r, c.Primary, true) == onLocation {
			g.gather(c.Primary)
		}
	}
	for _, c := range r.WithThis {
		if c.Dependent == g.of || r.IsClone() && !c.Dependent.IsClone() {
			continue // of a clone one cannot be sure that the dependent goes to the same node
		}
		if c.Score == status.Infinity && effectOf(c, c.Dependent, r, true) == onLocation {
			g.gather(c.Dependent)
		}
	}
}

// addNeeds adds what a resource that is not assigned yet uses (the
// add_utilization methods).
func (g *company) addNeeds(r *status.Resource, needed map[string]string) {
	if !r.Is(status.Provisional) {
		return
	}
	switch r.Variant {
	case status.Primitive:
		releaseCapacity(needed, r)
	case status.Group:
		members := r.Children
		if !r.GroupData.Colocated && !r.Parent.IsClone() {
			members = members[:min(1, len(members))]
		}
		for _, member := range members {
			if member.Is(status.Provisional) && !g.has[member] {
				g.addNeeds(member, needed)
			}
		}
	case status.Clone:
		g.addCloneNeeds(r, needed)
	case status.Bundle:
		if replicas := r.BundleData.Replicas; len(replicas) > 0 && replicas[0].Container != nil {
			g.addNeeds(replicas[0].Container, needed)
		}
	}
}

// addCloneNeeds adds what one instance uses, if none is counted already
// (pcmk__clone_add_utilization).
func (g *company) addCloneNeeds(r *status.Resource, needed map[string]string) {
	counted := false
	for _, instance := range r.Children {
		if g.has[instance] {
			counted = true
		} else if slices.ContainsFunc(instance.Children, func(m *status.Resource) bool { return g.has[m] }) {
			g.addNeeds(instance, needed)
			counted = true
		}
	}
	if !counted && len(r.Children) > 0 {
		g.addNeeds(r.Children[0], needed)
	}
}

// sortResources sorts the top resources as they are assigned where capacity
// counts: by priority, then by the score of the node where they are, then by the
// best scores (pcmk__sort_resources). Each resource's scores are worked out once.
func (a *assigner) sortResources() {
	var all status.NodeTable
	for _, n := range a.ws.Nodes {
		all.Insert(status.NewCandidate(n))
	}
	nodes := make([]*status.Candidate, 0, len(a.ws.Nodes))
	for _, n := range a.ws.Nodes {
		nodes = append(nodes, all.Get(n))
	}
	glist.Sort(nodes, newNodeOrder(a.ws, nil).compare)
	tables := map[*status.Resource]*scoreTable{}
	scoreOn := func(r *status.Resource, n *status.Node) int {
		t, ok := tables[r]
		if !ok {
			a.colocations.add(&t, r, r.ID, "", 1, followPrimaries)
			tables[r] = t
		}
		if t == nil || t.nodes.Get(n) == nil {
			return -status.Infinity
		}
		return t.scores[n.Index]
	}
	glist.Sort(a.ws.Resources, func(x, y *status.Resource) int {
		if x.Priority != y.Priority {
			return y.Priority - x.Priority
		}
		if len(nodes) == 0 {
			return 0
		}
		var scoreX, scoreY = -status.Infinity, -status.Infinity
		if n := x.Current(); n != nil {
			scoreX = scoreOn(x, n)
		}
		if n := y.Current(); n != nil {
			scoreY = scoreOn(y, n)
		}
		if scoreX != scoreY {
			return scoreY - scoreX
		}
		for _, c := range nodes {
			if scoreX, scoreY = scoreOn(x, c.Node), scoreOn(y, c.Node); scoreX != scoreY {
				return scoreY - scoreX
			}
		}
		return 0
	})
}
