package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// planner creates and orders actions. It has what several steps of one stage look
// up, and nothing that outlives the stage.
type planner struct {
	ws     *status.WorkingSet
	sorted map[*status.Resource]bool // clones whose instances are in order of their numbers

	lastInterval string // as last written in a message
}

// scheduleResourceActions creates probes, clean-ups and all that resources do to
// get where they are assigned (schedule_resource_actions).
func scheduleResourceActions(ws *status.WorkingSet) {
	s := &planner{ws: ws, sorted: map[*status.Resource]bool{}}
	for c := range status.NewestFirst(s.ws.ParamChecks) {
		s.checkParams(c)
	}
	if s.ws.Flags.Has(status.StartupProbes) {
		s.scheduleProbes()
	}
	if s.ws.Flags.Has(status.StopOrphans) {
		for _, r := range s.ws.Resources {
			s.clearOrphanFailures(r)
		}
	}
	for _, r := range s.ws.Resources {
		s.createActions(r)
	}
}

// clearOrphanFailures forgets the failures of a resource that is not configured
// any more, before it stops.
func (s *planner) clearOrphanFailures(r *status.Resource) {
	if !r.Is(status.Orphan) {
		return
	}
	for _, n := range s.ws.Nodes {
		if !n.Online {
			continue
		}
		if count, _ := r.FailCount(n, status.FailCountEffective, nil); count != 0 {
			a := r.ClearFailCount(n, "it is orphaned")
			order(s.ws, actionOf(a), taskOf(r, status.ActionNameStop), status.OrderOptional)
		}
	}
}

// createActions creates what a resource does, in the way of its variant.
func (s *planner) createActions(r *status.Resource) {
	switch r.Variant {
	case status.Group:
		s.createGroupActions(r)
	case status.Clone:
		s.createCloneActions(r)
	case status.Bundle:
		s.createBundleActions(r)
	default:
		s.createPrimitiveActions(r)
	}
}

// assignedNode is where a resource is going to be, or nil.
func assignedNode(r *status.Resource) *status.Node {
	if r.AssignedTo == nil {
		return nil
	}
	return r.AssignedTo.Node
}

// nextSteps is the role that comes next on the way from one role to another, by
// both.
var nextSteps = [5][5]status.Role{
	status.RoleUnknown: {
		status.RoleUnknown, status.RoleStopped, status.RoleStopped, status.RoleStopped, status.RoleStopped,
	},
	status.RoleStopped: {
		status.RoleStopped, status.RoleStopped, status.RoleStarted, status.RoleUnpromoted, status.RoleUnpromoted,
	},
	status.RoleStarted: {
		status.RoleStopped, status.RoleStopped, status.RoleStarted, status.RoleUnpromoted, status.RolePromoted,
	},
	status.RoleUnpromoted: {
		status.RoleStopped, status.RoleStopped, status.RoleStopped, status.RoleUnpromoted, status.RolePromoted,
	},
	status.RolePromoted: {
		status.RoleStopped, status.RoleUnpromoted, status.RoleUnpromoted, status.RoleUnpromoted, status.RolePromoted,
	},
}

// transition creates what leads from a role to the next one; false if nothing
// has to be done, or can.
func (s *planner) transition(r *status.Resource, from, to status.Role, n *status.Node, optional bool) bool {
	switch {
	case from == to && from >= status.RoleStopped, from == status.RoleStarted && to == status.RoleUnpromoted:
		return false
	case to == status.RoleStopped && from != status.RolePromoted, from == status.RoleUnpromoted && to == status.RoleStarted:
		s.stop(r, optional)
	case from == status.RoleStopped && (to == status.RoleStarted || to == status.RoleUnpromoted):
		s.start(r, n, optional)
	case to == status.RolePromoted && (from == status.RoleStarted || from == status.RoleUnpromoted):
		s.promote(r, n, optional)
	case from == status.RolePromoted && to != status.RoleUnknown:
		s.demote(r, optional)
	}
	return true
}

