package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// updated says which of two actions in a relation an update has changed.
type updated uint8

const (
	updatedFirst updated = 1 << iota
	updatedThen
)

// updater works out what relations mean for the flags of actions: which become
// required or not runnable because others are. It follows each change to the
// relations around it until nothing changes any more.
type updater struct {
	ws    *status.WorkingSet
	flags *flagTable
}

// set and clear change flags of an action; what follows from those of its
// resource is worked out anew.
func (u *updater) set(a *status.Action, flags status.ActionFlags) {
	if !a.Is(flags) {
		a.Set(flags)
		u.flags.touch(a)
	}
}

func (u *updater) clear(a *status.Action, flags status.ActionFlags) { u.flags.clear(a, flags) }

// update applies all that an action waits for to it, and what that changes to
// those around it (pcmk__update_action_for_orderings).
func (u *updater) update(then *status.Action) {
	var changed updated
	last := then.Flags
	if then.Is(status.RequiresAny) {
		// Counted anew: it is runnable if enough of those before it are.
		then.RunnableBefore = 0
		if then.RequiredBefore == 0 {
			then.RequiredBefore = 1
		}
		u.clear(then, status.ActionRunnable)
	}
	settled := u.flags.settled.of(then)
	if settled != nil && isCollective(then.Resource) {
		// What its instances have lost since, it loses now, as with the first of all
		// relations; if it is optional still, it may lose that to those on one node.
		if u.flags.of(then, nil); then.Is(status.Optional) {
			settled.openAll()
		}
	}
	before := then.Before // without those that are added meanwhile
	for i := settled.last(len(before) - 1); i >= 0; i = settled.last(i - 1) {
		settled.settle(i)
		changed = changed&^updatedFirst | u.updateAfter(before[i], then)
	}
	if then.Is(status.RequiresAny) {
		if last == then.Flags {
			changed &^= updatedThen
		} else {
			changed |= updatedThen
		}
	}
	if changed&updatedThen == 0 {
		return
	}
	if last.Has(status.ActionRunnable) && !then.Is(status.ActionRunnable) {
		u.blockDependents(then)
	}
	u.update(then)
	for after := range status.NewestFirst(then.After) {
		u.update(after.Action)
	}
}

// updateAfter applies one of the relations before an action, and what that changes to
// those around the first of the two.
func (u *updater) updateAfter(relation *status.Relation, then *status.Action) (changed updated) {
	first := relation.Action
	firstNode, thenNode := groupNode(first), groupNode(then)
	if relation.Flags.Has(status.OrderSameNode) && firstNode != nil && thenNode != nil && firstNode != thenNode {
		relation.Flags = status.OrderNone
		return 0
	}
	if first.Resource != nil && relation.Flags.Has(status.OrderThenCancelsFirst) && !then.Is(status.Optional) {
		u.set(first, status.Optional)
		if first.Task == status.ActionNameReloadAgent {
			first.Resource.Clear(status.Reload)
		}
	}
	if first.Resource != nil && then.Resource != nil && first.Resource != then.Resource && !then.Resource.IsIn(first.Resource) {
		first = finalAction(first)
	}
	if first == relation.Action {
		changed = u.apply(relation, first, then, u.flags.forOrdering(first, thenNode), u.flags.forOrdering(then, firstNode))
	} else if first != then && status.Order(first, then, relation.Flags) {
		// The relation is with the end of what first begins.
		changed = updatedThen
		relation.Flags = status.OrderNone
	}
	if changed&updatedFirst != 0 {
		for after := range status.NewestFirst(first.After) {
			u.update(after.Action)
		}
		u.update(first)
	}
	return changed
}

// groupNode is the node that an action counts for in an ordering: for the start
// of a group where the group is going to be.
func groupNode(a *status.Action) *status.Node {
	if len(a.Task) == len(status.ActionNameStart) && a.Resource != nil && a.Resource.Variant == status.Group && strings.EqualFold(a.Task, status.ActionNameStart) {
		return a.Resource.Place(status.WhereAssigned)
	}
	return a.Node
}

