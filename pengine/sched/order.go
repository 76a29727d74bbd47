package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// step is one side of an ordering: an action, or the name or key of one that a
// resource may come to have.
type step struct {
	resource *status.Resource
	task     string
	action   *status.Action
}

// taskOf is the resource's action of that name, once there is one.
func taskOf(r *status.Resource, task string) step {
	return step{resource: r, task: r.Key(task)}
}

// actionOf is an action that there is.
func actionOf(a *status.Action) step { return step{resource: a.Resource, task: a.Key, action: a} }

// order declares that one step comes before the other (pcmk__new_ordering).
// What it comes to is decided by applyOrderings, when all actions are there. An
// ordering between resources that can migrate implies others for the migration.
func order(ws *status.WorkingSet, first, then step, flags status.OrderFlags) {
	o := ws.AddOrdering(status.Ordering{
		Flags:         flags,
		FirstResource: first.resource, FirstTask: first.task, FirstAction: first.action,
		ThenResource: then.resource, ThenTask: then.task, ThenAction: then.action,
	})
	if t := ws.Options.Trace; t != nil {
		t.Order(o)
	}
	orderMigrations(ws, o)
}

// orderTasks orders actions of two resources by their names
// (pcmk__order_resource_actions).
func orderTasks(first *status.Resource, firstTask string, then *status.Resource, thenTask string, flags status.OrderFlags) {
	order(first.WorkingSet(), taskOf(first, firstTask), taskOf(then, thenTask), flags)
}

func orderStarts(first, then *status.Resource, flags status.OrderFlags) {
	orderTasks(first, status.ActionNameStart, then, status.ActionNameStart, flags)
}

func orderStops(first, then *status.Resource, flags status.OrderFlags) {
	orderTasks(first, status.ActionNameStop, then, status.ActionNameStop, flags)
}

// taskName is the name of a step's action.
func (s step) taskName() string {
	if s.action != nil {
		return s.action.Task
	}
	_, task, _, _ := status.ParseKey(s.task)
	return task
}

// orderMigrations adds what an ordering means for the migrations of resources
// that are allowed to migrate (pcmk__order_migration_equivalents).
func orderMigrations(ws *status.WorkingSet, o *status.Ordering) {
	first, then := o.FirstResource, o.ThenResource
	if first == nil || then == nil || first == then || first.IsIn(then) || then.IsIn(first) {
		return
	}
	firstMigrates, thenMigrates := first.Is(status.AllowMigrate), then.Is(status.AllowMigrate)
	if !firstMigrates && !thenMigrates {
		return
	}
	firstTask := step{first, o.FirstTask, o.FirstAction}.taskName()
	thenTask := step{then, o.ThenTask, o.ThenAction}.taskName()
	is := func(a, b string) bool { return strings.EqualFold(firstTask, a) && strings.EqualFold(thenTask, b) }

	unlessMigrating := status.OrderOptional
	if firstMigrates {
		unlessMigrating |= status.OrderApplyFirstNonMigratable
	}
	switch {
	case is(status.ActionNameStart, status.ActionNameStart):
		if firstMigrates && thenMigrates {
			orderTasks(first, status.ActionNameMigrateFrom, then, status.ActionNameMigrateTo, status.OrderOptional)
		}
		if thenMigrates {
			orderTasks(first, status.ActionNameStart, then, status.ActionNameMigrateTo, unlessMigrating)
		}
	case thenMigrates && is(status.ActionNameStop, status.ActionNameStop):
		orderTasks(first, status.ActionNameStop, then, status.ActionNameMigrateTo, unlessMigrating)
		if then.MigrationTarget != nil {
			orderTasks(first, status.ActionNameStop, then, status.ActionNameMigrateFrom, unlessMigrating)
		}
	case is(status.ActionNamePromote, status.ActionNameStart):
		if thenMigrates {
			orderTasks(first, status.ActionNamePromote, then, status.ActionNameMigrateTo, status.OrderOptional)
		}
	case is(status.ActionNameDemote, status.ActionNameStop):
		if thenMigrates {
			orderTasks(first, status.ActionNameDemote, then, status.ActionNameMigrateTo, status.OrderOptional)
			if then.MigrationTarget != nil {
				orderTasks(first, status.ActionNameDemote, then, status.ActionNameMigrateFrom, status.OrderOptional)
			}
		}
	}
}