// createPrimitiveActions creates what a primitive does: a restart if one is
// needed, the way to the next role, recurring operations, a migration
// (pcmk__primitive_create_actions).
func (s *planner) createPrimitiveActions(r *status.Resource) {
	if r.NextRole == status.RoleUnknown {
		role := status.RoleStarted
		if r.AssignedTo == nil {
			role = status.RoleStopped
		}
		r.SetNextRole(role, "assignment")
	}
	current, all, clean := r.FindActive()
	for _, n := range r.Dangling {
		// Clean up where a migration left the resource behind.
		r.StopAction(n, false).Set(status.Dangle)
		if s.ws.Flags.Has(status.RemoveAfterStop) {
			s.scheduleCleanup(r, n, false)
		}
	}
	target := assignedNode(r)
	isMoving := current != nil && target != nil && current != target && r.NextRole >= status.RoleStarted
	canMigrate := isMoving && mayMigrate(r, current)
	needStop, needPromote := isMoving, false

	multiple := false
	switch {
	case r.MigrationSource != nil && r.MigrationTarget != nil && canMigrate && all == 2 &&
		current == r.MigrationSource && target == r.MigrationTarget:
		// The migration goes on.
	case r.MigrationSource != nil || r.MigrationTarget != nil:
		if all > 2 {
			s.ws.At("pcmk__primitive_create_actions").Noticef("Forcing recovery of %s because it is migrating from %s to %s and possibly active elsewhere",
				r.ID, r.MigrationSource, r.MigrationTarget)
		} else {
			s.ws.At("pcmk__primitive_create_actions").Noticef("Forcing recovery of %s because it can no longer migrate from %s to %s",
				r.ID, r.MigrationSource, r.MigrationTarget)
		}
		needStop, canMigrate = true, false
		r.MigrationSource, r.MigrationTarget = nil, nil
	case r.Is(status.NeedsFencing):
		multiple = all > 1
	default:
		multiple = clean > 1
	}
	if multiple {
		needStop = s.recoverMultiple(r, all) || needStop
	} else {
		r.Clear(status.StopUnexpected)
	}
	if r.Is(status.StartPending) {
		r.StartAction(target, true).Set(status.PrintAlways)
	}
	switch {
	case isMoving:
	case r.Is(status.Failed):
		if r.Is(status.Stop) {
			needStop = true
		} else if r.NextRole == status.RolePromoted {
			needPromote = true
		}
	case r.Is(status.Blocked):
		needStop = true
	case r.Role > status.RoleStarted && current != nil && target != nil:
		if !r.StartAction(target, true).Is(status.Optional) {
			needStop = true
		}
	}
	s.scheduleRestart(r, current, needStop, needPromote)
	for role := r.Role; role != r.NextRole; {
		next := nextSteps[role][r.NextRole]
		if !s.transition(r, role, next, target, false) {
			break
		}
		role = next
	}
	s.createRecurring(r)
	if canMigrate {
		s.createMigration(r, current)
	}
}

// recoverMultiple reports that a resource is active in too many places, and
// tells whether it has to stop for that.
func (s *planner) recoverMultiple(r *status.Resource, active int) (needStop bool) {
	class := r.Class
	if class == "" {
		class = "Untyped"
	}
	s.ws.At("pcmk__primitive_create_actions").ProcErrorf("%s resource %s might be active on %d nodes (%s)", class, r.ID, active, r.Recovery)
	s.ws.At("pcmk__primitive_create_actions").Noticef("See https://wiki.clusterlabs.org/wiki/FAQ#Resource_is_Too_Active for more information")
	switch r.Recovery {
	case status.RecoveryStopStart:
		return true
	case status.RecoveryStopUnexpected:
		r.Set(status.StopUnexpected)
		return true
	}
	return false
}

// scheduleRestart creates the way down and up again, optional unless the
// resource has to stop: relations may require it later.
func (s *planner) scheduleRestart(r *status.Resource, current *status.Node, needStop, needPromote bool) {
	role := r.Role
	r.Set(status.Restarting)
	for role != status.RoleStopped {
		next := nextSteps[role][status.RoleStopped]
		if !s.transition(r, role, next, current, !needStop) {
			break
		}
		role = next
	}
	for r.Role <= r.NextRole && role != r.Role && !r.Is(status.Blocked) {
		next := nextSteps[role][r.Role]
		required := needStop || next == status.RolePromoted && needPromote
		if !s.transition(r, role, next, assignedNode(r), !required) {
			break
		}
		role = next
	}
	r.Clear(status.Restarting)
}

