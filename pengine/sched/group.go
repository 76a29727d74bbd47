package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// assignGroup assigns a group's members in turn (pcmk__group_assign). The result
// is the first member's node, if they are colocated.
func (a *assigner) assignGroup(r *status.Resource, prefer *status.Node) *status.Candidate {
	if !r.Is(status.Provisional) {
		return r.AssignedTo
	}
	if r.Is(status.Assigning) {
		return nil
	}
	if len(r.Children) == 0 {
		r.Clear(status.Provisional)
		return nil
	}
	r.Set(status.Assigning)
	first := r.Children[0]
	r.Role = first.Role
	expandGroupColocations(r)
	recordScores(r, "pcmk__group_assign")
	var firstNode *status.Candidate
	for _, member := range r.Children {
		if n := a.assign(member, prefer); firstNode == nil {
			firstNode = n
		}
	}
	r.SetNextRole(first.NextRole, "first group member")
	r.Clear(status.Assigning | status.Provisional)
	if !r.GroupData.Colocated {
		return nil
	}
	return firstNode
}

// expandGroupColocations makes the colocations of a group those of its first
// member, as dependent, and of its last one, as primary
// (expand_group_colocations). Members after an unmanaged one get mandatory ones,
// too: they are not bound to the first by being started after it.
func expandGroupColocations(r *status.Resource) {
	first := r.Children[0]
	for _, c := range r.ThisWith {
		addThisWith(first, c)
	}
	anyUnmanaged := !first.Is(status.Managed)
	for _, member := range r.Children[1:] {
		if !anyUnmanaged {
			anyUnmanaged = !member.Is(status.Managed)
			continue
		}
		for _, c := range r.ThisWith {
			if c.Score == status.Infinity {
				addThisWith(member, c)
			}
		}
	}
	r.ThisWith = nil
	for _, c := range r.WithThis {
		addWithThis(r.GroupData.LastMember, c)
	}
	r.WithThis = nil
}

// applyGroup has a primitive regard where a group is: what is mandatory goes by
// its last member, for all of it must be there, what is not by the first
// (colocate_with_group).
func (a *assigner) applyGroup(c *status.Colocation, dependent, primary *status.Resource) {
	switch {
	case primary.Is(status.Provisional):
	case primary.GroupData.Colocated:
		member := primary.GroupData.LastMember
		if c.Score < status.Infinity && len(primary.Children) > 0 {
			member = primary.Children[0]
		}
		if member != nil {
			a.applyPrimary(c, dependent, member)
		}
	case c.Score >= status.Infinity:
		a.ws.At("colocate_with_group").ConfigErrorf("%s: Cannot perform mandatory colocation with non-colocated group %s", dependent.ID, primary.ID)
	default:
		for _, member := range primary.Children {
			a.applyPrimary(c, dependent, member)
		}
	}
}
