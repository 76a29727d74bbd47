package sched

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// recurring is a configured operation that is to be repeated.
type recurring struct {
	*status.Operation
	key  string
	role status.Role
}

// recurringOf takes an operation for one to be repeated; ok is false if it is
// none, is disabled, or is wrongly configured.
func (s *planner) recurringOf(r *status.Resource, o *status.Operation) (op recurring, ok bool) {
	if o.IntervalMS == 0 {
		return op, false
	}
	if o.ID == "" {
		s.ws.At("is_recurring_history").ConfigErrorf("Ignoring resource history entry without ID")
		return op, false
	}
	switch o.Name {
	case status.ActionNameStop, status.ActionNameStart, status.ActionNameDemote, status.ActionNamePromote,
		status.ActionNameReloadAgent, status.ActionNameMigrateTo, status.ActionNameMigrateFrom:
		s.ws.At("is_recurring_history").ConfigErrorf("Ignoring %s because %s action cannot be recurring", o.ID, o.Name)
		return op, false
	}
	if s.isDuplicate(r, o) {
		return op, false
	}
	op = recurring{Operation: o, key: status.Key(r.ID, o.Name, o.IntervalMS)}
	if o.Role != "" {
		op.role = s.ws.ParseRole(o.Role)
		if op.role == status.RoleUnknown {
			s.ws.At("is_recurring_history").ConfigErrorf("Ignoring %s because %s is not a valid role", o.ID, o.Role)
		}
	}
	return op, r.FindOperation(op.key, false) != nil
}

// isDuplicate tells whether there are two operations of that name and interval.
func (s *planner) isDuplicate(r *status.Resource, o *status.Operation) bool {
	id := ""
	for _, other := range r.Operations {
		if other.Name != o.Name || other.IntervalMS != o.IntervalMS || other.ID == "" {
			continue
		}
		if id != "" {
			s.ws.At("is_op_dup").ConfigErrorf("Operation %s is duplicate of %s (do not use same name and interval combination more than once per resource)", other.ID, id)
			return true
		}
		id = other.ID
	}
	return false
}

// createRecurring creates a resource's recurring operations, and cancels those
// that its next role has no use for (pcmk__create_recurring_actions).
func (s *planner) createRecurring(r *status.Resource) {
	if r.Flags.Any(status.Blocked | status.Maintenance) {
		return
	}
	n := assignedNode(r)
	var start *status.Action
	if n != nil && !n.Maintenance && (r.NextRole != status.RoleStopped || !r.Is(status.Managed)) {
		start = r.StartAction(n, true)
	}
	for _, o := range r.Operations {
		op, ok := s.recurringOf(r, o)
		if !ok {
			continue
		}
		if start != nil {
			s.repeatActive(r, start, n, op)
		}
		s.repeatInactive(r, n, op)
	}
}

// goesOn tells whether an operation runs on the node already and need not be
// begun.
func goesOn(r *status.Resource, n *status.Node, key string, start *status.Action) bool {
	if n == nil || !start.Is(status.Optional) {
		return false
	}
	running := r.FindActionsExact(key, n)
	return len(running) > 0 && !slices.ContainsFunc(running, func(a *status.Action) bool { return a.Is(status.Reschedule) })
}

// repeatActive repeats an operation where the resource is going to be active.
func (s *planner) repeatActive(r *status.Resource, start *status.Action, n *status.Node, op recurring) {
	if op.role == status.RoleStopped {
		return
	}
	optional := goesOn(r, n, op.key, start)
	if op.role != status.RoleUnknown && r.NextRole != op.role || op.role == status.RoleUnknown && r.NextRole == status.RolePromoted {
		if optional {
			s.cancelForRole(r, n, op)
		}
		return
	}
	ws := s.ws
	a := ws.Action(r, op.key, op.Name, n, optional, true)
	if !start.Is(status.ActionRunnable) || n == nil || !n.Online || n.Unclean {
		a.Clear(status.ActionRunnable)
	} else if !a.Is(status.Optional) {
		s.ws.At("recurring_op_for_active").Infof("Start %s-interval %s for %s on %s", iso8601.ReadableInterval(op.IntervalMS), a.Task, r.ID, n)
	}
	if r.NextRole == status.RolePromoted {
		a.SetExpectedResult(status.OCFRunningPromoted)
	}
	if n != nil && !r.Is(status.Managed) {
		return
	}
	order(ws, taskOf(r, status.ActionNameStart), actionOf(a), status.OrderImpliesThen|status.OrderRunnableFirst)
	order(ws, taskOf(r, status.ActionNameReloadAgent), actionOf(a), status.OrderImpliesThen|status.OrderRunnableFirst)
	if r.NextRole == status.RolePromoted {
		order(ws, taskOf(r, status.ActionNamePromote), actionOf(a), status.OrderOptional|status.OrderRunnableFirst)
	} else if r.Role == status.RolePromoted {
		order(ws, taskOf(r, status.ActionNameDemote), actionOf(a), status.OrderOptional|status.OrderRunnableFirst)
	}
}