// apply applies one relation, with the flags that both actions have in it
// (update_action_for_ordering_flags).
func (u *updater) apply(relation *status.Relation, first, then *status.Action, firstFlags, thenFlags status.ActionFlags) (changed updated) {
	// The node matters to clones only: without one, all instances are meant.
	node := then.Node
	if relation.Flags.Has(status.OrderImpliesThenOnNode) {
		relation.Flags = relation.Flags&^status.OrderImpliesThenOnNode | status.OrderImpliesThen
		node = first.Node
	}
	kind := relation.Flags
	by := func(r *status.Resource, flags, filter status.ActionFlags, kind status.OrderFlags) {
		changed |= u.updateOrdered(r, orderedPair{first, then, node, flags, filter, kind})
	}
	if kind.Has(status.OrderImpliesThen) {
		if then.Resource != nil {
			by(then.Resource, firstFlags&status.Optional, status.Optional, status.OrderImpliesThen)
		} else if !firstFlags.Has(status.Optional) && then.Is(status.Optional) {
			u.clear(then, status.Optional)
			changed |= updatedThen
		}
	}
	if kind.Has(status.OrderRestart) && then.Resource != nil {
		by(then.Resource, firstFlags, status.Optional|status.ActionRunnable, status.OrderRestart)
	}
	if kind.Has(status.OrderImpliesFirst) {
		if first.Resource != nil {
			by(first.Resource, firstFlags, status.Optional, status.OrderImpliesFirst)
		} else if !firstFlags.Has(status.Optional) && first.Is(status.ActionRunnable) {
			u.clear(first, status.ActionRunnable)
			changed |= updatedFirst
		}
	}
	if kind.Has(status.OrderPromotedImpliesFirst) && then.Resource != nil {
		by(then.Resource, firstFlags&status.Optional, status.Optional, status.OrderPromotedImpliesFirst)
	}
	if kind.Has(status.OrderOneOrMore) {
		if then.Resource != nil {
			by(then.Resource, firstFlags, status.ActionRunnable, status.OrderOneOrMore)
		} else if firstFlags.Has(status.ActionRunnable) {
			then.RunnableBefore++
			if then.RunnableBefore >= then.RequiredBefore && !then.Is(status.ActionRunnable) {
				u.set(then, status.ActionRunnable)
				changed |= updatedThen
			}
		}
	}
	if kind.Has(status.OrderProbe) && then.Resource != nil {
		if !firstFlags.Has(status.ActionRunnable) && len(first.Resource.Running) > 0 {
			relation.Flags = status.OrderNone // it is about to stop
		} else {
			by(then.Resource, firstFlags, status.ActionRunnable, status.OrderRunnableFirst)
		}
	}
	kind = relation.Flags
	if kind.Has(status.OrderRunnableFirst) {
		if then.Resource != nil {
			by(then.Resource, firstFlags, status.ActionRunnable, status.OrderRunnableFirst)
		} else if !firstFlags.Has(status.ActionRunnable) && then.Is(status.ActionRunnable) {
			u.clear(then, status.ActionRunnable)
			changed |= updatedThen
		}
	}
	if then.Resource != nil {
		for _, k := range [...]struct {
			kind   status.OrderFlags
			filter status.ActionFlags
		}{
			{status.OrderImpliesFirstMigratable, status.Optional},
			{status.OrderPseudoFirst, status.Optional},
			{status.OrderOptional, status.ActionRunnable},
			{status.OrderAsymmetrical, status.ActionRunnable},
		} {
			if kind.Has(k.kind) {
				by(then.Resource, firstFlags, k.filter, k.kind)
			}
		}
	}
	if first.Is(status.ActionRunnable) && kind.Has(status.OrderImpliesThenPrinted) && !firstFlags.Has(status.Optional) {
		then.Set(status.PrintAlways)
	}
	if kind.Has(status.OrderImpliesFirstPrinted) && !thenFlags.Has(status.Optional) {
		first.Set(status.PrintAlways)
	}
	if kind.Any(status.OrderImpliesThen|status.OrderImpliesFirst|status.OrderRestart) && isBlockedStop(first) &&
		then.Is(status.ActionRunnable) {
		u.clear(then, status.ActionRunnable)
		changed |= updatedThen
	}
	return changed
}

// isBlockedStop tells whether it is a stop that cannot be because the resource
// is blocked.
func isBlockedStop(a *status.Action) bool {
	return a.Resource != nil && !a.Resource.Is(status.Managed) && a.Resource.Is(status.Blocked) &&
		!a.Is(status.ActionRunnable) && strings.EqualFold(a.Task, status.ActionNameStop)
}

// orderedPair is what one kind of relation is applied to.
type orderedPair struct {
	first, then   *status.Action
	node          *status.Node // of clones' instances; nil for all
	flags, filter status.ActionFlags
	kind          status.OrderFlags
}

// updateOrdered applies one kind of relation in the way of the resource's
// variant: to the action, and to the members' or instances' own.
func (u *updater) updateOrdered(r *status.Resource, p orderedPair) updated {
	if p.meansNothing() && !u.mattersBeside(r, p) {
		return 0
	}
	switch r.Variant {
	case status.Group:
		return u.updateGroup(p)
	case status.Clone, status.Bundle:
		return u.updateInstances(p)
	}
	return u.updatePrimitive(p)
}

// meansNothing tells whether the kind of relation asks for nothing whatever the flags
// of then are, as long as first has those that it has: nothing for any of a thousand
// instances either.
func (p *orderedPair) meansNothing() bool {
	switch p.kind {
	case status.OrderOptional, status.OrderOneOrMore:
		return true
	case status.OrderRunnableFirst:
		return p.flags.Has(status.ActionRunnable)
	case status.OrderImpliesThen:
		return p.flags.Has(status.Optional)
	}
	return false
}

// mattersBeside tells whether applying a relation does more than the relation says:
// interleaving orders instances, and the flags of instances that are groups follow from
// those of their members when they are asked for.
func (u *updater) mattersBeside(r *status.Resource, p orderedPair) bool {
	if r.Variant < status.Clone {
		return false
	}
	instances := instancesOf(r)
	return canInterleave(p.first, p.then) || len(instances) > 0 && instances[0].Variant != status.Primitive
}

