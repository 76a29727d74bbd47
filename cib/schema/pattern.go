package schema

import "slices"

// op is what a pattern is, in RELAX NG's terms.
type op uint8

const (
	opNotAllowed op = iota
	opEmpty
	opAny // whatever is well-formed
	opElement
	opAttribute
	opChoice
	opGroup
	opInterleave
	opOneOrMore
)

// pattern is what may still come in an element. Equal patterns are one object, so
// that a pattern is the state of an automaton; its edges are filled in as documents
// need them.
type pattern struct {
	op        op
	a, b      *pattern
	element   *element
	attribute *attribute
	nullable  bool
	order     int // of making, to tell a|b from b|a no more

	closed     *pattern // what is left when the attributes have been read
	attributes []attributeEdge
	children   []childEdge
}

// element is an element's name and what may be in it.
type element struct {
	name    string
	content *pattern
}

// attribute is an attribute's name and type.
type attribute struct {
	name string
	typ  *datatype
}

// attributeEdge is where an attribute of a name leads: next[m] if exactly the types
// in the bits of m allow the value.
type attributeEdge struct {
	name  string
	types []*attribute
	next  []*pattern
}

// childEdge is where an element of a name leads: next[m] if exactly the alternatives
// in the bits of m have it.
type childEdge struct {
	name         string
	alternatives []*element
	next         []*pattern
}

// patternKey finds the one object for equal patterns.
type patternKey struct {
	op        op
	a, b      *pattern
	element   *element
	attribute *attribute
}

// patterns makes them.
type patterns struct {
	made       map[patternKey]*pattern
	notAllowed *pattern
	empty      *pattern
	any        *pattern
}

func newPatterns() *patterns {
	ps := &patterns{made: map[patternKey]*pattern{}}
	ps.notAllowed = ps.one(patternKey{op: opNotAllowed})
	ps.empty = ps.one(patternKey{op: opEmpty})
	ps.any = ps.one(patternKey{op: opAny})
	return ps
}

func (ps *patterns) one(k patternKey) *pattern {
	if p := ps.made[k]; p != nil {
		return p
	}
	p := &pattern{op: k.op, a: k.a, b: k.b, element: k.element, attribute: k.attribute, order: len(ps.made)}
	switch k.op {
	case opEmpty, opAny:
		p.nullable = true
	case opChoice:
		p.nullable = k.a.nullable || k.b.nullable
	case opGroup, opInterleave:
		p.nullable = k.a.nullable && k.b.nullable
	case opOneOrMore:
		p.nullable = k.a.nullable
	}
	ps.made[k] = p
	return p
}

// choice keeps alternatives in a list to the right, in order of making and each once.
func (ps *patterns) choice(a, b *pattern) *pattern {
	switch {
	case a == b, b == ps.notAllowed:
		return a
	case a == ps.notAllowed:
		return b
	case a == ps.empty && b.nullable:
		return b
	case b == ps.empty && a.nullable:
		return a
	case a.op == opChoice:
		return ps.choice(a.a, ps.choice(a.b, b))
	case b.op == opChoice && b.a == a:
		return b
	case b.op == opChoice && b.a.order < a.order:
		return ps.one(patternKey{op: opChoice, a: b.a, b: ps.choice(a, b.b)})
	case b.op != opChoice && b.order < a.order:
		a, b = b, a
	}
	return ps.one(patternKey{op: opChoice, a: a, b: b})
}

func (ps *patterns) group(a, b *pattern) *pattern {
	switch {
	case a == ps.notAllowed || b == ps.notAllowed:
		return ps.notAllowed
	case a == ps.empty:
		return b
	case b == ps.empty:
		return a
	}
	return ps.one(patternKey{op: opGroup, a: a, b: b})
}

func (ps *patterns) interleave(a, b *pattern) *pattern {
	switch {
	case a == ps.notAllowed || b == ps.notAllowed:
		return ps.notAllowed
	case a == ps.empty:
		return b
	case b == ps.empty:
		return a
	}
	return ps.one(patternKey{op: opInterleave, a: a, b: b})
}

func (ps *patterns) oneOrMore(a *pattern) *pattern {
	if a == ps.notAllowed || a == ps.empty {
		return a
	}
	return ps.one(patternKey{op: opOneOrMore, a: a})
}

func (ps *patterns) optional(a *pattern) *pattern { return ps.choice(a, ps.empty) }

