package explain

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// variantNames are what kinds of resources are called.
var variantNames = sync.OnceValue(func() map[status.Variant]string {
	return map[status.Variant]string{
		status.Primitive: "primitive", status.Group: "group", status.Clone: "clone", status.Bundle: "bundle",
	}
})

// base is what there is to say of a resource of any kind.
func (x *explainer) base(r *status.Resource, on *status.Node) *Resource {
	e := &Resource{
		ID: r.ID, Kind: variantNames()[r.Variant], Active: nodeNames(r.Places(status.WhereRunning)), Place: nodeNames(r.Places(status.WhereAssigned)),
		Role: r.CurrentRole().String(), Next: r.WantedRole().String(), Managed: r.Is(status.Managed), Changes: x.changes(r),
	}
	if on != nil {
		e.Node = on.String()
	}
	return e
}

// primitive explains a primitive; with a node, only that.
func (x *explainer) primitive(r *status.Resource, on *status.Node) *Resource {
	e := x.base(r, on)
	e.Answer = x.answer(r, e.Changes)
	e.Reasons = x.why(r)
	nodes := x.ws.Nodes
	if on != nil {
		nodes = []*status.Node{on}
		e.Answer, e.Reasons = x.answerOn(r, on, e)
	}
	for _, n := range nodes {
		if v := x.verdict(r, n); on != nil || v.Allowed || !n.IsGuestOrRemote() {
			e.Verdicts = append(e.Verdicts, v)
		}
	}
	x.sortVerdicts(r, e.Verdicts)
	e.Facts = x.facts(r, on)
	return e
}

// why is what is done and why, and why it goes where it goes.
func (x *explainer) why(r *status.Resource) []string {
	reasons := x.changeReasons(r)
	place := assigned(r)
	if place == nil || !r.Is(status.Managed) {
		return append(reasons, x.decision(r)...)
	}
	if slices.ContainsFunc(show.Changes(r), func(c show.Change) bool { return c.Task == "Stop" }) {
		verb := "go to"
		if r.RunsOn(place) {
			verb = "stay on"
		}
		return append(append(reasons, sentence("Otherwise it would %s %s", verb, place)), x.decision(r)...)
	}
	for _, n := range r.Running {
		if n != place {
			reasons = append(reasons, sentence("It does not stay on %s: %s", n, x.verdict(r, n).Text))
		}
	}
	return append(reasons, x.decision(r)...)
}

// changeReasons are why something is done with a primitive, or cannot be, and with
// those that it depends on.
func (x *explainer) changeReasons(r *status.Resource) (reasons []string) {
	add := func(of *status.Resource, text string) {
		if of != r {
			text = of.ID + ": " + text
		}
		if !slices.Contains(reasons, text) {
			reasons = append(reasons, text)
		}
	}
	told := map[*status.Resource]bool{}
	for next := r; next != nil && !told[next] && len(told) < maxChain; {
		told[next] = true
		of := next
		next = nil
		blocked := false
		changes := show.Changes(of)
		for _, c := range changes {
			text, other := x.reasonText(c)
			switch {
			case text == "":
				continue
			case c.Blocked:
				add(of, sentence("It cannot %s now because %s", changeVerb(c.Task), text))
			default:
				add(of, sentence("It is to %s because %s", changeVerb(c.Task), text))
			}
			next, blocked = other, blocked || c.Blocked
		}
		if of != r && len(changes) == 0 && of.Variant == status.Primitive {
			for _, text := range x.decision(of) {
				add(of, text)
			}
		}
	}
	return reasons
}

// changeVerb is what a resource is to do, by what the summary calls it.
func changeVerb(task string) string {
	switch task = strings.ToLower(task); task {
	case "promote", "demote", "re-promote", "recover", "restart", "reload", "migrate":
		return "be " + participle(task)
	}
	return task
}

func participle(task string) string {
	switch task {
	case "stop":
		return "stopped"
	case "recover", "start", "restart", "reload":
		return task + "ed"
	case "re-promote":
		return "demoted and promoted again"
	case "migrate":
		return "migrated live"
	}
	return task + "d"
}

// answer says where a primitive is, and what becomes of it.
func (x *explainer) answer(r *status.Resource, changes []Change) string {
	text := r.ID + " is " + x.now(r)
	place := assigned(r)
	switch {
	case len(changes) > 0:
		return sentence("%s%s", text, x.future(r, changes))
	case len(r.Running) == 0 && place == nil:
		return sentence("%s and stays so", text)
	case !r.Is(status.Managed) && len(r.Running) > 0:
		return sentence("%s and is left alone", text)
	case !r.Is(status.Managed):
		return sentence("%s and is not started", text)
	case place != nil && r.RunsOn(place):
		return sentence("%s and stays there", text)
	case place != nil:
		return sentence("%s and has its place on %s", text, place)
	}
	return sentence("%s", text)
}

