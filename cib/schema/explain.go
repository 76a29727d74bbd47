package schema

import (
	"slices"
	"strconv"

	"github.com/beevik/etree"
)

// Fault is one of the errors that libxml2 reports for a document that is refused.
type Fault struct {
	// Element is where libxml2 says it is; nil if it does not.
	Element *etree.Element
	// Reference says that it is about an IDREF, which libxml2 reports as a "validity
	// error", not a "Relax-NG validity error".
	Reference bool
	Text      string
}

// Print is the fault as libxml2 prints it, without the line's end. file is what the document
// was read from, "" for memory; line tells where an element is, or 0.
func (f Fault) Print(file string, line func(*etree.Element) int) string {
	text := "Relax-NG validity error : " + f.Text
	if f.Reference {
		text = "validity error : " + f.Text
	}
	if f.Element == nil {
		return text
	}
	text = "element " + f.Element.Tag + ": " + text
	at := line(f.Element)
	switch {
	case file != "":
		return file + ":" + strconv.Itoa(at) + ": " + text
	case at != 0 && !f.Reference:
		return "Entity: line " + strconv.Itoa(at) + ": " + text
	}
	return text
}

// Explain tells why the version refuses a CIB, in the order in which libxml2's validator
// (relaxng.c) reports it to the reference, and with nothing for one that is valid. It searches
// the way libxml2 does: elements that are valid are passed quickly, and those that are not
// are tried with all that could have been meant.
func (v Version) Explain(cib *etree.Element) []Fault {
	if cib == nil || v < 0 || v >= None {
		return nil
	}
	g := &grammars[v]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready(v)
	d := &definer{compiler: g.compiler, made: map[elementKey]*def{}}
	start := d.sequence(newExpr(exprRef, "cib"), scope{version: releases[v]})
	x := search(g, start, cib, nil)
	if watched := x.dangling(cib, nil); len(watched) > 0 {
		// What is looked at more than once is reported more than once.
		x = search(g, start, cib, watched)
	}
	seen := map[*etree.Attr]bool{}
	for _, l := range x.looked {
		seen[l.value] = true
	}
	x.lookOnce(cib, seen)
	return append(x.faults, x.unresolved()...)
}

// lookOnce adds the references that valid elements have, where those were not looked at.
func (x *explainer) lookOnce(e *etree.Element, seen map[*etree.Attr]bool) {
	for i := range e.Attr {
		a := &e.Attr[i]
		if _, is := x.ids.references[a]; is && !seen[a] && x.ids.owners[trimBlanks(a.Value)] == nil {
			x.looked = append(x.looked, lookedAt{e, a})
		}
	}
	for _, child := range e.ChildElements() {
		x.lookOnce(child, seen)
	}
}

// search looks for what is wrong. Elements in watched are looked at even if they are valid.
func search(g *grammar, start []*def, cib *etree.Element, watched map[*etree.Element]bool) *explainer {
	x := &explainer{reader: reader{patterns: g.patterns, ids: newIdentifiers()}, watched: watched,
		passed: map[*etree.Element]*def{}, links: map[etree.Token]etree.Token{}}
	x.root = cib
	x.state = &state{seq: cib}
	if x.list(start) != 0 {
		x.dump()
	}
	return x
}

// dangling adds the elements with attributes that refer to no ID, and those around them.
func (x *explainer) dangling(e *etree.Element, found map[*etree.Element]bool) map[*etree.Element]bool {
	for i := range e.Attr {
		a := &e.Attr[i]
		if _, is := x.ids.references[a]; !is || x.ids.owners[trimBlanks(a.Value)] != nil {
			continue
		}
		if found == nil {
			found = map[*etree.Element]bool{}
		}
		for around := e; around != nil; around = around.Parent() {
			found[around] = true
		}
	}
	for _, child := range e.ChildElements() {
		found = x.dangling(child, found)
	}
	return found
}

// unresolved are the attributes looked at that refer to no ID, those with one value together.
// (libxml2 has the values in an order that changes from run to run.)
func (x *explainer) unresolved() []Fault {
	var order []string
	faults := map[string][]Fault{}
	for _, ref := range x.looked {
		id := trimBlanks(ref.value.Value)
		if x.ids.owners[id] != nil {
			continue
		}
		if faults[id] == nil {
			order = append(order, id)
		}
		faults[id] = append(faults[id], Fault{Element: ref.element, Reference: true,
			Text: "IDREF attribute " + ref.value.FullKey() + ` references an unknown ID "` + id + `"`})
	}
	var all []Fault
	for _, id := range order {
		all = append(all, faults[id]...)
	}
	return all
}

