package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// ReadConstraints reads the constraints and does nothing with them, so that a tool knows
// the tickets that are in them.
func ReadConstraints(ws *status.WorkingSet) { readConstraints(ws) }

// Schedule computes the transition (pcmk__schedule_actions): constraints, places
// and roles of resources, actions and their order end up in the working set. With
// CheckConfig it only reads the constraints, with QuickLocation it only applies
// those that are about nodes. With ShowScores and ShowUtilization it leaves the
// WorkingSet's Records.
func Schedule(ws *status.WorkingSet) {
	applyNodeHealth(ws)
	readConstraints(ws)
	newestConstraintsFirst(ws)
	if ws.Flags.Has(status.CheckConfig) {
		return
	}
	applyNodeCriteria(ws)
	if ws.Flags.Has(status.QuickLocation) {
		return
	}
	createInternalConstraints(ws)
	handleConfigChanges(ws)
	assignResources(ws)
	scheduleResourceActions(ws)
	// Ordering actions of remote connections can still mark nodes for fencing.
	orderRemoteConnectionActions(ws)
	scheduleFencingAndShutdowns(ws)
	applyOrderings(ws)
	placeActions(ws)
}
