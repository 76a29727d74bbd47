package schema

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"text/scanner"
)

//go:embed cib.grammar
var grammarText string

// source is the grammar as read, before it is compiled for a version.
type source struct {
	definitions map[string]*definition
	values      map[string]*expr // named token sets
}

// definition is one "name = pattern" or "name(parameter) = pattern".
type definition struct {
	parameter string
	revised   []release // the versions of its section; nil for every version
	body      *expr
}

// asOf returns the version that the definition's section is taken as of by a
// schema of version v; ok is false before the first.
func (d *definition) asOf(v release) (r release, ok bool) {
	if d.revised == nil {
		return v, true
	}
	for _, candidate := range d.revised {
		if v.before(candidate) {
			break
		}
		r, ok = candidate, true
	}
	return r, ok
}

type exprKind uint8

const (
	exprEmpty exprKind = iota
	exprAny
	exprNever
	exprRef       // name, args[0] if it has an argument
	exprElement   // name, args[0]
	exprAttribute // name, args[0]: the value's expression, none for any text
	exprGroup
	exprInterleave
	exprChoice
	exprOptional
	exprZeroOrMore
	exprOneOrMore
	exprType   // name
	exprTokens // tokens, each with its condition, in args
	exprToken  // name
	exprExact  // name
	exprNot    // args[0] is exprTokens
	exprMatch  // name is a regular expression
)

// expr is a node of the grammar's text.
type expr struct {
	kind exprKind
	name string
	args []*expr
	from release // the first version that has it
	to   release // the last one
}

func (e *expr) at(v release) bool { return !v.before(e.from) && !e.to.before(v) }

// readGrammar reads the embedded text once; that it can be read is tested.
var readGrammar = sync.OnceValue(func() *source {
	s, err := parseGrammar(grammarText)
	if err != nil {
		panic(err)
	}
	return s
})

// parseGrammar reads the notation that cib.grammar's head describes.
func parseGrammar(text string) (s *source, err error) {
	p := &notation{src: &source{definitions: map[string]*definition{}, values: map[string]*expr{}}}
	p.init(text)
	defer func() {
		if r := recover(); r != nil {
			ne, ok := r.(*notationError)
			if !ok {
				panic(r)
			}
			s, err = nil, ne
		}
	}()
	for p.tok != scanner.EOF {
		p.statement()
	}
	return p.src, nil
}

// notationError is a fault in the grammar's text.
type notationError struct {
	at   scanner.Position
	text string
}

func (e *notationError) Error() string { return fmt.Sprintf("cib.grammar:%v: %s", e.at, e.text) }

// notation is the reader's state.
type notation struct {
	scan    scanner.Scanner
	tok     rune
	src     *source
	revised []release
}

func (p *notation) init(text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = "\n"
		}
		b.WriteString(line)
	}
	p.scan.Init(strings.NewReader(b.String()))
	p.scan.Mode = scanner.ScanIdents | scanner.ScanStrings
	p.scan.IsIdentRune = func(ch rune, i int) bool {
		return ch == '_' || 'a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' ||
			ch == '-' || '0' <= ch && ch <= '9'
	}
	p.scan.Error = func(*scanner.Scanner, string) { p.fail("what is this") }
	p.next()
}

func (p *notation) next()              { p.tok = p.scan.Scan() }
func (p *notation) fail(text string)   { panic(&notationError{p.scan.Position, text}) }
func (p *notation) peek(tok rune) bool { return p.tok == tok }

func (p *notation) want(tok rune) {
	if p.tok != tok {
		p.fail(fmt.Sprintf("got %q, want %s", p.scan.TokenText(), scanner.TokenString(tok)))
	}
	p.next()
}

func (p *notation) word() string {
	word := p.scan.TokenText()
	p.want(scanner.Ident)
	return word
}

func (p *notation) statement() {
	name := p.word()
	switch name {
	case "section":
		p.section()
		return
	case "values":
		name = p.word()
		p.want('=')
		p.src.values[name] = p.tokens()
		return
	}
	d := &definition{revised: p.revised}
	if p.peek('(') {
		p.next()
		d.parameter = p.word()
		p.want(')')
	}
	p.want('=')
	d.body = p.choice()
	if p.src.definitions[name] != nil {
		p.fail(name + " is defined twice")
	}
	p.src.definitions[name] = d
}

// section reads the rest of its line: the versions end where the line does.
func (p *notation) section() {
	line := p.scan.Position.Line
	p.word() // what it is about
	p.revised = nil
	for p.tok != scanner.EOF && p.scan.Position.Line == line {
		if p.scan.TokenText() == "every" {
			p.next()
			continue
		}
		p.revised = append(p.revised, p.release())
	}
}

