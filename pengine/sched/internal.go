package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// createInternalConstraints adds what follows from the variants of resources
// (pcmk__create_internal_constraints).
func createInternalConstraints(ws *status.WorkingSet) {
	s := &planner{ws: ws}
	for _, r := range ws.Resources {
		s.constrain(r)
	}
}

func (s *planner) constrain(r *status.Resource) {
	switch r.Variant {
	case status.Group:
		s.constrainGroup(r)
	case status.Clone:
		s.constrainClone(r)
	case status.Bundle:
		s.constrainBundle(r)
	default:
		s.constrainPrimitive(r)
	}
}

// constrainPrimitive orders a primitive's own actions, and those of it and of
// what it runs in (pcmk__primitive_internal_constraints).
func (s *planner) constrainPrimitive(r *status.Resource) {
	if !r.Is(status.Managed) {
		return
	}
	orderTasks(r, status.ActionNameStop, r, status.ActionNameStart,
		status.OrderOptional|status.OrderImpliesThen|status.OrderRestart)
	if r.Top().Is(status.Promotable) || r.Role > status.RoleUnpromoted {
		orderTasks(r, status.ActionNameDemote, r, status.ActionNameStop, status.OrderPromotedImpliesFirst)
		orderTasks(r, status.ActionNameStart, r, status.ActionNamePromote, status.OrderRunnableFirst)
	}
	// What is forgotten on a node need not be probed there.
	orderTasks(r, status.ActionNameLRMDelete, r, status.ActionNameMonitor,
		status.OrderSameNode|status.OrderThenCancelsFirst)

	unfence := !r.Is(status.FenceDevice) && s.ws.Flags.Has(status.EnableUnfencing) && r.Is(status.NeedsUnfencing)
	capacity := len(r.Utilization) > 0 && !strings.EqualFold(s.ws.PlacementStrategy, "default")
	var allowed []*status.Candidate
	if unfence || capacity || r.Container != nil {
		allowed = allowedNodes(s.ws, &r.Allowed)
	}
	if unfence {
		for _, n := range allowed {
			s.orderRestartVsUnfence(r, n.Node)
		}
	}
	if capacity {
		s.orderLoads(r, allowed)
	}
	if r.Container != nil {
		s.constrainFiller(r, allowed)
	}
	if r.IsRemoteNode || r.Is(status.FenceDevice) {
		avoidRemoteNodes(r)
	}
}

// constrainFiller ties a resource to the container that it runs in.
func (s *planner) constrainFiller(r *status.Resource, allowed []*status.Candidate) {
	container := r.Container
	var remote *status.Resource
	switch {
	case r.IsRemoteNode:
		if !r.Is(status.AllowRemoteRemotes) {
			avoidRemoteNodes(container) // or nested remotes would be possible
		}
		// The monitor of the container must not run while it stops.
		orderTasks(container, status.ActionNameMonitor, r, status.ActionNameStop, status.OrderOptional)
	case container.IsRemoteNode:
		remote = container
	default:
		remote = container.GuestConnection()
	}
	if remote != nil {
		for _, n := range allowed {
			if n.RemoteResource != remote {
				traceBan(r, n, status.TagContainer)
				n.Score = -status.Infinity
			}
		}
		return
	}
	orderStarts(container, r, status.OrderImpliesThen|status.OrderRunnableFirst)
	orderStops(r, container, status.OrderImpliesFirst)
	score := status.Infinity
	if r.Is(status.AllowRemoteRemotes) {
		score = 10000 // only preferred to be on the connection's host
	}
	colocate("resource-with-container", score, r, container, true)
}

// allowedNodes are the nodes of a table, by name; for a daemon they are as the reference's
// hash table has them (allowed_nodes_as_list).
func allowedNodes(ws *status.WorkingSet, table *status.NodeTable) []*status.Candidate {
	nodes := table.Values()
	if !ws.Flags.Has(status.Daemon) {
		glist.Sort(nodes, func(a, b *status.Candidate) int { return status.CompareNames(a.Name, b.Name) })
	}
	return nodes
}

func avoidRemoteNodes(r *status.Resource) {
	for c := range r.Allowed.ByIndex() {
		if c.RemoteResource != nil {
			traceBan(r, c, status.TagAvoidRemote)
			c.Score = -status.Infinity
		}
	}
}

// orderLoads lets starts wait until what leaves a node has freed its capacity
// (pcmk__create_utilization_constraints).
func (s *planner) orderLoads(r *status.Resource, allowed []*status.Candidate) {
	for _, n := range r.Running {
		order(s.ws, taskOf(r, status.ActionNameStop), actionOf(s.loadStopped(n)), status.OrderLoad)
	}
	for _, n := range allowed {
		free := s.loadStopped(n.Node)
		order(s.ws, actionOf(free), taskOf(r, status.ActionNameStart), status.OrderLoad)
		order(s.ws, actionOf(free), taskOf(r, status.ActionNameMigrateTo), status.OrderLoad)
	}
}

