package status

import (
	"slices"
	"strings"
)

// Action is the action with that key, for the resource (nil for the cluster's
// own) and on the node (nil for none or any). If save is set, one that is there
// already is used, and put on the node if it has none; a new one is numbered and
// kept. Making it unpacks the operation's configuration, decides whether it is
// runnable and may, if a stop is not, fence the node (custom_action).
func (ws *WorkingSet) Action(r *Resource, key, task string, on *Node, optional, save bool) *Action {
	return ws.customAction(r, key, task, on, optional, save)
}

// PseudoAction is the cluster's point in time of that name (get_pseudo_op).
func (ws *WorkingSet) PseudoAction(name string) *Action {
	if a := ws.singletons[name]; a != nil {
		return a
	}
	a := ws.Action(nil, name, name, nil, true, true)
	a.Set(Pseudo | ActionRunnable)
	return a
}

// Action is the resource's action of that name that is not repeated.
func (r *Resource) Action(task string, on *Node, optional bool) *Action {
	return r.ws.Action(r, r.Key(task), task, on, optional, true)
}

// StopAction is the resource's stop on the node.
func (r *Resource) StopAction(on *Node, optional bool) *Action {
	return r.Action(ActionNameStop, on, optional)
}

// StartAction is the resource's start on the node.
func (r *Resource) StartAction(on *Node, optional bool) *Action {
	return r.Action(ActionNameStart, on, optional)
}

// PromoteAction is the resource's promotion on the node.
func (r *Resource) PromoteAction(on *Node, optional bool) *Action {
	return r.Action(ActionNamePromote, on, optional)
}

// DemoteAction is the resource's demotion on the node.
func (r *Resource) DemoteAction(on *Node, optional bool) *Action {
	return r.Action(ActionNameDemote, on, optional)
}

// DeleteAction is the deletion of what the executor on the node knows of the
// resource.
func (r *Resource) DeleteAction(on *Node, optional bool) *Action {
	return r.Action(ActionNameDelete, on, optional)
}

// PseudoAction is a point in time of the resource's (pe__new_rsc_pseudo_action).
func (r *Resource) PseudoAction(task string, optional, runnable bool) *Action {
	a := r.Action(task, nil, optional)
	a.Set(Pseudo)
	if runnable {
		a.Set(ActionRunnable)
	}
	return a
}

// ClearHistory is the removal of the resource's history on the node from the
// CIB (pe__clear_resource_history).
func (r *Resource) ClearHistory(on *Node) *Action { return r.Action(ActionNameLRMDelete, on, false) }

// ClearFailCount is the removal of the resource's failures on the node
// (pe__clear_failcount).
func (r *Resource) ClearFailCount(on *Node, reason string) *Action {
	a := r.Action(ActionNameClearFailures, on, false)
	a.Meta.SetDefault("op_no_wait", "true")
	r.ws.At("pe__clear_failcount").Noticef("Clearing failure of %s on %s because %s | %s", r.ID, on, reason, a.Key)
	return a
}

// FindActions are the resource's actions, or the cluster's if it is nil all
// there are, with that key and on that node; if on is nil on any. One without
// node is put on the node. The oldest come first, as in find_actions' result. The
// list must not be changed.
func (ws *WorkingSet) FindActions(r *Resource, key string, on *Node) (found []*Action) {
	if r == nil {
		return ws.findAnybodysActions(key, on)
	}
	b := r.withKey(key)
	if b == nil {
		return nil
	}
	candidates := b.candidates(on)
	if on == nil || !slices.ContainsFunc(candidates, func(a *Action) bool { return a.Node != on }) {
		return slices.Clip(candidates) // as nearly always
	}
	for _, a := range candidates {
		switch {
		case a.Node == on:
			found = append(found, a)
		case a.Node == nil:
			b.place(a, on)
			found = append(found, a)
		}
	}
	return found
}

// findAnybodysActions is FindActions without a resource: few ask for that, so what
// it needs is brought up to date when they do.
func (ws *WorkingSet) findAnybodysActions(key string, on *Node) (found []*Action) {
	for _, a := range ws.Actions[ws.indexedActions:] {
		key := fold(a.Key)
		ws.byKey[key] = append(ws.byKey[key], a)
	}
	ws.indexedActions = len(ws.Actions)
	for _, a := range ws.byKey[fold(key)] {
		switch {
		case on == nil || a.Node == on:
			found = append(found, a)
		case a.Node == nil && a.Resource != nil:
			a.Resource.withKey(key).place(a, on)
			found = append(found, a)
		case a.Node == nil:
			a.Node = on
			found = append(found, a)
		}
	}
	return found
}

