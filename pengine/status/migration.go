package status

import (
	"strings"
)

// migratedTo takes account of a migrate_to that succeeded on the source
// (unpack_migrate_to_success, with what Debian's 2.1.5-1+deb12u1 adds to it). What it comes to depends on the migrate_from on
// the target: if that succeeded, too, a stop on the source is missing, and the
// migration dangles; if it failed, the resource is taken to be active on both;
// if there is none, the migration is partial, and may go on.
func (u *operationUnpacker) migratedTo(e *HistoryEntry) {
	ws, r := u.ws, u.r
	source, target := e.MigrateSource, e.MigrateTarget
	if !e.HasMigrateSource || !e.HasMigrateTarget || source != u.n.Name {
		return
	}
	sourceNewer := ws.operatedAfter(r.ID, source, e, true)
	from := ws.findEntry(r.ID, ActionNameMigrateFrom, target, source, -1)
	if sourceNewer && from != nil {
		return
	}
	targetNewer := ws.newerStateAfter(r.ID, target, e, from)
	if sourceNewer && targetNewer {
		return
	}
	r.Role = RoleStarted
	targetNode, sourceNode := ws.FindNode(target), ws.FindNode(source)
	if from != nil {
		ws.said(from, fieldRC, fieldStatus)
	}
	targetUp := !targetNewer && targetNode != nil && targetNode.Online
	fail := func() {
		r.Set(Failed | Stop)
		r.Clear(AllowMigrate)
	}
	switch {
	case from != nil && from.RC == OCFOK && (from.Status == ExecDone || !from.HasStatus):
		r.Role = RoleStopped
		r.Dangling = append([]*Node{u.n}, r.Dangling...)
	case from != nil && from.Status != ExecPending:
		if targetUp {
			r.AddRunning(targetNode, true)
		} else {
			fail()
		}
	case targetNode != nil && targetNode.Online && ws.unknownOn(r.ID, target):
		// The history there has been cleaned: a probe will tell.
	case targetUp:
		r.AddRunning(targetNode, false)
		if sourceNode != nil && sourceNode.Online {
			r.MigrationTarget = targetNode
			r.MigrationSource = sourceNode
		}
	case !sourceNewer:
		fail()
	}
}

// migrateToFailed takes account of a migrate_to that failed on the source: the
// resource may be active on the target, too (unpack_migrate_to_failure).
func (u *operationUnpacker) migrateToFailed(e *HistoryEntry) {
	ws, r := u.ws, u.r
	source, target := e.MigrateSource, e.MigrateTarget
	if !e.HasMigrateSource || !e.HasMigrateTarget || source != u.n.Name {
		return
	}
	r.Role = RoleStarted
	from := ws.findEntry(r.ID, ActionNameMigrateFrom, target, source, OCFOK)
	switch {
	case !ws.unknownOn(r.ID, target) && !ws.newerStateAfter(r.ID, target, e, from):
		if n := ws.FindNode(target); n != nil && n.Online {
			r.AddRunning(n, false)
		}
	case !ws.operatedAfter(r.ID, source, e, true):
		r.Dangling = append([]*Node{u.n}, r.Dangling...)
	}
}

// migrateFromFailed takes account of a migrate_from that failed on the target:
// the resource may be active on the source, too (unpack_migrate_from_failure).
func (u *operationUnpacker) migrateFromFailed(e *HistoryEntry) {
	ws, r := u.ws, u.r
	source, target := e.MigrateSource, e.MigrateTarget
	if !e.HasMigrateSource || !e.HasMigrateTarget || target != u.n.Name {
		return
	}
	r.Role = RoleStarted
	to := ws.findEntry(r.ID, ActionNameMigrateTo, source, target, OCFOK)
	if !ws.unknownOn(r.ID, source) && !ws.newerStateAfter(r.ID, source, to, e) {
		if n := ws.FindNode(source); n != nil && n.Online {
			r.AddRunning(n, true)
		}
	}
}

// unknownOn tells whether a node's history says nothing of the resource, apart
// from actions that are still to end.
func (ws *WorkingSet) unknownOn(resource, node string) bool {
	for _, h := range ws.histories[node] {
		for _, r := range h.byID[resource] {
			for _, e := range r.Entries {
				if e.HasRC && e.RCText != "193" {
					return false
				}
			}
		}
	}
	return true
}

// operatedAfter tells whether anything but monitors happened to the resource on
// the node after that entry (non_monitor_after).
func (ws *WorkingSet) operatedAfter(resource, node string, after *HistoryEntry, sameNode bool) bool {
	h := ws.FindHistory(resource, node)
	if h == nil {
		return false
	}
	for _, e := range h.Entries {
		switch e.Task {
		case ActionNameStart, ActionNameStop, ActionNameMigrateTo, ActionNameMigrateFrom:
			if e != after && ws.IsNewer(e, after, sameNode) > 0 {
				return true
			}
		}
	}
	return false
}

// newerStateAfter tells whether something on the node is newer than the
// migration, so that this no longer says what is there: an operation, or a
// monitor that found it stopped (newer_state_after_migrate).
func (ws *WorkingSet) newerStateAfter(resource, node string, to, from *HistoryEntry) bool {
	e := to
	if from != nil {
		e = from
	}
	sameNode := false
	// Call ids tell more than times, so compare on one node if possible.
	if e.HasMigrateTarget && strings.EqualFold(node, e.MigrateTarget) {
		if from != nil {
			e, sameNode = from, true
		} else {
			e = to
		}
	} else if e.HasMigrateSource && strings.EqualFold(node, e.MigrateSource) {
		if to != nil {
			e, sameNode = to, true
		} else {
			e = from
		}
	}
	if ws.operatedAfter(resource, node, e, sameNode) {
		return true
	}
	monitor := ws.findEntry(resource, ActionNameMonitor, node, "", OCFNotRunning)
	return monitor != nil && ws.IsNewer(monitor, e, sameNode) > 0
}