// loadStopped is the point in time at which all that leaves the node has left.
func (s *planner) loadStopped(n *status.Node) *status.Action {
	a := s.ws.PseudoAction("load_stopped_" + n.Name)
	if a.Node == nil {
		a.Node = n
		a.Clear(status.Optional)
	}
	return a
}

// constrainGroup orders members with the group, and one after the other
// (pcmk__group_internal_constraints).
func (s *planner) constrainGroup(r *status.Resource) {
	orderTasks(r, status.ActionNameStop, r, status.ActionNameStopped, status.OrderRunnableFirst)
	orderTasks(r, status.ActionNameStopped, r, status.ActionNameStart, status.OrderOptional)
	orderTasks(r, status.ActionNameStart, r, status.ActionNameStarted, status.OrderRunnableFirst)
	m := memberConstraints{s: s, group: r, promotable: r.Top().Is(status.Promotable)}
	for _, member := range r.Children {
		m.add(member)
	}
}

// memberConstraints are what members of a group have to each other.
type memberConstraints struct {
	s          *planner
	group      *status.Resource
	promotable bool
	lastActive *status.Resource
	previous   *status.Resource
}

func (m *memberConstraints) add(r *status.Resource) {
	g, previous := m.group, m.previous
	ordered := g.GroupData.Ordered
	m.s.constrain(r)

	down := status.OrderImpliesFirstPrinted
	postDown := status.OrderImpliesThenPrinted
	if previous == nil {
		if ordered {
			down |= status.OrderOptional
			postDown = status.OrderImpliesThen
		}
	} else if g.GroupData.Colocated {
		colocate("group:internal_colocation", status.Infinity, r, previous, r.Is(status.Critical))
	}
	const ends = status.OrderRunnableFirst | status.OrderImpliesThen | status.OrderImpliesThenPrinted
	if m.promotable {
		orderTasks(g, status.ActionNameDemote, r, status.ActionNameDemote, down)
		orderTasks(r, status.ActionNameDemote, g, status.ActionNameDemoted, postDown)
		orderTasks(r, status.ActionNamePromote, g, status.ActionNamePromoted, ends)
		orderTasks(g, status.ActionNamePromote, r, status.ActionNamePromote, status.OrderImpliesFirstPrinted)
	}
	orderStops(g, r, down)
	orderTasks(r, status.ActionNameStop, g, status.ActionNameStopped, postDown)
	orderStarts(g, r, status.OrderImpliesFirstPrinted)
	orderTasks(r, status.ActionNameStart, g, status.ActionNameStarted, ends)

	const begins = status.OrderImpliesThen | status.OrderRunnableFirst
	switch {
	case !ordered:
		orderStarts(g, r, begins|status.OrderImpliesFirstPrinted)
		if m.promotable {
			orderTasks(g, status.ActionNamePromote, r, status.ActionNamePromote, begins|status.OrderImpliesFirstPrinted)
		}
	case previous == nil:
		orderStarts(g, r, status.OrderNone)
		if m.promotable {
			orderTasks(g, status.ActionNamePromote, r, status.ActionNamePromote, status.OrderNone)
		}
	default:
		orderStarts(previous, r, begins)
		orderStops(r, previous, status.OrderOptional|status.OrderRestart)
		if m.promotable {
			orderTasks(previous, status.ActionNamePromote, r, status.ActionNamePromote, begins)
			orderTasks(r, status.ActionNameDemote, previous, status.ActionNameDemote, status.OrderOptional)
		}
	}
	if len(r.Running) > 0 {
		// The order of stops holds across a member that is not active.
		if ordered && previous != nil && len(previous.Running) == 0 && m.lastActive != nil && len(m.lastActive.Running) > 0 {
			orderStops(r, m.lastActive, status.OrderOptional)
		}
		m.lastActive = r
	}
	m.previous = r
}

// constrainClone orders instances with the clone, and if it is ordered one after
// the other (clone_internal_constraints).
func (s *planner) constrainClone(r *status.Resource) {
	orderTasks(r, status.ActionNameStopped, r, status.ActionNameStart, status.OrderOptional)
	orderTasks(r, status.ActionNameStart, r, status.ActionNameStarted, status.OrderRunnableFirst)
	orderTasks(r, status.ActionNameStop, r, status.ActionNameStopped, status.OrderRunnableFirst)
	if r.Is(status.Promotable) {
		orderTasks(r, status.ActionNameDemoted, r, status.ActionNameStop, status.OrderOptional)
		orderTasks(r, status.ActionNameStarted, r, status.ActionNamePromote, status.OrderRunnableFirst)
	}
	ordered := r.CloneData.Ordered
	if ordered {
		glist.Sort(r.Children, compareInstanceNumbers)
	}
	var last *status.Resource
	for _, instance := range r.Children {
		s.constrain(instance)
		orderStarts(r, instance, status.OrderRunnableFirst|status.OrderImpliesFirstPrinted)
		orderTasks(instance, status.ActionNameStart, r, status.ActionNameStarted, status.OrderImpliesThenPrinted)
		if ordered && last != nil {
			orderStarts(last, instance, status.OrderOptional)
		}
		orderStops(r, instance, status.OrderImpliesFirstPrinted)
		orderTasks(instance, status.ActionNameStop, r, status.ActionNameStopped, status.OrderImpliesThenPrinted)
		if ordered && last != nil {
			orderStops(instance, last, status.OrderOptional)
		}
		last = instance
	}
	if r.Is(status.Promotable) {
		orderPromotions(r)
	}
}