// close is p when no further attribute comes.
func (ps *patterns) close(p *pattern) *pattern {
	if p.closed != nil {
		return p.closed
	}
	c := p
	switch p.op {
	case opAttribute:
		c = ps.notAllowed
	case opChoice:
		c = ps.choice(ps.close(p.a), ps.close(p.b))
	case opGroup:
		c = ps.group(ps.close(p.a), ps.close(p.b))
	case opInterleave:
		c = ps.interleave(ps.close(p.a), ps.close(p.b))
	case opOneOrMore:
		c = ps.oneOrMore(ps.close(p.a))
	}
	p.closed = c
	c.closed = c
	return c
}

// attributeEdge finds or makes p's edges for attributes of the name; it has no
// types if there is no such attribute.
func (ps *patterns) attributeEdge(p *pattern, name string) *attributeEdge {
	for i := range p.attributes {
		if p.attributes[i].name == name {
			return &p.attributes[i]
		}
	}
	e := attributeEdge{types: attributesNamed(p, name, nil)}
	if len(e.types) == 0 {
		return &e // not kept: any document may bring any number of names
	}
	e.name = e.types[0].name
	e.next = make([]*pattern, 1<<len(e.types))
	p.attributes = append(p.attributes, e)
	return &p.attributes[len(p.attributes)-1]
}

func attributesNamed(p *pattern, name string, found []*attribute) []*attribute {
	switch p.op {
	case opAttribute:
		if p.attribute.name == name && !slices.Contains(found, p.attribute) {
			found = append(found, p.attribute)
		}
	case opChoice, opGroup, opInterleave:
		found = attributesNamed(p.b, name, attributesNamed(p.a, name, found))
	case opOneOrMore:
		found = attributesNamed(p.a, name, found)
	}
	return found
}

// afterAttribute is what is left of p when an attribute that is one of the matching
// has been read.
func (ps *patterns) afterAttribute(p *pattern, matching []*attribute) *pattern {
	switch p.op {
	case opAttribute:
		if slices.Contains(matching, p.attribute) {
			return ps.empty
		}
	case opChoice:
		return ps.choice(ps.afterAttribute(p.a, matching), ps.afterAttribute(p.b, matching))
	case opGroup:
		return ps.choice(ps.group(ps.afterAttribute(p.a, matching), p.b),
			ps.group(p.a, ps.afterAttribute(p.b, matching)))
	case opInterleave:
		return ps.choice(ps.interleave(ps.afterAttribute(p.a, matching), p.b),
			ps.interleave(p.a, ps.afterAttribute(p.b, matching)))
	case opOneOrMore:
		return ps.group(ps.afterAttribute(p.a, matching), ps.optional(p))
	}
	return ps.notAllowed
}

// childEdge finds or makes p's edges for elements of the name.
func (ps *patterns) childEdge(p *pattern, name string) *childEdge {
	for i := range p.children {
		if p.children[i].name == name {
			return &p.children[i]
		}
	}
	e := childEdge{alternatives: elementsNamed(p, name, nil)}
	if len(e.alternatives) == 0 {
		return &e
	}
	e.name = e.alternatives[0].name
	e.next = make([]*pattern, 1<<len(e.alternatives))
	p.children = append(p.children, e)
	return &p.children[len(p.children)-1]
}

// elementsNamed are those of the name that may come first.
func elementsNamed(p *pattern, name string, found []*element) []*element {
	switch p.op {
	case opElement:
		if p.element.name == name && !slices.Contains(found, p.element) {
			found = append(found, p.element)
		}
	case opChoice, opInterleave:
		found = elementsNamed(p.b, name, elementsNamed(p.a, name, found))
	case opGroup:
		found = elementsNamed(p.a, name, found)
		if p.a.nullable {
			found = elementsNamed(p.b, name, found)
		}
	case opOneOrMore:
		found = elementsNamed(p.a, name, found)
	}
	return found
}

// afterElement is what is left of p when an element that is one of the matching has
// been read.
func (ps *patterns) afterElement(p *pattern, matching []*element) *pattern {
	switch p.op {
	case opElement:
		if slices.Contains(matching, p.element) {
			return ps.empty
		}
	case opChoice:
		return ps.choice(ps.afterElement(p.a, matching), ps.afterElement(p.b, matching))
	case opGroup:
		after := ps.group(ps.afterElement(p.a, matching), p.b)
		if p.a.nullable {
			after = ps.choice(after, ps.afterElement(p.b, matching))
		}
		return after
	case opInterleave:
		return ps.choice(ps.interleave(ps.afterElement(p.a, matching), p.b),
			ps.interleave(p.a, ps.afterElement(p.b, matching)))
	case opOneOrMore:
		return ps.group(ps.afterElement(p.a, matching), ps.optional(p))
	}
	return ps.notAllowed
}
