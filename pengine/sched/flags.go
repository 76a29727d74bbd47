package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// flagTable knows the flags of actions as orderings see them. Those of a clone's
// action follow from the actions of all of its instances, and each instance asks
// for them: so they are kept until something below the same outermost resource
// changes. No action may be created while it is used.
type flagTable struct {
	versions []classVersions // what is below an outermost resource, by its index
	anywhere []knownFlags    // without a node, by the action's number
	on       map[flagKey]knownFlags
	others   [][]*status.Action // by the resource's index; see find
}

// classVersions count how often primitives' actions have changed, by what they do.
// (What a collective resource's action has for flags follows from those alone.)
type classVersions [5]int

type flagKey struct {
	a *status.Action
	n *status.Node
}

type knownFlags struct {
	version int // of the class, counted from 1; 0 if nothing is known
	flags   status.ActionFlags
}

func newFlagTable(ws *status.WorkingSet) *flagTable {
	return &flagTable{
		versions: make([]classVersions, len(ws.AllResources())),
		anywhere: make([]knownFlags, ws.NextActionID),
		on:       map[flagKey]knownFlags{},
		others:   make([][]*status.Action, len(ws.AllResources())),
	}
}

// classOf is the class of a kind of action: the end of something is of the same
// class as the beginning.
func classOf(task status.Task) int {
	switch task {
	case status.TaskStop, status.TaskStopped:
		return 1
	case status.TaskStart, status.TaskStarted:
		return 2
	case status.TaskPromote, status.TaskPromoted:
		return 3
	case status.TaskDemote, status.TaskDemoted:
		return 4
	}
	return 0
}

// touch tells that flags of an action have changed.
func (t *flagTable) touch(a *status.Action) {
	if r := a.Resource; r != nil && r.Variant == status.Primitive {
		t.versions[r.Outermost().Index][classOf(status.ParseTask(a.Task))]++
	}
}

// touchAll tells that flags of any actions of the resource may have changed.
func (t *flagTable) touchAll(r *status.Resource) {
	versions := &t.versions[r.Outermost().Index]
	for i := range versions {
		versions[i]++
	}
}

func (t *flagTable) clear(a *status.Action, flag status.ActionFlags) {
	if a.Is(flag) {
		a.Clear(flag)
		t.touch(a)
	}
}

// find is the resource's newest action of that name, and on that node if it is
// not nil, or nil. It does not walk past the probes, which a resource has one of
// on each node, unless they are asked for.
func (t *flagTable) find(r *status.Resource, task string, n *status.Node) *status.Action {
	if strings.EqualFold(task, status.ActionNameMonitor) {
		return status.FindFirstAction(r.Actions, "", task, n)
	}
	others := t.others[r.Index]
	if others == nil {
		others = make([]*status.Action, 0, 8)
		for _, a := range r.Actions {
			if !strings.EqualFold(a.Task, status.ActionNameMonitor) {
				others = append(others, a)
			}
		}
		t.others[r.Index] = others
	}
	for i := len(others) - 1; i >= 0; i-- {
		a := others[i]
		if (n == nil || a.Node == n) && (a.Task == task || strings.EqualFold(a.Task, task)) {
			return a
		}
	}
	return nil
}

// forOrdering is an action's flags in an ordering: a clone's on a node
// depend on its instances there, but whether it can run at all is a matter of
// all nodes (action_flags_for_ordering).
func (t *flagTable) forOrdering(a *status.Action, n *status.Node) status.ActionFlags {
	if a.Resource == nil {
		return a.Flags
	}
	flags := t.of(a, nil)
	if n == nil || !a.Resource.IsClone() {
		return flags
	}
	return t.of(a, n) | flags&status.ActionRunnable
}

// of is an action's flags as its resource's variant has them: a collective
// resource's follow from those of its parts. With a node only what is there
// counts.
func (t *flagTable) of(a *status.Action, n *status.Node) status.ActionFlags {
	if a.Resource == nil || a.Resource.Variant == status.Primitive {
		return a.Flags
	}
	task := status.ParseTask(a.Task)
	if task == status.TaskNotify || task == status.TaskNotified {
		task = instanceTask(a)
	}
	version := &t.versions[a.Resource.Outermost().Index][classOf(task)]
	if known := t.lookup(a, n); known.version == *version+1 {
		return known.flags
	}
	var flags status.ActionFlags
	switch r := a.Resource; r.Variant {
	case status.Group:
		flags = t.ofGroup(a, n)
	case status.Clone:
		flags = t.summary(a, r.Children, n)
	case status.Bundle:
		flags = t.ofBundle(a, n)
	}
	t.keep(a, n, knownFlags{*version + 1, flags})
	return flags
}