// orderPromotions orders instances' promotions and demotions with the clone's
// (pcmk__order_promotable_instances).
func orderPromotions(r *status.Resource) {
	orderRoleChanges(r)
	ordered := r.CloneData.Ordered
	var last *status.Resource
	for _, instance := range r.Children {
		orderTasks(instance, status.ActionNameDemote, instance, status.ActionNamePromote, status.OrderOptional)

		orderTasks(r, status.ActionNamePromote, instance, status.ActionNamePromote, status.OrderOptional)
		orderTasks(instance, status.ActionNamePromote, r, status.ActionNamePromoted, status.OrderOptional)
		if last != nil && ordered {
			orderTasks(last, status.ActionNamePromote, instance, status.ActionNamePromote, status.OrderOptional)
		}

		orderTasks(r, status.ActionNameDemote, instance, status.ActionNameDemote, status.OrderImpliesFirstPrinted)
		orderTasks(instance, status.ActionNameDemote, r, status.ActionNameDemoted, status.OrderImpliesThenPrinted)
		if last != nil && ordered {
			orderTasks(instance, status.ActionNameDemote, last, status.ActionNameDemote, status.OrderOptional)
		}
		last = instance
	}
}

// orderRoleChanges: first all demotions, then stops, starts, promotions
// (pcmk__promotable_restart_ordering).
func orderRoleChanges(r *status.Resource) {
	for _, pair := range [...][2]string{
		{status.ActionNameStopped, status.ActionNameStart},
		{status.ActionNameStopped, status.ActionNamePromote},
		{status.ActionNameDemoted, status.ActionNameStop},
		{status.ActionNameDemoted, status.ActionNameStart},
		{status.ActionNameDemoted, status.ActionNamePromote},
		{status.ActionNameStarted, status.ActionNamePromote},
		{status.ActionNameDemote, status.ActionNameDemoted},
	} {
		orderTasks(r, pair[0], r, pair[1], status.OrderOptional)
	}
}

// constrainBundle orders replicas with the bundle, and what belongs to a replica
// with its container (pcmk__bundle_internal_constraints).
func (s *planner) constrainBundle(r *status.Resource) {
	b := r.BundleData
	if c := b.Child; c != nil {
		orderTasks(r, status.ActionNameStart, c, status.ActionNameStart, status.OrderImpliesFirstPrinted)
		orderTasks(r, status.ActionNameStop, c, status.ActionNameStop, status.OrderImpliesFirstPrinted)
		started, stopped := status.ActionNameStart, status.ActionNameStop
		if len(c.Children) > 0 {
			started, stopped = status.ActionNameStarted, status.ActionNameStopped
		}
		orderTasks(c, started, r, status.ActionNameStarted, status.OrderImpliesThenPrinted)
		orderTasks(c, stopped, r, status.ActionNameStopped, status.OrderImpliesThenPrinted)
	}
	for _, replica := range b.Replicas {
		container := replica.Container
		s.constrain(container)
		orderStarts(r, container, status.OrderRunnableFirst|status.OrderImpliesFirstPrinted)
		if replica.Child != nil {
			orderStops(r, replica.Child, status.OrderImpliesFirstPrinted)
		}
		orderStops(r, container, status.OrderImpliesFirstPrinted)
		orderTasks(container, status.ActionNameStart, r, status.ActionNameStarted, status.OrderImpliesThenPrinted)
		orderTasks(container, status.ActionNameStop, r, status.ActionNameStopped, status.OrderImpliesThenPrinted)
		if replica.IP != nil {
			s.constrain(replica.IP)
			orderStarts(replica.IP, container, status.OrderRunnableFirst|status.OrderPreserve)
			orderStops(container, replica.IP, status.OrderImpliesFirst|status.OrderPreserve)
			colocate("ip-with-docker", status.Infinity, replica.IP, container, true)
		}
		if replica.Remote != nil {
			s.constrain(replica.Remote)
		}
	}
	c := b.Child
	if c == nil {
		return
	}
	s.constrain(c)
	if c.Is(status.Promotable) {
		orderRoleChanges(r)
		orderTasks(c, status.ActionNameDemoted, r, status.ActionNameDemoted, status.OrderImpliesThenPrinted)
		orderTasks(r, status.ActionNameDemote, c, status.ActionNameDemote, status.OrderImpliesFirstPrinted)
		orderTasks(c, status.ActionNamePromoted, r, status.ActionNamePromoted, status.OrderImpliesThenPrinted)
		orderTasks(r, status.ActionNamePromote, c, status.ActionNamePromote, status.OrderImpliesFirstPrinted)
	}
}
