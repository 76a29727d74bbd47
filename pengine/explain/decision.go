package explain

import (
	"fmt"
	"slices"
	"sync"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// maxChain is how far a chain of resources that depend on each other is told.
const maxChain = 4

// decision says what decided where a primitive goes, the most decisive first, and
// then why the resources are where they are whose place decided.
func (x *explainer) decision(r *status.Resource) (all []string) {
	told := map[*status.Resource]bool{}
	for next := r; next != nil && next.Variant == status.Primitive && !told[next] && len(told) < maxChain; {
		told[next] = true
		reasons, after := x.decide(next)
		for _, reason := range reasons {
			if next != r {
				reason = next.ID + ": " + reason
			}
			all = append(all, reason)
		}
		next = after
	}
	return all
}

// decide says what decided where a primitive goes, and names the resource whose
// place decided, nil if none did.
func (x *explainer) decide(r *status.Resource) ([]string, *status.Resource) {
	choice := x.trace.Choices[r]
	switch {
	case choice != nil && choice.How == status.ChoiceUnmanaged:
		return []string{sentence("The cluster does not manage it: %s", x.unmanagedText(r))}, nil
	case choice != nil && choice.How == status.ChoiceStopAll:
		return []string{"Nothing is to be active: the cluster option stop-all-resources is true."}, nil
	case assigned(r) != nil:
		return x.won(r, choice)
	}
	return x.nowhere(r)
}

// won says why a primitive's node was chosen.
func (x *explainer) won(r *status.Resource, choice *status.Choice) ([]string, *status.Resource) {
	place := assigned(r)
	if choice == nil || len(choice.Nodes) == 0 {
		return nil, nil
	}
	var rivals []status.RatedNode
	var winner status.RatedNode
	for _, rated := range choice.Nodes {
		switch {
		case rated.Node == place:
			winner = rated
		case rated.Usable && rated.Score >= 0:
			rivals = append(rivals, rated)
		}
	}
	if winner.Node == nil {
		return nil, nil
	}
	if len(rivals) == 0 {
		text := sentence("%s is the only node that can run it", place)
		common, with := x.commonBan(r, place)
		if common != "" {
			text += " " + sentence("Anywhere else: %s", common)
		}
		return []string{text}, with
	}
	next := rivals[0]
	for _, rival := range rivals {
		if rival.Score > next.Score {
			next = rival
		}
	}
	if next.Score == winner.Score {
		return []string{sentence("%s and %s have the same score, %s; %s", place, next.Node, status.FormatScore(winner.Score), x.tieText(r, choice, next, winner))}, nil
	}
	text := sentence("%s has the highest score, %s; the next is %s with %s", place, status.FormatScore(winner.Score), next.Node, status.FormatScore(next.Score))
	t, ok := x.difference(r, place, next.Node)
	if !ok {
		return []string{text}, nil
	}
	return []string{text, sentence("What makes the difference, on %s: %s (%s)", t.node, t.Text, signed(t.Score))}, x.ws.Find(t.With, 0)
}

// nodeTerm is a term and the node that it is about.
type nodeTerm struct {
	Term
	node string
}

// difference is the term that counts most in favor of one node against another.
func (x *explainer) difference(r *status.Resource, winner, loser *status.Node) (most nodeTerm, ok bool) {
	won, _, _ := x.terms(r, winner, false)
	lost, _, _ := x.terms(r, loser, false)
	best := 0
	take := func(t Term, node *status.Node, gain int) {
		if gain > best && !t.Reset {
			best, ok = gain, true
			most = nodeTerm{t, node.String()}
		}
	}
	in := func(terms []Term, t Term) (same int) {
		for _, o := range terms {
			if o.Kind == t.Kind && o.ID == t.ID && o.With == t.With {
				same += o.Score
			}
		}
		return same
	}
	for _, t := range won {
		take(t, winner, t.Score-in(lost, t))
	}
	for _, t := range lost {
		if t.Score < 0 {
			take(t, loser, in(won, t)-t.Score)
		}
	}
	return most, ok
}

// commonBan is what rules out all nodes that are up but one, if it is the same for
// all; with is the resource whose place that depends on, if it does.
func (x *explainer) commonBan(r *status.Resource, but *status.Node) (common string, with *status.Resource) {
	for _, n := range x.ws.Nodes {
		if n == but || x.stateOf(n) != "" || r.Allowed.Get(n) == nil {
			continue
		}
		terms, _, _ := x.terms(r, n, false)
		found := bans(terms)
		if len(found) == 0 {
			return "", nil
		}
		if n.IsGuestOrRemote() && found[0].Kind == kindRemote {
			continue
		}
		i := 0
		if common != "" {
			if i = slices.IndexFunc(found, func(t Term) bool { return t.Text == common }); i < 0 {
				return "", nil
			}
		}
		common, with = found[i].Text, x.ws.Find(found[i].With, 0)
	}
	return common, with
}

// kindTexts say of a kind of term that it rules out all nodes, each in its way.
var kindTexts = sync.OnceValue(func() map[string]string {
	return map[string]string{
		kindCloneLimit: "other instances are where it could be", kindFailure: "failures rule out each that is up", kindFailures: "it has failed too often on each that is up",
		kindHealth: "each that is up is in bad health", kindLocation: "location constraints rule out each that is up", kindRule: "rules of location constraints rule out each that is up",
		kindUtilization: "none that is up has enough capacity left", kindColocation: "colocations rule out each that is up",
	}
})

// commonKind is the kind of what rules out all nodes that are up, "" if there are
// several.
func (x *explainer) commonKind(r *status.Resource) (kind string) {
	for _, n := range x.ws.Nodes {
		if x.stateOf(n) != "" || r.Allowed.Get(n) == nil {
			continue
		}
		terms, _, _ := x.terms(r, n, false)
		found := bans(terms)
		if len(found) == 0 || kind != "" && found[0].Kind != kind {
			return ""
		}
		kind = found[0].Kind
	}
	return kind
}

// nowhere says why a primitive has no place.
func (x *explainer) nowhere(r *status.Resource) ([]string, *status.Resource) {
	if r.NextRole == status.RoleStopped && r.IsDisabled() || x.hasTag(r, "target-role") {
		text := x.disabledText(r)
		return []string{sentence("%s", capital(text))}, nil
	}
	if r.Is(status.Orphan) {
		return []string{"It is not in the configuration any more (an orphan), and stop-orphan-resources is true."}, nil
	}
	if common, with := x.commonBan(r, nil); common != "" {
		return []string{sentence("No node can run it: %s", common)}, with
	}
	up := 0
	for _, n := range x.ws.Nodes {
		if x.stateOf(n) == "" && r.Allowed.Get(n) != nil {
			up++
		}
	}
	if up == 0 {
		if !x.ws.Flags.Has(status.SymmetricCluster) && r.Allowed.Len() == 0 {
			return []string{"No node can run it: none is allowed by a location constraint, which it needs in an opt-in cluster (symmetric-cluster=false)."}, nil
		}
		return []string{"No node can run it: none of its nodes is available."}, nil
	}
	if text := kindTexts()[x.commonKind(r)]; text != "" {
		return []string{sentence("No node can run it: %s", text)}, nil
	}
	const few = 3
	if up > few {
		if x.hasTag(r, status.TagCloneNodeMax) {
			return []string{"No node can run it: those that have another instance take no more, and the others are ruled out."}, nil
		}
		return []string{"No node can run it; each that is up is ruled out for a reason of its own."}, nil
	}
	reasons := []string{"No node can run it."}
	for _, n := range x.ws.Nodes {
		if x.stateOf(n) == "" && r.Allowed.Get(n) != nil {
			reasons = append(reasons, sentence("On %s: %s", n, x.verdict(r, n).Text))
		}
	}
	return reasons, nil
}

// hasTag tells whether a score of the resource was changed for that reason.
func (x *explainer) hasTag(r *status.Resource, tag string) bool {
	for c := range r.Allowed.ByIndex() {
		for _, change := range x.trace.Scores[status.TracedScore{Resource: r, Node: c.Node}] {
			if change.Tag == tag {
				return true
			}
		}
	}
	return false
}

// unmanagedText says why the cluster leaves a resource as it is.
func (x *explainer) unmanagedText(r *status.Resource) string {
	switch {
	case x.ws.Flags.Has(status.MaintenanceMode):
		return "the cluster is in maintenance mode (cluster option maintenance-mode=true)"
	case r.Is(status.Maintenance):
		return "it is in maintenance mode" + source(x.metaSource(r, "maintenance"))
	case r.Is(status.Blocked):
		return x.blockedText(r)
	case r.Is(status.Orphan):
		return "it is not in the configuration any more (an orphan), and stop-orphan-resources is false"
	}
	if managed, ok := r.Meta["is-managed"]; ok && !status.IsTrue(managed) {
		return "is-managed=" + managed + source(x.metaSource(r, "is-managed"))
	}
	for _, n := range r.Running {
		if n.Maintenance {
			return fmt.Sprintf("node %s, where it is active, is in maintenance mode", n)
		}
	}
	if x.ws.Flags.Has(status.FencingEnabled) && !x.ws.Flags.Has(status.HaveFenceDevice) {
		return "fencing is enabled (stonith-enabled=true) but no fence device is configured, and without one nothing is started"
	}
	return "something has blocked it"
}

// blockedText says what has blocked a resource.
func (x *explainer) blockedText(r *status.Resource) string {
	switch {
	case r.Recovery == status.RecoveryBlock && len(r.Running) > 1:
		return fmt.Sprintf("it is active on %s at once, with multiple-active=block", list(nodeNames(r.Running)))
	case len(r.Tickets) > 0 && x.frozen(r):
		return "ticket " + x.tickets(r) + " was lost, with loss-policy=freeze"
	}
	return "a failure has blocked it, until somebody cleans it up (crm_resource --cleanup)" + x.failureOf(r, nil, "")
}

func (x *explainer) frozen(r *status.Resource) bool {
	return slices.ContainsFunc(r.Tickets, func(c *status.TicketConstraint) bool {
		return c.LossPolicy == status.LossFreeze && !c.Ticket.Granted
	})
}
