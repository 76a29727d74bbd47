package xmltree

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Text says what becomes of text between tags.
type Text int

const (
	// KeepText keeps all of it, blanks too.
	KeepText Text = iota
	// DropBlanks leaves out what is only white space, but for the only content of
	// an element (libxml2's XML_PARSE_NOBLANKS).
	DropBlanks
	// DropText leaves out all text that is not in a CDATA section, as Pacemaker does
	// with files (filename2xml).
	DropText
)

// maxDepth is how deep elements may be nested (libxml2's xmlParserMaxDepth).
const maxDepth = 256

// SyntaxError is what is wrong with a document, and where.
type SyntaxError struct {
	Line int // from 1
	Text string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Lines are the lines that the tags of elements end in, from 1, as libxml2 tells them.
type Lines map[*etree.Element]int

// Parse reads a document. Its error is a *SyntaxError.
func Parse(data []byte, text Text) (*etree.Document, error) {
	return (&parser{s: string(data), text: text}).run()
}

// ParseLines is Parse, and tells the lines of all elements.
func ParseLines(data []byte, text Text) (*etree.Document, Lines, error) {
	p := &parser{s: string(data), text: text, lines: Lines{}, line: 1}
	doc, err := p.run()
	return doc, p.lines, err
}

func (p *parser) run() (*etree.Document, error) {
	p.document()
	if p.err != nil {
		return nil, p.err
	}
	doc := etree.NewDocument()
	doc.Child = make([]etree.Token, 0, len(p.pending))
	for _, token := range p.pending {
		doc.AddChild(token)
	}
	return doc, nil
}

// parser reads s from at on. The tokens of the elements that are open are in
// pending; each open element knows where its own begin.
type parser struct {
	s       string
	at      int
	text    Text
	err     error
	pending []etree.Token
	open    []openElement

	lines   Lines // nil if nobody wants to know
	line    int   // of counted
	counted int

	elements   []etree.Element // to be used next
	texts      []etree.CharData
	attributes []etree.Attr
	children   []etree.Token
	attrs      []etree.Attr // of the tag being read
}

type openElement struct {
	element *etree.Element
	name    string
	at      int // of its tag
	first   int // of its children in pending
}

// fail says that something is wrong at an offset, unless something was before.
func (p *parser) fail(at int, format string, args ...any) bool {
	if p.err == nil {
		p.err = &SyntaxError{Line: 1 + strings.Count(p.s[:at], "\n"), Text: fmt.Sprintf(format, args...)}
	}
	return false
}

func (p *parser) document() {
	p.s = strings.TrimPrefix(p.s, "\ufeff")
	if !p.characters() {
		return
	}
	if strings.HasPrefix(p.s, "<?xml") && len(p.s) > 5 && isSpace(p.s[5]) && !p.declaration() {
		return
	}
	root := false
	for p.err == nil && p.at < len(p.s) {
		start := p.at
		if len(p.open) == 0 && !p.outside() {
			break
		}
		if len(p.open) > 0 && p.s[p.at] != '<' {
			p.charData()
			continue
		}
		switch rest := p.s[p.at:]; {
		case len(p.open) == 0 && rest == "":
		case strings.HasPrefix(rest, "<!--"):
			p.comment()
		case strings.HasPrefix(rest, "<?"):
			p.instruction()
		case strings.HasPrefix(rest, "<![CDATA[") && len(p.open) > 0:
			p.cdata()
		case strings.HasPrefix(rest, "<!DOCTYPE") && len(p.open) == 0 && !root:
			p.doctype()
		case strings.HasPrefix(rest, "</") && len(p.open) > 0:
			p.endTag()
		case len(p.open) == 0 && root:
			p.fail(start, "there is more after the document's element")
		default:
			root = true
			p.startTag()
		}
	}
	switch {
	case p.err != nil:
	case len(p.open) > 0:
		last := p.open[len(p.open)-1]
		p.fail(len(p.s), "the document ends before element %s of line %d does", last.name, 1+strings.Count(p.s[:last.at], "\n"))
	case !root:
		p.fail(len(p.s), "the document has no element")
	}
}

// characters looks whether all are XML's; control characters are found later.
func (p *parser) characters() bool {
	if !utf8.ValidString(p.s) {
		at := 0
		for at < len(p.s) {
			r, n := utf8.DecodeRuneInString(p.s[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return p.fail(at, "byte 0x%02x is not UTF-8", p.s[at])
	}
	for _, wrong := range []string{"\ufffe", "\uffff"} {
		if at := strings.Index(p.s, wrong); at >= 0 {
			return p.fail(at, "character %q is not XML's", wrong)
		}
	}
	return true
}

// outside passes white space around the document's element.
func (p *parser) outside() bool {
	p.space()
	if p.at < len(p.s) && p.s[p.at] != '<' {
		return p.fail(p.at, "text outside of the document's element")
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// space passes white space, and tells whether there was any.
func (p *parser) space() bool {
	start := p.at
	for p.at < len(p.s) && isSpace(p.s[p.at]) {
		p.at++
	}
	return p.at > start
}

func (p *parser) startTag() {
	start := p.at
	p.at++
	name, ok := p.name()
	if !ok {
		return
	}
	p.attrs = p.attrs[:0]
	for {
		spaced := p.space()
		if p.at >= len(p.s) {
			p.fail(p.at, "the document ends in a tag")
			return
		}
		switch c := p.s[p.at]; {
		case c == '>':
			p.at++
			p.begin(name, start)
			return
		case c == '/':
			if !strings.HasPrefix(p.s[p.at:], "/>") {
				p.fail(p.at, "a / in tag %s", name)
				return
			}
			p.at += 2
			p.begin(name, start)
			if p.err == nil {
				p.end()
			}
			return
		case !spaced:
			p.fail(p.at, "white space is missing between attributes of %s", name)
			return
		}
		if !p.attribute() {
			return
		}
	}
}

// begin opens an element with the attributes read.
func (p *parser) begin(name string, at int) {
	if len(p.open) >= maxDepth {
		p.fail(at, "elements are nested more than %d deep", maxDepth)
		return
	}
	if !p.distinct(at) {
		return
	}
	if len(p.elements) == 0 {
		p.elements = make([]etree.Element, slab(len(p.s)))
	}
	e := &p.elements[0]
	p.elements = p.elements[1:]
	e.Space, e.Tag = split(name)
	p.setAttributes(e)
	if p.lines != nil {
		p.line += strings.Count(p.s[p.counted:p.at], "\n")
		p.counted = p.at
		p.lines[e] = min(p.line, 65535) // libxml2 counts no further
	}
	p.open = append(p.open, openElement{element: e, name: name, at: at, first: len(p.pending)})
}

// slab is how many of something to allocate at once.
func slab(size int) int { return min(max(size/512, 4), 512) }

// usualAttrs is how many attributes most tags have at most.
const usualAttrs = 8

// rootSpare is how many attributes may be added to a root before there is no room: daemons note on a message whom
// it is from, and send it on.
const rootSpare = 6

func (p *parser) setAttributes(e *etree.Element) {
	n := len(p.attrs)
	if n == 0 {
		return
	}
	if len(p.open) == 0 {
		e.Attr = make([]etree.Attr, 0, n+rootSpare)
	} else {
		if len(p.attributes) < n {
			p.attributes = make([]etree.Attr, max(n, 4*slab(len(p.s))))
		}
		e.Attr = p.attributes[:0:n]
		p.attributes = p.attributes[n:]
	}
	for i := range p.attrs {
		if a := &p.attrs[i]; a.Space == "" {
			e.Attr = append(e.Attr, *a)
		} else {
			e.CreateAttr(a.Space+":"+a.Key, a.Value)
		}
	}
}

// distinct tells whether no attribute comes twice.
func (p *parser) distinct(at int) bool {
	const few = 16
	if len(p.attrs) > few {
		seen := make(map[[2]string]bool, len(p.attrs))
		for i := range p.attrs {
			key := [2]string{p.attrs[i].Space, p.attrs[i].Key}
			if seen[key] {
				return p.fail(at, "attribute %s is there twice", p.attrs[i].FullKey())
			}
			seen[key] = true
		}
		return true
	}
	for i := range p.attrs {
		for j := range i {
			if p.attrs[i].Key == p.attrs[j].Key && p.attrs[i].Space == p.attrs[j].Space {
				return p.fail(at, "attribute %s is there twice", p.attrs[i].FullKey())
			}
		}
	}
	return true
}

// split parts a name at its colon, if that has something on either side.
func split(name string) (space, local string) {
	if colon := strings.IndexByte(name, ':'); colon > 0 && colon < len(name)-1 {
		return name[:colon], name[colon+1:]
	}
	return "", name
}

func (p *parser) endTag() {
	start := p.at
	p.at += 2
	name, ok := p.name()
	if !ok {
		return
	}
	p.space()
	if p.at >= len(p.s) || p.s[p.at] != '>' {
		p.fail(p.at, "end tag %s does not end", name)
		return
	}
	p.at++
	if last := p.open[len(p.open)-1]; last.name != name {
		p.fail(start, "tags do not match: %s of line %d and %s", last.name, 1+strings.Count(p.s[:last.at], "\n"), name)
		return
	}
	p.end()
}

// end closes the last element that is open.
func (p *parser) end() {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	e := last.element
	if n := len(p.pending) - last.first; n > 0 {
		if len(p.children) < n {
			p.children = make([]etree.Token, max(n, 2*slab(len(p.s))))
		}
		e.Child = p.children[:0:n]
		p.children = p.children[n:]
		for _, token := range p.pending[last.first:] {
			e.AddChild(token)
		}
	}
	p.pending = append(p.pending[:last.first], e)
}
