package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// assigner decides where resources go, and in which roles.
type assigner struct {
	ws          *status.WorkingSet
	colocations *colocations
	promotable  map[*status.Resource]*knownInstances
	nested      map[*status.Resource]int // how many assignments of a bundle are under way
}

// assignResources assigns all resources (allocate_resources). Connections to
// remote nodes go first, for what runs there depends on them; one that is on its
// way goes where it was sent.
func assignResources(ws *status.WorkingSet) {
	a := &assigner{ws: ws, colocations: newColocations(ws), promotable: map[*status.Resource]*knownInstances{}, nested: map[*status.Resource]int{}}
	if !strings.EqualFold(ws.PlacementStrategy, "default") {
		a.sortResources()
	}
	recordCapacities(ws, "Original")
	if ws.Flags.Has(status.HaveRemoteNodes) {
		for _, r := range ws.Resources {
			if r.IsRemoteNode {
				a.assign(r, r.MigrationTarget)
			}
		}
	}
	for _, r := range ws.Resources {
		if !r.IsRemoteNode {
			a.assign(r, nil)
		}
	}
	recordCapacities(ws, "Remaining")
}

// assign gives a resource its place, and those before it that decide about that.
// The result is the node of a primitive or of a group whose members are together,
// or nil (the assign methods). prefer is a node that is taken if none is better.
func (a *assigner) assign(r *status.Resource, prefer *status.Node) *status.Candidate {
	switch r.Variant {
	case status.Primitive:
		return a.assignPrimitive(r, prefer)
	case status.Group:
		return a.assignGroup(r, prefer)
	case status.Clone:
		a.assignClone(r, prefer)
	case status.Bundle:
		a.assignBundle(r, prefer)
	}
	return nil
}

// assignPrimitive is assign for a primitive (pcmk__primitive_assign).
func (a *assigner) assignPrimitive(r *status.Resource, prefer *status.Node) *status.Candidate {
	if r.Parent != nil && !r.Parent.Is(status.Assigning) {
		a.assign(r.Parent, prefer)
	}
	if !r.Is(status.Provisional) {
		return r.AssignedTo
	}
	if r.Is(status.Assigning) { // a loop of colocations
		return nil
	}
	r.Set(status.Assigning)
	for _, c := range r.ThisWith {
		a.applyThisWith(r, c)
	}
	for _, c := range r.WithThis {
		if hasInfluence(c, nil) {
			a.colocations.addTo(r, c, c.Dependent, onlyIfUsable)
		}
	}
	a.limitRole(r)
	recordScores(r, "pcmk__primitive_assign")
	if a.ws.Flags.Has(status.FencingEnabled) && !a.ws.Flags.Has(status.HaveFenceDevice) {
		r.Clear(status.Managed)
	}
	switch {
	case !r.Is(status.Managed):
		a.keepUnmanaged(r)
	case a.ws.Flags.Has(status.StopEverything):
		a.trace(r, nil, nil, status.ChoiceStopAll)
		finalizeAssignment(r, nil, true)
	case a.assignBestNode(r, prefer), r.AssignedTo != nil:
	case !r.Is(status.Orphan):
		a.ws.At("pcmk__primitive_assign").Infof("Resource %s cannot run anywhere", r.ID)
	case len(r.Running) > 0:
		a.ws.At("pcmk__primitive_assign").Infof("Stopping orphan resource %s", r.ID)
	}
	r.Clear(status.Assigning)
	if r.IsRemoteNode {
		connectionAssigned(r)
	}
	return r.AssignedTo
}

// applyThisWith assigns the primary of a colocation and lets the resource follow
// it, unless that is optional and would leave it without a node
// (apply_this_with).
func (a *assigner) applyThisWith(r *status.Resource, c *status.Colocation) {
	var before *scoreTable
	if c.DependentRole >= status.RolePromoted || c.Score < 0 && c.Score > -status.Infinity {
		before = a.colocations.table(&r.Allowed)
		defer a.colocations.release(before)
	}
	var mark status.TraceMark
	if t := a.ws.Options.Trace; t != nil {
		mark = t.Mark(r)
	}
	a.assign(c.Primary, nil)
	a.applyToDependent(c, r, c.Primary)
	if before == nil || anyUsable(&r.Allowed) {
		return
	}
	a.ws.At("apply_this_with").Infof("%s: Reverting scores from colocation with %s because no nodes allowed", r.ID, c.Primary.ID)
	for entry := range r.Allowed.ByIndex() {
		entry.Score = before.scores[entry.Index]
	}
	if t := a.ws.Options.Trace; t != nil {
		t.TakeBack(r, mark)
		traceUnheeded(r, c)
	}
}

