package rules

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// Rule is a rule element, read.
type Rule struct {
	id       string
	or       bool
	parts    []expression
	elements []*etree.Element // of each part
	problems []Problem        // reported by each evaluation
}

// An expression is what stands in a rule: another rule, or a question. next is as
// in Rule.Eval.
type expression interface {
	eval(in *Input, next *iso8601.Time) bool
}

// Rule reads a rule element, or the one that its id-ref means.
func (d *Document) Rule(e *etree.Element) *Rule {
	return (&reader{d, map[*etree.Element]*Rule{}}).rule(e)
}

// reader reads a rule with all that it refers to, each element once.
type reader struct {
	doc  *Document
	read map[*etree.Element]*Rule // nil while a rule's expressions are being read
}

func (x *reader) rule(e *etree.Element) *Rule {
	resolved, problem := x.doc.Resolve(e)
	if resolved == nil {
		r := &Rule{id: idOf(e), problems: []Problem{*problem}}
		return r.checked()
	}
	if r, ok := x.read[resolved]; r != nil {
		return r
	} else if ok {
		// One that contains itself would go on for ever: there it is false.
		return &Rule{id: idOf(resolved), or: true}
	}
	x.read[resolved] = nil
	op, _ := attr(resolved, "boolean-op")
	r := &Rule{id: idOf(resolved), or: lower(op) == "or"}
	for _, c := range resolved.ChildElements() {
		r.parts = append(r.parts, x.expression(c))
		r.elements = append(r.elements, c)
	}
	x.read[resolved] = r
	return r.checked()
}

// checked is r with the problem if it has no expression.
func (r *Rule) checked() *Rule {
	if len(r.parts) == 0 {
		r.problems = append(r.problems, Problem{
			Severity: Error, Where: "pe_eval_expr",
			Text: "Invalid Rule " + r.id + ": rules must contain at least one expression",
		})
	}
	return r
}

// Eval says whether the rule passes (pe_eval_expr). next, if not nil, is set to
// the time from which on the answer can be another, if that is earlier than what
// it says already or it is undefined; date_spec, as in the reference, sets none.
// A rule without expressions passes, unless its boolean-op is or.
func (r *Rule) Eval(in *Input, next *iso8601.Time) bool {
	return r.eval(in, next)
}

func (r *Rule) eval(in *Input, next *iso8601.Time) bool {
	for _, p := range r.problems {
		in.report(p)
	}
	for _, e := range r.parts {
		if e.eval(in, next) == r.or {
			return r.or
		}
	}
	return !r.or
}

// Outcome is what a part of a rule comes to.
type Outcome struct {
	Element *etree.Element
	Passed  bool
	Or      bool      // of a rule: one of its parts is enough
	Parts   []Outcome // of a rule
}

// Outcomes are what each part of the rule comes to, those included that Eval need
// not look at. Problems are not reported.
func (r *Rule) Outcomes(in *Input) []Outcome {
	quiet := *in
	quiet.Report = nil
	var all []Outcome
	for i, part := range r.parts {
		o := Outcome{Element: r.elements[i], Passed: part.eval(&quiet, nil)}
		if inner, ok := part.(*Rule); ok {
			o.Or, o.Parts = inner.or, inner.Outcomes(&quiet)
		}
		all = append(all, o)
	}
	return all
}

// NeedsOne tells whether one of its parts is enough for the rule to pass.
func (r *Rule) NeedsOne() bool { return r.or }

// ID is the rule's id, of the rule that an id-ref means.
func (r *Rule) ID() string { return r.id }

// Rules are the rule elements directly in another element, any of which may pass
// (pe_eval_rules): those of a set, or of a lifetime.
type Rules []*Rule

// Rules reads the rules of e.
func (d *Document) Rules(e *etree.Element) Rules {
	var rules Rules
	for _, c := range e.SelectElements("rule") {
		rules = append(rules, d.Rule(c))
	}
	return rules
}

// Eval says whether a rule passes, or there is none; next is as in Rule.Eval.
func (r Rules) Eval(in *Input, next *iso8601.Time) bool {
	for _, rule := range r {
		if rule.Eval(in, next) {
			return true
		}
	}
	return len(r) == 0
}
