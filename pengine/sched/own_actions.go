package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// ownActions finds the actions of resources by name: what a relation with a
// collective resource means for each of its parts. Names are numbered, so that
// looking for one among a resource's actions compares no texts, and of collective
// resources it is known which parts have such an action at all. Like the flags that
// stand on it, it is made when all actions are there.
type ownActions struct {
	names       []actionName // of actions, by their number
	others      map[string]actionName
	byResource  [][]*status.Action    // by the resource's index, the oldest first; nil if not yet read
	byInstances [][]*instancesActions // by the resource's index and the name
}

// instancesActions are the actions of one name of a resource's instances or
// containers, of each the newest, in the order of the instances.
type instancesActions struct {
	anywhere []*status.Action
	on       [][]*status.Action // by the node's index
}

// actionName is a name, in whatever case: a status.Task if there is one for it, or a
// number past those.
type actionName int

func newOwnActions(ws *status.WorkingSet) ownActions {
	o := ownActions{
		names:       make([]actionName, ws.NextActionID),
		others:      map[string]actionName{status.TaskNone.String(): actionName(status.TaskNone)},
		byResource:  make([][]*status.Action, len(ws.AllResources())),
		byInstances: make([][]*instancesActions, len(ws.AllResources())),
	}
	for _, a := range ws.Actions {
		o.names[a.ID] = o.named(a.Task)
	}
	return o
}

// named is the number of a name.
func (o *ownActions) named(text string) actionName {
	if task := status.ParseTask(text); task != status.TaskNone {
		return actionName(task)
	}
	text = strings.ToLower(text)
	n, ok := o.others[text]
	if !ok {
		n = actionName(status.TaskFence) + actionName(len(o.others))
		o.others[text] = n
	}
	return n
}

// name is the number of an action's name.
func (o *ownActions) name(a *status.Action) actionName {
	if a.ID < len(o.names) {
		return o.names[a.ID]
	}
	return o.named(a.Task)
}

// task is the kind of an action, as status.ParseTask has it.
func (o *ownActions) task(a *status.Action) status.Task {
	if n := o.name(a); n <= actionName(status.TaskFence) {
		return status.Task(n)
	}
	return status.TaskNone
}

// butMonitors are a resource's actions but for its monitors, the oldest first.
func (o *ownActions) butMonitors(r *status.Resource) []*status.Action {
	own := o.byResource[r.Index]
	if own == nil {
		own = make([]*status.Action, 0, 8)
		for _, a := range r.Actions {
			if o.task(a) != status.TaskMonitor {
				own = append(own, a)
			}
		}
		o.byResource[r.Index] = own
	}
	return own
}

// find is the resource's newest action of that name, and on that node if it is
// not nil, or nil. It does not walk past the probes, which a resource has one of
// on each node, unless they are asked for.
func (o *ownActions) find(r *status.Resource, name actionName, n *status.Node) *status.Action {
	if name == actionName(status.TaskMonitor) {
		return status.FindFirstAction(r.Actions, "", status.ActionNameMonitor, n)
	}
	own := o.butMonitors(r)
	for i := len(own) - 1; i >= 0; i-- {
		if o.name(own[i]) == name && (n == nil || own[i].Node == n) {
			return own[i]
		}
	}
	return nil
}

// ofInstances are the newest actions of that name, on that node if it is not nil, of
// the instances or containers that have any.
func (o *ownActions) ofInstances(r *status.Resource, name actionName, n *status.Node) []*status.Action {
	known := o.byInstances[r.Index]
	if missing := int(name) + 1 - len(known); missing > 0 {
		known = append(known, make([]*instancesActions, missing)...)
		o.byInstances[r.Index] = known
	}
	if known[name] == nil {
		known[name] = o.findOfInstances(r, name)
	}
	if n == nil {
		return known[name].anywhere
	}
	return known[name].on[n.Index]
}

func (o *ownActions) findOfInstances(r *status.Resource, name actionName) *instancesActions {
	found := &instancesActions{on: make([][]*status.Action, r.WorkingSet().NodeCount())}
	for _, instance := range instancesOf(r) {
		newest := o.find(instance, name, nil)
		if newest == nil {
			continue
		}
		found.anywhere = append(found.anywhere, newest)
		for a := range status.NewestFirst(instance.Actions) {
			if a.Node == nil || o.name(a) != name {
				continue
			}
			there := &found.on[a.Node.Index]
			if last := len(*there) - 1; last < 0 || (*there)[last].Resource != instance {
				*there = append(*there, a)
			}
		}
	}
	return found
}
