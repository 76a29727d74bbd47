package rules

import (
	"strings"
	"sync"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// comparison is the operation of an expression.
type comparison uint8

const (
	opNone comparison = iota // missing or unknown: is false
	opDefined
	opNotDefined
	opEq
	opNe
	opLt
	opLte
	opGt
	opGte
)

var comparisons = sync.OnceValue(func() map[string]comparison {
	return map[string]comparison{
		"defined": opDefined, "not_defined": opNotDefined, "eq": opEq, "ne": opNe,
		"lt": opLt, "lte": opLte, "gt": opGt, "gte": opGte,
	}
})

// valueType is how values are compared.
type valueType uint8

const (
	typeString valueType = iota
	typeInteger
	typeNumber
	typeVersion
	typeByValue // lt and its like without a type: a number if there is a dot
	typeUnknown // all values are equal
)

// valueSource is where an expression's value comes from.
type valueSource uint8

const (
	fromLiteral valueSource = iota
	fromParam
	fromMeta
)

// attributeExpression asks about a node's attribute (pe__eval_attr_expr).
type attributeExpression struct {
	name     string
	refers   bool // the name may have %0 to %9 in it
	op       comparison
	typ      valueType
	source   valueSource
	value    string
	hasValue bool
	// What a literal value is as an integer, so that it is not read for each node.
	integer  scanned
	problems []Problem
	invalid  bool // nothing can be asked
}

func readAttribute(e *etree.Element) expression {
	x := &attributeExpression{}
	fail := func(what string) {
		id, ok := attr(e, "id")
		if !ok {
			id = "without ID"
		}
		x.problems = append(x.problems, Problem{
			Severity: Error, Config: true, Where: "pe__eval_attr_expr",
			Text: "Expression " + id + " invalid: " + what + " not specified",
		})
	}
	name, ok := attr(e, "attribute")
	if !ok {
		fail("attribute")
		x.invalid = true
		return x
	}
	x.name, x.refers = name, strings.Contains(name, "%")
	op, ok := attr(e, "operation")
	if !ok {
		fail("operation")
	}
	x.op = comparisons()[lower(op)]
	x.value, x.hasValue = attr(e, "value")
	source, _ := attr(e, "value-source")
	switch lower(source) {
	case "param":
		x.source = fromParam
	case "meta":
		x.source = fromMeta
	}
	x.typ = readType(e, x.op)
	if x.hasValue && x.source == fromLiteral {
		x.integer = scanInt(x.value, true)
	}
	return x
}

func readType(e *etree.Element, op comparison) valueType {
	typ, ok := attr(e, "type")
	if !ok {
		if op >= opLt {
			return typeByValue
		}
		return typeString
	}
	switch lower(typ) {
	case "string":
		return typeString
	case "integer":
		return typeInteger
	case "number":
		return typeNumber
	case "version":
		return typeVersion
	}
	return typeUnknown
}

func (x *attributeExpression) eval(in *Input, _ *iso8601.Time) bool {
	if in.Node == nil {
		return false
	}
	for _, p := range x.problems {
		in.report(p)
	}
	if x.invalid {
		return false
	}
	name, value, hasValue := x.name, x.value, x.hasValue
	if in.Match != nil {
		if x.refers && in.Match.Groups != nil {
			name = in.Match.Expand(name)
		}
		value, hasValue = x.expand(in.Match)
	}
	have, ok := in.Node(name)
	switch x.op {
	case opDefined:
		return ok
	case opNotDefined:
		return !ok
	case opNone:
		return false
	}
	if !ok || !hasValue {
		return x.op == opEq && ok == hasValue || x.op == opNe && ok != hasValue
	}
	cmp := x.compare(in, have, value, in.Match != nil && x.source != fromLiteral)
	switch x.op {
	case opEq:
		return cmp == 0
	case opNe:
		return cmp != 0
	case opLt:
		return cmp < 0
	case opLte:
		return cmp <= 0
	case opGt:
		return cmp > 0
	default:
		return cmp >= 0
	}
}

// expand is the value according to its source (expand_value_source).
func (x *attributeExpression) expand(m *Match) (string, bool) {
	if x.value == "" {
		return "", false
	}
	find := m.Params
	switch x.source {
	case fromLiteral:
		return x.value, true
	case fromMeta:
		find = m.Meta
	}
	if find == nil {
		return "", false
	}
	return find(x.value)
}

// compare is compare_attr_expr_vals. looked says that value is not the one that
// was read.
func (x *attributeExpression) compare(in *Input, have, value string, looked bool) int {
	typ := x.typ
	if typ == typeByValue {
		typ = typeInteger
		if strings.Contains(have, ".") || strings.Contains(value, ".") {
			typ = typeNumber
		}
	}
	switch typ {
	case typeInteger:
		a, b := scanInt(have, true), x.integer
		if looked || x.source != fromLiteral {
			b = scanInt(value, true)
		}
		for _, s := range [...]*scanned{&a, &b} {
			for _, p := range s.problems {
				in.report(p)
			}
		}
		if a.ok && b.ok {
			return order(a.value, b.value)
		}
	case typeNumber:
		a, ok1 := scanFloat(have)
		b, ok2 := scanFloat(value)
		if ok1 && ok2 {
			return order(a, b)
		}
	case typeVersion:
		return featureset.Compare(have, value)
	case typeUnknown:
		return 0
	}
	return compareFold(have, value)
}

// order is -1, 0 or 1; 0 also for what is no number.
func order[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compareFold is strcasecmp in the C locale.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lowerByte(a[i]), lowerByte(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// lower is s in lower case, of ASCII only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// Expand replaces %0 to %9 in s by what the pattern matched, or by nothing
// (pe_expand_re_matches).
func (m *Match) Expand(s string) string {
	if s == "" || !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) || s[i+1] < '0' || s[i+1] > '9' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if g := int(s[i] - '0'); g < len(m.Groups) {
			b.WriteString(m.Groups[g])
		}
	}
	return b.String()
}
