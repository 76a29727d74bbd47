package sched

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// finalizeAssignment assigns a primitive to a node, or to none
// (pcmk__finalize_assignment). Unless force is set, the node must be one that can
// run it; a guest node's connection may be assumed to come up. It tells whether
// the resource has a node.
func finalizeAssignment(r *status.Resource, chosen *status.Candidate, force bool) bool {
	if !force && chosen != nil && (chosen.Score < 0 || !usable(chosen) && !chosen.IsGuest()) {
		r.SetNextRole(status.RoleStopped, "node availability")
		chosen = nil
	}
	unassign(r)
	r.Clear(status.Provisional)
	if chosen == nil {
		r.SetNextRole(status.RoleStopped, "unable to allocate")
		for _, a := range r.Actions {
			refuseUnassigned(a)
		}
		return false
	}
	r.AssignedTo = chosen.Copy()
	n := chosen.Node
	n.Assigned = append(n.Assigned, r)
	n.NumResources++
	chosen.Instances++
	consumeCapacity(n.Utilization, r)
	recordUtilization(r, n)
	return true
}

// refuseUnassigned makes an action of a resource that gets no node fit that: it
// has to stop, and can neither start nor be monitored but as stopped.
func refuseUnassigned(a *status.Action) {
	switch {
	case strings.EqualFold(a.Task, status.ActionNameStop):
		a.Clear(status.Optional)
	case strings.EqualFold(a.Task, status.ActionNameStart):
		a.Clear(status.ActionRunnable)
	default:
		interval, ok := a.Meta.Get("interval")
		if ok && interval != "0" && a.Meta.Value("op_target_rc") != strconv.Itoa(status.OCFNotRunning) {
			a.Clear(status.ActionRunnable)
		}
	}
}

// assign assigns a resource, or all that is in it, to one node, and tells whether
// one of them had another before (pcmk__assign_resource).
func assign(r *status.Resource, to *status.Candidate, force bool) (changed bool) {
	if len(r.Children) == 0 {
		changed = r.AssignedTo != nil
		finalizeAssignment(r, to, force)
		return changed
	}
	for _, child := range r.Children {
		if assign(child, to, force) {
			changed = true
		}
	}
	return changed
}

// unassign takes a primitive's node away (pcmk__unassign_resource).
func unassign(r *status.Resource) {
	if r.AssignedTo == nil {
		return
	}
	n := r.AssignedTo.Node
	r.WorkingSet().At("pcmk__unassign_resource").Infof("Unassigning %s from %s", r.ID, n)
	r.Set(status.Provisional)
	r.AssignedTo = nil
	if i := slices.Index(n.Assigned, r); i >= 0 {
		n.Assigned = slices.Delete(n.Assigned, i, i+1)
	}
	n.NumResources--
	releaseCapacity(n.Utilization, r)
}