func (t *flagTable) lookup(a *status.Action, n *status.Node) knownFlags {
	switch {
	case n != nil:
		return t.on[flagKey{a, n}]
	case a.ID < len(t.anywhere):
		return t.anywhere[a.ID]
	}
	return knownFlags{}
}

func (t *flagTable) keep(a *status.Action, n *status.Node, flags knownFlags) {
	if n != nil {
		t.on[flagKey{a, n}] = flags
	} else if a.ID < len(t.anywhere) {
		t.anywhere[a.ID] = flags
	}
}

// ofGroup also has the action itself lose what its members lost.
func (t *flagTable) ofGroup(a *status.Action, n *status.Node) status.ActionFlags {
	flags := status.Optional | status.ActionRunnable | status.Pseudo
	for _, member := range a.Resource.Children {
		task := member.ComplexTask(a.Task, true)
		name := task.String()
		own := t.find(member, name, n)
		if own == nil {
			if task != status.TaskStop && task != status.TaskDemote {
				flags &^= status.ActionRunnable
			}
			continue
		}
		ownFlags := t.of(own, n)
		if flags.Has(status.Optional) && !ownFlags.Has(status.Optional) {
			flags &^= status.Optional
			t.clear(a, status.Optional)
		}
		if !strings.EqualFold(name, a.Task) && flags.Has(status.ActionRunnable) && !ownFlags.Has(status.ActionRunnable) {
			flags &^= status.ActionRunnable
			t.clear(a, status.ActionRunnable)
		}
	}
	return flags
}

// instanceTask is what a clone's or bundle's action means for an instance: of a
// notification, what it notifies of.
func instanceTask(a *status.Action) status.Task {
	if len(a.Resource.Children) == 0 {
		return status.TaskNone
	}
	child := a.Resource.Children[0]
	if !strings.EqualFold(a.Task, status.ActionNameNotify) && !strings.EqualFold(a.Task, status.ActionNameNotified) {
		return child.ComplexTask(a.Task, true)
	}
	end := strings.LastIndexByte(a.Key, '_')
	if end <= 0 {
		return status.TaskNone
	}
	start := strings.LastIndexByte(a.Key[:end], '_')
	if start <= 0 {
		return status.TaskNone
	}
	return child.ComplexTask(a.Key[start+1:end], true)
}

// summary: required if one instance's is, runnable if one instance's is.
func (t *flagTable) summary(a *status.Action, instances []*status.Resource, n *status.Node) status.ActionFlags {
	flags := status.Optional | status.ActionRunnable | status.Pseudo
	name := instanceTask(a).String()
	anyRunnable := false
	for _, instance := range instances {
		on := n
		if len(instance.Children) > 0 {
			on = nil
		}
		own := t.find(instance, name, on)
		if own == nil {
			continue
		}
		ownFlags := t.of(own, n)
		if flags.Has(status.Optional) && !ownFlags.Has(status.Optional) {
			flags &^= status.Optional
			t.clear(a, status.Optional)
		}
		if ownFlags.Has(status.ActionRunnable) {
			anyRunnable = true
		}
	}
	if !anyRunnable {
		flags &^= status.ActionRunnable
		if n == nil {
			t.clear(a, status.ActionRunnable)
		}
	}
	return flags
}

func (t *flagTable) ofBundle(a *status.Action, n *status.Node) status.ActionFlags {
	if inner := a.Resource.BundleData.Child; inner != nil {
		switch inner.ComplexTask(a.Task, true) {
		case status.TaskNone, status.TaskNotify, status.TaskNotified, status.TaskPromote, status.TaskPromoted,
			status.TaskDemote, status.TaskDemoted:
			return t.summary(a, inner.Children, n)
		}
	}
	return t.summary(a, instancesOf(a.Resource), n)
}
