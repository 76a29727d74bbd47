package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// placeActions puts actions that no node is known of on the node that their
// resource goes to or comes from. In the reference this is what logging the
// transition does on the way, and the graph is made after it.
func placeActions(ws *status.WorkingSet) {
	for _, r := range ws.Resources {
		placeActionsOf(r)
	}
}

func placeActionsOf(r *status.Resource) {
	if r.Variant == status.Bundle {
		for _, replica := range r.BundleData.Replicas {
			for _, part := range []*status.Resource{replica.IP, replica.Container, replica.Remote, replica.Child} {
				if part != nil {
					placeActionsOf(part)
				}
			}
		}
		return
	}
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			placeActionsOf(c)
		}
		return
	}
	next := assignedNode(r)
	var current *status.Node
	if len(r.Running) > 0 {
		current = r.Current()
		if r.Role == status.RoleStopped {
			r.Role = status.RoleStarted // an action on it is in progress
		}
	}
	if !r.Is(status.Managed) || current == nil && (next == nil || r.Is(status.Orphan)) {
		return
	}
	start := r.ActionsNamed(status.ActionNameStart, next, false)
	from := current
	if len(start) == 0 || !start[0].Is(status.ActionRunnable) {
		from = nil
	}
	stop := r.ActionsNamed(status.ActionNameStop, from, false)
	r.ActionsNamed(status.ActionNamePromote, next, false)
	r.ActionsNamed(status.ActionNameDemote, next, false)
	switch {
	case r.Role == r.NextRole:
		r.ActionsNamed(status.ActionNameMigrateFrom, next, false)
	case len(stop) > 0 && (r.NextRole == status.RoleStopped || len(start) > 0 && !start[0].Is(status.ActionRunnable)):
		for _, n := range r.Running {
			r.ActionsNamed(status.ActionNameStop, n, false)
		}
	}
}
