package sched

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// addPromotionScores favors, for each instance, the nodes where it would be
// promoted, and raises its priority to the best promotion score, so that those
// are assigned first (pcmk__add_promotion_scores).
func (a *assigner) addPromotionScores(r *status.Resource) {
	if r.CloneData.PromotionAdded {
		return
	}
	r.CloneData.PromotionAdded = true
	for _, instance := range r.Children {
		for c := range instance.Allowed.ByIndex() {
			if !available(c.Node) {
				continue // it will not be promoted there, so instances need not be shuffled for it
			}
			score, _ := a.promotionScore(instance, c.Node)
			if score > 0 {
				if t := a.ws.Options.Trace; t != nil {
					t.Add(instance, c.Node, c.Score, score, status.Cause{Tag: status.TagPromotion})
				}
				c.Score = status.AddScores(c.Score, score)
			}
			instance.Priority = max(instance.Priority, score)
		}
	}
}

// promotionScore is how much an instance wants to be promoted on a node: the sum
// of what its members' attributes there say; given is false if there are none
// (promotion_score).
func (a *assigner) promotionScore(r *status.Resource, n *status.Node) (score int, given bool) {
	if len(r.Children) > 0 {
		for _, member := range r.Children {
			s, g := a.promotionScore(member, n)
			score += s
			given = given || g
		}
		return score, given
	}
	if !a.promotionScoreApplies(r, n) {
		return 0, false
	}
	name := r.ID
	if r.HistoryID != "" {
		name = r.HistoryID
	}
	text, ok := n.AttributeFor("master-"+name, r)
	if !ok && !r.Is(status.Unique) {
		// Without history it may have been set under the base name.
		if base := status.BaseName(r.ID); base != r.ID {
			text, ok = n.AttributeFor("master-"+base, r)
		}
	}
	if !ok {
		return 0, false
	}
	return a.ws.ParseScore(text), true
}

// promotionScoreApplies tells whether the score of an instance counts on a node
// (promotion_score_applies): it may be there, and it is there, or has been looked
// for there, or nobody knows anything.
func (a *assigner) promotionScoreApplies(r *status.Resource, n *status.Node) bool {
	if c := r.Allowed.Get(n); c == nil || c.Score < 0 {
		return false
	}
	if !r.Is(status.Unique) {
		known := a.instancesOfMember(r)
		active := known.active[n]
		if active == r || active == nil && known.on.Has(n) {
			return true
		}
	}
	return len(r.Running) == 0 && r.Known.Len() == 0 || r.Known.Has(n) || r.RunsOn(n)
}

// knownInstances is what is known of the instances of one member of a clone: all
// of the clone's, if it is of a primitive. It does not change while resources are
// assigned.
type knownInstances struct {
	active map[*status.Node]*status.Resource // the first one active there
	on     status.NodeSet                    // where one's state is known
}

// instancesOfMember is what is known of the instances that are alike, in their
// clone, with this one (find_active_anon_instance, anonymous_known_on).
func (a *assigner) instancesOfMember(r *status.Resource) *knownInstances {
	if known := a.promotable[r]; known != nil {
		return known
	}
	base := status.BaseName(r.ID)
	known := &knownInstances{active: map[*status.Node]*status.Resource{}}
	for _, instance := range r.Top().Children {
		alike := instance.Find(base, nil, status.FindClone)
		if alike == nil {
			continue
		}
		a.promotable[alike] = known
		for _, n := range alike.Running {
			if known.active[n] == nil {
				known.active[n] = alike
			}
		}
		known.on.Union(&alike.Known)
	}
	a.promotable[r] = known
	return known
}
