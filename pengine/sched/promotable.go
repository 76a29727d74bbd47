package sched

import (
	"cmp"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// setInstanceRoles decides which of a clone's assigned instances are promoted
// (pcmk__set_instance_roles). The counts of instances per node are those of the
// promoted ones from here on.
func (a *assigner) setInstanceRoles(r *status.Resource) {
	for c := range r.Allowed.ByIndex() {
		c.Instances = 0
	}
	for _, instance := range r.Children {
		a.setInstancePriority(r, instance)
	}
	a.sortPromotable(r)
	promoted := 0
	for _, instance := range r.Children {
		if a.setInstanceRole(r, instance, promoted) {
			promoted++
		}
	}
	a.ws.At("pcmk__set_instance_roles").Infof("%s: Promoted %d instances of a possible %d", r.ID, promoted, r.PromotedMax())
}

// setInstancePriority makes an instance's priority, and with it its sort index,
// how readily it is promoted where it is assigned (set_instance_priority).
func (a *assigner) setInstancePriority(clone, r *status.Resource) {
	if r.CurrentRole() == status.RoleStarted {
		setCurrentUnpromoted(r)
	}
	chosen, several := onlyAssigned(r)
	if several {
		a.ws.At("set_instance_priority").ConfigErrorf("Cannot promote non-colocated child %s", r.ID)
	}
	if chosen == nil {
		return
	}
	next := r.WantedRole()
	switch next {
	case status.RoleStarted, status.RoleUnknown:
		score, given := a.promotionScore(r, chosen.Node)
		if !given {
			score = -1 // which a location constraint for the role can make up for
		}
		r.Priority = score
	case status.RoleUnpromoted, status.RoleStopped:
		r.Priority = -status.Infinity
	}
	if t := a.ws.Options.Trace; t != nil {
		t.Priorities[r] = nil
		t.Prioritize(r, 0, r.Priority, status.Cause{Tag: status.TagPromotion})
	}
	addPromotedLocations(r, r.Locations, chosen.Node)
	addPromotedLocations(r, clone.Locations, chosen.Node)
	for _, c := range r.ThisWith {
		a.applyToDependent(c, r, c.Primary)
	}
	r.SortIndex = r.Priority
	if next == status.RolePromoted {
		r.SortIndex = status.Infinity
	}
}

// addPromotedLocations adds the scores of location constraints for the promoted
// role (apply_promoted_locations).
func addPromotedLocations(r *status.Resource, locations []*status.Location, n *status.Node) {
	for _, l := range locations {
		if l.RoleFilter != status.RolePromoted {
			continue
		}
		if i := slices.IndexFunc(l.Nodes, func(c *status.Candidate) bool { return c.Node == n }); i >= 0 {
			setPriority(r, status.AddScores(r.Priority, l.Nodes[i].Score), status.Cause{Location: l})
		}
	}
}

// sortPromotable sorts a clone's instances, those to be promoted first: by what
// the colocations of the promoted role, and the tickets for it, make of the nodes'
// scores with each instance's sort index added (sort_promotable_instances).
func (a *assigner) sortPromotable(r *status.Resource) {
	if r.CloneData.PromotionConstrained {
		return
	}
	r.CloneData.PromotionConstrained = true
	r.Set(status.Merging)
	for _, instance := range r.Children {
		if chosen := assignedCandidate(instance); chosen != nil && instance.SortIndex >= 0 {
			if c := r.Allowed.Get(chosen.Node); c != nil {
				if t := a.ws.Options.Trace; t != nil {
					t.Add(r, c.Node, c.Score, instance.SortIndex, status.Cause{Tag: status.TagPromotion, With: instance})
				}
				c.Score = status.AddScores(instance.SortIndex, c.Score)
			}
		}
	}
	for _, c := range r.ThisWith {
		if c.DependentRole != status.RolePromoted {
			continue
		}
		var flags colocationFlags
		if c.Score < status.Infinity {
			flags = onlyIfUsable
		}
		a.colocations.addTo(r, c, c.Primary, flags)
	}
	for _, c := range r.WithThis {
		if c.PrimaryRole == status.RolePromoted && hasInfluence(c, nil) {
			a.colocations.addTo(r, c, c.Dependent, onlyIfUsable|nonNegative)
		}
	}
	requirePromotionTickets(r)
	for _, instance := range r.Children {
		chosen := assignedCandidate(instance)
		switch {
		case !instance.Is(status.Managed) && instance.NextRole == status.RolePromoted:
			instance.SortIndex = status.Infinity
		case chosen != nil && instance.SortIndex >= 0:
			if c := r.Allowed.Get(chosen.Node); c != nil {
				instance.SortIndex = c.Score
			}
		}
	}
	glist.Sort(r.Children, func(x, y *status.Resource) int {
		if x.SortIndex != y.SortIndex {
			return cmp.Compare(y.SortIndex, x.SortIndex)
		}
		if roleX, roleY := x.CurrentRole(), y.CurrentRole(); roleX != roleY {
			return cmp.Compare(roleY, roleX)
		}
		return a.compareInstances(x, y)
	})
	r.Clear(status.Merging)
}

// setInstanceRole promotes an instance if it may be, and tells whether it does
// (set_instance_role).
func (a *assigner) setInstanceRole(clone, r *status.Resource, promoted int) bool {
	recordPromotion(r)
	if t := a.ws.Options.Trace; t != nil {
		defer func() { t.Promotions[r] = promotion(r, promoted) }()
	}
	var chosen *status.Candidate
	if r.SortIndex >= 0 && (promoted < r.PromotedMax() || !r.Top().Is(status.Managed)) {
		chosen = a.placeToPromote(r)
	}
	if chosen == nil {
		setNextUnpromoted(r)
		return false
	}
	if r.Role < status.RolePromoted && !a.ws.Flags.Has(status.HaveQuorum) && a.ws.NoQuorumPolicy == status.NoQuorumFreeze {
		a.ws.At("set_instance_role").Noticef("Clone instance %s cannot be promoted without quorum", r.ID)
		setNextUnpromoted(r)
		return false
	}
	chosen.Instances++
	a.ws.At("set_instance_role").Infof("Choosing %s (%s) on %s for promotion", r.ID, r.Role, chosen.Node)
	setNextPromoted(r)
	return true
}

// placeToPromote is the clone's entry for the node that an instance is assigned
// to, if it can be promoted there, all of it, or nil (node_to_be_promoted_on).
func (a *assigner) placeToPromote(r *status.Resource) *status.Candidate {
	clone := r.Top()
	for _, member := range r.Children {
		if a.placeToPromote(member) == nil {
			return nil
		}
	}
	chosen := assignedCandidate(r)
	managed := r.Is(status.Managed)
	switch {
	case chosen == nil:
		return nil
	case !managed && r.CurrentRole() != status.RolePromoted:
		return nil
	case !managed:
		a.ws.At("node_to_be_promoted_on").Noticef("Unmanaged instance %s will be left promoted on %s", r.ID, chosen.Node)
	case r.Priority < 0, !availableGuest(chosen.Node):
		return nil
	}
	c := clone.Allowed.Get(chosen.Node)
	switch {
	case c == nil && managed:
		a.ws.At("node_to_be_promoted_on").Warningf("%s can't be promoted because %s is not allowed on %s (scheduler bug?)", r.ID, clone.ID, chosen.Node)
	case c != nil && int(c.Instances) >= clone.PromotedNodeMax() && managed:
		return nil
	}
	return c
}

// setCurrentUnpromoted says Unpromoted of what is Started, as instances of
// promotable clones are (set_current_role_unpromoted).
func setCurrentUnpromoted(r *status.Resource) {
	if r.Role == status.RoleStarted {
		r.Role = status.RoleUnpromoted
	}
	for _, child := range r.Children {
		setCurrentUnpromoted(child)
	}
}

func setNextUnpromoted(r *status.Resource) {
	if len(r.Places(status.WhereAssigned)) == 0 {
		r.SetNextRole(status.RoleStopped, "stopped instance")
	} else {
		r.SetNextRole(status.RoleUnpromoted, "unpromoted instance")
	}
	for _, child := range r.Children {
		setNextUnpromoted(child)
	}
}

func setNextPromoted(r *status.Resource) {
	if r.NextRole == status.RoleUnknown {
		r.SetNextRole(status.RolePromoted, "promoted instance")
	}
	for _, child := range r.Children {
		setNextPromoted(child)
	}
}

// followPromotable favors, for a dependent, the nodes where the primary's
// instances have the role of the colocation, or bans it from all others
// (pcmk__update_dependent_with_promotable). What shall be promoted with something
// promoted is not banned: it has to be started first.
func (a *assigner) followPromotable(c *status.Colocation, dependent, primary *status.Resource) {
	var nodes []*status.Candidate
	for _, instance := range primary.Children {
		n := assignedCandidate(instance)
		if n == nil || instance.WantedRole() != c.PrimaryRole {
			continue
		}
		if c.Score < status.Infinity {
			same := a.sameValue(n, attributeOr(c, "#uname"))
			for entry := range dependent.Allowed.ByIndex() {
				if same(entry.Node) {
					if t := a.ws.Options.Trace; t != nil {
						t.Add(dependent, entry.Node, entry.Score, c.Score, status.Cause{Colocation: c, With: instance})
					}
					entry.Score = status.AddScores(entry.Score, c.Score)
				}
			}
		}
		nodes = append(nodes, n)
	}
	if c.Score >= status.Infinity && (c.DependentRole != status.RolePromoted || c.PrimaryRole != status.RolePromoted) {
		keepOnly(dependent, nodes, true, status.Cause{Colocation: c, With: primary})
	}
}

// promoteWith makes an instance more readily promoted where an instance of the
// primary has the role of the colocation
// (pcmk__update_promotable_dependent_priority).
func promoteWith(c *status.Colocation, dependent, primary *status.Resource) {
	if compatibleInstance(dependent, primary, c.PrimaryRole, false) != nil {
		setPriority(dependent, status.AddScores(dependent.Priority, c.Score), status.Cause{Colocation: c, With: primary})
	} else if c.Score >= status.Infinity {
		setPriority(dependent, -status.Infinity, status.Cause{Colocation: c, With: primary})
	}
}

// setPriority changes how readily an instance is promoted.
func setPriority(r *status.Resource, priority int, cause status.Cause) {
	if t := r.WorkingSet().Options.Trace; t != nil {
		t.Prioritize(r, r.Priority, priority, cause)
	}
	r.Priority = priority
}
