package sched

import (
	"maps"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// traceLocation remembers what a location constraint does to a resource's entry
// for a node, which is nil if it makes that.
func traceLocation(t *status.Trace, r *status.Resource, entry *status.Candidate, l *status.Location, c *status.Candidate) {
	n, before := c.Node, 0
	if entry != nil {
		n, before = entry.Node, entry.Score // of two nodes with one id, one has the entry
	}
	t.Add(r, n, before, c.Score, status.Cause{Location: l})
}

// traceBan remembers that a resource loses a node.
func traceBan(r *status.Resource, c *status.Candidate, tag string) {
	if t := r.WorkingSet().Options.Trace; t != nil {
		t.Add(r, c.Node, c.Score, -status.Infinity, status.Cause{Tag: tag})
	}
}

// traceSet remembers that a score becomes another.
func traceSet(r *status.Resource, c *status.Candidate, score int, tag string) {
	if t := r.WorkingSet().Options.Trace; t != nil {
		t.Set(r, c.Node, c.Score, score, status.Cause{Tag: tag})
	}
}

// traceUnheeded remembers that a colocation was left out of account because it
// would have left no node.
func traceUnheeded(r *status.Resource, c *status.Colocation) {
	if t := r.WorkingSet().Options.Trace; t != nil {
		t.Unheeded[r] = append(t.Unheeded[r], c)
	}
}

// trace remembers a comparison of nodes, as they are now.
func (a *assigner) trace(r *status.Resource, nodes []*status.Candidate, chosen *status.Candidate, how status.ChoiceKind) {
	t := a.ws.Options.Trace
	if t == nil {
		return
	}
	choice := &status.Choice{How: how}
	if chosen != nil {
		choice.Chosen = chosen.Node
	}
	order := newNodeOrder(a.ws, r.Current())
	for i, c := range nodes {
		rated := status.RatedNode{Node: c.Node, Score: c.Score, Resources: c.NumResources, Usable: available(c.Node), Why: c.Node.Unavailable()}
		if i > 0 {
			_, rated.Criterion = order.decide(nodes[0], c)
		}
		choice.Nodes = append(choice.Nodes, rated)
	}
	t.Choices[r] = choice
}

// shortage is what a node lacks for a resource and those that have to be with it.
func shortage(r *status.Resource, n *status.Node, needed map[string]string, company []*status.Resource) status.Shortage {
	s := status.Shortage{Needed: maps.Clone(needed), Free: maps.Clone(n.Utilization)}
	for _, other := range company {
		if other != r && len(other.Utilization) > 0 && !maps.Equal(needed, r.Utilization) {
			s.With = append(s.With, other)
		}
	}
	return s
}

// promotion is what has been decided of an instance's role, after so many others
// were promoted.
func promotion(r *status.Resource, promoted int) status.Promotion {
	ws := r.WorkingSet()
	return status.Promotion{
		Promoted: r.NextRole == status.RolePromoted, Score: r.SortIndex, Before: promoted, Most: r.PromotedMax(),
		Quorum: !ws.Flags.Has(status.HaveQuorum) && ws.NoQuorumPolicy == status.NoQuorumFreeze,
	}
}