// release reads 2.10, or next.
func (p *notation) release() release {
	if p.scan.TokenText() == "next" {
		p.next()
		return next
	}
	major, err1 := strconv.Atoi(p.word())
	p.want('.')
	minor, err2 := strconv.Atoi(p.word())
	if err1 != nil || err2 != nil {
		p.fail("want a version")
	}
	return release{major, minor}
}

func (p *notation) choice() *expr     { return p.list('|', exprChoice, p.interleave) }
func (p *notation) interleave() *expr { return p.list('&', exprInterleave, p.group) }
func (p *notation) group() *expr      { return p.list(',', exprGroup, p.conditional) }

func (p *notation) list(separator rune, kind exprKind, item func() *expr) *expr {
	first := item()
	if !p.peek(separator) {
		return first
	}
	e := newExpr(kind, "", first)
	for p.peek(separator) {
		p.next()
		e.args = append(e.args, item())
	}
	return e
}

// newExpr makes one that every version has.
func newExpr(kind exprKind, name string, args ...*expr) *expr {
	return &expr{kind: kind, name: name, args: args, to: next}
}

// condition reads [2.6..2.8], [2.6..], [..2.8], if there is one.
func (p *notation) condition() (from, to release) {
	to = next
	if !p.peek('[') {
		return from, to
	}
	p.next()
	if !p.peek('.') {
		from = p.release()
	}
	p.want('.')
	p.want('.')
	if !p.peek(']') {
		to = p.release()
	}
	p.want(']')
	return from, to
}

func (p *notation) conditional() *expr {
	from, to := p.condition()
	e := p.repeated()
	if from != (release{}) || to != next {
		e = newExpr(exprGroup, "", e)
		e.from, e.to = from, to
	}
	return e
}

func (p *notation) repeated() *expr {
	e := p.primary()
	for {
		var kind exprKind
		switch p.tok {
		case '?':
			kind = exprOptional
		case '*':
			kind = exprZeroOrMore
		case '+':
			kind = exprOneOrMore
		default:
			return e
		}
		p.next()
		e = newExpr(kind, "", e)
	}
}

func (p *notation) primary() *expr {
	switch {
	case p.peek('('):
		p.next()
		e := p.choice()
		p.want(')')
		return e
	case p.peek('@'):
		p.next()
		return p.attribute()
	}
	name := p.word()
	switch {
	case name == "empty":
		return newExpr(exprEmpty, "")
	case name == "any":
		return newExpr(exprAny, "")
	case name == "never":
		return newExpr(exprNever, "")
	case p.peek('{'):
		p.next()
		body := p.choice()
		p.want('}')
		return newExpr(exprElement, name, body)
	case p.peek('('):
		p.next()
		argument := p.word()
		p.want(')')
		return newExpr(exprRef, name, newExpr(exprRef, argument))
	}
	return newExpr(exprRef, name)
}

func (p *notation) attribute() *expr {
	e := newExpr(exprAttribute, p.word())
	if p.peek(':') {
		p.next()
		e.args = []*expr{p.value()}
	}
	return e
}

func (p *notation) value() *expr {
	switch p.tok {
	case '{':
		return p.tokens()
	case '!':
		p.next()
		return newExpr(exprNot, "", p.tokens())
	case '=':
		p.next()
		return newExpr(exprExact, p.text())
	case '/':
		return p.match()
	case '(':
		p.next()
		e := p.list('|', exprChoice, p.value)
		p.want(')')
		return e
	}
	return newExpr(exprType, p.word())
}

// match reads a regular expression: all up to the next slash.
func (p *notation) match() *expr {
	var b strings.Builder
	for {
		switch ch := p.scan.Next(); ch {
		case '/':
			p.next()
			return newExpr(exprMatch, b.String())
		case scanner.EOF, '\n':
			p.fail("a pattern does not end")
		default:
			b.WriteRune(ch)
		}
	}
}

func (p *notation) text() string {
	text, err := strconv.Unquote(p.scan.TokenText())
	if p.tok != scanner.String || err != nil {
		p.fail("want a text in quotes")
	}
	p.next()
	return text
}

func (p *notation) tokens() *expr {
	e := newExpr(exprTokens, "")
	p.want('{')
	for !p.peek('}') {
		from, to := p.condition()
		t := p.token()
		t.from, t.to = from, to
		e.args = append(e.args, t)
	}
	p.next()
	return e
}

// token reads a quoted text, or all up to white space: "+INFINITY", "pacemaker-2.10".
func (p *notation) token() *expr {
	if p.tok == scanner.String {
		return newExpr(exprToken, p.text())
	}
	var b strings.Builder
	end := p.scan.Position.Offset
	for p.tok != '}' && p.tok != scanner.EOF && (b.Len() == 0 || p.scan.Position.Offset == end) {
		b.WriteString(p.scan.TokenText())
		end = p.scan.Position.Offset + len(p.scan.TokenText())
		p.next()
	}
	if b.Len() == 0 {
		p.fail("want a token")
	}
	return newExpr(exprToken, b.String())
}
