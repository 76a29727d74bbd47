package sched

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// readConstraints reads the constraints section (pcmk__unpack_constraints). One
// with a lifetime counts only while a rule of that passes.
func readConstraints(ws *status.WorkingSet) {
	section := constraintsSection(ws.Input)
	if section == nil {
		return
	}
	for _, e := range section.ChildElements() {
		id, ok := xmlAttr(e, "id")
		if !ok {
			ws.At("pcmk__unpack_constraints").ConfigErrorf("Ignoring <%s> constraint without id", e.Tag)
			continue
		}
		if lifetime := namedChild(e, "lifetime"); lifetime != nil {
			ws.At("pcmk__unpack_constraints").ConfigWarnf("Support for 'lifetime' attribute (in %s) is deprecated (the rules it contains should instead be "+
				"direct descendents of the constraint object)", id)
			if !passes(ws, lifetime) {
				ws.At("pcmk__unpack_constraints").Infof("Constraint %s %s is not active", e.Tag, id)
				continue
			}
		}
		switch strings.ToLower(e.Tag) {
		case "rsc_order":
			readOrder(ws, e)
		case "rsc_colocation":
			readColocation(ws, e)
		case "rsc_location":
			readLocation(ws, e)
		case "rsc_ticket":
			readTicket(ws, e)
		default:
			ws.At("pcmk__unpack_constraints").Errorf("Unsupported constraint type: %s", e.Tag)
		}
	}
}

// constraintsSection is the one that there is; the reference's search finds none
// if there are more.
func constraintsSection(cib *etree.Element) *etree.Element {
	configuration := namedChild(cib, "configuration")
	if configuration == nil {
		return nil
	}
	sections := configuration.SelectElements("constraints")
	if len(sections) != 1 {
		return nil
	}
	return sections[0]
}

// passes tells whether one of the rules in an element does, or there is none.
func passes(ws *status.WorkingSet, e *etree.Element) bool {
	var next iso8601.Time
	passed := ws.Document().Rules(e).Eval(ws.RuleInput(), &next)
	recheckAt(ws, next)
	return passed
}

func recheckAt(ws *status.WorkingSet, next iso8601.Time) {
	if next.IsDefined() {
		ws.UpdateRecheck(next.Epoch())
	}
}

// xmlAttr is the value of an attribute; ok is false without it.
func xmlAttr(e *etree.Element, name string) (value string, ok bool) {
	if a := e.SelectAttr(name); a != nil {
		return a.Value, true
	}
	return "", false
}

// namedChild is the first child element of that name, or nil.
func namedChild(e *etree.Element, name string) *etree.Element {
	if e == nil {
		return nil
	}
	for _, t := range e.Child {
		if c, ok := t.(*etree.Element); ok && c.Tag == name {
			return c
		}
	}
	return nil
}

// nextNamed is the next sibling of the same name, or nil.
func nextNamed(e *etree.Element) *etree.Element {
	if e.Parent() == nil {
		return nil
	}
	for _, t := range e.Parent().Child[e.Index()+1:] {
		if c, ok := t.(*etree.Element); ok && c.Tag == e.Tag {
			return c
		}
	}
	return nil
}

// resolve is the element, or the one that its id-ref means; nil, with an error,
// if there is none (expand_idref).
func resolve(ws *status.WorkingSet, e *etree.Element) *etree.Element {
	resolved, problem := ws.Document().Resolve(e)
	if problem != nil {
		ws.At("expand_idref").Logf(loglevel.Error, "%s", problem.Text)
	}
	return resolved
}

// roleOrAny is the role that a constraint asks for: Started, or none, means any.
func roleOrAny(ws *status.WorkingSet, name string, ok bool) status.Role {
	if !ok || strings.EqualFold(name, status.RoleStarted.String()) {
		return status.RoleUnknown
	}
	return ws.ParseRole(name)
}

// constraintResource is the resource that a constraint means, or nil: for an id
// that only instances have, their clone (pcmk__find_constraint_resource).
func constraintResource(ws *status.WorkingSet, id string) *status.Resource {
	r := ws.Find(id, status.FindRenamed)
	if r != nil && !strings.EqualFold(r.ID, id) {
		return r.Top()
	}
	return r
}

// resourceOrTag is the resource that a constraint means, or else the template or
// tag; neither, with a warning, if there is none
// (pcmk__valid_resource_or_tag).
func resourceOrTag(ws *status.WorkingSet, id string) (*status.Resource, *status.Tag) {
	if r := constraintResource(ws, id); r != nil {
		return r, nil
	}
	if tag, ok := ws.Templates[id]; ok {
		if tag == nil {
			ws.At("find_constraint_tag").Warningf("No resource is derived from template '%s'", id)
		}
		return nil, tag
	}
	if tag, ok := ws.Tags[id]; ok {
		if tag == nil {
			ws.At("find_constraint_tag").Warningf("No resource is tagged with '%s'", id)
		}
		return nil, tag
	}
	ws.At("find_constraint_tag").Warningf("No template or tag named '%s'", id)
	return nil, nil
}

// expandTagsInSets is a copy of a constraint in whose sets the resources stand in
// the place of the templates and tags; nil if there are none
// (pcmk__expand_tags_in_sets). A tag inside of itself, with which the reference
// does not end, is left out.
func expandTagsInSets(ws *status.WorkingSet, constraint *etree.Element) *etree.Element {
	if namedChild(constraint, "resource_set") == nil {
		return nil
	}
	expanded := constraint.Copy()
	anyTags := false
	for _, set := range expanded.SelectElements("resource_set") {
		for _, ref := range set.SelectElements("resource_ref") {
			id, _ := xmlAttr(ref, "id")
			ids, isTag, ok := expandTag(ws, id, nil)
			if !ok {
				constraintID, _ := xmlAttr(constraint, "id")
				ws.At("pcmk__expand_tags_in_sets").ConfigErrorf("Ignoring resource sets for constraint '%s' because '%s' is not a valid resource or tag", constraintID, ids[0])
				return nil
			}
			if !isTag {
				continue
			}
			anyTags = true
			at := ref.Index()
			set.RemoveChildAt(at)
			for i, id := range ids {
				r := etree.NewElement("resource_ref")
				r.CreateAttr("id", id)
				set.InsertChildAt(at+i, r)
			}
		}
	}
	if !anyTags {
		return nil
	}
	return expanded
}