// lookedAt is a reference that has been read.
type lookedAt struct {
	element *etree.Element
	value   *etree.Attr
}

// state is how far an attempt has come in an element: what is left of its attributes
// and children.
type state struct {
	node  *etree.Element // nil for the document
	attrs []*etree.Attr  // nil where used up
	left  int
	seq   etree.Token // nil at the end
	value *etree.Attr // being looked at
}

func newState(e *etree.Element) *state {
	s := &state{node: e}
	if len(e.Child) > 0 {
		s.seq = e.Child[0]
	}
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Space != "xmlns" && a.FullKey() != "xmlns" {
			s.attrs = append(s.attrs, a)
		}
	}
	s.left = len(s.attrs)
	return s
}

func (s *state) copy() *state {
	c := *s
	c.attrs = slices.Clone(s.attrs)
	return &c
}

func (s *state) equal(o *state) bool {
	return s.node == o.node && s.seq == o.seq && s.left == o.left && slices.Equal(s.attrs, o.attrs)
}

// next is what comes after a node: its sibling, or what an interleave has put there.
func (x *explainer) next(token etree.Token) etree.Token {
	if linked, ok := x.links[token]; ok {
		return linked
	}
	if token == x.root || token.Parent() == nil {
		return nil
	}
	if siblings := token.Parent().Child; token.Index()+1 < len(siblings) {
		return siblings[token.Index()+1]
	}
	return nil
}

// skip passes what means nothing.
func (x *explainer) skip(token etree.Token) etree.Token {
	for ; token != nil; token = x.next(token) {
		switch t := token.(type) {
		case *etree.Element:
			return token
		case *etree.CharData:
			if trimBlanks(t.Data) != "" {
				return token
			}
		}
	}
	return nil
}

// nameOf is a node's name in messages.
func nameOf(token etree.Token) string {
	switch t := token.(type) {
	case *etree.Element:
		return t.Tag
	case *etree.CharData:
		return "text"
	}
	return ""
}

// explainer is the search's state. Either state or states is set while an attempt is
// alive.
type explainer struct {
	reader
	root      *etree.Element
	links     map[etree.Token]etree.Token // what comes after a node, if not its sibling
	state     *state
	states    []*state
	tentative bool // errors may turn out not to be any, and are stacked
	stack     errorStack
	faults    []Fault
	watched   map[*etree.Element]bool
	passed    map[*etree.Element]*def // what has been looked at is not looked at again
	looked    []lookedAt
	effort    int // states compared
}

// mostEffort is after how many comparisons of states valid elements are no longer looked
// at: the states of an element double with every optional attribute that it has.
const mostEffort = 3_000_000

