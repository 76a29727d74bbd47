package sched

import (
	"cmp"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// copiesPerNode is how many instances of a resource one node can have
// (copies_per_node).
func copiesPerNode(r *status.Resource) int {
	switch r.Variant {
	case status.Primitive, status.Group:
		return 1
	case status.Clone:
		text, ok := r.Meta["clone-node-max"]
		if !ok {
			return 1
		}
		n, ok := status.LeadingInt(text)
		if !ok {
			return 0
		}
		return int(max(n, 0))
	case status.Bundle:
		return r.BundleData.ReplicasPerHost
	}
	return 0
}

// compatibleInstance is the instance of a clone or bundle that goes with an
// instance of another: one on the same node and, unless role is RoleUnknown, in
// that role; now, if current is set, or as it shall be. For an instance that is
// nowhere it is one on the best of its nodes that have any (find_compatible_child,
// compatible_replica).
func compatibleInstance(local, r *status.Resource, role status.Role, current bool) *status.Resource {
	where := status.WhereAssigned
	if current {
		where = status.WhereRunning
	}
	if n := placeOf(local, where); n != nil {
		return instanceOn(n, r, role, where)
	}
	for _, c := range sortedNodes(local.WorkingSet(), &local.Allowed, nil) {
		if instance := instanceOn(c.Node, r, role, where); instance != nil {
			return instance
		}
	}
	return nil
}

// instanceOn is the first instance of a clone or bundle that is on the node, in
// the role unless that is RoleUnknown, and not blocked
// (find_compatible_child_by_node).
func instanceOn(n *status.Node, r *status.Resource, role status.Role, where status.Where) *status.Resource {
	if r.Variant == status.Bundle {
		for _, replica := range r.BundleData.Replicas {
			if isCompatible(replica.Container, n, role, where) {
				return replica.Container
			}
		}
		return nil
	}
	for _, instance := range r.Children {
		if isCompatible(instance, n, role, where) {
			return instance
		}
	}
	return nil
}

func isCompatible(r *status.Resource, n *status.Node, role status.Role, where status.Where) bool {
	if placeOf(r, where) != n || isBlocked(r) {
		return false
	}
	switch {
	case role == status.RoleUnknown:
		return true
	case where == status.WhereAssigned:
		return r.WantedRole() == role
	}
	return r.CurrentRole() == role
}

// placeOf is the one node where the resource is or shall be, or nil.
func placeOf(r *status.Resource, where status.Where) *status.Node {
	if where != status.WhereAssigned {
		return r.Place(where)
	}
	if c := assignedCandidate(r); c != nil {
		return c.Node
	}
	return nil
}

// compareInstances is negative if a is to be assigned before b
// (pcmk__cmp_instance).
func (a *assigner) compareInstances(x, y *status.Resource) int {
	nodeX, activeX, _ := x.FindActive()
	nodeY, activeY, _ := y.FindActive()
	if activeX > 0 && activeY > 0 && activeX != activeY {
		return cmp.Compare(activeX, activeY)
	}
	nodeX, canX := ifAllowed(x, nodeX)
	nodeY, canY := ifAllowed(y, nodeY)
	if canX != canY {
		return before(canX)
	}
	if x.Priority != y.Priority {
		return cmp.Compare(y.Priority, x.Priority)
	}
	if nodeX == nil || nodeY == nil {
		return bothOrBefore(nodeX != nil, nodeY != nil)
	}
	if canX, canY = available(nodeX), available(nodeY); canX != canY {
		return before(canX)
	}
	topX, topY := topAllowed(x, nodeX), topAllowed(y, nodeY)
	if topX == nil || topY == nil {
		return bothOrBefore(topX != nil, topY != nil)
	}
	if topX.Instances != topY.Instances {
		return cmp.Compare(topX.Instances, topY.Instances)
	}
	if failedX, failedY := didFail(x), didFail(y); failedX != failedY {
		return before(failedY)
	}
	if scoreX, scoreY := a.scoreWhereActive(x), a.scoreWhereActive(y); scoreX != scoreY {
		return cmp.Compare(scoreY, scoreX)
	}
	return compareInstanceNumbers(x, y)
}

// before is what a comparison gives if the first comes first, or else the second.
func before(first bool) int {
	if first {
		return -1
	}
	return 1
}

func bothOrBefore(first, second bool) int {
	if first == second {
		return 0
	}
	return before(first)
}

// ifAllowed is the node, unless the resource must not be there (node_is_allowed).
func ifAllowed(r *status.Resource, n *status.Node) (*status.Node, bool) {
	if n == nil {
		return nil, true
	}
	if c := r.Allowed.Get(n); c == nil || c.Score < 0 {
		return nil, false
	}
	return n, true
}

func didFail(r *status.Resource) bool {
	if r.Is(status.Failed) {
		return true
	}
	for _, child := range r.Children {
		if didFail(child) {
			return true
		}
	}
	return false
}

// scoreWhereActive is what the colocations of its clone or bundle make of the
// node where an instance is active (cmp_instance_by_colocation).
func (a *assigner) scoreWhereActive(r *status.Resource) int {
	parent := r.Parent
	n := r.Current()
	if len(parent.ThisWith) == 0 && len(parent.WithThis) == 0 {
		return n.Score
	}
	var table status.NodeTable
	table.Insert(status.NewCandidate(n))
	t := a.colocations.table(&table)
	for _, c := range parent.ThisWith {
		a.colocations.add(&t, c.Primary, r.ID, c.NodeAttribute, colocationFactor(c), 0)
	}
	for _, c := range parent.WithThis {
		if hasInfluence(c, r) {
			a.colocations.add(&t, c.Dependent, r.ID, c.NodeAttribute, colocationFactor(c), nonNegative)
		}
	}
	score := t.scores[n.Index]
	a.colocations.release(t)
	return score
}

// compareInstanceNumbers orders instances by the number at the end of their ids
// (pcmk__cmp_instance_number).
func compareInstanceNumbers(a, b *status.Resource) int {
	return cmp.Compare(instanceNumber(a.ID), instanceNumber(b.ID))
}

// instanceNumber is what follows the colon of a clone's instance, or the dash of
// a bundle's.
func instanceNumber(id string) int64 {
	at := strings.LastIndexByte(id, ':')
	if at < 0 {
		at = strings.LastIndexByte(id, '-')
	}
	n, _ := status.LeadingInt(id[at+1:])
	return n
}