// isExpected tells whether the resource is to stay on a node while it stops
// where it should not be.
func isExpected(r *status.Resource, n *status.Node) bool {
	return r.Is(status.StopUnexpected|status.Restarting) && r.NextRole > status.RoleStopped && n != nil && assignedNode(r) == n
}

func (s *planner) stop(r *status.Resource, optional bool) {
	for _, n := range r.Running {
		if isExpected(r, n) {
			continue
		}
		if r.MigrationTarget != nil {
			if n == r.MigrationTarget && n == assignedNode(r) {
				continue
			}
			optional = false
		}
		a := r.StopAction(n, optional)
		if r.AssignedTo == nil {
			a.SetReason("node availability", true)
		} else if r.Is(status.Restarting | status.StopUnexpected) {
			a.SetReason("being multiply active", true)
		}
		if !r.Is(status.Managed) {
			a.Clear(status.ActionRunnable)
		}
		if s.ws.Flags.Has(status.RemoveAfterStop) {
			s.scheduleCleanup(r, n, optional)
		}
		if r.Is(status.NeedsUnfencing) {
			unfence := s.ws.FenceAction(n, "on", true, "", false)
			status.Order(a, unfence, status.OrderImpliesFirst)
			if !isUnfenced(n) {
				s.ws.At("stop_resource").ProcErrorf("Stopping %s until %s can be unfenced", r.ID, n)
			}
		}
	}
}

func (s *planner) start(r *status.Resource, n *status.Node, optional bool) {
	a := r.StartAction(n, true)
	s.orderVsUnfence(r, n, a, status.OrderImpliesThen)
	if a.Is(status.ActionRunnable) && !optional {
		a.Clear(status.Optional)
	}
	if isExpected(r, n) {
		a.Set(status.Pseudo)
	}
}

func (s *planner) promote(r *status.Resource, n *status.Node, optional bool) {
	for _, start := range r.ActionsNamed(status.ActionNameStart, n, true) {
		if start.Is(status.ActionRunnable) {
			continue
		}
		// It cannot start there: what is promoted so far is not for long.
		for _, a := range r.ActionsNamed(status.ActionNamePromote, n, true) {
			a.Clear(status.ActionRunnable)
		}
		return
	}
	a := r.PromoteAction(n, optional)
	if isExpected(r, n) {
		a.Set(status.Pseudo)
	}
}

func (s *planner) demote(r *status.Resource, optional bool) {
	for _, n := range r.Running {
		if !isExpected(r, n) {
			r.DemoteAction(n, optional)
		}
	}
}

// scheduleCleanup has a node forget a resource, between stop and start
// (pcmk__schedule_cleanup).
func (s *planner) scheduleCleanup(r *status.Resource, n *status.Node, optional bool) {
	if r.Is(status.Failed) || n.Unclean || !n.Online {
		return
	}
	s.ws.At("pcmk__schedule_cleanup").Noticef("Scheduling clean-up of %s on %s", r.ID, n)
	flags := status.OrderOptional
	if optional {
		flags = status.OrderImpliesThen
	}
	r.DeleteAction(n, optional)
	orderTasks(r, status.ActionNameStop, r, status.ActionNameDelete, flags)
	orderTasks(r, status.ActionNameDelete, r, status.ActionNameStart, flags)
}

// mayMigrate tells whether a resource can be moved by migration
// (pcmk__rsc_can_migrate).
func mayMigrate(r *status.Resource, current *status.Node) bool {
	return r.Is(status.AllowMigrate|status.Managed) && !r.Flags.Any(status.Failed|status.StartPending) &&
		current != nil && !current.Unclean && r.AssignedTo != nil && !r.AssignedTo.Unclean
}

