package sched

import (
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// handleConfigChanges compares what the history says of operations with the
// configuration, and has restarted, reloaded, repeated anew, cancelled or
// forgotten what has changed or gone (pcmk__handle_rsc_config_changes).
func handleConfigChanges(ws *status.WorkingSet) {
	s := &planner{ws: ws}
	all := byAnyID{}
	for _, r := range ws.Resources {
		all.add(r)
	}
	for _, n := range s.ws.Nodes {
		if !n.Maintenance && !available(n) {
			continue
		}
		histories := s.ws.HistoryOf(n.Name)
		if len(histories) != 1 {
			continue // the reference's search for it has one result, or fails
		}
		active := byAnyID{}
		for _, r := range n.Running {
			active.add(r)
		}
		for _, rh := range histories[0].Resources {
			if len(rh.Entries) == 0 {
				continue
			}
			for r := range status.NewestFirst(all.matching(rh, active)) {
				s.handleHistory(rh, r, n)
			}
		}
	}
}

// byAnyID are the primitives that an id in a history can mean. The reference takes
// the last first (pcmk__rscs_matching_id).
type byAnyID map[string]*namesakes

type namesakes struct {
	resources []*status.Resource
	alike     bool // they are instances of one configured resource, and no orphans
}

func (m byAnyID) add(r *status.Resource) {
	if r.Variant == status.Primitive {
		m.addUnder(r.ID, r)
		if r.HistoryID != "" && r.HistoryID != r.ID {
			m.addUnder(r.HistoryID, r)
		}
	}
	for _, c := range r.Children {
		m.add(c)
	}
}

func (m byAnyID) addUnder(id string, r *status.Resource) {
	same := m[id]
	if same == nil {
		same = &namesakes{alike: true}
		m[id] = same
	}
	same.resources = append(same.resources, r)
	same.alike = same.alike && !r.Is(status.Orphan) && r.Element == same.resources[0].Element
}

// matching are those that a history on a node is to be compared with. Of instances
// of the same agent as the history's these are the active ones.
func (m byAnyID) matching(rh *status.ResourceHistory, active byAnyID) []*status.Resource {
	same := m[rh.ID]
	switch {
	case same == nil:
		return nil
	case !same.alike || !sameAgent(same.resources[0], rh):
		return same.resources
	}
	switch running := active[rh.ID]; {
	case running == nil:
		return nil
	case len(running.resources) == 1:
		return running.resources
	}
	return same.resources // in their order
}

func sameAgent(r *status.Resource, rh *status.ResourceHistory) bool {
	return r.Type == rh.Type && r.Class == rh.Class && r.Provider == rh.Provider
}

// handleHistory is for one resource's history on one node.
func (s *planner) handleHistory(rh *status.ResourceHistory, r *status.Resource, n *status.Node) {
	if r.Is(status.Orphan) {
		if !r.Top().IsAnonymousClone() {
			s.scheduleCleanup(r, n, false)
		}
		return
	}
	active := r.RunsOn(n)
	if s.agentChanged(r, n, rh, active) {
		s.scheduleCleanup(r, n, false)
	}
	if !active {
		return
	}
	for _, e := range s.ws.ActiveEntries(rh) {
		s.ws.ReadInterval(e)
		switch {
		case e.IntervalMS > 0 && (r.Is(status.Maintenance) || n.Maintenance):
			s.scheduleCancel(r, e, n, "maintenance mode")
		case e.IntervalMS > 0, e.Task == status.ActionNameMonitor, e.Task == status.ActionNameStart,
			e.Task == status.ActionNamePromote, e.Task == status.ActionNameMigrateFrom:
			if r.NeedsBundleRemoteName() {
				// Its address is not known before the container is assigned.
				s.ws.AddParamCheck(e, r, n, status.CheckActive)
			} else if s.actionChanged(r, n, e) {
				s.forgetFailures(r, n)
			}
		}
	}
}

func (s *planner) forgetFailures(r *status.Resource, n *status.Node) {
	if count, _ := r.FailCount(n, status.FailCountEffective, nil); count != 0 {
		r.ClearFailCount(n, "action definition changed")
	}
}

// checkParams compares a history entry that had to wait for assignment.
func (s *planner) checkParams(c *status.ParamCheck) {
	switch c.Reason {
	case status.CheckActive:
		if s.actionChanged(c.Resource, c.Node, c.Entry) {
			s.forgetFailures(c.Resource, c.Node)
		}
	case status.CheckLastFailure:
		d := c.Resource.CompareDigests(c.Entry, c.Node)
		if d.Result != status.DigestUnknown && d.Result != status.DigestMatch {
			c.Resource.ClearFailCount(c.Node, "resource parameters have changed")
		}
	}
}

// agentChanged tells whether the history is of another agent than configured; a
// resource that is active with it has to stop (pcmk__rsc_agent_changed).
func (s *planner) agentChanged(r *status.Resource, n *status.Node, rh *status.ResourceHistory, active bool) (changed bool) {
	for _, attr := range [...]struct{ name, now, was string }{
		{"type", r.Type, rh.Type}, {"class", r.Class, rh.Class}, {"provider", r.Provider, rh.Provider},
	} {
		if attr.now == attr.was {
			continue
		}
		changed = true
		s.ws.TriggerUnfencing(r, n, "Device definition changed", nil)
		if active {
			s.ws.At("pcmk__rsc_agent_changed").Noticef("Forcing restart of %s on %s because %s changed from '%s' to '%s'", r.ID, n, attr.name, attr.was, attr.now)
		}
	}
	if changed && active {
		r.StopAction(n, false)
		r.Set(status.StartPending)
	}
	return changed
}

// actionChanged does what a change of an operation's configuration since the
// history entry calls for, and tells whether there was one
// (pcmk__check_action_config).
func (s *planner) actionChanged(r *status.Resource, n *status.Node, e *status.HistoryEntry) bool {
	s.ws.ReadInterval(e)
	if e.IntervalMS > 0 && r.FindOperation(r.KeyOf(e.Task, e.IntervalMS), false) == nil {
		if s.ws.Flags.Has(status.StopOrphanActions) {
			s.scheduleCancel(r, e, n, "orphan")
		} else {
			s.debugf("%s-interval %s for %s on %s is orphaned", iso8601.ReadableInterval(e.IntervalMS), e.Task, r.ID, n)
		}
		return true
	}
	// What is forced for a changed probe or promotion is the start.
	task := e.Task
	if e.IntervalMS == 0 {
		switch task {
		case status.ActionNameMonitor, status.ActionNameMigrateFrom, status.ActionNamePromote:
			task = status.ActionNameStart
		}
	}
	d := r.CompareDigests(e, n)
	if s.ws.Flags.Has(status.Sanitized) && d.Result != status.DigestMatch && e.SecureDigest != "" && d.Secure == e.SecureDigest {
		s.ws.Infof("Only 'private' parameters to %s-interval %s for %s on %s changed: %s",
			s.interval(e.IntervalMS), task, r.ID, n, e.TransitionMagic)
		return false
	}
	switch d.Result {
	case status.DigestRestart:
		s.forceRestart(r, task, e.IntervalMS, n)
	case status.DigestAll, status.DigestUnknown:
		switch {
		case e.IntervalMS > 0:
			s.ws.TriggerUnfencing(r, n, "Device parameters changed (reschedule)", nil)
			s.ws.Action(r, r.KeyOf(task, e.IntervalMS), task, n, true, true).Set(status.Reschedule)
		case e.RestartDigest != "":
			s.ws.TriggerUnfencing(r, n, "Device parameters changed (reload)", nil)
			s.scheduleReload(r, n)
		default:
			s.forceRestart(r, task, e.IntervalMS, n)
		}
	default:
		return false
	}
	return true
}

func (s *planner) forceRestart(r *status.Resource, task string, intervalMS uint, n *status.Node) {
	required := s.ws.Action(r, r.KeyOf(task, intervalMS), task, nil, false, true)
	required.SetReason("resource definition change", true)
	s.ws.TriggerUnfencing(r, n, "Device parameters changed", nil)
}

// scheduleReload has the agent take new parameters without a restart, unless the
// resource stops or is demoted anyway.
func (s *planner) scheduleReload(r *status.Resource, n *status.Node) {
	if r.Variant > status.Primitive {
		for _, c := range r.Children {
			s.scheduleReload(c, n)
		}
		return
	}
	if n == nil || !r.Is(status.Managed) || r.Is(status.Failed) {
		return
	}
	if r.Is(status.StartPending) {
		r.StopAction(n, false)
		return
	}
	r.Set(status.Reload)
	reload := r.Action(status.ActionNameReloadAgent, n, false)
	reload.SetReason("resource definition change", false)
	const flags = status.OrderOptional | status.OrderThenCancelsFirst
	order(s.ws, actionOf(reload), taskOf(r, status.ActionNameStop), flags)
	order(s.ws, actionOf(reload), taskOf(r, status.ActionNameDemote), flags)
}
