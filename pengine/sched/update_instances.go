package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// finalAction is, for the beginning of something that a collective resource
// does, its end, notifications included: what others wait for
// (action_for_ordering).
func finalAction(a *status.Action) *status.Action {
	r := a.Resource
	if r == nil || r.Variant < status.Group {
		return a
	}
	key := finalKey(a.Key, r)
	if key == a.Key {
		if own := status.FindFirstAction(r.Actions, key, "", nil); own != nil {
			return own
		}
		return a
	}
	if end := status.FindFirstAction(r.Actions, key, "", nil); end != nil {
		return end
	}
	r.WorkingSet().At("action_for_ordering").Logf(loglevel.Warning, "Not remapping %s to %s because %s does not have remapped action", a.Key, key, r.ID)
	return a
}

func finalKey(key string, r *status.Resource) string {
	if strings.Contains(key, "notify") {
		return key
	}
	id, name, interval, ok := status.ParseKey(key)
	if !ok || interval > 0 {
		return key
	}
	task := status.ParseTask(name)
	switch task {
	case status.TaskStop, status.TaskStart, status.TaskNotify, status.TaskPromote, status.TaskDemote:
		task++
	case status.TaskStopped, status.TaskStarted, status.TaskNotified, status.TaskPromoted, status.TaskDemoted:
	case status.TaskMonitor, status.TaskShutdown, status.TaskFence:
		return key
	default:
		r.WorkingSet().At("action_uuid_for_ordering").Logf(loglevel.Error, "Unknown action '%s' in ordering", name)
		return key
	}
	if r.Is(status.Notify) && (r.Parent == nil || r.IsClone() && r.Parent.Variant == status.Bundle) {
		return notifyKey(id, "confirmed-post", task.String())
	}
	return status.Key(id, task.String(), 0)
}

// updateGroup applies a relation to a group's action and to its members'.
func (u *updater) updateGroup(p orderedPair) updated {
	changed := u.updatePrimitive(p)
	if p.then.Resource == nil {
		return changed
	}
	name := u.flags.own.name(p.then)
	for _, member := range p.then.Resource.Children {
		if own := u.flags.own.find(member, name, p.node); own != nil {
			q := p
			q.then = own
			changed |= u.updateOrdered(member, q)
		}
	}
	return changed
}

// updateInstances applies a relation to a clone's or bundle's action and to its
// instances'; if the two are interleaved, to pairs of instances
// (pcmk__multi_update_actions).
func (u *updater) updateInstances(p orderedPair) (changed updated) {
	then := p.then
	if canInterleave(p.first, then) {
		return u.updateInterleaved(p)
	}
	if then.Resource == nil {
		return 0
	}
	changed = u.updatePrimitive(p)
	name := u.flags.own.name(then)
	for _, own := range u.flags.own.ofInstances(then.Resource, name, p.node) {
		var ownChanged updated
		if u.flags.of(own, p.node).Has(status.ActionRunnable) {
			q := p
			q.then = own
			ownChanged = u.updateOrdered(own.Resource, q)
		}
		changed |= ownChanged
		if ownChanged&updatedThen != 0 {
			for after := range status.NewestFirst(own.After) {
				u.update(after.Action)
			}
		}
	}
	return changed
}

// canInterleave tells whether an ordering of two clones or bundles is one of
// instances on the same node: if the one that waits wants it so.
func canInterleave(first, then *status.Action) bool {
	a, b := first.Resource, then.Resource
	if a == nil || b == nil || a == b || a.Variant < status.Clone || b.Variant < status.Clone {
		return false
	}
	decides := b
	if strings.HasSuffix(then.Key, "_stop_0") || strings.HasSuffix(then.Key, "_demote_0") {
		decides = a
	}
	return status.IsTrue(decides.Meta["interleave"])
}

