package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// The kinds of terms.
const (
	kindNode        = "node"       // the node's own score: it cannot run resources, or is no ordinary node
	kindLocation    = "location"   // a location constraint
	kindRule        = "rule"       // a rule of one
	kindHealth      = "health"     // the node's health
	kindStickiness  = "stickiness" // it is there already
	kindColocation  = "colocation" // where the resource that it goes with is
	kindDependent   = "dependent"  // what goes with it wants to be elsewhere, or here
	kindGroup       = "group"      // the member before it
	kindContainer   = "container"  // it runs in a container, or on a guest node
	kindFailures    = "failures"   // migration-threshold
	kindFailure     = "failure"    // an operation has failed
	kindUnmanaged   = "unmanaged"  // it is left where it is
	kindOrphan      = "orphan"     // it is not configured any more
	kindLock        = "shutdown-lock"
	kindUtilization = "utilization" // capacity
	kindTicket      = "ticket"
	kindCloneLimit  = "clone-limit" // clone-max, clone-node-max
	kindDisabled    = "disabled"    // target-role and the like
	kindDiscovery   = "resource-discovery"
	kindPromotion   = "promotion" // a promotion score
	kindRemote      = "remote"    // not on remote nodes
	kindOther       = "other"
)

// terms are what the score that a resource has for a node is made of: all of it, or
// with printed what it was made of when crm_simulate -s shows it.
func (x *explainer) terms(r *status.Resource, n *status.Node, printed bool) (terms []Term, score int, ok bool) {
	entry := r.Allowed.Get(n)
	if entry == nil {
		return nil, 0, false
	}
	changes := x.trace.Scores[status.TracedScore{Resource: r, Node: entry.Node}]
	if printed {
		end := x.printedAt(r, n)
		changes = changes[:slices.IndexFunc(append(slices.Clone(changes), status.ScoreChange{Records: end + 1}),
			func(c status.ScoreChange) bool { return c.Records > end })]
	}
	score = entry.Score
	if len(changes) > 0 {
		score = changes[0].Before
	} else if printed {
		score = entry.Node.Score
	}
	if score != 0 {
		terms = append(terms, Term{Kind: kindNode, Score: score, Text: x.nodeScoreText(n)})
	}
	for _, c := range changes {
		t := x.term(r, n, c)
		t.Score, t.Reset = c.Delta, c.Reset
		if c.Reset {
			t.Score = c.After
		}
		score = c.After
		if last := len(terms) - 1; last >= 0 && c.Delta == -status.Infinity && slices.ContainsFunc(terms, func(o Term) bool { return o == t }) {
			continue // said twice of a member and its group
		}
		terms = append(terms, t)
	}
	return terms, score, true
}

// printedAt is the number of the last record of a resource's score for a node; all
// that comes before it has gone into what is printed.
func (x *explainer) printedAt(r *status.Resource, n *status.Node) int {
	for i, record := range slices.Backward(x.ws.Records) {
		if record.Kind == status.RecordScore && record.Resource == r.ID && record.Node == n.Name {
			return i
		}
	}
	return len(x.ws.Records)
}

func (x *explainer) nodeScoreText(n *status.Node) string {
	if state := x.stateOf(n); state != "" {
		return "the node is " + state
	}
	return "the node's own score"
}

// term says what a change of a score comes from.
func (x *explainer) term(r *status.Resource, n *status.Node, c status.ScoreChange) Term {
	switch {
	case c.Location != nil:
		return x.locationTerm(c.Location, n)
	case c.Colocation != nil:
		return x.colocationTerm(r, n, c)
	}
	kind, text := x.tagTerm(r, n, c)
	return Term{Kind: kind, Text: text}
}

// locationTerm is what a location constraint says.
func (x *explainer) locationTerm(l *status.Location, n *status.Node) Term {
	if source, ok := x.trace.Rules[l]; ok {
		id := source.Constraint.SelectAttrValue("id", l.ID)
		return Term{Kind: kindRule, ID: id, Text: fmt.Sprintf("rule %s of location constraint %s: %s%s", l.ID, id, x.ruleText(l, source, n), leftover(id))}
	}
	if x.isHealth(l) {
		return Term{Kind: kindHealth, ID: l.ID, Text: fmt.Sprintf("health of the node: %s (node-health-strategy=%s)", healthText(n), l.ID)}
	}
	return Term{Kind: kindLocation, ID: l.ID, Text: "location constraint " + l.ID + leftover(l.ID)}
}

// isHealth tells whether it is a constraint that the scheduler makes of a node's
// health, which has the strategy's name for an id.
func (x *explainer) isHealth(l *status.Location) bool {
	return x.ws.Health.Strategy != status.HealthNone && l.ID == x.ws.Option("node-health-strategy") && len(l.Nodes) == 1
}

