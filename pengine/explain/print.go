package explain

import (
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Print shows an explanation as text or as XML, whichever the output is.
func (e *Explanation) Print(out pcmktool.Output) {
	if out.IsXML() {
		e.addTo(out.Element("explanation", "subject", e.Subject))
		return
	}
	first := true
	spacer := func() {
		if !first {
			out.Printf("\n")
		}
		first = false
	}
	for _, r := range e.Resources {
		spacer()
		r.print(out)
	}
	for _, n := range e.Nodes {
		spacer()
		n.print(out)
	}
}

func (r *Resource) print(out pcmktool.Output) {
	out.Printf("%s\n", r.Answer)
	for _, reason := range r.Reasons {
		out.Printf("%s\n", reason)
	}
	switch {
	case r.Node != "" && len(r.Verdicts) > 0:
		v := r.Verdicts[0]
		out.Printf("\n%s\n", v.head())
		for _, t := range v.Terms {
			score := signed(t.Score)
			if t.Reset {
				score = "=" + status.FormatScore(t.Score)
			}
			out.Printf("  * %9s  %s\n", score, t.Text)
		}
	case len(r.Verdicts) > 0:
		out.Printf("\nThe nodes, the best first:\n")
		for _, v := range r.Verdicts {
			out.Printf("  * %s\n", v.line())
		}
	}
	printFacts(out, r.Facts)
	if len(r.Parts) > 0 {
		out.Printf("\n%s:\n", r.partsHeading())
		for _, p := range r.Parts {
			p.printPart(out)
		}
	}
}

// partsHeading is what a resource consists of.
func (r *Resource) partsHeading() string {
	switch r.Kind {
	case "group":
		return "Its members"
	case "bundle":
		return "Its replicas"
	}
	return "Its instances"
}

func (r *Resource) printPart(out pcmktool.Output) {
	text := append([]string{r.Answer}, r.Reasons...)
	for _, f := range r.Facts {
		text = append(text, f.Text)
	}
	out.Printf("  * %s\n", strings.Join(text, " "))
	for _, p := range r.Parts {
		p.printPart(out)
	}
}

func printFacts(out pcmktool.Output, facts []Fact) {
	if len(facts) == 0 {
		return
	}
	out.Printf("\nGood to know:\n")
	for _, f := range facts {
		out.Printf("  * %s\n", f.Text)
	}
}

// head says which score is taken apart.
func (v Verdict) head() string {
	switch {
	case !v.Allowed:
		return "It has no score on " + v.Node + "."
	case len(v.Terms) == 0:
		return "Its score on " + v.Node + " is " + status.FormatScore(v.Score) + ": nothing speaks for or against it."
	}
	return "Its score on " + v.Node + " is " + status.FormatScore(v.Score) + ":"
}

// line is a verdict in one line: the score, what is to be said, and its terms.
func (v Verdict) line() string {
	if !v.Allowed {
		return v.Node + ": " + v.Text
	}
	text := v.Node + ": " + status.FormatScore(v.Score) + ", " + v.Text
	if v.Score <= -status.Infinity && !v.Chosen { // the verdict has what rules it out
		return text
	}
	if len(v.Terms) > 0 {
		text += ": " + sumOf(v.Terms)
	}
	return text
}

// sumOf is terms added up: "100 (stickiness) - 50 (a colocation)".
func sumOf(terms []Term) string {
	var b strings.Builder
	for i, t := range terms {
		score := status.FormatScore(t.Score)
		switch {
		case t.Reset:
			b.WriteString(", then set to ")
		case i > 0 && t.Score < 0:
			b.WriteString(" - ")
			score = strings.TrimPrefix(score, "-")
		case i > 0:
			b.WriteString(" + ")
		}
		b.WriteString(score + " (" + t.Text + ")")
	}
	return b.String()
}

func (n *Node) print(out pcmktool.Output) {
	out.Printf("%s\n", n.Answer)
	for _, reason := range n.Reasons {
		out.Printf("%s\n", reason)
	}
	printFacts(out, n.Facts)
}

// addTo adds the elements of an explanation: see docs/explain.md.
func (e *Explanation) addTo(to *pcmktool.Element) {
	for _, r := range e.Resources {
		r.addTo(to, "resource")
	}
	for _, n := range e.Nodes {
		x := to.Add("node", "name", n.Name, "state", n.State, "fenced", strconv.FormatBool(n.Fenced))
		addText(x, n.Answer, n.Reasons, n.Facts)
	}
}

func (r *Resource) addTo(to *pcmktool.Element, name string) {
	x := to.Add(name, "id", r.ID, "kind", r.Kind, "role", r.Role, "next-role", r.Next, "managed", strconv.FormatBool(r.Managed))
	if r.Node != "" {
		x.Set("node", r.Node)
	}
	for _, n := range r.Active {
		x.Add("active", "node", n)
	}
	for _, n := range r.Place {
		x.Add("place", "node", n)
	}
	for _, c := range r.Changes {
		change := x.Add("change", "resource", c.Resource, "task", c.Task)
		optional(change, "from", c.From, "to", c.To, "reason", c.Reason)
		change.Set("blocked", strconv.FormatBool(c.Blocked))
		change.SetText(c.Text)
	}
	addText(x, r.Answer, r.Reasons, r.Facts)
	for _, v := range r.Verdicts {
		verdict := x.Add("verdict", "node", v.Node, "active", strconv.FormatBool(v.Active), "chosen", strconv.FormatBool(v.Chosen))
		if v.Allowed {
			verdict.Set("score", status.FormatScore(v.Score))
		}
		verdict.Add("text").SetText(v.Text)
		for _, t := range v.Terms {
			term := verdict.Add("term", "kind", t.Kind, "score", status.FormatScore(t.Score))
			optional(term, "constraint", t.ID, "with", t.With)
			if t.Reset {
				term.Set("reset", "true")
			}
			term.SetText(t.Text)
		}
	}
	for _, p := range r.Parts {
		p.addTo(x, "part")
	}
}

// optional sets attributes that have a value.
func optional(e *pcmktool.Element, attributes ...string) {
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			e.Set(attributes[i], attributes[i+1])
		}
	}
}

func addText(to *pcmktool.Element, answer string, reasons []string, facts []Fact) {
	to.Add("answer").SetText(answer)
	for _, reason := range reasons {
		to.Add("reason").SetText(reason)
	}
	for _, f := range facts {
		to.Add("fact", "kind", f.Kind).SetText(f.Text)
	}
}