// limitRole bans a resource that shall be stopped from everywhere, and keeps
// others from a higher role while no-quorum-policy is freeze and quorum lost.
func (a *assigner) limitRole(r *status.Resource) {
	if r.NextRole == status.RoleStopped {
		r.Location(nil, -status.Infinity, "target-role")
		return
	}
	if r.NextRole > r.Role && !a.ws.Flags.Has(status.HaveQuorum) && a.ws.NoQuorumPolicy == status.NoQuorumFreeze {
		a.ws.At("pcmk__primitive_assign").Noticef("Resource %s cannot be elevated from %s to %s due to no-quorum-policy=freeze", r.ID, r.Role, r.NextRole)
		r.SetNextRole(r.Role, "no-quorum-policy=freeze")
	}
}

// keepUnmanaged leaves an unmanaged resource where it is.
func (a *assigner) keepUnmanaged(r *status.Resource) {
	r.SetNextRole(r.Role, "unmanaged")
	n := r.Current()
	reason, name := "active", "no node"
	switch {
	case n == nil:
		reason = "inactive"
	case r.Role == status.RolePromoted:
		reason = "promoted"
	case r.Is(status.Failed):
		reason = "failed"
	}
	var to *status.Candidate
	if n != nil {
		name = n.Name
		to = status.NewCandidate(n)
	}
	a.ws.At("pcmk__primitive_assign").Infof("Unmanaged resource %s assigned to %s: %s", r.ID, name, reason)
	a.trace(r, nil, to, status.ChoiceUnmanaged)
	finalizeAssignment(r, to, true)
}

// assignBestNode assigns a primitive to the best of its nodes, if it may run
// there (assign_best_node). Among those with the best score it stays where it is;
// if that is none of them, see nodeOrder.
func (a *assigner) assignBestNode(r *status.Resource, prefer *status.Node) bool {
	mostFree := a.banTooSmall(r)
	if prefer == nil {
		prefer = mostFree
	}
	if !r.Is(status.Provisional) {
		return r.AssignedTo != nil
	}
	active := r.Current()
	nodes := sortedNodes(a.ws, &r.Allowed, active)
	if len(nodes) == 0 {
		a.trace(r, nil, nil, status.ChoiceBest)
		return finalizeAssignment(r, nil, false)
	}
	best := nodes[0]
	how := status.ChoicePreferred
	chosen := r.Allowed.Get(prefer)
	if chosen == nil || chosen.Score < best.Score || !usable(chosen) {
		chosen, how = best, status.ChoiceBest
		if !r.Parent.IsUniqueClone() && chosen.Score > 0 && available(chosen.Node) && available(active) {
			if chosen = a.stayIfAsGood(r, nodes, active); chosen != best {
				how = status.ChoiceStay
			}
		}
	}
	a.trace(r, nodes, chosen, how)
	return finalizeAssignment(r, chosen, false)
}

// stayIfAsGood is the node where the resource is active, if its score is that of
// the best, or the best.
func (a *assigner) stayIfAsGood(r *status.Resource, nodes []*status.Candidate, active *status.Node) *status.Candidate {
	chosen := nodes[0]
	asGood := 1
	for _, c := range nodes[1:] {
		if c.Score != chosen.Score {
			break
		}
		if c.Node == active {
			chosen = c
		}
		asGood++
	}
	if asGood > 1 {
		level := loglevel.Info
		if chosen.Score >= status.Infinity {
			level = loglevel.Warning
		}
		a.ws.At("assign_best_node").Logf(level, "Chose %s for %s from %d nodes with score %s", chosen.Node, r.ID, asGood, status.FormatScore(chosen.Score))
	}
	return chosen
}

// connectionAssigned tells what assigning the connection to a remote node means
// for that node: it will be online, or go down (remote_connection_assigned).
func connectionAssigned(connection *status.Resource) {
	n := connection.WorkingSet().FindNode(connection.ID)
	switch {
	case n == nil:
	case connection.AssignedTo != nil && connection.NextRole != status.RoleStopped:
		n.Online = true
		if n.Unseen { // no need to fence what is about to be connected to
			n.Unclean = false
		}
	default:
		n.Shutdown = true
	}
}
