package sched

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// effect is what a colocation bears on (enum pcmk__coloc_affects).
type effect int

const (
	noEffect effect = iota
	onLocation
	onRole
)

// effectOf is what a colocation means for a dependent now that the primary is
// assigned; with preview it is asked before (pcmk__colocation_affects). If both
// are assigned it is too late, and an error if a mandatory one is violated.
func effectOf(c *status.Colocation, dependent, primary *status.Resource, preview bool) effect {
	if !preview && primary.Is(status.Provisional) {
		return noEffect
	}
	if c.DependentRole >= status.RoleUnpromoted && dependent.Parent != nil && dependent.Parent.Is(status.Promotable) &&
		!dependent.Is(status.Provisional) {
		return onRole
	}
	if !preview && !dependent.Is(status.Provisional) {
		reportViolation(c, dependent, primary)
		return noEffect
	}
	dependentMatches := c.DependentRole == dependent.NextRole
	primaryMatches := c.PrimaryRole == primary.NextRole
	switch {
	case c.Score > 0 && c.DependentRole != status.RoleUnknown && !dependentMatches,
		c.Score > 0 && c.PrimaryRole != status.RoleUnknown && !primaryMatches,
		c.Score < 0 && c.DependentRole != status.RoleUnknown && dependentMatches,
		c.Score < 0 && c.PrimaryRole != status.RoleUnknown && primaryMatches:
		return noEffect
	}
	return onLocation
}

func reportViolation(c *status.Colocation, dependent, primary *status.Resource) {
	if dependent.AssignedTo == nil {
		return
	}
	here := dependent.AssignedTo.Node
	var there *status.Node
	if primary.AssignedTo != nil {
		there = primary.AssignedTo.Node
	}
	ws := dependent.WorkingSet()
	switch {
	case c.Score >= status.Infinity && here != there:
		ws.At("pcmk__colocation_affects").Logf(loglevel.Error, "%s must be colocated with %s but is not (%s vs. %s)", dependent.ID, primary.ID, here, there)
	case c.Score <= -status.Infinity && here == there:
		ws.At("pcmk__colocation_affects").Logf(loglevel.Error, "%s and %s must be anti-colocated but are allocated to the same node (%s)", dependent.ID, primary.ID, there)
	}
}

// applyToDependent has a dependent regard a colocation (the apply_coloc_score
// methods, for the dependent).
func (a *assigner) applyToDependent(c *status.Colocation, dependent, primary *status.Resource) {
	if dependent.Variant != status.Group {
		a.applyPrimary(c, dependent, primary)
		return
	}
	switch {
	case len(dependent.Children) == 0:
	case dependent.GroupData.Colocated: // the others follow the first
		a.applyToDependent(c, dependent.Children[0], primary)
	case c.Score >= status.Infinity:
		a.ws.At("colocate_group_with").ConfigErrorf("%s: Cannot perform mandatory colocation between non-colocated group and %s", dependent.ID, primary.ID)
	default:
		for _, member := range dependent.Children {
			a.applyToDependent(c, member, primary)
		}
	}
}

// applyPrimary has a primitive regard where a primary is (the apply_coloc_score
// methods, for the primary).
func (a *assigner) applyPrimary(c *status.Colocation, dependent, primary *status.Resource) {
	switch primary.Variant {
	case status.Primitive:
		switch effectOf(c, dependent, primary, false) {
		case onRole:
			a.applyToPriority(c, dependent, primary)
		case onLocation:
			a.applyToScores(c, dependent, primary)
		}
	case status.Group:
		a.applyGroup(c, dependent, primary)
	case status.Clone:
		a.applyClone(c, dependent, primary)
	case status.Bundle:
		a.applyBundle(c, dependent, primary)
	}
}