// now says where a primitive is.
func (x *explainer) now(r *status.Resource) string {
	if len(r.Running) == 0 {
		return "stopped"
	}
	text := roleVerb(r.Role) + " on " + list(nodeNames(r.Running))
	if r.Is(status.Failed) {
		text += ", but has failed,"
	}
	return text
}

// future says what is done with a primitive, after "X is ...".
func (x *explainer) future(r *status.Resource, changes []Change) string {
	c := changes[0]
	will := "will be"
	if c.Blocked {
		will = "should be"
	}
	cannot := ""
	if c.Blocked {
		cannot = ", but cannot be now"
	}
	there := "there"
	if c.To != "" && (len(r.Running) != 1 || r.Running[0].String() != c.To) {
		there = "on " + c.To
	}
	role := ""
	if r.NextRole == status.RolePromoted && c.Task != "promote" && c.Task != "re-promote" {
		role = " and promoted"
	}
	switch c.Task {
	case "start":
		return fmt.Sprintf(" and %s started on %s%s%s", will, c.To, role, cannot)
	case "stop":
		return fmt.Sprintf(" and %s stopped%s", will, cannot)
	case "move":
		return fmt.Sprintf(" and %s moved to %s%s%s", will, c.To, role, cannot)
	case "migrate":
		return fmt.Sprintf(" and %s migrated live to %s%s", will, c.To, cannot)
	case "recover":
		if c.To == "" {
			there = "there"
		}
		return fmt.Sprintf(" and %s recovered: stopped, then started %s%s%s", will, there, role, cannot)
	case "restart":
		return fmt.Sprintf(" and %s restarted %s%s%s", will, there, role, cannot)
	case "reload":
		return fmt.Sprintf(" and %s reloaded %s, for which it need not stop%s", will, there, cannot)
	case "promote":
		if len(r.Running) == 0 {
			return fmt.Sprintf(" and %s started and promoted on %s%s", will, c.To, cannot)
		}
		return fmt.Sprintf(" and %s promoted %s%s", will, there, cannot)
	}
	return fmt.Sprintf(" and %s %s %s%s", will, participle(c.Task), there, cannot)
}

// answerOn says whether and why a primitive is on a node.
func (x *explainer) answerOn(r *status.Resource, n *status.Node, e *Resource) (answer string, reasons []string) {
	if assigned(r) == n {
		return e.Answer, e.Reasons
	}
	verdict := x.verdict(r, n)
	reasons = []string{sentence("On %s: %s", n, verdict.Text)}
	if r.RunsOn(n) {
		leaves := sentence("It does not stay on %s: %s", n, verdict.Text)
		return e.Answer, append(reasons, slices.DeleteFunc(e.Reasons, func(reason string) bool { return reason == leaves })...)
	}
	answer = fmt.Sprintf("%s is not on %s, and will not be", r.ID, n)
	switch {
	case assigned(r) != nil && r.RunsOn(assigned(r)):
		answer += fmt.Sprintf(": it is on %s", assigned(r))
	case assigned(r) != nil:
		answer += fmt.Sprintf(": its place is on %s", assigned(r))
	default:
		answer += ": it has no place at all"
	}
	return answer + ".", append(reasons, e.Reasons...)
}

// facts are what else is good to know of a resource.
func (x *explainer) facts(r *status.Resource, on *status.Node) (facts []Fact) {
	facts = append(facts, x.waits(r)...)
	facts = append(facts, x.promotionFacts(r)...)
	facts = append(facts, x.failureFacts(r, on)...)
	facts = append(facts, x.locationFacts(r, on)...)
	for _, c := range x.trace.Unheeded[r] {
		facts = append(facts, Fact{kindColocation, sentence("Colocation %s of %s with %s was left out of account: it would have left no node", c.ID, c.Dependent.ID, c.Primary.ID)})
	}
	return facts
}

// promotionFacts say what was decided of an instance's role.
func (x *explainer) promotionFacts(r *status.Resource) []Fact {
	p, ok := x.trace.Promotions[r]
	if !ok {
		return nil
	}
	score := status.FormatScore(p.Score) + x.promotionSum(r, p)
	switch {
	case p.Promoted && r.WantedRole() != status.RolePromoted:
		return []Fact{{kindPromotion, sentence("It was chosen to be promoted, with a promotion score of %s, but will not be%s", score, comma(x.unpromotedText(r)))}}
	case p.Promoted:
		return []Fact{{kindPromotion, sentence("It is promoted with a promotion score of %s, %s of at most promoted-max=%d", score, ordinal(p.Before+1), p.Most)}}
	case assigned(r) == nil:
		return nil
	case p.Before >= p.Most:
		return []Fact{{kindPromotion, sentence("It is not promoted: its promotion score is %s, and others that come before it are promoted (promoted-max=%d)", score, p.Most)}}
	case p.Score < 0:
		return []Fact{{kindPromotion, sentence("It is not promoted: its promotion score is %s, and it has to be 0 at least", score)}}
	case p.Quorum:
		return []Fact{{kindPromotion, "It is not promoted: there is no quorum (cluster option no-quorum-policy=freeze)."}}
	}
	return []Fact{{kindPromotion, sentence("It is not promoted, although its promotion score is %s: the node cannot take it (its own state, a colocation, a ticket, or promoted-node-max=%d)", score, r.PromotedNodeMax())}}
}

