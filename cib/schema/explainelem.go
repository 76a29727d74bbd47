package schema

import "github.com/beevik/etree"

// elementOf tries the next child as d.
func (x *explainer) elementOf(d *def) int {
	height := x.stack.n
	outer := x.state
	next := x.skip(outer.seq)
	if next == nil {
		x.report(errNoElement, d.name, "")
		return x.failed()
	}
	e, ok := next.(*etree.Element)
	switch {
	case !ok:
		x.report(errNotElement, "", "")
		return x.failed()
	case e.Tag != d.name:
		x.report(errElementName, d.name, e.Tag)
		return x.failed()
	case foreign(e):
		x.report(errElementNamespace, d.name, "")
		return x.failed()
	}
	x.forget(height, e)
	height = x.stack.n
	if x.valid(d, e) {
		look := x.passed[e] != d && (x.watched[e] || x.stack.n > 0) && x.effort < mostEffort
		x.passed[e] = d
		if look { // also for what it does to the stack
			x.inside(d, e, outer)
			x.state, x.states = outer, nil
		}
		outer.seq = x.skip(x.next(e))
		x.stack.cut(height)
		return 0
	}
	tentative := x.tentative
	ret := x.inside(d, e, outer)
	x.tentative = tentative
	x.state, x.states = outer, nil
	outer.seq = x.skip(x.next(e))
	if ret != 0 {
		if !x.tentative {
			x.dump()
			return 0
		}
	} else {
		x.stack.cut(height)
	}
	return ret
}

// inside tries what is in an element. If that fails, x.tentative may be wrong after it.
func (x *explainer) inside(d *def, e *etree.Element, outer *state) int {
	ret := 0
	x.state, x.states = newState(e), nil
	if len(d.attributes) > 0 && x.attributeList(d.attributes) != 0 {
		ret = -1
		x.report(errAttributesInvalid, e.Tag, "")
	}
	if outer.node == nil {
		ret = x.byAutomaton(d, e, ret)
	} else {
		if len(d.content) > 0 && x.list(d.content) != 0 {
			ret = -1
			none := x.state == nil
			if none {
				x.state = outer
			}
			x.report(errContentInvalid, e.Tag, "")
			if none {
				x.state = nil
			}
		}
		ret = x.finish(ret)
	}
	return ret
}

// valid tells whether an element is, and keeps its IDs and references only then.
func (x *explainer) valid(d *def, e *etree.Element) bool {
	x.ids.begin()
	is := x.matches(d.fast, e, false)
	x.ids.end(is)
	return is
}

// foreign tells whether an element is in a namespace.
func foreign(e *etree.Element) bool { return e.NamespaceURI() != "" }

// failed ends an attempt at an element.
func (x *explainer) failed() int {
	if !x.tentative {
		x.dump()
	}
	return -1
}

// forget drops errors that the element, found now, has made void.
func (x *explainer) forget(height int, e *etree.Element) {
	if x.stack.n == 0 {
		return
	}
	x.stack.cut(height)
	for x.stack.top > 0 {
		top := x.stack.all[x.stack.top-1]
		switch {
		case top.kind == errElementName && top.b == e.Tag,
			top.kind == errElementNamespace && top.a == e.Tag,
			top.kind == errNoElement, top.kind == errNotElement:
			x.stack.pop()
		default:
			return
		}
	}
}

// attributeList looks at plain attributes first, then at all else.
func (x *explainer) attributeList(defs []*def) int {
	ret := 0
	for _, d := range defs {
		if d.kind == defAttribute && x.attributeOf(d) != 0 {
			ret = -1
		}
	}
	for _, d := range defs {
		if d.kind == defAttribute {
			continue
		}
		if x.state == nil && x.states == nil {
			return -1
		}
		res := x.definition(d)
		if res < 0 {
			ret = -1
		}
		if res == -1 {
			break
		}
	}
	return ret
}

// finish looks for what is left of an element in the states reached.
func (x *explainer) finish(ret int) int {
	if x.states == nil {
		if ret == 0 {
			ret = x.end(true)
		}
		return ret
	}
	for _, s := range x.states {
		x.state = s
		if x.end(false) == 0 {
			return ret
		}
	}
	x.tentative = true
	x.state = bestLeft(x.states)
	x.end(true)
	return -1
}

// bestLeft is the state whose leftovers are reported.
func bestLeft(states []*state) *state {
	const much = 100_000
	var chosen *state
	value := 10 * much
	for _, s := range states {
		if s.seq != nil {
			if chosen == nil || value > much {
				value, chosen = much, s
			}
		} else if chosen == nil || value > s.left {
			value, chosen = s.left, s
		}
	}
	return chosen
}

// end reports what is left of an element.
func (x *explainer) end(aloud bool) int {
	s := x.state
	if s.seq != nil {
		s.seq = x.skip(s.seq)
		if s.seq != nil {
			if aloud {
				x.report(errExtraContent, s.node.Tag, nameOf(s.seq))
			}
			return -1
		}
	}
	for i, a := range s.attrs {
		if a != nil {
			if aloud {
				x.report(errInvalidAttribute, a.Key, s.node.Tag)
			}
			return -1 - i
		}
	}
	return 0
}

// byAutomaton looks at the content of the root. libxml2 makes automata of what is
// elements only, but not below an interleave, as all else in a CIB is.
func (x *explainer) byAutomaton(d *def, e *etree.Element, ret int) int {
	state, states := x.state, x.states
	x.state, x.states = newState(e), nil
	inner := x.automaton(d, e)
	rest := x.state.seq
	x.state, x.states = state, states
	if inner != 0 {
		ret = -1
	}
	for _, s := range states {
		s.seq = rest
	}
	if state != nil {
		state.seq = rest
	}
	return x.finish(ret)
}

// automaton walks the children through d's content.
func (x *explainer) automaton(d *def, e *etree.Element) int {
	p := x.elementsOf(d.fast.content)
	failed := 0
	for _, token := range e.Child {
		x.state.seq = token
		switch t := token.(type) {
		case *etree.CharData:
			if trimBlanks(t.Data) != "" {
				x.report(errTextWrong, e.Tag, "")
				return -1
			}
		case *etree.Element:
			edge := x.childEdge(p, t.Tag)
			if len(edge.alternatives) == 0 || foreign(t) {
				x.report(errElementWrong, t.Tag, "")
				return -1
			}
			if ret := x.definition(childDef(d, t.Tag)); ret != 0 {
				failed = ret
			}
			p = x.afterElement(p, edge.alternatives)
		}
	}
	if !p.nullable {
		x.state.seq = nil
		x.report(errNoElement, "", "")
		if !x.tentative {
			x.dump()
		}
		return -1
	}
	x.state.seq = nil
	return failed
}

// elementsOf is a pattern as if there were no attributes.
func (ps *patterns) elementsOf(p *pattern) *pattern {
	switch p.op {
	case opAttribute:
		return ps.empty
	case opChoice:
		return ps.choice(ps.elementsOf(p.a), ps.elementsOf(p.b))
	case opGroup:
		return ps.group(ps.elementsOf(p.a), ps.elementsOf(p.b))
	case opInterleave:
		return ps.interleave(ps.elementsOf(p.a), ps.elementsOf(p.b))
	case opOneOrMore:
		return ps.oneOrMore(ps.elementsOf(p.a))
	}
	return p
}

// childDef is the one definition of a child's name in an element's content.
func childDef(d *def, name string) *def {
	for _, part := range d.content {
		for _, el := range part.elements() {
			if el.name == name {
				return el
			}
		}
	}
	return nil
}
