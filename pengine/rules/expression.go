package rules

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// expression reads what stands in a rule (find_expression_type).
func (x *reader) expression(e *etree.Element) expression {
	switch e.Tag {
	case "rule":
		return x.rule(e)
	case "date_expression":
		return ReadDate(e)
	case "rsc_expression":
		return readResource(e)
	case "op_expression":
		return readOperation(e)
	case "expression":
		if name, _ := attr(e, "attribute"); name == "#role" {
			return readRole(e)
		}
		return readAttribute(e)
	}
	return never{}
}

// never is what is no expression at all.
type never struct{}

func (never) eval(*Input, *iso8601.Time) bool { return false }

// roleExpression asks about #role (pe__eval_role_expr).
type roleExpression struct {
	op       comparison
	role     Role
	valid    bool // there is a value
	problems []Problem
}

func readRole(e *etree.Element) expression {
	op, _ := attr(e, "operation")
	x := &roleExpression{op: comparisons()[lower(op)]}
	var value string
	if value, x.valid = attr(e, "value"); x.valid && (x.op == opEq || x.op == opNe) {
		var known bool
		if x.role, known = ParseRole(value); !known {
			x.problems = []Problem{{Severity: Error, Where: "text2role", Text: "Unknown role: " + value}}
		}
	}
	return x
}

func (x *roleExpression) eval(in *Input, _ *iso8601.Time) bool {
	if in.Role == RoleUnknown {
		return false
	}
	promotable := in.Role >= RoleUnpromoted
	switch x.op {
	case opDefined:
		return in.Role > RoleStarted
	case opNotDefined:
		return !promotable
	case opEq:
	case opNe:
		if !promotable {
			return false
		}
	default:
		return false
	}
	for _, p := range x.problems {
		in.report(p)
	}
	return x.valid && (x.role == in.Role) == (x.op == opEq)
}

// resourceExpression is rsc_expression (pe__eval_rsc_expr).
type resourceExpression struct {
	class, typ       string
	hasClass, hasTyp bool
	provider         string
	hasProvider      bool
}

func readResource(e *etree.Element) expression {
	x := &resourceExpression{}
	x.class, x.hasClass = attr(e, "class")
	x.provider, x.hasProvider = attr(e, "provider")
	x.typ, x.hasTyp = attr(e, "type")
	return x
}

// Without a provider it means resources that have none.
func (x *resourceExpression) eval(in *Input, _ *iso8601.Time) bool {
	r := in.Resource
	return r != nil &&
		(!x.hasClass || x.class == r.Class) &&
		x.hasProvider == (r.Provider != "") && x.provider == r.Provider &&
		(!x.hasTyp || x.typ == r.Type)
}

// operationExpression is op_expression (pe__eval_op_expr).
type operationExpression struct {
	name        string
	interval    uint32 // milliseconds
	hasInterval bool
	invalid     bool
	problems    []Problem
}

func readOperation(e *etree.Element) expression {
	x := &operationExpression{}
	x.name, _ = attr(e, "name")
	var text string
	if text, x.hasInterval = attr(e, "interval"); x.hasInterval {
		ms, err := iso8601.ParseInterval(text)
		if err != nil {
			x.invalid = true
			x.problems = append(x.problems, Problem{Severity: Warning, Where: "crm_parse_interval_spec", Text: err.Error()})
		}
		x.interval = ms
	}
	return x
}

func (x *operationExpression) eval(in *Input, _ *iso8601.Time) bool {
	if in.Operation == nil {
		return false
	}
	for _, p := range x.problems {
		in.report(p)
	}
	return !x.invalid && (!x.hasInterval || x.interval == in.Operation.IntervalMS) && x.name == in.Operation.Name
}
