package sched

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// orderKind is the kind of a configured ordering.
type orderKind int

const (
	orderKindOptional orderKind = iota
	orderKindMandatory
	orderKindSerialize
)

// symmetry says whether an ordering implies its opposite, and which of the two
// is meant.
type symmetry int

const (
	asymmetric symmetry = iota
	symmetric
	symmetricInverse
)

// invertTask is the name of the action that undoes another, "" if none does.
func invertTask(ws *status.WorkingSet, task string) string {
	for _, pair := range [...][2]string{
		{status.ActionNameStart, status.ActionNameStop},
		{status.ActionNamePromote, status.ActionNameDemote},
		{status.ActionNamePromoted, status.ActionNameDemoted},
		{status.ActionNameStarted, status.ActionNameStopped},
	} {
		switch {
		case strings.EqualFold(task, pair[0]):
			return pair[1]
		case strings.EqualFold(task, pair[1]):
			return pair[0]
		}
	}
	ws.At("invert_action").Logf(loglevel.Warning, "Unknown action '%s' specified in order constraint", task)
	return ""
}

// readOrderKind is the kind of a constraint or a set. The deprecated score 0
// makes it optional.
func readOrderKind(ws *status.WorkingSet, e *etree.Element) orderKind {
	kind, ok := xmlAttr(e, "kind")
	if !ok {
		score, ok := xmlAttr(e, "score")
		if !ok {
			return orderKindMandatory
		}
		result := orderKindMandatory
		if ws.ParseScore(score) == 0 {
			result = orderKindOptional
		}
		ws.At("get_ordering_type").WarnOncef(status.WarnOrderScore, "Support for 'score' in rsc_order is deprecated and will be removed in a future release (use 'kind' instead)")
		return result
	}
	switch {
	case strings.EqualFold(kind, "Mandatory"):
		return orderKindMandatory
	case strings.EqualFold(kind, "Optional"):
		return orderKindOptional
	case strings.EqualFold(kind, "Serialize"):
		return orderKindSerialize
	}
	id, ok := xmlAttr(e, "id")
	if !ok {
		id = "missing ID"
	}
	ws.At("get_ordering_type").ConfigErrorf("Resetting 'kind' for constraint %s to 'Mandatory' because '%s' is not valid", id, kind)
	return orderKindMandatory
}

// readSymmetry is whether a constraint, or a set in one whose attribute
// symmetrical is given, is symmetric.
func readSymmetry(ws *status.WorkingSet, e *etree.Element, kind orderKind, parent string, hasParent bool) symmetry {
	_, hasKind := xmlAttr(e, "kind")
	_, hasScore := xmlAttr(e, "score")
	if hasKind || hasScore {
		kind = readOrderKind(ws, e)
	}
	text, _ := xmlAttr(e, "symmetrical")
	wanted, ok := status.ParseBool(text)
	if !ok && hasParent {
		wanted, ok = status.IsTrue(parent), true
	}
	switch {
	case ok && wanted && kind == orderKindSerialize:
		id, _ := xmlAttr(e, "id")
		ws.At("get_ordering_symmetry").ConfigWarnf("Ignoring symmetrical for '%s' because not valid with kind of 'Serialize'", id)
		return asymmetric
	case ok && wanted:
		return symmetric
	case ok, kind == orderKindSerialize:
		return asymmetric
	}
	return symmetric
}

// orderKindFlags are the flags of an ordering of that kind, first being the name
// of its first action.
func orderKindFlags(kind orderKind, first string, s symmetry) status.OrderFlags {
	flags := status.OrderOptional
	switch {
	case kind == orderKindSerialize:
		flags |= status.OrderSerializeOnly
	case kind != orderKindMandatory:
	case s == asymmetric:
		flags |= status.OrderAsymmetrical
	case s == symmetricInverse:
		flags |= status.OrderImpliesFirst
	default:
		flags |= status.OrderImpliesThen
		if strings.EqualFold(first, status.ActionNameStart) || strings.EqualFold(first, status.ActionNamePromote) {
			flags |= status.OrderRunnableFirst
		}
	}
	return flags
}

// readOrder declares what an rsc_order says (pcmk__unpack_ordering).
func readOrder(ws *status.WorkingSet, e *etree.Element) {
	id, _ := xmlAttr(e, "id")
	if t := ws.Options.Trace; t != nil {
		t.ReadingOrder(id)
		defer t.ReadingOrder("")
	}
	invert, hasInvert := xmlAttr(e, "symmetrical")
	kind := readOrderKind(ws, e)
	s := readSymmetry(ws, e, kind, "", false)

	expanded, ok := expandOrderTags(ws, e)
	if !ok {
		return
	}
	sets := expanded
	if sets == nil {
		sets = e
	}
	var last *etree.Element
	seen := map[*etree.Element]bool{}
	for set := namedChild(sets, "resource_set"); set != nil; set = nextNamed(set) {
		set = resolve(ws, set)
		if set == nil || seen[set] { // sets that refer to each other end nowhere
			return
		}
		seen[set] = true
		if !readOrderSet(ws, set, kind, invert, hasInvert) {
			return
		}
		if last != nil {
			if !orderSets(ws, id, last, set, kind, s) ||
				s == symmetric && !orderSets(ws, id, set, last, kind, symmetricInverse) {
				return
			}
		}
		last = set
	}
	if last == nil {
		readSimpleOrder(ws, e)
	}
}

