package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// assigned is the one node where a resource shall be, or nil.
func assigned(r *status.Resource) *status.Node { return r.Place(status.WhereAssigned) }

// verdict says what is to be said of a primitive on a node.
func (x *explainer) verdict(r *status.Resource, n *status.Node) Verdict {
	v := Verdict{Node: n.String(), Active: r.RunsOn(n), Chosen: assigned(r) == n}
	v.Terms, v.Score, v.Allowed = x.terms(r, n, false)
	v.Text = x.verdictText(r, n, v)
	return v
}

func (x *explainer) verdictText(r *status.Resource, n *status.Node, v Verdict) string {
	choice := x.trace.Choices[r]
	unmanaged := choice != nil && choice.How == status.ChoiceUnmanaged
	switch {
	case v.Chosen && unmanaged:
		return "it is left there, for it is not managed"
	case v.Chosen:
		return "chosen"
	case unmanaged:
		return "not asked, for it is not managed"
	case choice != nil && choice.How == status.ChoiceStopAll:
		return "stop-all-resources is true"
	case !v.Allowed:
		return x.notAllowedText(r, n)
	}
	if state := x.ruledOut(r, n, v); state != "" {
		return state
	}
	if text := x.lost(r, n); text != "" {
		return text
	}
	return "it could run there"
}

// ruledOut is why a resource cannot run on a node, "" if it can.
func (x *explainer) ruledOut(r *status.Resource, n *status.Node, v Verdict) string {
	var reasons []string
	state, why := x.stateThen(r, n)
	if state != "" {
		reasons = append(reasons, "the node is "+state+why)
	}
	for _, t := range bans(v.Terms) {
		if t.Kind != kindNode || state == "" {
			reasons = append(reasons, t.Text)
		}
	}
	if len(reasons) == 0 && v.Score < 0 {
		reasons = append(reasons, "its score is negative")
	}
	return strings.Join(reasons, "; ")
}

// bans are the terms that each rule the node out.
func bans(terms []Term) (all []Term) {
	for _, t := range terms {
		if t.Score <= -status.Infinity && !slices.ContainsFunc(all, func(o Term) bool { return o.Text == t.Text }) {
			all = append(all, t)
		}
	}
	return all
}

// stateThen is what kept a node from running resources when a resource was given
// its place, and why.
func (x *explainer) stateThen(r *status.Resource, n *status.Node) (state, why string) {
	state = x.stateOf(n)
	if choice := x.trace.Choices[r]; choice != nil {
		for _, rated := range choice.Nodes {
			if rated.Node == n {
				state = rated.Why
			}
		}
	}
	if state == "" {
		return "", ""
	}
	return state, x.whyState(n, state)
}

// stateOf is what keeps a node from running resources, "" if nothing does.
func (x *explainer) stateOf(n *status.Node) string { return n.Unavailable() }

// whyState is why a node is in such a state, with a colon before it, or "".
func (x *explainer) whyState(n *status.Node, state string) string {
	switch {
	case state == "in standby" && n.StandbyOnFail:
		return ", because an operation with on-fail=standby failed there"
	case state == "in standby" && !n.Pending:
		return " (node attribute standby)"
	case state == "in maintenance mode":
		return " (node attribute maintenance)"
	case state == "unclean" && len(x.trace.Fencing[n]) > 0:
		return ": " + fencingText(x.trace.Fencing[n][0])
	case state == "unclean" && n.Unseen:
		return ": it has not been seen since the cluster started (startup-fencing=true)"
	case state == "offline" && n.IsGuestOrRemote():
		return ": " + x.connectionText(n)
	}
	return ""
}

// connectionText says of a remote or guest node why it is not there.
func (x *explainer) connectionText(n *status.Node) string {
	r := n.RemoteResource
	switch {
	case r == nil:
		return "no resource connects to it"
	case n.IsGuest():
		return fmt.Sprintf("its container %s or the connection to it is not up", r.Container.ID)
	}
	return fmt.Sprintf("its connection %s is not up", r.ID)
}

// notAllowedText says why a resource does not even have a score for a node.
func (x *explainer) notAllowedText(r *status.Resource, n *status.Node) string {
	if !x.ws.Flags.Has(status.SymmetricCluster) {
		return "no location constraint allows it there, which it needs in an opt-in cluster (symmetric-cluster=false)"
	}
	if r.IsBundled() || n.IsBundleNode() {
		return "what is in a bundle's container runs on that container's own node, and nowhere else"
	}
	if exclusive := x.discoverySource(r); exclusive != "" {
		return notExclusive(exclusive)
	}
	if n.IsGuestOrRemote() {
		return "the node is none that it was given when the configuration was read: a remote or guest node without connection"
	}
	return "it may not run there at all"
}

// lost is why another node was preferred, "" if none was.
func (x *explainer) lost(r *status.Resource, n *status.Node) string {
	choice := x.trace.Choices[r]
	place := assigned(r)
	if choice == nil || place == nil {
		return ""
	}
	at := slices.IndexFunc(choice.Nodes, func(rated status.RatedNode) bool { return rated.Node == n })
	won := slices.IndexFunc(choice.Nodes, func(rated status.RatedNode) bool { return rated.Node == place })
	if at < 0 || won < 0 {
		return fmt.Sprintf("%s was preferred", place)
	}
	loser, winner := choice.Nodes[at], choice.Nodes[won]
	if loser.Score < winner.Score {
		return fmt.Sprintf("lower score than %s, which has %s", place, status.FormatScore(winner.Score))
	}
	if loser.Score > winner.Score {
		return fmt.Sprintf("higher score, but %s was given", place)
	}
	return "equal score; " + x.tieText(r, choice, loser, winner)
}

// tieText says what decided between nodes of equal score.
func (x *explainer) tieText(r *status.Resource, choice *status.Choice, loser, winner status.RatedNode) string {
	if choice.How != status.ChoiceBest && r.RunsOn(winner.Node) {
		return fmt.Sprintf("it is active on %s already", winner.Node)
	}
	if choice.How == status.ChoicePreferred {
		if r.MigrationTarget == winner.Node {
			return fmt.Sprintf("it is being migrated to %s", winner.Node)
		}
		return fmt.Sprintf("%s has the most capacity left, though none has enough for all that has to be together", winner.Node)
	}
	switch loser.Criterion {
	case status.CriterionCapacity:
		return fmt.Sprintf("%s has more capacity left (placement-strategy=balanced)", winner.Node)
	case status.CriterionCount:
		return fmt.Sprintf("fewer resources have been placed on %s so far (%d, on %s %d)", winner.Node, winner.Resources, loser.Node, loser.Resources)
	case status.CriterionActive:
		return fmt.Sprintf("it is active on %s already", winner.Node)
	}
	return fmt.Sprintf("%s comes first by name, nothing else being different", winner.Node)
}

// sortVerdicts puts the best node first: the chosen one, then by score, then as the
// nodes were compared.
func (x *explainer) sortVerdicts(r *status.Resource, verdicts []Verdict) {
	rank := map[string]int{}
	if choice := x.trace.Choices[r]; choice != nil {
		for i, rated := range choice.Nodes {
			rank[rated.String()] = i - len(choice.Nodes)
		}
	}
	slices.SortStableFunc(verdicts, func(a, b Verdict) int {
		if a.Chosen != b.Chosen {
			if a.Chosen {
				return -1
			}
			return 1
		}
		return rank[a.Node] - rank[b.Node]
	})
}
