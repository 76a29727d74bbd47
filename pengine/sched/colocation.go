package sched

import (
	"cmp"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// readColocation reads a rsc_colocation (pcmk__unpack_colocation).
func readColocation(ws *status.WorkingSet, e *etree.Element) {
	c := colocationReader{ws: ws}
	c.id, _ = xmlAttr(e, "id")
	if score, ok := xmlAttr(e, "score"); ok {
		c.score = ws.ParseScore(score)
	}
	c.influence, c.hasInfluence = xmlAttr(e, "influence")
	expanded, ok := c.expandTags(e)
	if !ok {
		return
	}
	withSets := e
	if expanded != nil {
		withSets = expanded
	}
	var last *etree.Element
	_, ok = forEachSet(ws, withSets, func(set *etree.Element) bool {
		c.readSet(set)
		if last != nil {
			c.colocateSets(last, set)
		}
		last = set
		return true
	})
	if ok && last == nil {
		c.readSimple(e)
	}
}

// colocationReader reads one colocation constraint.
type colocationReader struct {
	ws           *status.WorkingSet
	id           string
	score        int
	influence    string
	hasInfluence bool
}

// influences tells whether a colocation of this dependent has influence; if the
// constraint does not say it, what is critical has (unpack_influence).
func (c *colocationReader) influences(dependent *status.Resource) bool {
	if c.hasInfluence {
		if value, ok := status.ParseBool(c.influence); ok {
			return value
		}
		c.ws.At("unpack_influence").ConfigErrorf("Constraint '%s' has invalid value for influence (using default)", c.id)
	}
	return dependent.Is(status.Critical)
}

// expandTags is a copy of the constraint with sets in place of templates and tags
// (unpack_colocation_tags).
func (c *colocationReader) expandTags(e *etree.Element) (expanded *etree.Element, ok bool) {
	ws := c.ws
	if expanded := expandTagsInSets(ws, e); expanded != nil {
		return expanded, true
	}
	anyTag, bothTags := false, true
	for _, side := range []string{"rsc", "with-rsc"} {
		if e.SelectAttr("rsc") == nil || e.SelectAttr("with-rsc") == nil {
			return nil, true
		}
		name, _ := xmlAttr(e, side)
		r, tag := resourceOrTag(ws, name)
		if r == nil && tag == nil {
			ws.At("unpack_colocation_tags").ConfigErrorf("Ignoring constraint '%s' because '%s' is not a valid resource or tag", c.id, name)
			return nil, false
		}
		anyTag = anyTag || tag != nil
		bothTags = bothTags && tag != nil
	}
	if !anyTag {
		return nil, true
	}
	if bothTags {
		ws.At("unpack_colocation_tags").ConfigErrorf("Ignoring constraint '%s' because two templates or tags cannot be colocated", c.id)
		return nil, false
	}
	expanded = e.Copy()
	for _, side := range []string{"rsc", "with-rsc"} {
		set, ok := tagToSet(ws, expanded, side, true)
		if !ok {
			return nil, false
		}
		if set != nil {
			moveRole(expanded, side+"-role", set)
		}
	}
	return expanded, true
}

// readSimple reads a constraint between two resources (unpack_simple_colocation).
func (c *colocationReader) readSimple(e *etree.Element) {
	ws := c.ws
	sides := [2]struct {
		attr, name, instance string
		hasInstance          bool
		r                    *status.Resource
	}{{attr: "rsc"}, {attr: "with-rsc"}}
	for i := range sides {
		side := &sides[i]
		side.name, _ = xmlAttr(e, side.attr)
		side.r = constraintResource(ws, side.name)
	}
	for i := range sides {
		side := &sides[i]
		if side.instance, side.hasInstance = xmlAttr(e, side.attr+"-instance"); side.hasInstance {
			ws.At("unpack_simple_colocation").WarnOncef(status.WarnColocationInstance, "Support for %s-instance is deprecated and will be removed in a future release.", side.attr)
		}
	}
	for i := range sides {
		if side := &sides[i]; side.r == nil {
			ws.At("unpack_simple_colocation").ConfigErrorf("Ignoring constraint '%s' because resource '%s' does not exist", c.id, side.name)
			return
		}
	}
	for i := range sides {
		if side := &sides[i]; side.hasInstance && !side.r.IsClone() {
			ws.At("unpack_simple_colocation").ConfigErrorf("Ignoring constraint '%s' because resource '%s' is not a clone but instance '%s' was requested", c.id, side.name, side.instance)
			return
		}
	}
	for i := range sides {
		side := &sides[i]
		if !side.hasInstance {
			continue
		}
		if side.r = side.r.Instance(side.instance); side.r != nil {
			continue
		}
		if i == 0 {
			ws.At("unpack_simple_colocation").ConfigWarnf("Ignoring constraint '%s' because resource '%s' does not have an instance '%s'", c.id, side.name, side.instance)
		} else { // the arguments of the reference's call are shifted here
			ws.At("unpack_simple_colocation").ConfigWarnf("Ignoring constraint '%s' because resource '%s' does not have an instance '%s'", "'%s'", c.id, side.name)
		}
		return
	}
	if symmetrical, _ := xmlAttr(e, "symmetrical"); status.IsTrue(symmetrical) {
		ws.At("unpack_simple_colocation").ConfigWarnf("The colocation constraint 'symmetrical' attribute has been removed")
	}
	attribute, _ := xmlAttr(e, "node-attribute")
	dependentRole, hasDependentRole := xmlAttr(e, "rsc-role")
	primaryRole, hasPrimaryRole := xmlAttr(e, "with-rsc-role")
	influence := c.influences(sides[0].r)
	if c.score == 0 {
		return
	}
	addColocation(&status.Colocation{
		ID: c.id, NodeAttribute: attribute, Score: c.score, Influence: influence,
		Dependent: sides[0].r, Primary: sides[1].r,
		DependentRole: roleOrAny(ws, dependentRole, hasDependentRole),
		PrimaryRole:   roleOrAny(ws, primaryRole, hasPrimaryRole),
	})
}

// readSet colocates the members of a set: with a positive score each with the one
// before it (or, with ordering other than group, after it), with a negative one
// each with none of the others (unpack_colocation_set).
func (c *colocationReader) readSet(set *etree.Element) {
	setID, _ := xmlAttr(set, "id")
	score := c.score
	if text, ok := xmlAttr(set, "score"); ok {
		score = c.ws.ParseScore(text)
	}
	if score == 0 || nonSequential(set) {
		return
	}
	ordering, hasOrdering := xmlAttr(set, "ordering")
	asGroup := !hasOrdering || strings.EqualFold(ordering, "group")
	role, hasRole := xmlAttr(set, "role")
	add := func(dependent, primary *status.Resource, influence bool) {
		addColocation(&status.Colocation{
			ID: setID, Score: score, Influence: influence, Dependent: dependent, Primary: primary,
			DependentRole: roleOrAny(c.ws, role, hasRole), PrimaryRole: roleOrAny(c.ws, role, hasRole),
		})
	}
	ids := memberIDs(set)
	var last *status.Resource
	for _, id := range ids {
		r := memberOf(c.ws, "unpack_colocation_set", id, setID)
		switch {
		case r == nil:
			return
		case score < 0:
			influence := c.influences(r)
			for _, other := range ids {
				if strings.EqualFold(r.ID, other) {
					break
				}
				with := memberOf(c.ws, "unpack_colocation_set", other, setID)
				if with == nil {
					return
				}
				add(r, with, influence)
			}
		case last == nil:
		case asGroup:
			add(r, last, c.influences(r))
		default:
			add(last, r, c.influences(last))
		}
		last = r
	}
}

// colocateSets colocates a set with the next one: of a sequential set only the
// first, or in the second one the last, member (colocate_rsc_sets).
func (c *colocationReader) colocateSets(set1, set2 *etree.Element) {
	ws := c.ws
	if c.score == 0 {
		return
	}
	role1, hasRole1 := xmlAttr(set1, "role")
	role2, hasRole2 := xmlAttr(set2, "role")
	add := func(dependent, primary *status.Resource, influence bool) {
		addColocation(&status.Colocation{
			ID: c.id, Score: c.score, Influence: influence, Dependent: dependent, Primary: primary,
			DependentRole: roleOrAny(ws, role1, hasRole1), PrimaryRole: roleOrAny(ws, role2, hasRole2),
		})
	}
	member := func(id string) *status.Resource { return memberOf(ws, "colocate_rsc_sets", id, c.id) }
	dependents, primaries := memberIDs(set1), memberIDs(set2)
	var first, last *status.Resource
	if !nonSequential(set1) && len(dependents) > 0 {
		if first = member(dependents[0]); first == nil {
			return
		}
	}
	if !nonSequential(set2) {
		id := "(null)"
		if len(primaries) > 0 {
			id = primaries[len(primaries)-1]
		}
		if last = member(id); last == nil {
			return
		}
	}
	if first != nil {
		dependents = dependents[:1]
	}
	if last != nil {
		primaries = primaries[len(primaries)-1:]
	}
	for _, id := range dependents {
		dependent := member(id)
		if dependent == nil {
			return
		}
		influence := c.influences(dependent)
		for _, id := range primaries {
			primary := member(id)
			if primary == nil {
				return
			}
			add(dependent, primary, influence)
		}
	}
}

// colocate adds a colocation that follows from the variants of resources.
func colocate(id string, score int, dependent, primary *status.Resource, influence bool) {
	addColocation(&status.Colocation{ID: id, Score: score, Dependent: dependent, Primary: primary, Influence: influence})
}

// addColocation adds a colocation (pcmk__new_colocation). Where two resources
// must be apart, one stops before the other starts.
func addColocation(c *status.Colocation) {
	ws := c.Dependent.WorkingSet()
	addThisWith(c.Dependent, c)
	addWithThis(c.Primary, c)
	ws.Colocations = append(ws.Colocations, c)
	if c.Score <= -status.Infinity {
		orderApart(c.Dependent, c.DependentRole, c.Primary, c.PrimaryRole)
		orderApart(c.Primary, c.PrimaryRole, c.Dependent, c.DependentRole)
	}
}

// orderApart orders what makes the first resource lose its role before what makes
// the second one gain its own, where both are on one node
// (anti_colocation_order).
func orderApart(first *status.Resource, firstRole status.Role, then *status.Resource, thenRole status.Role) {
	firstTasks := []string{status.ActionNameStop}
	switch firstRole {
	case status.RolePromoted:
		firstTasks[0] = status.ActionNameDemote
	case status.RoleUnpromoted:
		firstTasks = append(firstTasks, status.ActionNamePromote)
	}
	thenTasks := []string{status.ActionNameStart}
	switch thenRole {
	case status.RolePromoted:
		thenTasks[0] = status.ActionNamePromote
	case status.RoleUnpromoted:
		thenTasks = append(thenTasks, status.ActionNameDemote)
	}
	for _, firstTask := range firstTasks {
		for _, thenTask := range thenTasks {
			orderTasks(first, firstTask, then, thenTask, status.OrderAntiColocation)
		}
	}
}

// addThisWith adds a colocation to those in which the resource is the dependent,
// at the place that the primary's rank gives it (pcmk__add_this_with).
func addThisWith(r *status.Resource, c *status.Colocation) {
	r.ThisWith = insertRanked(r.ThisWith, c, func(c *status.Colocation) *status.Resource { return c.Primary })
}

// addWithThis adds a colocation to those in which the resource is the primary
// (pcmk__add_with_this).
func addWithThis(r *status.Resource, c *status.Colocation) {
	r.WithThis = insertRanked(r.WithThis, c, func(c *status.Colocation) *status.Resource { return c.Dependent })
}

// insertRanked is a new list with the colocation before the first one that it
// does not come after (g_list_insert_sorted). The list that was is left as it is,
// for it may be being walked.
func insertRanked(list []*status.Colocation, c *status.Colocation, side func(*status.Colocation) *status.Resource) []*status.Colocation {
	at := 0
	for at < len(list) && compareRank(side(c), side(list[at])) > 0 {
		at++
	}
	longer := make([]*status.Colocation, 0, len(list)+1)
	longer = append(longer, list[:at]...)
	longer = append(longer, c)
	return append(longer, list[at:]...)
}

// compareRank orders resources as colocations are looked at: by priority, bundles
// and clones first, promotable ones before others, then by id
// (cmp_dependent_priority, cmp_primary_priority).
func compareRank(a, b *status.Resource) int {
	if a.Priority != b.Priority {
		return cmp.Compare(b.Priority, a.Priority)
	}
	if a.Variant != b.Variant {
		return cmp.Compare(b.Variant, a.Variant)
	}
	if a.Variant == status.Clone && a.Is(status.Promotable) != b.Is(status.Promotable) {
		if a.Is(status.Promotable) {
			return -1
		}
		return 1
	}
	return strings.Compare(a.ID, b.ID)
}