func (u *updater) updateInterleaved(p orderedPair) (changed updated) {
	first, then := p.first, p.then
	current := strings.HasSuffix(first.Key, "_stopped_0") || strings.HasSuffix(first.Key, "_demoted_0")
	for _, thenChild := range instancesOf(then.Resource) {
		firstChild := compatibleInstance(thenChild, first.Resource, status.RoleUnknown, current)
		if firstChild == nil {
			// An instance without partner cannot be active. One that stops needs none.
			if !current && p.kind.Any(status.OrderRunnableFirst|status.OrderImpliesThen) {
				if assign(thenChild, nil, true) {
					changed |= updatedThen
				}
				u.flags.touchAll(thenChild)
			}
			continue
		}
		task := u.flags.instanceTask(first)
		own := &u.flags.own
		firstAction := own.find(partFor(first, firstChild, p.node, "stop"), actionName(task), p.node)
		thenAction := own.find(partFor(then, thenChild, p.node, "mote"), own.name(then), p.node)
		if firstAction == nil || thenAction == nil {
			u.reportMissing(firstAction, firstChild, task.String(), thenAction, thenChild, then.Task)
			continue
		}
		if firstAction != thenAction && status.Order(firstAction, thenAction, p.kind) {
			changed |= updatedFirst | updatedThen
		}
		q := p
		q.first, q.then, q.flags = firstAction, thenAction, u.flags.of(firstAction, p.node)
		changed |= u.updateOrdered(thenChild, q)
	}
	return changed
}

// partFor is the part of a bundle's replica that an action is of: the container,
// or if the name of the task has the word, what runs inside. Of others it is the
// instance.
func partFor(a *status.Action, instance *status.Resource, n *status.Node, word string) *status.Resource {
	if a.Resource.Variant != status.Bundle || !strings.Contains(a.Task, word) {
		return instance
	}
	for _, replica := range a.Resource.BundleData.Replicas {
		if replica.Child != nil && replica.Container == instance && n != nil && replica.Node.Node == n {
			return replica.Child
		}
	}
	return instance
}

// reportMissing logs an action that should be there: stops and demotions need
// not, nor those of orphans.
func (u *updater) reportMissing(first *status.Action, firstChild *status.Resource, firstTask string,
	then *status.Action, thenChild *status.Resource, thenTask string) {
	r, task, side := firstChild, firstTask, "first"
	if first != nil {
		r, task, side = thenChild, thenTask, "then"
	}
	if !r.Is(status.Orphan) && task != status.ActionNameStop && task != status.ActionNameDemote {
		u.ws.At("multi_update_interleave_actions").Logf(loglevel.Error, "Internal error: No action found for %s in %s (%s)", task, r.ID, side)
	}
}

// blockDependents makes the starts, or promotions, impossible of what must be
// with a resource that cannot start or be promoted
// (pcmk__block_colocation_dependents).
func (u *updater) blockDependents(a *status.Action) {
	if a.Is(status.ActionRunnable) || a.Task != status.ActionNameStart && a.Task != status.ActionNamePromote || a.Resource == nil {
		return
	}
	r := a.Resource.Outermost()
	if len(r.WithThis) == 0 {
		return
	}
	name := u.flags.own.name(a)
	for _, child := range r.Children {
		own := u.flags.own.find(child, name, nil)
		if own == nil || own.Is(status.ActionRunnable) {
			return // all of the primary has to fail
		}
	}
	for _, c := range r.WithThis {
		if c.Score < status.Infinity || a.Task == status.ActionNamePromote && c.PrimaryRole != status.RolePromoted {
			continue
		}
		task := status.ActionNameStart
		if c.DependentRole == status.RolePromoted {
			task = status.ActionNamePromote
		}
		u.block(c.Dependent, task, a.Resource)
	}
}

func (u *updater) block(r *status.Resource, task string, reason *status.Resource) {
	for a := range status.NewestFirst(r.Actions) {
		if a.Is(status.ActionRunnable) && strings.EqualFold(a.Task, task) {
			u.clear(a, status.ActionRunnable)
			a.SetReason("colocation with "+reason.ID, false)
			u.blockDependents(a)
			u.update(a)
		}
	}
	for _, child := range r.Children {
		u.block(child, task, reason)
	}
}
