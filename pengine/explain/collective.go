package explain

import (
	"fmt"
	"slices"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// part is a short answer for what is in a collective resource.
func (x *explainer) part(r *status.Resource, on *status.Node) *Resource {
	if r.Variant != status.Primitive {
		e := x.resource(r, on)
		e.Reasons, e.Verdicts = nil, nil // the parts say it
		return e
	}
	e := x.base(r, on)
	e.Answer = x.answer(r, e.Changes)
	e.Reasons = x.why(r)
	if len(e.Reasons) > 1 {
		e.Reasons = e.Reasons[:1]
	}
	e.Facts = append(x.waits(r), x.promotionFacts(r)...)
	e.Facts = append(e.Facts, x.failureFacts(r, on)...)
	return e
}

// group explains a group: by its first member, which the others follow.
func (x *explainer) group(r *status.Resource, on *status.Node) *Resource {
	e := x.base(r, on)
	if len(r.Children) == 0 {
		e.Answer = sentence("Group %s has no members", r.ID)
		return e
	}
	first := r.Children[0]
	up := 0
	for _, m := range r.Children {
		if len(m.Places(status.WhereAssigned)) > 0 {
			up++
		}
	}
	e.Answer = groupAnswer(e, len(r.Children), up)
	if on != nil && !slices.Contains(e.Place, on.String()) {
		e.Answer = sentence("Group %s does not run on %s", r.ID, on) + " " + e.Answer
	}
	leader := x.primitive(first, on)
	if r.GroupData.Colocated {
		e.Reasons = append(e.Reasons, sentence("The first member, %s, leads, and each other one follows the one before it", first.ID))
	}
	for _, reason := range leader.Reasons {
		e.Reasons = append(e.Reasons, first.ID+": "+reason)
	}
	e.Verdicts, e.Facts = leader.Verdicts, leader.Facts
	for _, m := range r.Children {
		e.Parts = append(e.Parts, x.part(m, on))
	}
	return e
}

// groupAnswer says where a group is and goes, with how many of its members.
func groupAnswer(e *Resource, members, placed int) string {
	all := counted(members, "member")
	now := "stopped"
	if len(e.Active) > 0 {
		now = "active on " + list(e.Active)
	}
	switch {
	case placed == 0 && len(e.Active) == 0:
		return sentence("Group %s with its %s is stopped and stays so", e.ID, all)
	case placed == 0:
		return sentence("Group %s with its %s is %s and can stay nowhere", e.ID, all, now)
	case placed < members:
		return sentence("Group %s is %s; of its %s only %d can be active, on %s", e.ID, now, all, placed, list(e.Place))
	case slices.Equal(e.Active, e.Place) && len(e.Changes) > 0:
		return sentence("Group %s with its %s is %s and stays there, but something is done with its members", e.ID, all, now)
	case slices.Equal(e.Active, e.Place):
		return sentence("Group %s with its %s is %s and stays there", e.ID, all, now)
	}
	return sentence("Group %s with its %s is %s and goes to %s", e.ID, all, now, list(e.Place))
}

// clone explains a clone: node by node which instance is there, or why none.
func (x *explainer) clone(r *status.Resource, on *status.Node) *Resource {
	e := x.base(r, on)
	limits := fmt.Sprintf("clone-max=%d, clone-node-max=%d", r.CloneData.Max, r.CloneData.NodeMax)
	if r.Is(status.Promotable) {
		limits += fmt.Sprintf(", promoted-max=%d, promoted-node-max=%d", r.CloneData.PromotedMax, r.CloneData.PromotedNodeMax)
	}
	x.instances(e, r, r.Children, limits, "Clone", "instance", on)
	return e
}

// bundle explains a bundle: node by node which replica is there, or why none.
func (x *explainer) bundle(r *status.Resource, on *status.Node) *Resource {
	e := x.base(r, on)
	var containers []*status.Resource
	var active, places []*status.Node
	for _, replica := range r.BundleData.Replicas {
		containers = append(containers, replica.Container)
		active = append(active, replica.Container.Running...)
		places = append(places, replica.Container.Places(status.WhereAssigned)...)
	}
	e.Active, e.Place = nodeNames(active), nodeNames(places)
	limits := fmt.Sprintf("replicas=%d, replicas-per-host=%d", r.BundleData.ReplicaCount, r.BundleData.ReplicasPerHost)
	x.instances(e, r, containers, limits, "Bundle", "replica", on)
	for _, replica := range r.BundleData.Replicas {
		for _, inside := range []*status.Resource{replica.IP, replica.Remote, replica.Child} {
			if inside != nil && (on == nil || slices.Contains(x.near(replica.Container), on)) {
				e.Parts = append(e.Parts, x.part(inside, on))
			}
		}
	}
	return e
}

// near are the nodes where a resource is or shall be.
func (x *explainer) near(r *status.Resource) []*status.Node {
	return append(r.Places(status.WhereRunning), r.Places(status.WhereAssigned)...)
}

// instances adds the answer for a clone's instances, or a bundle's containers.
func (x *explainer) instances(e *Resource, r *status.Resource, instances []*status.Resource, limits, what, one string, on *status.Node) {
	placed := 0
	var without *status.Resource // the first instance without a place
	for _, instance := range instances {
		if len(instance.Places(status.WhereAssigned)) > 0 {
			placed++
		} else if without == nil {
			without = instance
		}
	}
	all := counted(len(instances), one)
	switch {
	case placed == 0:
		e.Answer = sentence("%s %s has no %s on any node (%s)", what, r.ID, one, limits)
	case placed == len(instances):
		e.Answer = sentence("%s %s has its %s on %s (%s)", what, r.ID, all, list(e.Place), limits)
	default:
		e.Answer = sentence("%s %s has %d of its %s on %s (%s)", what, r.ID, placed, all, list(e.Place), limits)
	}
	switch {
	case placed == 0 && without != nil:
		e.Reasons = x.why(primitives(without)[0])
	case without != nil && on == nil:
		for _, reason := range x.why(primitives(without)[0]) {
			e.Reasons = append(e.Reasons, without.ID+": "+reason)
		}
	}
	if on != nil && !slices.Contains(e.Place, on.String()) {
		e.Answer = sentence("%s %s has no %s on %s", what, r.ID, one, on) + " " + e.Answer
	}
	for _, n := range x.ws.Nodes {
		if on != nil && n != on {
			continue
		}
		if v := x.collectiveVerdict(r, instances, n); on != nil || v.Allowed || !n.IsGuestOrRemote() {
			e.Verdicts = append(e.Verdicts, v)
		}
	}
	slices.SortStableFunc(e.Verdicts, func(a, b Verdict) int {
		switch {
		case a.Chosen == b.Chosen:
			return 0
		case a.Chosen:
			return -1
		}
		return 1
	})
	for _, instance := range instances {
		if on == nil && (len(x.near(instance)) > 0) || on != nil && slices.Contains(x.near(instance), on) {
			part := x.part(instance, on)
			if p, ok := x.trace.Promotions[instance]; ok && instance.Variant != status.Primitive && p.Promoted {
				part.Facts = append(x.promotionFacts(instance), part.Facts...)
			}
			e.Parts = append(e.Parts, part)
		}
	}
	if on != nil && e.Verdicts[0].Text != "" && !e.Verdicts[0].Chosen {
		e.Reasons = append([]string{sentence("On %s: %s", on, e.Verdicts[0].Text)}, e.Reasons...)
	}
	e.Facts = x.locationFacts(r, on)
}

// collectiveVerdict says which instances are on a node, or why none is.
func (x *explainer) collectiveVerdict(r *status.Resource, instances []*status.Resource, n *status.Node) Verdict {
	v := Verdict{Node: n.String()}
	v.Terms, v.Score, v.Allowed = x.terms(r, n, true)
	var here []string
	for _, instance := range instances {
		v.Active = v.Active || slices.Contains(instance.Places(status.WhereRunning), n)
		if slices.Contains(instance.Places(status.WhereAssigned), n) {
			text := instance.ID
			if instance.WantedRole() == status.RolePromoted {
				text += " (promoted)"
			}
			here = append(here, text)
		}
	}
	if len(here) > 0 {
		v.Chosen = true
		v.Text = "has " + list(here)
		return v
	}
	v.Text = x.noInstance(r, instances, n, v)
	return v
}

// noInstance says why none of the instances is on a node.
func (x *explainer) noInstance(r *status.Resource, instances []*status.Resource, n *status.Node, v Verdict) string {
	if len(instances) == 0 {
		return "there are no instances"
	}
	if !v.Allowed {
		return x.notAllowedText(r, n)
	}
	if text := x.ruledOut(r, n, v); text != "" {
		return text
	}
	// One that has no place says why; if all have one, there are no more.
	for _, instance := range instances {
		if len(instance.Places(status.WhereAssigned)) > 0 {
			continue
		}
		own := x.verdict(primitives(instance)[0], n)
		if !own.Allowed {
			continue
		}
		if len(bans(own.Terms)) > 0 {
			return own.Text
		}
	}
	return x.cloneLimit(primitives(instances[0])[0])
}