// cancelForRole cancels an operation of another role than the next, before the
// resource changes into that.
func (s *planner) cancelForRole(r *status.Resource, n *status.Node, op recurring) {
	cancel := cancelAction(r, op.Name, op.IntervalMS, n)
	after := ""
	switch r.Role {
	case status.RoleUnpromoted, status.RoleStarted:
		if r.NextRole == status.RolePromoted {
			after = status.ActionNamePromote
		} else if r.NextRole == status.RoleStopped {
			after = status.ActionNameStop
		}
	case status.RolePromoted:
		after = status.ActionNameDemote
	}
	if after != "" {
		order(s.ws, actionOf(cancel), taskOf(r, after), status.OrderRunnableFirst)
	}
	role := op.role
	if role == status.RoleUnknown {
		role = status.RoleUnpromoted
	}
	s.ws.At("recurring_op_for_active").Infof("Cancelling recurring action %s because %s configured for %s role (not %s)", op.key, op.ID, role, r.NextRole)
}

// repeatInactive repeats an operation of the role Stopped wherever the resource
// is not going to be.
func (s *planner) repeatInactive(r *status.Resource, n *status.Node, op recurring) {
	if op.role != status.RoleStopped {
		return
	}
	if !r.Is(status.Unique) {
		s.ws.At("recurring_op_for_inactive").Noticef("Ignoring %s (recurring monitors for Stopped role are not supported for anonymous clones)", op.ID)
		return
	}
	for _, other := range s.ws.Nodes {
		if n != nil && strings.EqualFold(other.Name, n.Name) {
			s.cancelStopped(r, n, op)
			continue
		}
		optional := len(r.FindActionsExact(op.key, other)) > 0
		a := s.ws.Action(r, op.key, op.Name, other, optional, true)
		a.SetExpectedResult(status.OCFNotRunning)
		if r.Is(status.Managed) {
			for _, probe := range r.ActionsNamed(status.ActionNameMonitor, other, false) {
				status.Order(probe, a, status.OrderRunnableFirst)
			}
		}
		s.repeatAfterStop(r, other, a)
		if !other.Online || other.Unclean {
			a.Clear(status.ActionRunnable)
		}
		if a.Is(status.ActionRunnable) && !a.Is(status.Optional) {
			s.ws.At("recurring_op_for_inactive").Noticef("Start recurring %s-interval %s for Stopped %s on %s", s.interval(op.IntervalMS), a.Task, r.ID, other)
		}
	}
}

func (s *planner) repeatAfterStop(r *status.Resource, n *status.Node, a *status.Action) {
	for _, stop := range r.ActionsNamed(status.ActionNameStop, n, true) {
		if !stop.Is(status.Optional) && !a.Is(status.Optional) && !r.Is(status.Managed) {
			a.Set(status.Optional) // it will not stop
		}
		if !stop.Is(status.ActionRunnable) {
			a.Clear(status.ActionRunnable)
		}
		if r.Is(status.Managed) {
			order(s.ws, step{r, r.Key(status.ActionNameStop), stop}, actionOf(a),
				status.OrderImpliesThen|status.OrderRunnableFirst)
		}
	}
}

// cancelStopped cancels an operation of the role Stopped where the resource is
// going to be active.
func (s *planner) cancelStopped(r *status.Resource, n *status.Node, op recurring) {
	if len(r.FindActionsExact(op.key, n)) == 0 {
		return
	}
	cancel := cancelAction(r, op.Name, op.IntervalMS, n)
	if r.NextRole == status.RoleStarted || r.NextRole == status.RoleUnpromoted {
		order(s.ws, actionOf(cancel), taskOf(r, status.ActionNameStart), status.OrderRunnableFirst)
	}
	s.ws.At("cancel_if_running").Infof("Cancelling %s-interval %s action for %s on %s because configured for Stopped role (not %s)",
		iso8601.ReadableInterval(op.IntervalMS), op.Name, r.ID, n, r.NextRole)
}

// cancelAction cancels a recurring operation (pcmk__new_cancel_action). It takes
// the operation's key, and so its place if there is one.
func cancelAction(r *status.Resource, task string, intervalMS uint, n *status.Node) *status.Action {
	ws := r.WorkingSet()
	a := ws.Action(r, status.Key(r.ID, task, intervalMS), status.ActionNameCancel, n, false, true)
	a.Task = status.ActionNameCancel
	a.CancelTask = task
	addMeta(a, "operation", task)
	addMeta(a, "interval", strconv.FormatUint(uint64(intervalMS), 10))
	return a
}

// scheduleCancel cancels the recurring operation of a history entry
// (pcmk__schedule_cancel).
func (s *planner) scheduleCancel(r *status.Resource, e *status.HistoryEntry, n *status.Node, reason string) {
	s.ws.At("pcmk__schedule_cancel").Infof("Recurring %s-interval %s for %s will be stopped on %s: %s", s.interval(e.IntervalMS), e.Task, r.ID, n, reason)
	a := cancelAction(r, e.Task, e.IntervalMS, n)
	if e.HasCallID {
		addMeta(a, "call-id", strconv.Itoa(e.CallID))
	}
	order(s.ws, taskOf(r, status.ActionNameStop), actionOf(a), status.OrderOptional)
}

// interval is a readable interval in a message that the reference puts together
// whether or not it is logged: its text of an interval of 0 is what the last other one
// left in its buffer.
func (s *planner) interval(ms uint) string {
	if ms > 0 || s.lastInterval == "" {
		s.lastInterval = iso8601.ReadableInterval(ms)
	}
	return s.lastInterval
}

// debugf is for what the reference tells only who asks for much.
func (s *planner) debugf(format string, args ...any) { s.ws.Logf(loglevel.Debug, format, args...) }
