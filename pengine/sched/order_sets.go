package sched

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// setMembers are the resources that a set refers to. With an error, ok is false
// if one does not exist; who is what the error names,
// function where the reference finds it.
func setMembers(ws *status.WorkingSet, set *etree.Element, who, function string) (members []*status.Resource, ok bool) {
	for ref := namedChild(set, "resource_ref"); ref != nil; ref = nextNamed(ref) {
		id, _ := xmlAttr(ref, "id")
		r := constraintResource(ws, id)
		if r == nil {
			ws.At(function).ConfigErrorf("%s: No resource found for %s", who, id)
			return nil, false
		}
		members = append(members, r)
	}
	return members, true
}

func setTask(set *etree.Element) string {
	if task, ok := xmlAttr(set, "action"); ok {
		return task
	}
	return status.ActionNameStart
}

// readOrderSet orders the members of a set among each other. It is false if one
// does not exist.
func readOrderSet(ws *status.WorkingSet, set *etree.Element, kind orderKind, invert string, hasInvert bool) bool {
	id, _ := xmlAttr(set, "id")
	task := setTask(set)
	local := kind
	if _, ok := xmlAttr(set, "kind"); ok {
		local = readOrderKind(ws, set)
	}
	sequential := true
	if text, ok := xmlAttr(set, "sequential"); ok {
		sequential = status.IsTrue(text)
	}
	s := readSymmetry(ws, set, kind, invert, hasInvert)
	flags := orderKindFlags(local, task, s)
	members, ok := setMembers(ws, set, id, "unpack_order_set")
	if !ok {
		return false
	}
	if len(members) == 1 {
		return true
	}
	for i, r := range members {
		switch {
		case local == orderKindSerialize:
			for _, then := range members[i+1:] {
				orderTasks(r, task, then, task, flags)
			}
		case sequential && i > 0:
			orderTasks(members[i-1], task, r, task, flags)
		}
	}
	if s == asymmetric {
		return true
	}
	task = invertTask(ws, task)
	flags = orderKindFlags(local, task, symmetricInverse)
	for i, r := range members {
		if sequential && i > 0 {
			orderTasks(r, task, members[i-1], task, flags)
		}
	}
	return true
}

// orderSets orders one set before another. It is false if a member does not
// exist.
func orderSets(ws *status.WorkingSet, id string, set1, set2 *etree.Element, kind orderKind, s symmetry) bool {
	task1, task2 := setTask(set1), setTask(set2)
	requireAll := true
	if text, ok := xmlAttr(set1, "require-all"); ok {
		if value, ok := status.ParseBool(text); ok {
			requireAll = value
		}
	}
	if s == symmetricInverse {
		task1, task2 = invertTask(ws, task1), invertTask(ws, task2)
	}
	if strings.EqualFold(task1, status.ActionNameStop) || strings.EqualFold(task1, status.ActionNameDemote) {
		requireAll = true
	}
	// Not the first action's name counts here, as the reference has it.
	flags := orderKindFlags(kind, task2, s)

	members1, ok := setMembers(ws, set1, id, "order_rsc_sets")
	if !ok {
		return false
	}
	members2, ok := setMembers(ws, set2, id, "order_rsc_sets")
	if !ok {
		return false
	}
	if !requireAll {
		setID, _ := xmlAttr(set1, "id")
		orderAfterSome(ws, "one-or-more:"+setID, 0, members1, task1, members2, task2, flags)
		return true
	}
	// Of a sequential set only the end that touches the other set counts.
	if isSequential(set1) && len(members1) > 0 {
		if s == symmetricInverse {
			members1 = members1[:1]
		} else {
			members1 = members1[len(members1)-1:]
		}
	}
	if isSequential(set2) && len(members2) > 0 {
		if s == symmetricInverse {
			members2 = members2[len(members2)-1:]
		} else {
			members2 = members2[:1]
		}
	}
	for _, first := range members1 {
		for _, then := range members2 {
			orderTasks(first, task1, then, task2, flags)
		}
	}
	return true
}

// isSequential tells whether a set says that it is; between sets one that says
// nothing counts as one that is not.
func isSequential(set *etree.Element) bool {
	text, ok := xmlAttr(set, "sequential")
	return ok && status.IsTrue(text)
}

// expandOrderTags is a copy of the constraint with sets in place of tags and
// templates, nil if it has none. With an error, ok is false if something that it
// refers to does not exist.
func expandOrderTags(ws *status.WorkingSet, e *etree.Element) (expanded *etree.Element, ok bool) {
	if expanded := expandTagsInSets(ws, e); expanded != nil {
		return expanded, true
	}
	id, _ := xmlAttr(e, "id")
	first, hasFirst := xmlAttr(e, "first")
	then, hasThen := xmlAttr(e, "then")
	if !hasFirst || !hasThen {
		return nil, true
	}
	var found [2]*status.Resource
	for i, ref := range []string{first, then} {
		r, tag := resourceOrTag(ws, ref)
		if r == nil && tag == nil {
			ws.At("unpack_order_tags").ConfigErrorf("Ignoring constraint '%s' because '%s' is not a valid resource or tag", id, ref)
			return nil, false
		}
		found[i] = r
	}
	if found[0] != nil && found[1] != nil {
		return nil, true
	}
	expanded = e.Copy()
	anySets := false
	for _, side := range []string{"first", "then"} {
		task, hasTask := xmlAttr(expanded, side+"-action")
		set, ok := tagToSet(ws, expanded, side, true)
		if !ok {
			return nil, false
		}
		if set == nil {
			continue
		}
		anySets = true
		if hasTask {
			set.CreateAttr("action", task)
			expanded.RemoveAttr(side + "-action")
		}
	}
	if !anySets {
		return nil, true
	}
	return expanded, true
}
