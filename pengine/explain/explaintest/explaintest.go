// Package explaintest checks explanations of any cluster, for tests: those of package
// explain, and that of the reference's corpus.
package explaintest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pengine/explain"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Schedule reads a CIB, of whatever version, and schedules it at a time, with a trace.
func Schedule(cib *etree.Element, now time.Time) (*status.WorkingSet, error) {
	upgraded, _ := schema.UpdateConfiguration(cib)
	ws, err := status.Unpack(upgraded.CIB, status.Options{Now: now, Flags: status.NoCompat | status.ShowScores, Trace: status.NewTrace()})
	if err != nil {
		return nil, err
	}
	sched.Schedule(ws)
	return ws, nil
}

// Check finds what is wrong with the trace of a scheduled working set, and with what
// is explained by it.
func Check(ws *status.WorkingSet) (wrong []string) {
	c := checker{ws: ws}
	c.scores()
	c.promotions()
	var before []*status.Node
	for _, r := range ws.AllResources() {
		before = append(before, place(r))
	}
	for i, r := range ws.AllResources() {
		c.explain(r, "")
		for _, n := range ws.Nodes {
			c.explain(r, n.Name)
		}
		if place(r) != before[i] {
			c.errorf("%s: explaining moved it", r.ID)
		}
	}
	for _, n := range ws.Nodes {
		if _, err := explain.Of(ws, n.Name); err != nil && n.HasName {
			c.errorf("%s: %v", n, err)
		}
	}
	return c.wrong
}

type checker struct {
	ws    *status.WorkingSet
	wrong []string
}

// alone tells whether no other resource has the same id: of such it cannot be told
// which of them a record is about.
func (c *checker) alone(r *status.Resource) bool {
	return !slices.ContainsFunc(c.ws.AllResources(), func(o *status.Resource) bool { return o != r && o.ID == r.ID })
}

// single tells whether no other node has the same name, and it has one.
func (c *checker) single(n *status.Node) bool {
	return n != nil && !slices.ContainsFunc(c.ws.Nodes, func(o *status.Node) bool { return o != n && o.Name == n.Name })
}

