package schema

import (
	"fmt"
	"regexp"
	"sync"
)

// grammar is the automaton of one version. It grows while documents are read,
// hence the lock.
type grammar struct {
	mu       sync.Mutex
	compiler *compiler
	patterns *patterns
	start    *pattern
}

// mostPatterns bounds what odd documents can make a grammar remember: beyond it, it
// is compiled anew. All of the reference's test configurations together need a few thousand.
const mostPatterns = 100_000

var grammars [count]grammar

// ready compiles the grammar for v if it is not there yet. The caller holds the lock.
func (g *grammar) ready(v Version) {
	if g.patterns != nil && len(g.patterns.made) < mostPatterns {
		return
	}
	c := newCompiler(readGrammar())
	g.start = c.reference(newExpr(exprRef, "cib"), scope{version: releases[v]})
	g.compiler = c
	g.patterns = c.patterns
}

// compiler turns the notation into patterns.
type compiler struct {
	*patterns
	source     *source
	attributes map[attributeKey]*attribute
	elements   map[elementKey]*element
}

type attributeKey struct {
	value   *expr // nil for any text
	name    string
	version release
}

type elementKey struct {
	expr     *expr
	version  release
	argument argument
}

// argument is what a definition was called with.
type argument struct {
	name    string // the definition passed
	version release
}

// scope is where an expression is being compiled.
type scope struct {
	version   release
	parameter string
	argument  argument
}

func newCompiler(s *source) *compiler {
	return &compiler{
		patterns:   newPatterns(),
		source:     s,
		attributes: map[attributeKey]*attribute{},
		elements:   map[elementKey]*element{},
	}
}

// compile returns nil for what the version does not have.
func (c *compiler) compile(e *expr, s scope) *pattern {
	if !e.at(s.version) {
		return nil
	}
	switch e.kind {
	case exprEmpty:
		return c.empty
	case exprAny:
		return c.any
	case exprNever:
		return c.notAllowed
	case exprRef:
		return c.reference(e, s)
	case exprElement:
		return c.one(patternKey{op: opElement, element: c.element(e, s)})
	case exprAttribute:
		return c.one(patternKey{op: opAttribute, attribute: c.attribute(e, s)})
	case exprOptional:
		return c.wrap(e, s, c.optional)
	case exprOneOrMore:
		return c.wrap(e, s, c.oneOrMore)
	case exprZeroOrMore:
		return c.wrap(e, s, func(p *pattern) *pattern { return c.optional(c.oneOrMore(p)) })
	case exprGroup:
		return c.fold(e, s, c.group)
	case exprInterleave:
		return c.fold(e, s, c.interleave)
	case exprChoice:
		return c.fold(e, s, c.choice)
	}
	panic(fmt.Sprintf("cib.grammar: a value where a pattern belongs: %v", e.name))
}

func (c *compiler) wrap(e *expr, s scope, around func(*pattern) *pattern) *pattern {
	p := c.compile(e.args[0], s)
	if p == nil {
		return nil
	}
	return around(p)
}

// fold combines what the version has of the parts, from the right.
func (c *compiler) fold(e *expr, s scope, combine func(a, b *pattern) *pattern) *pattern {
	var all *pattern
	for i := len(e.args) - 1; i >= 0; i-- {
		switch p := c.compile(e.args[i], s); {
		case p == nil:
		case all == nil:
			all = p
		default:
			all = combine(p, all)
		}
	}
	return all
}

func (c *compiler) reference(e *expr, s scope) *pattern {
	body, inner, ok := c.resolve(e, s)
	if !ok {
		return nil
	}
	return c.compile(body, inner)
}

// resolve finds what a name stands for; ok is false if the version does not have it.
func (c *compiler) resolve(e *expr, s scope) (body *expr, inner scope, ok bool) {
	name, version := e.name, s.version
	if name == s.parameter {
		name, version = s.argument.name, s.argument.version
	}
	d := c.source.definitions[name]
	if d == nil {
		panic("cib.grammar: nothing is defined as " + name)
	}
	version, ok = d.asOf(version)
	inner = scope{version: version, parameter: d.parameter}
	if d.parameter != "" {
		inner.argument = argument{name: e.args[0].name, version: s.version}
	}
	return d.body, inner, ok
}

func (c *compiler) element(e *expr, s scope) *element {
	k := elementKey{e, s.version, s.argument}
	if el := c.elements[k]; el != nil {
		return el
	}
	el := &element{name: e.name}
	c.elements[k] = el // before its content, which may have it again
	el.content = c.compile(e.args[0], s)
	if el.content == nil {
		el.content = c.empty
	}
	return el
}

func (c *compiler) attribute(e *expr, s scope) *attribute {
	k := attributeKey{name: e.name, version: s.version}
	if len(e.args) > 0 {
		k.value = e.args[0]
	} else {
		k.version = release{}
	}
	if a := c.attributes[k]; a != nil {
		return a
	}
	a := &attribute{name: e.name, typ: anyText}
	if k.value != nil {
		a.typ = c.datatype(k.value, s.version)
	}
	c.attributes[k] = a
	return a
}

func (c *compiler) datatype(e *expr, v release) *datatype {
	switch e.kind {
	case exprType:
		if set := c.source.values[e.name]; set != nil {
			return c.datatype(set, v)
		}
		t := namedTypes[e.name]
		if t == nil {
			panic("cib.grammar: no type " + e.name)
		}
		return t
	case exprTokens:
		return &datatype{kind: typeTokens, tokens: tokensAt(e, v)}
	case exprNot:
		return &datatype{kind: typeNot, tokens: tokensAt(e.args[0], v)}
	case exprExact:
		return &datatype{kind: typeExact, tokens: []string{e.name}}
	case exprMatch:
		return &datatype{kind: typeMatch, match: regexp.MustCompile("^(?:" + e.name + ")$")}
	case exprChoice:
		t := &datatype{kind: typeChoice}
		for _, alternative := range e.args {
			t.anyOf = append(t.anyOf, c.datatype(alternative, v))
		}
		return t
	}
	panic("cib.grammar: a pattern where a value belongs: " + e.name)
}

func tokensAt(e *expr, v release) []string {
	var tokens []string
	for _, t := range e.args {
		if t.at(v) {
			tokens = append(tokens, t.name)
		}
	}
	return tokens
}
