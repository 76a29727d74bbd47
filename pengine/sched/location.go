package sched

import (
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// readLocation reads a rsc_location (pcmk__unpack_location).
func readLocation(ws *status.WorkingSet, e *etree.Element) {
	expanded, ok := setFromTag(ws, "unpack_location_tags", e, "role")
	if !ok {
		return
	}
	withSets := e
	if expanded != nil {
		withSets = expanded
	}
	anySets, ok := forEachSet(ws, withSets, func(set *etree.Element) bool { return readLocationSet(ws, withSets, set) })
	if ok && !anySets {
		readSimpleLocation(ws, e)
	}
}

func readLocationSet(ws *status.WorkingSet, constraint, set *etree.Element) bool {
	setID, ok := xmlAttr(set, "id")
	if !ok {
		id, _ := xmlAttr(constraint, "id")
		ws.At("unpack_location_set").ConfigErrorf("Ignoring resource_set without id in constraint '%s'", id)
		return false
	}
	l := locationReader{ws: ws, e: constraint}
	l.role, l.hasRole = xmlAttr(set, "role")
	l.score, l.hasScore = xmlAttr(set, "score")
	for _, id := range memberIDs(set) {
		r := memberOf(ws, "unpack_location_set", id, setID)
		if r == nil {
			return false
		}
		l.read(r, nil)
	}
	return true
}

// readSimpleLocation reads a location constraint that names its resource, or has
// a pattern for the ids of top resources; a pattern with "!" means those whose id
// does not match (unpack_simple_location).
func readSimpleLocation(ws *status.WorkingSet, e *etree.Element) {
	l := locationReader{ws: ws, e: e}
	if id, ok := xmlAttr(e, "rsc"); ok {
		l.read(constraintResource(ws, id), nil)
	}
	pattern, ok := xmlAttr(e, "rsc-pattern")
	if !ok {
		return
	}
	pattern, invert := strings.CutPrefix(pattern, "!")
	expression, err := regexp.CompilePOSIX(pattern)
	if err != nil {
		id, _ := xmlAttr(e, "id")
		ws.At("unpack_simple_location").ConfigErrorf("Ignoring constraint '%s' because rsc-pattern has invalid value '%s'", id, pattern)
		return
	}
	for _, r := range ws.Resources {
		groups := expression.FindStringSubmatch(r.ID)
		switch {
		case groups != nil && !invert:
			l.read(r, groups)
		case groups == nil && invert:
			l.read(r, nil)
		}
	}
}

// locationReader reads one location constraint for each of the resources that it
// is on. A set may have its own role and score.
type locationReader struct {
	ws       *status.WorkingSet
	e        *etree.Element
	role     string
	score    string
	hasRole  bool
	hasScore bool
	rules    map[*etree.Element]*rules.Rule
}

// read adds what the constraint says of a resource; groups are what a pattern
// matched (unpack_rsc_location).
func (l *locationReader) read(r *status.Resource, groups []string) {
	ws := l.ws
	id, _ := xmlAttr(l.e, "id")
	if r == nil {
		name, _ := xmlAttr(l.e, "rsc")
		ws.At("unpack_rsc_location").ConfigWarnf("Ignoring constraint '%s' because resource '%s' does not exist", id, name)
		return
	}
	score, hasScore := l.score, l.hasScore
	if !hasScore {
		score, hasScore = xmlAttr(l.e, "score")
	}
	node, hasNode := xmlAttr(l.e, "node")
	if !hasNode || !hasScore {
		l.readRules(r, id, groups)
		return
	}
	n := ws.FindNode(node)
	if n == nil {
		return
	}
	discovery, hasDiscovery := xmlAttr(l.e, "resource-discovery")
	location := newLocation(ws, id, r, ws.ParseScore(score), discovery, hasDiscovery, n)
	role, hasRole := l.role, l.hasRole
	if !hasRole {
		role, hasRole = xmlAttr(l.e, "role")
	}
	if !hasRole {
		return
	}
	switch filter := ws.ParseRole(role); filter {
	case status.RoleUnknown:
		ws.At("unpack_rsc_location").Errorf("Invalid constraint %s: Bad role %s", id, role)
	case status.RoleStarted, status.RoleUnpromoted: // on the way to any
	default:
		location.RoleFilter = filter
	}
}

func (l *locationReader) readRules(r *status.Resource, id string, groups []string) {
	var next iso8601.Time
	empty := true
	for e := namedChild(l.e, "rule"); e != nil; e = nextNamed(e) {
		empty = false
		l.readRule(r, e, groups, &next)
	}
	if empty {
		l.ws.At("unpack_rsc_location").ConfigErrorf("Ignoring constraint '%s' because it contains no rules", id)
	}
	recheckAt(l.ws, next)
}

// readRule adds the scores of the nodes for which a rule passes
// (generate_location_rule).
func (l *locationReader) readRule(r *status.Resource, e *etree.Element, groups []string, next *iso8601.Time) {
	ws := l.ws
	e = resolve(ws, e)
	if e == nil {
		return
	}
	id, hasID := xmlAttr(e, "id")
	role, hasRole := xmlAttr(e, "role")
	filter := status.RoleUnknown
	if hasRole {
		if filter = ws.ParseRole(role); filter == status.RoleUnknown {
			ws.At("generate_location_rule").Errorf("Bad role specified for %s: %s", id, role)
			return
		}
	}
	score := ruleScore{ws: ws, rule: id, r: r}
	score.text, score.given = xmlAttr(e, "score")
	if !score.given {
		score.text, score.given = xmlAttr(e, "score-attribute")
		score.isAttribute = score.given
	}
	if !hasID {
		ws.At("pcmk__new_location").Errorf("Invalid constraint: no ID specified")
		return
	}
	discovery, hasDiscovery := xmlAttr(l.e, "resource-discovery")
	location := newLocation(ws, id, r, 0, discovery, hasDiscovery, nil)
	if t := ws.Options.Trace; t != nil {
		t.Rules[location] = status.RuleSource{Constraint: l.e, Rule: e, Groups: groups}
	}
	if score.isAttribute && len(groups) > 0 {
		match := rules.Match{Groups: groups}
		if text := match.Expand(score.text); text != "" {
			score.text = text
		}
	}
	if filter != status.RoleUnpromoted { // which an instance is on its way to any other
		location.RoleFilter = filter
	}
	location.Nodes = l.passing(r, e, groups, &score, next)
}

// passing are the nodes for which the rule passes, with their scores. With
// boolean-op=and they come in reverse, which only shows in the order in which a
// resource's nodes are walked.
func (l *locationReader) passing(r *status.Resource, e *etree.Element, groups []string, score *ruleScore, next *iso8601.Time) []*status.Candidate {
	ws := l.ws
	if l.rules == nil {
		l.rules = map[*etree.Element]*rules.Rule{}
	}
	rule := l.rules[e]
	if rule == nil {
		rule = ws.Document().Rule(e)
		l.rules[e] = rule
	}
	op, _ := xmlAttr(e, "boolean-op")
	or := strings.EqualFold(op, "or")
	if !or && (!score.given || score.isAttribute) {
		for _, n := range ws.Nodes { // the reference asks twice, and complains twice
			score.of(n)
		}
	}
	in := ws.RuleInput()
	var nodes []*status.Candidate
	for _, n := range ws.Nodes {
		in.Node = n.Attribute
		in.Match = &rules.Match{
			Groups: groups,
			Params: func(name string) (string, bool) { v, ok := r.Params(n)[name]; return v, ok },
			Meta:   r.MetaValue,
		}
		passed := rule.Eval(in, next)
		s := score.of(n)
		if !passed {
			continue
		}
		c := status.NewCandidate(n)
		if or {
			s = status.AddScores(c.Score, s)
		}
		c.Score = s
		nodes = append(nodes, c)
	}
	if !or {
		slices.Reverse(nodes)
	}
	return nodes
}

// ruleScore is the score of a rule: a number, or the name of a node attribute
// that has it.
type ruleScore struct {
	ws                 *status.WorkingSet
	rule               string
	r                  *status.Resource
	text               string
	given, isAttribute bool
}

// of is the score for a node (get_node_score).
func (s *ruleScore) of(n *status.Node) int {
	switch {
	case !s.given:
		s.ws.At("get_node_score").Errorf("Rule %s: no score specified.  Assuming 0.", s.rule)
		return 0
	case !s.isAttribute:
		return s.ws.ParseScore(s.text)
	}
	value, ok := n.AttributeFor(s.text, s.r)
	if !ok {
		return -status.Infinity
	}
	return s.ws.ParseScore(value)
}

// newLocation adds a location constraint, on one node or, if that is nil, on none
// yet (pcmk__new_location). The reference prepends: readConstraints' caller turns
// WorkingSet.Locations round in the end.
func newLocation(ws *status.WorkingSet, id string, r *status.Resource, score int, discovery string, hasDiscovery bool, n *status.Node) *status.Location {
	location := &status.Location{ID: id, Resource: r}
	switch {
	case !hasDiscovery, strings.EqualFold(discovery, "always"):
	case strings.EqualFold(discovery, "never"):
		location.Discovery = status.DiscoverNever
	case strings.EqualFold(discovery, "exclusive"):
		location.Discovery = status.DiscoverExclusive
		r.ExclusiveOnly = true
	default:
		ws.At("pcmk__new_location").Errorf("Invalid resource-discovery value %s in location constraint", discovery)
	}
	if n != nil {
		c := status.NewCandidate(n)
		c.Score = score
		location.Nodes = []*status.Candidate{c}
	}
	ws.Locations = append(ws.Locations, location)
	r.Locations = slices.Insert(r.Locations, 0, location)
	return location
}

// applyLocation adds a constraint's scores to what a resource, and what is in it,
// thinks of the nodes (the apply_location methods).
func applyLocation(r *status.Resource, l *status.Location, nodes []*status.Candidate) {
	switch r.Variant {
	case status.Primitive:
		applyOwnLocation(r, l, nodes)
	case status.Group:
		applyOwnLocation(r, l, nodes)
		for i, member := range r.Children {
			if i == 1 && r.GroupData.Colocated {
				nodes = withoutScores(nodes)
			}
			applyLocation(member, l, nodes)
		}
	case status.Clone:
		applyOwnLocation(r, l, nodes)
		for _, instance := range r.Children {
			applyLocation(instance, l, nodes)
		}
	case status.Bundle:
		applyOwnLocation(r, l, nodes)
		for _, replica := range r.BundleData.Replicas {
			if replica.Container != nil {
				applyLocation(replica.Container, l, nodes)
			}
			if replica.IP != nil {
				applyLocation(replica.IP, l, nodes)
			}
		}
		if child := r.BundleData.Child; child != nil && (l.RoleFilter == status.RoleUnpromoted || l.RoleFilter == status.RolePromoted) {
			applyLocation(child, l, nodes)
			child.Locations = slices.Insert(child.Locations, 0, l)
		}
	}
}

// withoutScores are the nodes in reverse with score 0: for the members of a group
// after the first, whose scores count for all of it already.
func withoutScores(nodes []*status.Candidate) []*status.Candidate {
	reset := make([]*status.Candidate, 0, len(nodes))
	for _, c := range slices.Backward(nodes) {
		c = c.Copy()
		c.Score = 0
		reset = append(reset, c)
	}
	return reset
}

// applyOwnLocation is for the resource alone (pcmk__apply_location).
func applyOwnLocation(r *status.Resource, l *status.Location, nodes []*status.Candidate) {
	if l.RoleFilter > status.RoleUnknown && l.RoleFilter != r.NextRole {
		return
	}
	for _, c := range nodes {
		entry := r.Allowed.Get(c.Node)
		if t := r.WorkingSet().Options.Trace; t != nil {
			traceLocation(t, r, entry, l, c)
		}
		if entry == nil {
			entry = c.Copy()
			r.Allowed.Insert(entry)
		} else {
			entry.Score = status.AddScores(entry.Score, c.Score)
		}
		if entry.Discovery < l.Discovery { // exclusive counts more than never, and that more than always
			if l.Discovery == status.DiscoverExclusive {
				r.ExclusiveOnly = true
			}
			entry.Discovery = l.Discovery
		}
	}
}