// clearBecause clears a flag and says which action of another resource that is
// owed to.
func (u *updater) clearBecause(a *status.Action, flag status.ActionFlags, reason *status.Action) {
	if !a.Is(flag) {
		return
	}
	u.clear(a, flag)
	if a.Resource != reason.Resource {
		a.SetReason(reason.ReasonFor(flag), flag == status.MigrateRunnable)
	}
}

// updatePrimitive applies one kind of relation to the two actions themselves
// (pcmk__update_ordered_actions).
func (u *updater) updatePrimitive(p orderedPair) (changed updated) {
	first, then := p.first, p.then
	thenBefore, firstBefore := then.Flags, first.Flags
	ifOptional := p.filter.Has(status.Optional)
	ifRunnable := p.filter.Has(status.ActionRunnable)

	if p.kind.Has(status.OrderAsymmetrical) {
		u.updateAsymmetric(first, then)
	}
	if p.kind.Has(status.OrderImpliesFirst) && !thenBefore.Has(status.Optional) {
		if ifOptional && !p.flags.Has(status.Optional) && firstBefore.Has(status.Optional) {
			u.clearBecause(first, status.Optional, then)
		}
		if p.flags.Has(status.MigrateRunnable) && !then.Is(status.MigrateRunnable) {
			u.clearBecause(first, status.MigrateRunnable, then)
		}
	}
	if p.kind.Has(status.OrderPromotedImpliesFirst) && then.Resource != nil && then.Resource.Role == status.RolePromoted &&
		ifOptional && !then.Is(status.Optional) {
		u.clearBecause(first, status.Optional, then)
		if first.Is(status.MigrateRunnable) && !then.Is(status.MigrateRunnable) {
			u.clearBecause(first, status.MigrateRunnable, then)
		}
	}
	if p.kind.Has(status.OrderImpliesFirstMigratable) && ifOptional {
		if !then.Is(status.MigrateRunnable | status.ActionRunnable) {
			u.clearBecause(first, status.ActionRunnable, then)
		}
		if !then.Is(status.Optional) {
			u.clearBecause(first, status.Optional, then)
		}
	}
	if p.kind.Has(status.OrderPseudoFirst) && ifOptional && !first.Is(status.ActionRunnable) {
		u.clearBecause(then, status.MigrateRunnable, first)
		u.clear(then, status.Pseudo)
	}
	if p.kind.Has(status.OrderRunnableFirst) && ifRunnable && then.Is(status.ActionRunnable) && !p.flags.Has(status.ActionRunnable) {
		u.clearBecause(then, status.ActionRunnable, first)
		u.clearBecause(then, status.MigrateRunnable, first)
	}
	if p.kind.Has(status.OrderImpliesThen) && ifOptional && then.Is(status.Optional) && !p.flags.Has(status.Optional) &&
		!first.Is(status.MigrateRunnable) {
		u.clearBecause(then, status.Optional, first)
	}
	if p.kind.Has(status.OrderRestart) {
		u.updateRestart(first, then, p.filter)
	}

	if thenBefore != then.Flags {
		changed |= updatedThen
		if then.Resource != nil && then.Resource.Parent != nil {
			u.update(then) // or the stop and start of a cloned group would miss it
		}
	}
	if firstBefore != first.Flags {
		changed |= updatedFirst
	}
	return changed
}

// updateAsymmetric makes then impossible if first is, unless then is done
// already.
func (u *updater) updateAsymmetric(first, then *status.Action) {
	r := then.Resource
	if r == nil {
		return
	}
	role := r.CurrentRole()
	switch {
	case role == status.RoleStopped && strings.EqualFold(then.Task, status.ActionNameStop):
		return
	case role >= status.RoleStarted && then.Is(status.Optional) && then.Node != nil && len(r.Running) == 1 &&
		r.Running[0] == then.Node && strings.EqualFold(then.Task, status.ActionNameStart):
		return
	}
	if !first.Is(status.ActionRunnable) {
		u.clearBecause(then, status.Optional, first)
		u.clearBecause(then, status.ActionRunnable, first)
	}
}

// updateRestart lets a stop before a start happen if the start is required, or
// if the resource should start again but cannot.
func (u *updater) updateRestart(first, then *status.Action, filter status.ActionFlags) {
	required := filter.Has(status.Optional) && !then.Is(status.Optional)
	cannot := filter.Has(status.ActionRunnable) && !then.Is(status.ActionRunnable) &&
		then.Resource != nil && then.Resource.Is(status.Managed) && first.Resource == then.Resource
	if !required && !cannot {
		return
	}
	if first.Is(status.ActionRunnable) || !then.Is(status.Optional) {
		u.clearBecause(first, status.Optional, then)
	}
	if !then.Is(status.MigrateRunnable) {
		u.clearBecause(first, status.MigrateRunnable, then)
	}
	if !first.Is(status.Optional) && !first.Is(status.ActionRunnable) {
		u.clearBecause(then, status.ActionRunnable, first)
	}
}