// orderResource is the resource, or the instance, on one side of an rsc_order;
// nil, with an error, if there is none.
func orderResource(ws *status.WorkingSet, e *etree.Element, name, instance string) *status.Resource {
	id, _ := xmlAttr(e, "id")
	ref, ok := xmlAttr(e, name)
	if !ok {
		ws.At("get_ordering_resource").ConfigErrorf("Ignoring constraint '%s' without %s", id, name)
		return nil
	}
	r := constraintResource(ws, ref)
	if r == nil {
		ws.At("get_ordering_resource").ConfigErrorf("Ignoring constraint '%s' because resource '%s' does not exist", id, ref)
		return nil
	}
	number, ok := xmlAttr(e, instance)
	if !ok {
		return r
	}
	ws.At("get_ordering_resource").WarnOncef(status.WarnOrderInstance, "Support for first-instance and then-instance is deprecated and will be removed in a future release.")
	if !r.IsClone() {
		ws.At("get_ordering_resource").ConfigErrorf("Ignoring constraint '%s' because resource '%s' is not a clone but instance '%s' was requested", id, ref, number)
		return nil
	}
	found := r.Instance(number)
	if found == nil {
		ws.At("get_ordering_resource").ConfigErrorf("Ignoring constraint '%s' because resource '%s' does not have an instance '%s'", "'%s'", id, ref) // as the reference has it
	}
	return found
}

// minimumFirst is how many instances of a clone have to be active for what is
// ordered after it; 0 for all.
func minimumFirst(ws *status.WorkingSet, r *status.Resource, e *etree.Element) int {
	if r.Variant != status.Clone {
		return 0
	}
	if text, ok := r.MetaValue("clone-min"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0
		}
		return max(n, 0)
	}
	if text, ok := xmlAttr(e, "require-all"); ok {
		ws.At("get_minimum_first_instances").WarnOncef(status.WarnRequireAll, "Support for require-all in ordering constraints is deprecated and will be removed in a future release (use clone-min clone meta-attribute instead)")
		if !status.IsTrue(text) {
			return 1
		}
	}
	return 0
}

// isRestartType tells whether the deprecated restart-type makes optional
// orderings before the resource restart it.
func isRestartType(r *status.Resource) bool {
	return strings.EqualFold(r.Meta["restart-type"], "restart")
}

// readSimpleOrder declares what an rsc_order without sets says.
func readSimpleOrder(ws *status.WorkingSet, e *etree.Element) {
	id, ok := xmlAttr(e, "id")
	if !ok {
		ws.At("unpack_simple_rsc_order").ConfigErrorf("Ignoring <%s> constraint without id", e.Tag)
		return
	}
	first := orderResource(ws, e, "first", "first-instance")
	if first == nil {
		return
	}
	then := orderResource(ws, e, "then", "then-instance")
	if then == nil {
		return
	}
	firstTask, ok := xmlAttr(e, "first-action")
	if !ok {
		firstTask = status.ActionNameStart
	}
	thenTask, ok := xmlAttr(e, "then-action")
	if !ok {
		thenTask = firstTask
	}
	kind := readOrderKind(ws, e)
	s := readSymmetry(ws, e, kind, "", false)
	flags := orderKindFlags(kind, firstTask, s)
	restarts := kind == orderKindOptional && isRestartType(then)
	if restarts {
		flags |= status.OrderImpliesThen
	}
	if n := minimumFirst(ws, first, e); n > 0 {
		orderAfterSome(ws, "clone-one-or-more:"+id, n, first.Children, firstTask, []*status.Resource{then}, thenTask, flags)
	} else {
		orderTasks(first, firstTask, then, thenTask, flags)
	}
	if s != symmetric {
		return
	}
	thenTask, firstTask = invertTask(ws, thenTask), invertTask(ws, firstTask)
	if thenTask == "" || firstTask == "" {
		ws.At("inverse_ordering").ConfigWarnf("Cannot invert constraint '%s' (please specify inverse manually)", id)
		return
	}
	flags = orderKindFlags(kind, firstTask, symmetricInverse)
	if restarts {
		flags |= status.OrderImpliesFirst
	}
	orderTasks(then, thenTask, first, firstTask, flags)
}

// orderAfterSome orders actions after a point in time at which so many of the
// first ones are runnable.
func orderAfterSome(ws *status.WorkingSet, name string, n int, first []*status.Resource, firstTask string,
	then []*status.Resource, thenTask string, flags status.OrderFlags) {
	met := ws.PseudoAction(name)
	if n > 0 {
		met.RequiredBefore = n
	}
	met.Set(status.RequiresAny)
	for _, r := range first {
		order(ws, taskOf(r, firstTask), actionOf(met), status.OrderOneOrMore|status.OrderImpliesThenPrinted)
	}
	for _, r := range then {
		order(ws, actionOf(met), taskOf(r, thenTask), flags|status.OrderRunnableFirst)
	}
}
