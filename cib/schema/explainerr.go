package schema

import "github.com/beevik/etree"

// errorKind is what libxml2 may report.
type errorKind uint8

const (
	errTypeValue errorKind = iota
	errDuplicateID
	errInterleaveSequence
	errInterleaveExtra
	errElementName
	errElementNamespace
	errElementWrong
	errTextWrong
	errNoElement
	errNotElement
	errAttributesInvalid
	errContentInvalid
	errExtraContent
	errInvalidAttribute
)

func (k errorKind) text(a, b string) string {
	switch k {
	case errTypeValue:
		return "Type " + a + " doesn't allow value '" + b + "'"
	case errDuplicateID:
		return "ID " + a + " redefined"
	case errInterleaveSequence:
		return "Invalid sequence in interleave"
	case errInterleaveExtra:
		return "Extra element " + a + " in interleave"
	case errElementName:
		return "Expecting element " + a + ", got " + b
	case errElementNamespace:
		return "Expecting no namespace for element " + a
	case errElementWrong:
		return "Did not expect element " + a + " there"
	case errTextWrong:
		return "Did not expect text in element " + a + " content"
	case errNoElement:
		return "Expecting an element " + a + ", got nothing"
	case errNotElement:
		return "Expecting an element got text"
	case errAttributesInvalid:
		return "Element " + a + " failed to validate attributes"
	case errContentInvalid:
		return "Element " + a + " failed to validate content"
	case errExtraContent:
		return "Element " + a + " has extra content: " + b
	}
	return "Invalid attribute " + a + " for element " + b
}

// stackedError is one that may turn out not to matter.
type stackedError struct {
	kind errorKind
	a, b string
	node *etree.Element
	at   *etree.Element // what is said to be wrong
}

// errorStack has libxml2's habits: what has been cut off is still compared with, so
// that the same error of the same element is not stacked again right after.
type errorStack struct {
	all []stackedError
	n   int
	top int // of all, plus 1; 0 for none
}

func (s *errorStack) push(e stackedError) {
	if s.n >= len(s.all) && s.n > 0 && s.n%8 == 0 && s.n&(s.n-1) == 0 {
		s.top = s.n // the table is moved
	}
	if s.top > 0 && s.all[s.top-1].node == e.node && s.all[s.top-1].kind == e.kind {
		return
	}
	if s.n < len(s.all) {
		s.all[s.n] = e
	} else {
		s.all = append(s.all, e)
	}
	s.n++
	s.top = s.n
}

// cut takes off all above a height.
func (s *errorStack) cut(height int) {
	if s.n <= height {
		return
	}
	s.n = height
	if height == 0 {
		s.top = 0
	}
}

func (s *errorStack) pop() {
	s.n = max(s.n-1, 0)
	s.top = s.n
}

// report says an error, or stacks it if it may not be one.
func (x *explainer) report(kind errorKind, a, b string) {
	e := stackedError{kind: kind, a: a, b: b}
	if s := x.state; s != nil {
		e.node, e.at = s.node, s.node
		if el, ok := s.seq.(*etree.Element); ok && s.value == nil {
			e.at = el
		}
	}
	if x.tentative {
		x.stack.push(e)
		return
	}
	if x.stack.n != 0 {
		x.dump()
	}
	x.say(e)
}

func (x *explainer) say(e stackedError) {
	x.faults = append(x.faults, Fault{Element: e.at, Text: e.kind.text(e.a, e.b)})
}

// dump says what is stacked: each once, and no more than five.
func (x *explainer) dump() {
	const most = 5
	said := 0
next:
	for i := range x.stack.n {
		e := x.stack.all[i]
		for _, before := range x.stack.all[:i] {
			if before.kind == e.kind && before.node == e.node && before.a == e.a && before.b == e.b {
				continue next
			}
		}
		if said < most {
			x.say(e)
			said++
		}
	}
	x.stack.n = 0
}
