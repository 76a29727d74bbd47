package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/rules"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// applies tells whether a location counts for a node: whether its rule passed.
func applies(l *status.Location, n *status.Node) bool {
	return slices.ContainsFunc(l.Nodes, func(c *status.Candidate) bool { return c.Node == n })
}

// ruleText says what a rule's expressions came to on a node: those that decided.
func (x *explainer) ruleText(l *status.Location, source status.RuleSource, n *status.Node) string {
	r := l.Resource
	in := x.ws.RuleInput()
	in.Node = n.Attribute
	in.Match = &rules.Match{
		Groups: source.Groups,
		Params: func(name string) (string, bool) { v, ok := r.Params(n)[name]; return v, ok },
		Meta:   r.MetaValue,
	}
	rule := x.ws.Document().Rule(source.Rule)
	return x.outcomesText(rule.Outcomes(in), rule.NeedsOne(), n)
}

// outcomesText says which expressions decided: those that failed if all have to
// pass, those that passed if one is enough; all if none stands out.
func (x *explainer) outcomesText(outcomes []rules.Outcome, or bool, n *status.Node) string {
	decided := slices.DeleteFunc(slices.Clone(outcomes), func(o rules.Outcome) bool { return o.Passed != or })
	word := " and "
	if len(decided) == 0 {
		decided = outcomes
		if or {
			word = " nor "
		}
	}
	var parts []string
	for _, o := range decided {
		parts = append(parts, x.outcomeText(o, n))
	}
	return strings.Join(parts, word)
}

func (x *explainer) outcomeText(o rules.Outcome, n *status.Node) string {
	e := o.Element
	get := func(name string) string { return e.SelectAttrValue(name, "") }
	holds := "holds"
	if !o.Passed {
		holds = "does not hold"
	}
	switch e.Tag {
	case "rule":
		return "(" + x.outcomesText(o.Parts, o.Or, n) + ")"
	case "expression":
		name := get("attribute")
		is := "is not set"
		if value, ok := n.Attribute(name); ok {
			is = fmt.Sprintf("is '%s'", value)
		}
		condition := name + " " + get("operation")
		if v := e.SelectAttr("value"); v != nil {
			condition += " " + v.Value
		}
		return fmt.Sprintf("'%s' %s (%s %s)", condition, holds, name, is)
	case "date_expression":
		return fmt.Sprintf("'%s' %s (it is %s)", dateText(e), holds, x.ws.Options.Now.Format("2006-01-02 15:04:05 -07:00"))
	}
	return fmt.Sprintf("%s %s %s", e.Tag, get("id"), holds)
}

// dateText is a date expression in words.
func dateText(e *etree.Element) string {
	text := "date"
	for _, name := range []string{"operation", "start", "end"} {
		if a := e.SelectAttr(name); a != nil {
			text += " " + strings.TrimSuffix(a.Value, "_range")
		}
	}
	for _, c := range e.ChildElements() {
		text += " " + c.Tag
		for _, a := range c.Attr {
			if a.Key != "id" {
				text += " " + a.Key + "=" + a.Value
			}
		}
	}
	return text
}