// createMigration has a resource move by migrate_to and migrate_from. Its stop
// and start are there, too, for the case that something speaks against it: then
// the start is no pseudo action any more (pcmk__create_migration_actions).
func (s *planner) createMigration(r *status.Resource, current *status.Node) {
	target := assignedNode(r)
	start := r.StartAction(target, true)
	stop := r.StopAction(current, true)
	var to *status.Action
	if r.MigrationTarget == nil {
		to = r.Action(status.ActionNameMigrateTo, current, true)
	}
	from := r.Action(status.ActionNameMigrateFrom, target, true)

	start.Set(status.MigrateRunnable | status.Pseudo)
	stop.Set(status.MigrateRunnable)
	from.Set(status.MigrateRunnable)
	if to != nil {
		to.Set(status.MigrateRunnable)
		to.Needs = start.Needs
		orderTasks(r, status.ActionNameMonitor, r, status.ActionNameMigrateTo, status.OrderOptional)
		orderTasks(r, status.ActionNameMigrateTo, r, status.ActionNameMigrateFrom,
			status.OrderOptional|status.OrderImpliesFirstMigratable)
	} else {
		from.Needs = start.Needs
		orderTasks(r, status.ActionNameMonitor, r, status.ActionNameMigrateFrom, status.OrderOptional)
	}
	orderTasks(r, status.ActionNameMigrateFrom, r, status.ActionNameStop,
		status.OrderOptional|status.OrderImpliesFirstMigratable)
	orderTasks(r, status.ActionNameMigrateFrom, r, status.ActionNameStart,
		status.OrderOptional|status.OrderImpliesFirstMigratable|status.OrderPseudoFirst)

	for _, a := range []*status.Action{to, from} {
		if a != nil {
			addMeta(a, "migrate_source", current.Name)
			addMeta(a, "migrate_target", target.Name)
		}
	}
	if to != nil && !r.IsRemoteNode {
		// Without a record of its beginning a failed migration could not be told.
		addMeta(to, "record-pending", "true")
	}
}

// createGroupActions creates what the members do, and the points in time at which
// the group begins and ends (pcmk__group_create_actions).
func (s *planner) createGroupActions(r *status.Resource) {
	for _, member := range r.Children {
		s.createActions(member)
	}
	tasks := []string{status.ActionNameStart, status.ActionNameStarted, status.ActionNameStop, status.ActionNameStopped}
	if status.IsTrue(r.Meta["promotable"]) {
		tasks = append(tasks, status.ActionNameDemote, status.ActionNameDemoted, status.ActionNamePromote, status.ActionNamePromoted)
	}
	for _, task := range tasks {
		r.Action(task, nil, true).Set(status.Pseudo | status.ActionRunnable)
	}
}

// oneRequired is the one required action of that name, nil if there is none,
// or more.
func oneRequired(r *status.Resource, task string) (found *status.Action) {
	for _, a := range r.ActionsNamed(task, nil, false) {
		if a.Is(status.Optional) {
			continue
		}
		if found != nil {
			return nil
		}
		found = a
	}
	return found
}

// changes is what the actions of a resource and all in it come to.
type changes struct {
	stopping, starting, active, demoting, promoting bool
}

// addStartsAndStops adds what is going to stop and start.
func (c *changes) addStartsAndStops(r *status.Resource) {
	for _, child := range r.Children {
		c.addStartsAndStops(child)
	}
	if len(r.Children) > 0 {
		return
	}
	if len(r.Running) > 0 {
		c.active = true
	}
	for _, a := range r.Actions {
		switch {
		case a.Is(status.Optional), !a.Flags.Any(status.Pseudo | status.ActionRunnable):
		case strings.EqualFold(a.Task, status.ActionNameStop):
			c.stopping = true
		case strings.EqualFold(a.Task, status.ActionNameStart) && a.Is(status.ActionRunnable):
			c.starting = true
		}
	}
}

// addRoleChanges adds what is going to be promoted and demoted.
func (c *changes) addRoleChanges(r *status.Resource) {
	for _, child := range r.Children {
		c.addRoleChanges(child)
	}
	if len(r.Children) > 0 {
		return
	}
	for _, a := range r.Actions {
		switch {
		case a.Is(status.Optional):
		case strings.EqualFold(a.Task, status.ActionNameDemote):
			c.demoting = true
		case strings.EqualFold(a.Task, status.ActionNamePromote):
			c.promoting = true
		}
	}
}