func (c *checker) errorf(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

func place(r *status.Resource) *status.Node { return r.Place(status.WhereAssigned) }

// base is what a score was before anything changed it: nothing, or what the node's
// entry says, or the ban from a node that cannot run resources.
func base(changes []status.ScoreChange, entry *status.Candidate) int {
	first := entry.Score
	if len(changes) > 0 {
		first = changes[0].Before
	}
	if first == 0 {
		return 0
	}
	return entry.Node.Score
}

// scores checks that what the trace has of a score leads to the score: the one that
// crm_simulate -s prints, and the last one.
func (c *checker) scores() {
	printed := map[[2]string]int{}
	for i, record := range c.ws.Records {
		if record.Kind == status.RecordScore {
			printed[[2]string{record.Resource, record.Node}] = i
		}
	}
	for _, r := range c.ws.AllResources() {
		for entry := range r.Allowed.ByIndex() {
			at, ok := printed[[2]string{r.ID, entry.Name}]
			c.score(r, entry, at, ok && c.alone(r) && c.single(entry.Node))
		}
	}
}

func (c *checker) score(r *status.Resource, entry *status.Candidate, at int, printed bool) {
	changes := c.ws.Options.Trace.Scores[status.TracedScore{Resource: r, Node: entry.Node}]
	sum := base(changes, entry)
	shown := sum
	for _, change := range changes {
		if change.Before != sum {
			c.errorf("%s on %s: a change from %d, not %d: %+v", r.ID, entry.Name, change.Before, sum, change)
		}
		if sum = status.AddScores(sum, change.Delta); change.Reset {
			sum = change.After
		}
		if change.Records <= at {
			shown = sum
		}
	}
	if sum != entry.Score {
		c.errorf("%s on %s: changes lead to %d, not %d: %+v", r.ID, entry.Name, sum, entry.Score, changes)
	}
	if printed && shown != c.ws.Records[at].Score {
		c.errorf("%s on %s: changes lead to %d, not %d as printed: %+v", r.ID, entry.Name, shown, c.ws.Records[at].Score, changes)
	}
}

// promotions checks that the promotion scores of the trace are those printed, and
// that what it has of them has no gap.
func (c *checker) promotions() {
	trace := c.ws.Options.Trace
	for r, p := range trace.Promotions {
		i := slices.IndexFunc(c.ws.Records, func(record status.Record) bool {
			return record.Kind == status.RecordPromotion && record.Resource == r.ID
		})
		if c.alone(r) && (i < 0 || c.ws.Records[i].Score != p.Score) {
			c.errorf("%s: a promotion %+v that is not the one printed", r.ID, p)
		}
	}
	for r, changes := range trace.Priorities {
		sum := 0
		for _, change := range changes {
			if change.Before != sum {
				c.errorf("%s: a promotion score changes from %d, not %d: %+v", r.ID, change.Before, sum, change)
			}
			sum = change.After
		}
	}
}

// explain checks the explanation of a resource, on all nodes or on one: that it is
// there in both formats, that its terms add up to its scores, and that it says what
// the schedule says.
func (c *checker) explain(r *status.Resource, node string) {
	subject := r.ID
	if node != "" {
		subject += "@" + node
	}
	e, err := explain.Of(c.ws, subject)
	if err != nil {
		c.errorf("%s: %v", subject, err)
		return
	}
	for _, format := range []string{"text", "xml"} {
		var b bytes.Buffer
		o := pcmktool.Common{OutputAs: &format}
		out, err := o.Open([]string{"crm_simulate"}, &b, &b)
		if err != nil {
			c.errorf("%s: %v", subject, err)
			return
		}
		e.Print(out)
		if err := out.Finish(crmexit.OK); err != nil || !strings.Contains(b.String(), r.ID) {
			c.errorf("%s: as %s it is %q, %v", subject, format, b.String(), err)
		}
		if i := strings.Index(b.String(), "%!"); i >= 0 {
			c.errorf("%s: as %s: %s", subject, format, b.String()[i:])
		}
	}
	if len(e.Resources) == 1 && e.Resources[0].ID == r.ID { // an orphan may have the id of another
		c.resource(r, e.Resources[0], subject)
	}
}

func (c *checker) resource(r *status.Resource, e *explain.Resource, subject string) {
	want := map[string]bool{}
	for _, n := range r.Places(status.WhereAssigned) {
		want[n.String()] = true
	}
	if r.Variant != status.Bundle {
		for _, name := range e.Place {
			if !want[name] {
				c.errorf("%s: its place is on %s, not on %s", subject, name, r.Places(status.WhereAssigned))
			}
		}
	}
	if e.Answer == "" || !strings.HasSuffix(e.Answer, ".") {
		c.errorf("%s: the answer is %q", subject, e.Answer)
	}
	for _, v := range e.Verdicts {
		if v.Text == "" {
			c.errorf("%s: nothing is said of %s", subject, v.Node)
		}
		if r.Variant == status.Primitive && v.Chosen != want[v.Node] && c.single(c.ws.FindNode(v.Node)) {
			c.errorf("%s: %s is chosen: %t", subject, v.Node, v.Chosen)
		}
		sum := 0
		for _, t := range v.Terms {
			if sum = status.AddScores(sum, t.Score); t.Reset {
				sum = t.Score
			}
			if t.Kind == "other" || t.Text == "" {
				c.errorf("%s: on %s a part of its score is %q", subject, v.Node, t.Text)
			}
		}
		if v.Allowed && sum != v.Score {
			c.errorf("%s: the terms on %s add up to %d, not %d: %+v", subject, v.Node, sum, v.Score, v.Terms)
		}
	}
	for _, fact := range e.Facts {
		if strings.HasPrefix(fact.Text, "It is promoted") && r.WantedRole() != status.RolePromoted {
			c.errorf("%s: %s", subject, fact.Text)
		}
	}
	if r.Variant != status.Primitive {
		return
	}
	if r.AssignedTo == nil && len(e.Reasons) == 0 {
		c.errorf("%s: it is nowhere for no reason", subject)
	}
	stops := slices.ContainsFunc(e.Changes, func(change explain.Change) bool { return change.To == "" })
	if r.AssignedTo != nil && r.Is(status.Managed) && !stops && !strings.Contains(e.Answer, r.AssignedTo.String()) {
		c.errorf("%s: %q does not name %s", subject, e.Answer, r.AssignedTo.Node)
	}
}
