package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// applyOrderings turns the declared orderings into relations of actions, and
// works out what these mean for the actions' flags (pcmk__apply_orderings). The
// orderings are taken in the order of their declaration: one of them may create
// an action that a later one finds.
func applyOrderings(ws *status.WorkingSet) {
	s := &planner{ws: ws}
	found := &recentlyFound{ws: ws}
	for _, o := range ws.Orderings {
		switch {
		case o.FirstResource != nil:
			found.applyFromFirst(o)
		case o.ThenResource != nil:
			found.applyAfter(o.FirstAction, o.ThenResource, o)
		default:
			status.Order(o.FirstAction, o.ThenAction, o.Flags)
		}
	}
	u := &updater{ws: ws, flags: newFlagTable(ws)}
	for a := range status.NewestFirst(ws.Actions) {
		u.blockDependents(a)
	}
	s.orderProbes()
	u.flags.settled = newSettledTable(ws, &u.flags.own)
	for a := range status.NewestFirst(ws.Actions) {
		u.update(a)
	}
	disableInvalidOrderings(ws)
}

// recentlyFound remembers which actions a few keys of resources meant: the orderings of
// a resource's probes, which are as many as there are nodes, all name the same ones.
type recentlyFound struct {
	ws   *status.WorkingSet
	keys [4]foundActions
	next int // the one that is overwritten next
}

type foundActions struct {
	resource *status.Resource
	key      string
	actions  int // how many there were of all resources
	found    []*status.Action
}

// byTask are the resource's actions with that key, or with a key of its own of the
// same name and interval.
func (f *recentlyFound) byTask(r *status.Resource, key string) []*status.Action {
	for i := range f.keys {
		if k := &f.keys[i]; k.resource == r && k.actions == len(f.ws.Actions) && k.key == key {
			return k.found
		}
	}
	found := f.ws.FindActions(r, key, nil)
	if len(found) == 0 {
		_, task, interval, ok := status.ParseKey(key)
		if !ok {
			f.ws.At("find_actions_by_task").Logf(loglevel.Error, "Invalid operation key (bug?): %s", key)
			return nil
		}
		found = f.ws.FindActions(r, r.KeyOf(task, interval), nil)
	}
	f.keys[f.next] = foundActions{r, key, len(f.ws.Actions), found}
	f.next = (f.next + 1) % len(f.keys)
	return found
}

// applyFromFirst applies an ordering whose first side is a resource's. If the
// resource has no such action it gets one, unless it is a stop of what is
// stopped, or a demotion of what is not promoted.
func (f *recentlyFound) applyFromFirst(o *status.Ordering) {
	ws := f.ws
	r, then := o.FirstResource, o.ThenResource
	var first []*status.Action
	if o.FirstAction != nil {
		first = []*status.Action{o.FirstAction}
	} else {
		first = f.byTask(r, o.FirstTask)
	}
	if len(first) == 0 && r != then {
		_, task, interval, _ := status.ParseKey(o.FirstTask)
		role := r.CurrentRole()
		switch {
		case role == status.RoleStopped && strings.EqualFold(task, status.ActionNameStop):
		case role == status.RoleUnpromoted && strings.EqualFold(task, status.ActionNameDemote):
		default:
			first = []*status.Action{ws.Action(r, r.KeyOf(task, interval), task, nil, true, true)}
		}
	}
	if then == nil {
		if o.ThenAction == nil {
			return
		}
		then = o.ThenAction.Resource
	}
	for _, a := range first {
		if then == nil {
			status.Order(a, o.ThenAction, o.Flags)
		} else {
			f.applyAfter(a, then, o)
		}
	}
}

// applyAfter orders the resource's actions that an ordering means after first,
// or takes them for not runnable if there is no first that they need.
func (f *recentlyFound) applyAfter(first *status.Action, r *status.Resource, o *status.Ordering) {
	var then []*status.Action
	if o.ThenAction != nil {
		then = []*status.Action{o.ThenAction}
	} else {
		then = f.byTask(r, o.ThenTask)
	}
	flags := o.Flags
	if first != nil && first.Resource == r && first.Is(status.Dangle) {
		flags &^= status.OrderImpliesThen
	}
	if first == nil && !flags.Has(status.OrderImpliesThen) {
		return
	}
	for _, a := range then {
		switch {
		case first == nil:
			a.Clear(status.ActionRunnable)
			f.ws.At("order_resource_actions_after").Logf(loglevel.Warning, "%s of %s is unrunnable because there is no %s of %s to order it after",
				a.Task, r.ID, o.FirstTask, o.FirstResource)
		case first != a:
			status.Order(first, a, flags)
		}
	}
}

// disableInvalidOrderings drops relations that cannot be kept: of what runs in
// a guest with the guest itself, and of loads that would make a loop of
// migrations (pcmk__disable_invalid_orderings).
func disableInvalidOrderings(ws *status.WorkingSet) {
	for a := range status.NewestFirst(ws.Actions) {
		for in := range status.NewestFirst(a.Before) {
			if isInvalidOrdering(ws, a, in) {
				in.Flags = status.OrderNone
			}
		}
	}
}

func isInvalidOrdering(ws *status.WorkingSet, a *status.Action, in *status.Relation) bool {
	first := in.Action
	if !in.Flags.Has(status.OrderPreserve) && first.Resource != nil && isContainerOf(a.Resource, first.Node) {
		ws.At("ordering_is_invalid").Logf(loglevel.Warning, "Invalid ordering constraint between %s and %s", first.Resource, a.Resource)
		return true
	}
	return in.Flags == status.OrderLoad && a.Resource != nil &&
		strings.EqualFold(a.Task, status.ActionNameMigrateTo) && hasLoop(a, a, in)
}

// isContainerOf tells whether the resource is the guest whose node it is
// (pcmk__rsc_corresponds_to_guest).
func isContainerOf(r *status.Resource, n *status.Node) bool {
	return r != nil && len(r.Fillers) > 0 && n != nil && n.RemoteResource != nil && n.RemoteResource.Container == r
}

// hasLoop tells whether the way back from an input of a comes to start
// (pcmk__graph_has_loop).
func hasLoop(start, a *status.Action, in *status.Relation) bool {
	if in.Action.Is(status.Tracking) || !InputInGraph(a, in) {
		return false
	}
	if in.Action == start {
		return true
	}
	in.Action.Set(status.Tracking)
	defer in.Action.Clear(status.Tracking)
	for before := range status.NewestFirst(in.Action.Before) {
		if hasLoop(start, in.Action, before) {
			return true
		}
	}
	return false
}