// promotionSum says what a promotion score is made of, "" if of nothing.
func (x *explainer) promotionSum(r *status.Resource, p status.Promotion) string {
	n := assigned(r)
	if n == nil {
		return ""
	}
	var terms []Term
	sum := 0
	for _, c := range x.trace.Priorities[r] {
		t := x.term(r, n, c)
		t.Score, t.Reset = c.Delta, c.Reset
		if c.Reset {
			t.Score = c.After
		}
		if t.Kind == kindPromotion && promotionSource(r, n) == "" {
			t.Text = "it has no promotion score there"
		}
		terms = append(terms, t)
		sum = c.After
	}
	if rest := p.Score - sum; rest != 0 && p.Score < status.Infinity && sum > -status.Infinity {
		terms = append(terms, Term{Kind: kindPromotion, Score: rest, Text: "what " + r.Top().ID + " and its colocations say of the node"})
	}
	if len(terms) < 2 {
		return source(promotionSource(r, n))
	}
	return ", which is " + sumOf(terms)
}

// unpromotedText says why a primitive that was to be promoted is not, "" if nothing
// does.
func (x *explainer) unpromotedText(r *status.Resource) string {
	for _, p := range primitives(r) {
		for _, c := range slices.Backward(x.trace.Roles[p]) {
			if c.From != status.RolePromoted || c.To == status.RolePromoted {
				continue
			}
			if c.Why == "no-quorum-policy=demote" {
				return "because this part of the cluster has no quorum (cluster option no-quorum-policy=demote)"
			}
			return "because of " + c.Why
		}
	}
	return ""
}

func ordinal(n int) string {
	names := []string{"the first", "the second", "the third"}
	if n <= len(names) {
		return names[n-1]
	}
	return fmt.Sprintf("number %d", n)
}

// failureFacts are what has failed of a resource.
func (x *explainer) failureFacts(r *status.Resource, on *status.Node) (facts []Fact) {
	for _, n := range x.ws.Nodes {
		if on != nil && n != on {
			continue
		}
		entries := x.trace.Failures[status.TracedScore{Resource: r, Node: n}]
		count := ""
		if failures, _ := r.FailCount(n, status.FailCountEffective, nil); failures > 0 {
			count = fmt.Sprintf(" (fail count %s, migration-threshold %s)", status.FormatScore(failures), status.FormatScore(r.MigrationThreshold))
			if r.MigrationThreshold == 0 {
				count = fmt.Sprintf(" (fail count %s, no migration-threshold)", status.FormatScore(failures))
			}
		}
		seen := map[string]bool{}
		for _, entry := range entries {
			text := sentence("On %s its %s%s", n, x.entryText(entry), count)
			if !seen[text] {
				seen[text] = true
				facts = append(facts, Fact{kindFailure, text})
			}
		}
		if len(entries) == 0 && count != "" {
			facts = append(facts, Fact{kindFailures, sentence("On %s it has failed before%s", n, count)})
		}
	}
	return facts
}

// locationFacts are location constraints that do not count where one may think that
// they do.
func (x *explainer) locationFacts(r *status.Resource, on *status.Node) (facts []Fact) {
	for p := r; p != nil; p = p.Parent {
		for _, l := range p.Locations {
			if l.RoleFilter == status.RolePromoted && !r.Is(status.Promotable) && r.NextRole != l.RoleFilter {
				facts = append(facts, Fact{kindLocation, sentence("Location constraint %s counts for the promoted role only", l.ID)})
			}
			if l.Discovery == status.DiscoverNever {
				facts = append(facts, Fact{kindDiscovery, sentence("Location constraint %s has resource-discovery=never: it is not looked there whether it is active", l.ID)})
			}
			rule, ok := x.trace.Rules[l]
			if !ok || on == nil && len(l.Nodes) > 0 || on != nil && applies(l, on) {
				continue
			}
			at, where := on, ""
			if on == nil {
				if len(x.ws.Nodes) == 0 {
					continue
				}
				at = x.ws.Nodes[0]
				where = ", and on no other node"
			}
			facts = append(facts, Fact{kindRule, sentence("Rule %s of location constraint %s does not count on %s%s: %s",
				l.ID, rule.Constraint.SelectAttrValue("id", l.ID), at, where, x.ruleText(l, rule, at))})
		}
	}
	return facts
}
