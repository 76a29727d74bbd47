package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// Result is what scheduling finds beside what it puts into the working set.
type Result struct {
	// Records are what crm_simulate -s and -U print while resources are
	// assigned: scores, placements and capacities, a line each, in order.
	Records []string
}

// scheduler is one run over a working set.
type scheduler struct {
	ws      *status.WorkingSet
	records []string
}

// Schedule computes the transition (pcmk__schedule_actions). With CheckConfig it
// only reads the constraints, with QuickLocation it only applies them.
func Schedule(ws *status.WorkingSet) *Result {
	s := &scheduler{ws: ws}
	s.run()
	return &Result{Records: s.records}
}

func (s *scheduler) run() {
	s.applyNodeHealth()
	s.unpackConstraints()
	if s.ws.Flags.Has(status.CheckConfig) {
		return
	}
	s.applyNodeCriteria()
	if s.ws.Flags.Has(status.QuickLocation) {
		return
	}
	s.createInternalConstraints()
	s.handleConfigChanges()
	s.assignResources()
	s.scheduleResourceActions()
	// Ordering actions of remote connections can still mark nodes for fencing.
	s.orderRemoteConnectionActions()
	s.scheduleFencingAndShutdowns()
	s.applyOrderings()
	s.createGraph()
}