func healthText(n *status.Node) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n.Attributes)) {
		if strings.HasPrefix(name, "#health") {
			parts = append(parts, name+"="+n.Attributes[name])
		}
	}
	if len(parts) == 0 {
		return "node-health-base"
	}
	return strings.Join(parts, ", ")
}

// leftover reminds of what made a constraint that nobody wrote.
func leftover(id string) string {
	switch {
	case strings.HasPrefix(id, "cli-ban-"):
		return " (left by crm_resource --ban or --move; --clear removes it)"
	case strings.HasPrefix(id, "cli-prefer-"), strings.HasPrefix(id, "cli-standby-"):
		return " (left by crm_resource --move; --clear removes it)"
	}
	return ""
}

// colocationTerm is what a colocation says of a node.
func (x *explainer) colocationTerm(r *status.Resource, n *status.Node, c status.ScoreChange) Term {
	col := c.Colocation
	t := Term{Kind: kindColocation, ID: col.ID}
	if c.With != nil {
		t.With = c.With.ID
	}
	where := x.whereabouts(c.With, col)
	role := ""
	if col.PrimaryRole >= status.RoleUnpromoted {
		role = " " + roleVerb(col.PrimaryRole)
	}
	switch {
	case col.ID == "group:internal_colocation" && c.With == col.Primary:
		t.Kind, t.ID = kindGroup, r.Parent.ID
		t.Text = fmt.Sprintf("it follows %s, the member before it in group %s, %s", c.With.ID, r.Parent.ID, where)
	case col.ID == "group:internal_colocation":
		t.Kind, t.ID = kindGroup, col.Dependent.Parent.ID
		t.Text = fmt.Sprintf("%s, which follows it in group %s, %s", c.With.ID, col.Dependent.Parent.ID, wish(c))
	case ownColocation(col):
		t.Kind, t.ID = kindContainer, ""
		t.Text = fmt.Sprintf("it goes with %s, %s", c.With.ID, where)
		if c.With != col.Primary {
			t.Text = fmt.Sprintf("%s, which goes with it, %s", c.With.ID, wish(c))
		}
	case c.With != col.Primary && !related(c.With, col.Primary):
		t.Kind = kindDependent
		t.Text = fmt.Sprintf("%s, which is to be %s it (colocation %s, score %s), %s", c.With.ID, withOrAway(col), col.ID, status.FormatScore(col.Score), wish(c))
	case col.Score <= -status.Infinity:
		t.Text = fmt.Sprintf("it must not be with %s%s (colocation %s), %s", c.With.ID, role, col.ID, where)
	case col.Score >= status.Infinity:
		t.Text = fmt.Sprintf("it must be with %s%s (colocation %s), %s", c.With.ID, role, col.ID, where)
	case col.Score < 0:
		t.Text = fmt.Sprintf("it is rather not with %s%s (colocation %s), %s", c.With.ID, role, col.ID, where)
	default:
		t.Text = fmt.Sprintf("it is rather with %s%s (colocation %s), %s", c.With.ID, role, col.ID, where)
	}
	return t
}

// ownColocation tells whether the scheduler made a colocation itself, for what is in
// containers.
func ownColocation(c *status.Colocation) bool {
	return c.ID == "resource-with-container" || c.ID == "ip-with-docker" || c.ID == "child-remote-with-docker-remote"
}

func withOrAway(c *status.Colocation) string {
	if c.Score < 0 {
		return "away from"
	}
	return "with"
}

// wish says what another resource thinks of a node, to which a score gives way.
func wish(c status.ScoreChange) string {
	text := "prefers the node"
	if (c.Delta < 0) == (c.Colocation.Score > 0) {
		text = "avoids the node"
	}
	if len(c.With.WithThis) > 0 || len(c.With.ThisWith) > 1 {
		text += ", or what goes with " + c.With.ID + " does"
	}
	return text
}

// related tells whether one resource is the other, or above or below it.
func related(a, b *status.Resource) bool { return a == b || a.IsIn(b) || b.IsIn(a) }

// whereabouts says of the primary of a colocation where it shall be, in the role
// that counts.
func (x *explainer) whereabouts(r *status.Resource, c *status.Colocation) string {
	if r == nil {
		return "which is nowhere"
	}
	if role := c.PrimaryRole; role >= status.RoleUnpromoted && len(r.Children) > 0 {
		var there []*status.Node
		for _, p := range primitives(r) {
			if p.NextRole == role {
				there = append(there, p.Places(status.WhereAssigned)...)
			}
		}
		if len(there) == 0 {
			return "which is so nowhere"
		}
		return "which is so on " + list(nodeNames(there))
	}
	places, here := r.Places(status.WhereAssigned), r.Places(status.WhereRunning)
	stays := !slices.ContainsFunc(places, func(n *status.Node) bool { return !slices.Contains(here, n) })
	switch nodes := list(nodeNames(places)); {
	case nodes != "" && stays:
		return "which is on " + nodes
	case nodes != "":
		return "which goes to " + nodes
	}
	return "which cannot run anywhere"
}