// applyToScores bans the dependent from where the primary is not, or favors where
// it is (pcmk__apply_coloc_to_weights). What is optional does not leave it without
// a node. Connections' nodes that no status section names have no #id, and count
// as one then.
func (a *assigner) applyToScores(c *status.Colocation, dependent, primary *status.Resource) {
	if primary.AssignedTo == nil && c.Score < 0 {
		return
	}
	same := a.sameValue(primary.AssignedTo, attributeOr(c, "#id"))
	t := a.colocations.table(&dependent.Allowed)
	defer a.colocations.release(t)
	for entry := range dependent.Allowed.ByIndex() {
		score := &t.scores[entry.Index]
		switch {
		case primary.AssignedTo == nil:
			*score = status.AddScores(-c.Score, *score)
		case same(entry.Node):
			if c.Score < status.Infinity {
				*score = status.AddScores(c.Score, *score)
			}
		case c.Score >= status.Infinity:
			*score = status.AddScores(-c.Score, *score)
		}
	}
	if c.Score > -status.Infinity && c.Score < status.Infinity && !t.anyUsable() {
		traceUnheeded(dependent, c)
		a.ws.At("pcmk__apply_coloc_to_weights").Infof("%s: Rolling back scores from %s (no available nodes)", dependent.ID, primary.ID)
		return
	}
	takeScores(dependent, t, status.Cause{Colocation: c, With: primary})
}

// sameValue tells of a node whether it counts, for a colocation, as another: has
// the same value of the attribute, if only none. Without a node nothing does.
func (a *assigner) sameValue(c *status.Candidate, attribute string) func(*status.Node) bool {
	if c == nil {
		return func(*status.Node) bool { return false }
	}
	class := a.colocations.valuesOf(attribute).class
	want := class[c.Index]
	return func(n *status.Node) bool { return class[n.Index] == want }
}

// attributeOr is the node attribute of a colocation, or what counts without one.
func attributeOr(c *status.Colocation, fallback string) string {
	if c.NodeAttribute != "" {
		return c.NodeAttribute
	}
	return fallback
}

// applyToPriority lets the primary's place decide how readily the dependent, which
// has its own, is promoted (pcmk__apply_coloc_to_priority).
func (a *assigner) applyToPriority(c *status.Colocation, dependent, primary *status.Resource) {
	if primary.AssignedTo == nil || dependent.AssignedTo == nil {
		return
	}
	if !a.sameValue(primary.AssignedTo, attributeOr(c, "#id"))(dependent.AssignedTo.Node) {
		if c.Score == status.Infinity && c.DependentRole == status.RolePromoted {
			setPriority(dependent, -status.Infinity, status.Cause{Colocation: c, With: primary})
		}
		return
	}
	if c.PrimaryRole != status.RoleUnknown && c.PrimaryRole != primary.NextRole {
		return
	}
	score := c.Score
	if c.DependentRole == status.RoleUnpromoted {
		score = -score
	}
	setPriority(dependent, status.AddScores(score, dependent.Priority), status.Cause{Colocation: c, With: primary})
}

// keepOnly bans the resource from all nodes but these. With merge, it adds their
// scores; of several on one node the last one's. Those that it does not know are
// added, banned as well (node_list_exclude).
func keepOnly(r *status.Resource, nodes []*status.Candidate, merge bool, cause status.Cause) {
	t := r.WorkingSet().Options.Trace
	for entry := range r.Allowed.ByIndex() {
		var found *status.Candidate
		for _, c := range slices.Backward(nodes) {
			if c.Node == entry.Node {
				found = c
				break
			}
		}
		switch {
		case found == nil:
			if t != nil {
				t.Add(r, entry.Node, entry.Score, -status.Infinity, cause)
			}
			entry.Score = -status.Infinity
		case merge:
			if t != nil {
				t.Add(r, entry.Node, entry.Score, found.Score, cause)
			}
			entry.Score = status.AddScores(entry.Score, found.Score)
		}
	}
	for _, c := range slices.Backward(nodes) {
		if r.Allowed.Get(c.Node) == nil {
			banned := c.Copy()
			if t != nil {
				t.Add(r, c.Node, 0, -status.Infinity, cause)
			}
			banned.Score = -status.Infinity
			r.Allowed.Insert(banned)
		}
	}
}