// expandTag is the id of a resource itself, or those that a tag refers to in the
// end. If one is neither, ok is false and ids has just that one.
func expandTag(ws *status.WorkingSet, id string, outer []*status.Tag) (ids []string, isTag, ok bool) {
	r, tag := resourceOrTag(ws, id)
	switch {
	case r != nil:
		return []string{id}, false, true
	case tag == nil:
		return []string{id}, false, false
	case slices.Contains(outer, tag):
		return nil, true, true
	}
	outer = append(outer, tag)
	for _, ref := range tag.Refs {
		more, _, ok := expandTag(ws, ref, outer)
		if !ok {
			return more, true, false
		}
		ids = append(ids, more...)
	}
	return ids, true, true
}

// tagToSet puts a set of resources in the place of an attribute that names a
// template or tag; with convert also in the place of one that names a resource.
// It is nil if nothing was to be done. If the attribute names nothing, ok is
// false, with an error (pcmk__tag_to_set).
func tagToSet(ws *status.WorkingSet, constraint *etree.Element, attr string, convert bool) (set *etree.Element, ok bool) {
	id, has := xmlAttr(constraint, attr)
	if !has {
		return nil, true
	}
	r, tag := resourceOrTag(ws, id)
	refs := []string{id}
	switch {
	case tag != nil:
		refs = tag.Refs
	case r == nil:
		constraintID, _ := xmlAttr(constraint, "id")
		ws.At("pcmk__tag_to_set").ConfigErrorf("Ignoring constraint '%s' because '%s' is not a valid resource or tag", constraintID, id)
		return nil, false
	case !convert:
		return nil, true
	}
	set = constraint.CreateElement("resource_set")
	set.CreateAttr("id", id)
	for _, ref := range refs {
		set.CreateElement("resource_ref").CreateAttr("id", ref)
	}
	if tag != nil {
		set.CreateAttr("sequential", "false")
	}
	constraint.RemoveAttr(attr)
	return set, true
}

// forEachSet calls use for each set of a constraint, references resolved, until
// it is false. ok is false if it was, or a reference leads nowhere; any tells
// whether there are sets. As in the reference, what follows a set that is
// referred to is looked for after that one.
func forEachSet(ws *status.WorkingSet, constraint *etree.Element, use func(set *etree.Element) bool) (anySets, ok bool) {
	seen := map[*etree.Element]bool{}
	for set := namedChild(constraint, "resource_set"); set != nil; set = nextNamed(set) {
		anySets = true
		set = resolve(ws, set)
		if set == nil || seen[set] || !use(set) { // sets that refer to each other end nowhere
			return anySets, false
		}
		seen[set] = true
	}
	return anySets, true
}

// memberIDs are the ids that a set refers to.
func memberIDs(set *etree.Element) (ids []string) {
	for ref := namedChild(set, "resource_ref"); ref != nil; ref = nextNamed(ref) {
		id, _ := xmlAttr(ref, "id")
		ids = append(ids, id)
	}
	return ids
}

// memberOf is the resource that a set refers to; nil, with an error that names
// who, if there is none. function is the reference's that says so.
func memberOf(ws *status.WorkingSet, function, id, who string) *status.Resource {
	r := constraintResource(ws, id)
	if r == nil {
		ws.At(function).ConfigErrorf("%s: No resource found for %s", who, id)
	}
	return r
}

// nonSequential tells whether a set says that it has no order.
func nonSequential(set *etree.Element) bool {
	text, _ := xmlAttr(set, "sequential")
	value, ok := status.ParseBool(text)
	return ok && !value
}

// setFromTag is a copy of a constraint in which a set stands in the place of a
// template or tag that its rsc attribute names, with the role, if there is one,
// at the set; nil if nothing was to be done. ok is false, with an error, if
// something that the constraint refers to does not exist (function:
// unpack_location_tags, unpack_rsc_ticket_tags).
func setFromTag(ws *status.WorkingSet, function string, constraint *etree.Element, roleAttr string) (expanded *etree.Element, ok bool) {
	if expanded := expandTagsInSets(ws, constraint); expanded != nil {
		return expanded, true
	}
	ref, has := xmlAttr(constraint, "rsc")
	if !has {
		return nil, true
	}
	r, tag := resourceOrTag(ws, ref)
	switch {
	case r != nil:
		return nil, true
	case tag == nil:
		id, _ := xmlAttr(constraint, "id")
		ws.At(function).ConfigErrorf("Ignoring constraint '%s' because '%s' is not a valid resource or tag", id, ref)
		return nil, false
	}
	expanded = constraint.Copy()
	set, ok := tagToSet(ws, expanded, "rsc", false)
	if !ok || set == nil {
		return nil, ok
	}
	moveRole(expanded, roleAttr, set)
	return expanded, true
}

// moveRole makes the role that a constraint asks for the set's.
func moveRole(constraint *etree.Element, attr string, set *etree.Element) {
	if role, ok := xmlAttr(constraint, attr); ok {
		set.CreateAttr("role", role)
		constraint.RemoveAttr(attr)
	}
}