func (x *explainer) list(defs []*def) int {
	ret := 0
	for _, d := range defs {
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

// definition tries d in each state that there is.
func (x *explainer) definition(d *def) int {
	if len(x.states) < 2 {
		if len(x.states) == 1 {
			x.state = x.states[0]
		}
		x.states = nil
		ret := x.one(d)
		x.settle()
		return ret
	}
	states := x.states
	x.states = nil
	var results []*state
	tentative := x.tentative
	x.tentative = true
	alive := false
	for _, s := range states {
		x.state, x.states = s, nil
		if x.one(d) == 0 {
			alive = true
			if x.states == nil {
				results = x.add(results, x.state)
			} else {
				for _, s := range x.states {
					results = x.add(results, s)
				}
			}
		}
		x.state, x.states = nil, nil
	}
	x.tentative = tentative
	if !alive {
		return -1
	}
	x.states = results
	x.settle()
	return 0
}

// settle makes a single state the state.
func (x *explainer) settle() {
	if x.state != nil {
		x.states = nil
	}
	if len(x.states) == 1 {
		x.state, x.states = x.states[0], nil
	}
}

// add adds a state unless it is there.
func (x *explainer) add(states []*state, s *state) []*state {
	x.effort += len(states)
	if s == nil || slices.ContainsFunc(states, s.equal) {
		return states
	}
	return append(states, s)
}

// one tries d in the one state.
func (x *explainer) one(d *def) int {
	switch d.kind {
	case defEmpty:
		return 0
	case defAny:
		x.state.seq = nil
		for i := range x.state.attrs {
			x.state.attrs[i] = nil
		}
		x.state.left = 0
		return 0
	case defElement:
		return x.elementOf(d)
	case defAttribute:
		return x.attributeOf(d)
	case defOptional:
		return x.optional(d)
	case defOneOrMore:
		height := x.stack.n
		if ret := x.list(d.content); ret != 0 {
			return ret
		}
		x.stack.cut(height)
		return x.repeat(d)
	case defZeroOrMore:
		return x.repeat(d)
	case defChoice:
		return x.choose(d)
	case defInterleave:
		return x.interleave(d)
	}
	return x.list(d.content)
}

func (x *explainer) optional(d *def) int {
	height, tentative := x.stack.n, x.tentative
	x.tentative = true
	before := x.state.copy()
	if x.list(d.content) != 0 {
		x.state, x.states = before, nil
	} else if x.states != nil {
		x.states = x.add(x.states, before)
	} else {
		x.states = x.add([]*state{before}, x.state)
		x.state = nil
	}
	x.tentative = tentative
	x.stack.cut(height)
	return 0
}

// repeat tries d's content again as long as that leads on.
func (x *explainer) repeat(d *def) int {
	var all []*state
	if x.state != nil {
		all = x.add(all, x.state.copy())
	} else {
		for _, s := range x.states {
			all = x.add(all, s.copy())
		}
	}
	tentative := x.tentative
	x.tentative = true
	for {
		from := len(all)
		trying := x.states
		if trying == nil {
			trying = []*state{x.state}
		}
		for _, s := range trying {
			x.state, x.states = s, nil
			if x.list(d.content) == 0 {
				if x.state != nil {
					all = x.add(all, x.state)
				}
				for _, s := range x.states {
					all = x.add(all, s)
				}
			}
			x.state, x.states = nil, nil
		}
		if len(all) == from {
			break
		}
		for _, s := range all[from:] {
			x.states = append(x.states, s.copy())
		}
	}
	x.tentative = tentative
	x.state, x.states = nil, all
	return 0
}

func (x *explainer) choose(d *def) int {
	height := x.stack.n
	if next := x.skip(x.state.seq); d.triage != nil && next != nil {
		e, ok := next.(*etree.Element)
		if !ok || d.triage[e.Tag] == nil || foreign(e) {
			x.report(errElementWrong, nameOf(next), "")
			return -1
		}
		return x.definition(d.triage[e.Tag])
	}
	tentative := x.tentative
	x.tentative = true
	var results []*state
	ret, chosen := 0, false
	before := x.state
	for _, alternative := range d.content {
		x.state, x.states = before.copy(), nil
		if ret = x.definition(alternative); ret == 0 {
			chosen = true
			results = x.add(results, x.state)
			for _, s := range x.states {
				results = x.add(results, s)
			}
		}
	}
	x.state, x.states = before, nil
	if chosen {
		x.state, x.states = nil, results
		ret = 0
	}
	x.tentative = tentative
	if ret != 0 {
		if !x.tentative {
			x.dump()
		}
	} else {
		x.stack.cut(height)
	}
	return ret
}

func (x *explainer) attributeOf(d *def) int {
	s := x.state
	if s.left <= 0 {
		return -1
	}
	for i, a := range s.attrs {
		if a == nil || a.Space != "" || a.Key != d.name {
			continue
		}
		s.value = a
		ret := x.valueOf(d.typ, a)
		s.value = nil
		if ret == 0 {
			s.attrs[i] = nil
			s.left--
		}
		return ret
	}
	return -1
}

// valueOf compares an attribute's value with a type.
func (x *explainer) valueOf(t *datatype, a *etree.Attr) int {
	if t.kind == typeChoice || t.kind == typeTokens && len(t.tokens) > 1 {
		height, tentative := 0, x.tentative
		x.tentative = true
		ret := -1
		for _, alternative := range t.anyOf {
			if ret = x.valueOf(alternative, a); ret == 0 {
				break
			}
		}
		if t.kind == typeTokens && t.allows(a.Value) {
			ret = 0
		}
		x.tentative = tentative
		if ret == 0 {
			x.stack.cut(height)
		} else if !x.tentative {
			x.dump()
		}
		return ret
	}
	if !t.allows(a.Value) {
		if t.name != "" {
			x.report(errTypeValue, t.name, a.Value)
		}
		return -1
	}
	if t.kind == typeIDREF {
		x.looked = append(x.looked, lookedAt{x.state.node, a})
	}
	if !x.ids.note(t.kind, a) {
		x.report(errDuplicateID, a.Value, "")
		return 2
	}
	return 0
}