// withKey are the resource's actions with that key, or nil. A resource has few keys.
func (r *Resource) withKey(key string) *sameKey {
	for _, b := range r.byKey {
		if equalFolded(b.key, key) {
			return b
		}
	}
	return nil
}

// sameKey are a resource's actions with one key, the oldest first. Its probes
// are as many as there are nodes, so they are found by these, once they are
// more than a few.
type sameKey struct {
	key      string
	all      []*Action
	byNode   []int // by the node's index, see placed; nil as long as they are few
	nodeless int   // how many of all are on no node
}

const fewActions = 8

// What byNode has of a node beside the place in all of the one action on it, from 1.
const (
	noneOnNode    = 0
	severalOnNode = -1
)

func (b *sameKey) add(a *Action) {
	b.all = append(b.all, a)
	if a.Node == nil {
		b.nodeless++
	}
	switch {
	case b.byNode != nil:
		b.placed(a, len(b.all))
	case len(b.all) > fewActions:
		b.byNode = []int{}
		for i, a := range b.all {
			b.placed(a, i+1)
		}
	}
}

// placed remembers that the action at a place in all, from 1, is on its node.
func (b *sameKey) placed(a *Action, place int) {
	n := a.Node
	if n == nil {
		return
	}
	if missing := n.ws.NodeCount() - len(b.byNode); missing > 0 {
		b.byNode = append(b.byNode, make([]int, missing)...)
	}
	if b.byNode[n.Index] != noneOnNode {
		place = severalOnNode
	}
	b.byNode[n.Index] = place
}

// candidates are those that may be on the node or get there.
func (b *sameKey) candidates(on *Node) []*Action {
	if on == nil || b.byNode == nil || b.nodeless > 0 || on.Index >= len(b.byNode) {
		return b.all
	}
	switch place := b.byNode[on.Index]; place {
	case noneOnNode:
		return nil
	case severalOnNode:
		return b.all
	default:
		return b.all[place-1 : place]
	}
}

// place puts an action that was on none on a node.
func (b *sameKey) place(a *Action, on *Node) {
	a.Node = on
	b.nodeless--
	if b.byNode != nil {
		at, _ := slices.BinarySearchFunc(b.all, a.ID, func(e *Action, id int) int { return e.ID - id })
		b.placed(a, at+1)
	}
}

// FindActionsExact are the resource's actions with that key that are on that
// node, the oldest first (find_actions_exact). There are none if on is nil.
func (r *Resource) FindActionsExact(key string, on *Node) (found []*Action) {
	if on == nil {
		return nil
	}
	b := r.withKey(key)
	if b == nil {
		return nil
	}
	for _, a := range b.candidates(on) {
		if a.Node != nil && strings.EqualFold(a.Node.ID, on.ID) {
			found = append(found, a)
		}
	}
	return found
}

// ActionsNamed are the resource's actions of that name that are not repeated,
// on the node, the oldest first; requireNode as in FindActionsExact, otherwise
// as in FindActions (pe__resource_actions).
func (r *Resource) ActionsNamed(task string, on *Node, requireNode bool) []*Action {
	if requireNode {
		return r.FindActionsExact(r.Key(task), on)
	}
	return r.ws.FindActions(r, r.Key(task), on)
}

// FindFirstAction is the newest action of a list with that key, if not empty,
// of that name, if not empty, and on that node, if not nil; or nil
// (find_first_action).
func FindFirstAction(list []*Action, key, task string, on *Node) *Action {
	for i := len(list) - 1; i >= 0; i-- {
		a := list[i]
		if (on == nil || a.Node == on) && (key == "" || sameText(key, a.Key)) && (task == "" || sameText(task, a.Task)) {
			return a
		}
	}
	return nil
}

// sameText is EqualFold for texts that mostly differ in length or not at all.
func sameText(a, b string) bool {
	return len(a) == len(b) && (a == b || strings.EqualFold(a, b))
}

// ComplexTask is the kind of an action as it counts for the resource: for a
// primitive what is done counts as the doing (get_complex_task, of actions that
// are not atomic).
func (r *Resource) ComplexTask(task Task) Task {
	if r.Variant != Primitive {
		return task
	}
	switch task {
	case TaskStopped, TaskStarted, TaskDemoted, TaskPromoted:
		return task - 1
	}
	return task
}

// addAction numbers and keeps an action.
func (ws *WorkingSet) addAction(a *Action) {
	a.ID = ws.NextActionID
	ws.NextActionID++
	ws.Actions = append(ws.Actions, a)
	r := a.Resource
	if r == nil {
		ws.singletons[a.Key] = a
		return
	}
	r.Actions = append(r.Actions, a)
	b := r.withKey(a.Key)
	if b == nil {
		b = &sameKey{key: a.Key}
		r.byKey = append(r.byKey, b)
	}
	b.add(a)
}
