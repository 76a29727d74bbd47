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
	on       [][]knownFlags  // with one, by the action's number and the node's index
	own      ownActions
	settled  settledTable
}

// classVersions count how often primitives' actions have changed, by what they do.
// (What a collective resource's action has for flags follows from those alone.)
type classVersions [5]int

type knownFlags struct {
	version int // of the class, counted from 1; 0 if nothing is known
	flags   status.ActionFlags
}

func newFlagTable(ws *status.WorkingSet) *flagTable {
	return &flagTable{
		versions: make([]classVersions, len(ws.AllResources())),
		anywhere: make([]knownFlags, ws.NextActionID),
		on:       make([][]knownFlags, ws.NextActionID),
		own:      newOwnActions(ws),
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
	t.settled.changed(a)
	if r := a.Resource; r != nil && r.Variant == status.Primitive {
		t.versions[r.Outermost().Index][classOf(t.own.task(a))]++
	}
}

// touchAll tells that flags of any actions of the resource may have changed.
func (t *flagTable) touchAll(r *status.Resource) {
	versions := &t.versions[r.Outermost().Index]
	for i := range versions {
		versions[i]++
	}
	t.settled.forget()
}

func (t *flagTable) clear(a *status.Action, flags status.ActionFlags) {
	if a.Flags.Any(flags) {
		a.Clear(flags)
		t.touch(a)
	}
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
	task := t.own.task(a)
	if task == status.TaskNotify || task == status.TaskNotified {
		task = t.instanceTask(a)
	}
	version := &t.versions[a.Resource.Outermost().Index][classOf(task)]
	known := t.known(a, n)
	if known != nil && known.version == *version+1 {
		return known.flags
	}
	var flags status.ActionFlags
	switch r := a.Resource; r.Variant {
	case status.Group:
		flags = t.ofGroup(a, n)
	case status.Clone:
		flags = t.summary(a, r, n)
	case status.Bundle:
		flags = t.ofBundle(a, n)
	}
	if known != nil {
		*known = knownFlags{*version + 1, flags}
	}
	return flags
}

// known is the place for what is known of an action; nil for one that is newer
// than the table.
func (t *flagTable) known(a *status.Action, n *status.Node) *knownFlags {
	switch {
	case a.ID >= len(t.anywhere):
		return nil
	case n == nil:
		return &t.anywhere[a.ID]
	case t.on[a.ID] == nil:
		t.on[a.ID] = make([]knownFlags, a.Resource.WorkingSet().NodeCount())
	}
	return &t.on[a.ID][n.Index]
}

// ofGroup also has the action itself lose what its members lost.
func (t *flagTable) ofGroup(a *status.Action, n *status.Node) status.ActionFlags {
	flags := status.Optional | status.ActionRunnable | status.Pseudo
	for _, member := range a.Resource.Children {
		task := member.ComplexTask(t.own.task(a))
		own := t.own.find(member, actionName(task), n)
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
		if actionName(task) != t.own.name(a) && flags.Has(status.ActionRunnable) && !ownFlags.Has(status.ActionRunnable) {
			flags &^= status.ActionRunnable
			t.clear(a, status.ActionRunnable)
		}
	}
	return flags
}

// instanceTask is what a clone's or bundle's action means for an instance: of a
// notification, what it notifies of.
func (t *flagTable) instanceTask(a *status.Action) status.Task {
	if len(a.Resource.Children) == 0 {
		return status.TaskNone
	}
	child := a.Resource.Children[0]
	if task := t.own.task(a); task != status.TaskNotify && task != status.TaskNotified {
		return child.ComplexTask(task)
	}
	end := strings.LastIndexByte(a.Key, '_')
	if end <= 0 {
		return status.TaskNone
	}
	start := strings.LastIndexByte(a.Key[:end], '_')
	if start <= 0 {
		return status.TaskNone
	}
	return child.ComplexTask(status.ParseTask(a.Key[start+1 : end]))
}

// summary: required if one instance's is, runnable if one instance's is.
func (t *flagTable) summary(a *status.Action, of *status.Resource, n *status.Node) status.ActionFlags {
	flags := status.Optional | status.ActionRunnable | status.Pseudo
	name := actionName(t.instanceTask(a))
	anyRunnable := false
	on := n
	if instances := instancesOf(of); len(instances) > 0 && len(instances[0].Children) > 0 {
		on = nil // it is the members of instances that are on nodes
	}
	for _, own := range t.own.ofInstances(of, name, on) {
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
		switch inner.ComplexTask(t.own.task(a)) {
		case status.TaskNone, status.TaskNotify, status.TaskNotified, status.TaskPromote, status.TaskPromoted,
			status.TaskDemote, status.TaskDemoted:
			return t.summary(a, inner, n)
		}
	}
	return t.summary(a, a.Resource, n)
}
