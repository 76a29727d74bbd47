package status

import "slices"

import "iter"

// Action is something to be done, or considered (pe_action_t): an operation of
// a resource on a node, the fencing or shutdown of a node, or a point in time
// between such.
type Action struct {
	ID       int // number in the graph, from 1; 0 for one that is not for it
	Priority int

	Resource  *Resource  // nil for one of the cluster's
	Node      *Node      // nil if it is not on any, or not yet
	Operation *Operation // the configured operation that it is, or nil

	Task       string // its name
	Key        string // with resource and interval: the uuid of the reference
	IntervalMS uint   // of the key
	CancelTask string // of a cancellation: what is cancelled
	Reason     string // why, for people; "" if nothing is said

	Flags    ActionFlags
	Needs    Requirement
	OnFail   OnFail
	FailRole Role

	Meta  Attrs // meta-attributes
	Extra Attrs // instance attributes of the operation, for the node

	RunnableBefore int // how many predecessors of kind OrderOneOrMore are runnable
	RequiredBefore int // how many have to be

	// Before are the actions that it waits for, After those that wait for it,
	// the oldest relation first. The reference prepends: where it walks, use
	// NewestFirst.
	Before []*Relation
	After  []*Relation

	// Details is for package sched: what a kind of action needs beyond this.
	Details any

	afterIndex afterIndex // of After, once that is long
	ws         *WorkingSet
}

// Relation is an action that another waits for, or that waits for it, and in
// which way (pe_action_wrapper_t). The two ends of an ordering have one each,
// which package sched may change apart.
type Relation struct {
	Action *Action
	Flags  OrderFlags
	Dumped bool // it is in the graph
}

// Is tells whether all of the flags are set.
func (a *Action) Is(flags ActionFlags) bool { return a.Flags.Has(flags) }

// Set sets flags.
func (a *Action) Set(flags ActionFlags) { a.Flags |= flags }

// Clear clears flags.
func (a *Action) Clear(flags ActionFlags) { a.Flags &^= flags }

// NewestFirst walks a list from its end: the order of the reference's lists
// that are prepended to.
func NewestFirst[T any](list []T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := len(list) - 1; i >= 0; i-- {
			if !yield(list[i]) {
				return
			}
		}
	}
}

// ordered are the two ends of an ordering.
type ordered struct{ after, before Relation }

// indexAfter is the length of After from which on looking for one of them goes
// by map.
const indexAfter = 16

// Order lets then wait for first in the way given, unless such a relation is
// there that has one of these flags already. It tells whether it made one
// (order_actions). Neither may be ordered after itself.
func Order(first, then *Action, flags OrderFlags) bool {
	if flags == OrderNone || first == nil || then == nil {
		return false
	}
	if first == then {
		panic("status: action " + first.Key + " ordered after itself")
	}
	if first.orderedBefore(then, flags) {
		return false
	}
	both := first.ws.orders.take()
	both.after, both.before = Relation{Action: then, Flags: flags}, Relation{Action: first, Flags: flags}
	first.After = first.ws.relations.add(first.After, &both.after)
	if first.afterIndex != nil {
		first.afterIndex.add(&both.after)
	}
	then.Before = first.ws.relations.add(then.Before, &both.before)
	return true
}

// afterIndex has the relations of an action to others: of those with more than one, the first.
// The others are looked at one by one; they are rare.
type afterIndex map[*Action]indexed

type indexed struct {
	first *Relation
	more  []*Relation
}

func (x afterIndex) add(r *Relation) {
	known, ok := x[r.Action]
	if ok {
		known.more = append(known.more, r)
	} else {
		known.first = r
	}
	x[r.Action] = known
}

func (x afterIndex) has(then *Action, flags OrderFlags) bool {
	known, ok := x[then]
	return ok && (known.first.Flags.Any(flags) || slices.ContainsFunc(known.more, func(r *Relation) bool { return r.Flags.Any(flags) }))
}

func (a *Action) orderedBefore(then *Action, flags OrderFlags) bool {
	if len(a.After) >= indexAfter {
		if a.afterIndex == nil {
			a.afterIndex = make(afterIndex, 2*len(a.After))
			for _, r := range a.After {
				a.afterIndex.add(r)
			}
		}
		return a.afterIndex.has(then, flags)
	}
	for _, r := range a.After {
		if r.Action == then && r.Flags.Any(flags) {
			return true
		}
	}
	return false
}

// SetReason says why; a reason given before stays unless overwrite is set
// (pe_action_set_reason).
func (a *Action) SetReason(reason string, overwrite bool) {
	if a.Reason == "" || overwrite {
		a.Reason = reason
	}
}

// SetExpectedResult says which exit status the action is expected to have
// (pe__add_action_expected_result).
func (a *Action) SetExpectedResult(rc int) { a.Meta.Set("op_target_rc", formatInt(rc)) }

// ReasonFor is a reason that names this action, for another that changed
// because this one lost the flag (pe__action2reason).
func (a *Action) ReasonFor(lost ActionFlags) string {
	change := ""
	switch lost {
	case ActionRunnable, MigrateRunnable:
		change = "unrunnable"
	case Optional:
		change = "required"
	}
	if a.Resource == nil {
		return change + " " + a.Task
	}
	return change + " " + a.Resource.ID + " " + a.Task
}

// IsRecurring tells whether it is repeated at an interval.
func (a *Action) IsRecurring() bool {
	interval, ok := a.Meta.Get("interval")
	return ok && scanInt(interval, 0) > 0
}
