package sched

import (
	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// assignClone assigns a clone's instances and, if it is promotable, their roles
// (pcmk__clone_allocate).
func (a *assigner) assignClone(r *status.Resource, prefer *status.Node) {
	if !r.Is(status.Provisional) || r.Is(status.Assigning) {
		return
	}
	if r.Is(status.Promotable) {
		a.addPromotionScores(r)
	}
	r.Set(status.Assigning)
	for _, c := range r.ThisWith { // which the order of the instances depends on
		a.assign(c.Primary, prefer)
	}
	for _, c := range r.WithThis {
		if hasInfluence(c, nil) {
			a.colocations.addTo(r, c, c.Dependent, onlyIfUsable|nonNegative)
		}
	}
	recordScores(r, "pcmk__clone_allocate")
	glist.Sort(r.Children, a.compareInstances)
	a.distribute(&r.Allowed, r.Children, r.CloneData.Max, r.CloneData.NodeMax)
	if r.Is(status.Promotable) {
		a.setInstanceRoles(r)
	}
	r.Clear(status.Provisional | status.Assigning)
}

// distribute assigns up to limit of the instances to nodes, at most perNode on
// each (distribute_children). Where they are active they stay if that can be and
// no node gets more than its share.
func (a *assigner) distribute(nodes *status.NodeTable, instances []*status.Resource, limit, perNode int) {
	count := 0
	for c := range nodes.ByIndex() {
		c.Instances = 0
		if available(c.Node) {
			count++
		}
	}
	// What is colocated with the clone matters if it is not everywhere anyway.
	allColocations := limit < count
	share := 1
	if count > 0 {
		share = max(1, limit/count)
	}
	assigned := 0
	for _, instance := range instances {
		if assigned >= limit {
			break
		}
		if len(instance.Running) == 0 || !instance.Is(status.Provisional) || instance.Is(status.Failed) {
			continue
		}
		n := instance.Current()
		if !available(n) || n.Score < 0 {
			continue
		}
		if c := topAllowed(instance, n); c != nil && int(c.Instances) >= share {
			continue
		}
		if a.assignInstance(instance, n, allColocations, perNode) {
			assigned++
		}
	}
	for _, instance := range instances {
		if n := instance.Current(); len(instance.Running) > 0 && topAllowed(instance, n) == nil {
			a.ws.At("distribute_children").Logf(loglevel.Error, "%s is running on %s which isn't allowed", instance.ID, n)
		}
		switch {
		case !instance.Is(status.Provisional):
		case assigned >= limit:
			instance.Location(nil, -status.Infinity, "clone:limit_reached")
		case a.assignInstance(instance, nil, allColocations, perNode):
			assigned++
		}
	}
}

// assignInstance assigns an instance, with prefer only to that node, and tells
// whether it has one (allocate_instance).
func (a *assigner) assignInstance(r *status.Resource, prefer *status.Node, allColocations bool, perNode int) bool {
	if !r.Is(status.Provisional) {
		return assignedCandidate(r) != nil
	}
	if r.Is(status.Assigning) {
		return false
	}
	inheritColocations(r.Parent, r, allColocations)
	var backup *status.NodeTable
	var mark status.TraceMark
	if prefer != nil {
		if c := r.Allowed.Get(prefer); c == nil || c.Score < 0 {
			return false
		}
	}
	a.limitInstances(r, perNode)
	if prefer != nil {
		backup = r.Allowed.Copy()
		if t := a.ws.Options.Trace; t != nil {
			mark = t.Mark(r)
		}
	}
	chosen := a.assign(r, prefer)
	if chosen == nil {
		return false
	}
	if prefer != nil && chosen.Node != prefer {
		a.ws.At("allocate_instance").Infof("Not pre-allocating %s to %s because %s is better", r.ID, prefer, chosen.Node)
		r.Allowed = *backup
		if t := a.ws.Options.Trace; t != nil {
			t.TakeBack(r, mark)
		}
		unassign(r)
		return false
	}
	if c := topAllowed(r, chosen.Node); c != nil {
		c.Instances++
	} else if r.Is(status.Managed) {
		a.ws.At("allocate_instance").ConfigErrorf("%s not found in %s (list of %d)", chosen.ID, r.Parent.ID, r.Parent.Allowed.Len())
	}
	return true
}

// inheritColocations makes the colocations of a clone or bundle those of an
// instance: all, or those that keep it from nodes or are mandatory
// (append_parent_colocation).
func inheritColocations(parent, r *status.Resource, all bool) {
	for _, c := range parent.ThisWith {
		if all || c.Score < 0 || c.Score == status.Infinity {
			addThisWith(r, c)
		}
	}
	for _, c := range parent.WithThis {
		if hasInfluence(c, r) && (all || c.Score < 0) {
			addWithThis(r, c)
		}
	}
}

// limitInstances bans an instance from the nodes that cannot take another one
// (can_run_instance).
func (a *assigner) limitInstances(r *status.Resource, perNode int) {
	foreign := false
	for c := range r.Allowed.ByIndex() {
		tag := status.TagNodeUnavailable
		if available(c.Node) && !r.Is(status.Orphan) {
			top := topAllowed(r, c.Node)
			if top == nil {
				foreign = true
			} else if top.Score >= 0 && int(top.Instances) < perNode {
				continue
			}
			tag = status.TagCloneNodeMax
			if top == nil || top.Score < 0 {
				tag = status.TagCloneBanned
			}
		}
		addScore(r, c.Node, -status.Infinity, tag)
	}
	if !foreign {
		return
	}
	for c := range r.Allowed.All() {
		if available(c.Node) && topAllowed(r, c.Node) == nil {
			a.ws.At("can_run_instance").Warningf("%s cannot run on %s: node not allowed", r.ID, c.Node)
		}
	}
}

// addScore adds to the score that the resource, and what is in it, has for a node
// that it knows (common_update_score).
func addScore(r *status.Resource, n *status.Node, score int, tag string) {
	if c := r.Allowed.Get(n); c != nil {
		if t := r.WorkingSet().Options.Trace; t != nil {
			t.Add(r, c.Node, c.Score, score, status.Cause{Tag: tag})
		}
		c.Score = status.AddScores(c.Score, score)
	}
	for _, child := range r.Children {
		addScore(child, n, score, tag)
	}
}

// applyClone has a primitive regard where a clone's instances are
// (pcmk__clone_apply_coloc_score).
func (a *assigner) applyClone(c *status.Colocation, dependent, primary *status.Resource) {
	if dependent.Variant != status.Primitive {
		return
	}
	if primary.Is(status.Promotable) {
		switch {
		case primary.Is(status.Provisional):
			return
		case c.PrimaryRole == status.RoleUnknown:
		case dependent.Is(status.Provisional):
			a.followPromotable(c, dependent, primary)
			return
		case c.DependentRole == status.RolePromoted:
			promoteWith(c, dependent, primary)
			return
		}
	}
	interleave := false
	if c.Dependent.Variant > status.Group && status.IsTrue(c.Dependent.Meta["interleave"]) {
		if interleave = copiesPerNode(c.Dependent) == copiesPerNode(c.Primary); !interleave {
			a.ws.At("pcmk__clone_apply_coloc_score").ConfigErrorf("Cannot interleave %s and %s because they do not support the same number of instances per node",
				c.Dependent.ID, c.Primary.ID)
		}
	}
	switch {
	case primary.Is(status.Provisional):
	case interleave:
		a.applyInstance("pcmk__clone_apply_coloc_score", c, dependent, primary)
	case c.Score >= status.Infinity:
		var nodes []*status.Candidate
		for _, instance := range primary.Children {
			if n := assignedCandidate(instance); n != nil && !isBlocked(instance) {
				nodes = append(nodes, n)
			}
		}
		keepOnly(dependent, nodes, false, status.Cause{Colocation: c, With: primary})
	default:
		for _, instance := range primary.Children {
			a.applyPrimary(c, dependent, instance)
		}
	}
}

// applyInstance has an instance regard the one instance of the primary that it
// goes with. Without one it cannot run, if that is mandatory.
func (a *assigner) applyInstance(function string, c *status.Colocation, dependent, primary *status.Resource) {
	if instance := compatibleInstance(dependent, primary, status.RoleUnknown, false); instance != nil {
		a.applyToDependent(c, dependent, instance)
	} else if c.Score >= status.Infinity {
		a.ws.At(function).Noticef("Cannot pair %s with instance of %s", dependent.ID, primary.ID)
		assign(dependent, nil, true)
	}
}
