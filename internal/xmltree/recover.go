package xmltree

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// Problem is something that libxml2 says about a document.
type Problem struct {
	Domain  Domain
	Warning bool
	Fatal   bool // the document is not well-formed
	Code    int  // libxml2's number (xmlParserErrors)
	Line    int  // from 1
	Text    string
	Context string // the part of the line in which it was noticed, up to 80 bytes
	Pointer string // what stands below that: blanks and a ^
}

// Domain is the part of libxml2 that says something, by its number.
type Domain int

// The domains of problems with a document.
const (
	FromParser    Domain = 1
	FromNamespace Domain = 3
)

// Level is libxml2's number for how bad it is (xmlErrorLevel).
func (p Problem) Level() int {
	switch {
	case p.Warning:
		return 1
	case p.Fatal:
		return 3
	}
	return 2
}

// Print is how libxml2 reports the problem with the file of that name, or with a text if
// that is "" (xmlReportError): three messages, which end in a line feed.
func (p Problem) Print(file string) [3]string {
	where := ""
	switch {
	case file != "":
		where = fmt.Sprintf("%s:%d: ", file, p.Line)
	case p.Domain == FromParser:
		where = fmt.Sprintf("Entity: line %d: ", p.Line)
	}
	part := "parser "
	if p.Domain == FromNamespace {
		part = "namespace "
	}
	level := "error : "
	if p.Warning {
		level = "warning : "
	}
	return [3]string{where + part + level + p.Text + "\n", p.Context + "\n", p.Pointer + "\n"}
}

// Recover reads a document as libxml2 does that has been told to recover
// (XML_PARSE_RECOVER): it says what is wrong, guesses what was meant and goes on as far
// as it can. The document has what was read until then; it has no root if there was not
// even the beginning of one.
//
// Attributes may come twice here, and strings may hold bytes that are no UTF-8.
func Recover(data []byte, text Text) (*etree.Document, Lines, []Problem) {
	if doc, lines, err := ParseLines(data, text); err == nil && ordinary(data) {
		return doc, lines, nil
	}
	r := newRecoverer(data, text)
	r.document()
	return r.doc, r.lines, r.problems
}

// ordinary tells that a well-formed document has nothing that libxml2 might remark upon:
// no namespaces, declarations, and instructions.
func ordinary(data []byte) bool {
	if bytes.Contains(data, []byte("xmlns")) || bytes.Contains(data, []byte("<!D")) {
		return false
	}
	if i := bytes.Index(data, []byte("<?")); i >= 0 {
		if i > 3 || bytes.Contains(data[i+2:], []byte("<?")) || !bytes.Contains(data, []byte(`"1.0"`)) && !bytes.Contains(data, []byte(`'1.0'`)) {
			return false
		}
	}
	for at := 0; ; at++ {
		i := bytes.IndexByte(data[at:], ':')
		if i < 0 {
			return true
		}
		// Prefixes stand before a name, which a value in quotes can look like; then
		// the slow reader finds that all is well.
		at += i
		if at+1 < len(data) && classes[data[at+1]]&nameStart != 0 && inTag(data[:at]) {
			return false
		}
	}
}

// inTag tells whether what ends in a name is in a tag and not in a value.
func inTag(before []byte) bool {
	tag := before[max(bytes.LastIndexByte(before, '<'), 0):]
	return bytes.Count(tag, []byte{'"'})%2 == 0
}

// recoverer reads s from at on. It is slower than parser, and says of each step what
// libxml2 would.
type recoverer struct {
	s    []byte
	at   int
	base int // what stands before was in another encoding
	line int
	text Text
	utf8 bool // not since bytes were met that are none

	doc      *etree.Document
	node     *etree.Element // what is open in the document
	open     []openTag      // as far as tags tell; may differ, after mistakes
	lines    Lines
	problems []Problem
	broken   bool // not well-formed
	halted   bool
	last     int // the code of the last problem

	namespaces []namespace // declared, the innermost last

	entities map[string]*entity
	external bool // it has an external subset
}

func newRecoverer(data []byte, text Text) *recoverer {
	return &recoverer{
		s: data, doc: etree.NewDocument(), text: text, lines: Lines{}, line: 1, utf8: true,
		entities: map[string]*entity{},
	}
}

type openTag struct {
	prefix, local string
	line          int
	namespaces    int // declared by it
}

func (t openTag) String() string { return t.local }

type namespace struct{ prefix, uri string }

// The codes of libxml2 that are asked about.
const (
	errUnsupportedEncoding = 32
	errEntityLoop          = 89
)

// fatal says that the document is not well-formed.
func (r *recoverer) fatal(code int, format string, args ...any) {
	r.say(Problem{Domain: FromParser, Fatal: true, Code: code}, format, args...)
}

func (r *recoverer) namespaceError(code int, format string, args ...any) {
	r.say(Problem{Domain: FromNamespace, Code: code}, format, args...)
}

func (r *recoverer) warn(d Domain, code int, format string, args ...any) {
	r.say(Problem{Domain: d, Warning: true, Code: code}, format, args...)
}

// maxProblems is more than libxml2 finds in any file of a sensible size.
const maxProblems = 100000

func (r *recoverer) say(p Problem, format string, args ...any) {
	if r.halted {
		return
	}
	p.Text = fmt.Sprintf(format, args...)
	p.Line = r.line
	p.Context, p.Pointer = r.context()
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, p)
	}
	r.last = p.Code
	r.broken = r.broken || p.Fatal
}

// context is the line around the place that has been read to, and where that is
// (xmlParserPrintFileContextInternal).
func (r *recoverer) context() (text, pointer string) {
	const width = 80
	isEnd := func(c byte) bool { return c == '\n' || c == '\r' }
	start := min(r.at, len(r.s))
	for start > r.base && isEnd(r.byteAt(start)) {
		start--
	}
	for n := 0; n < width && start > r.base && !isEnd(r.byteAt(start)); n++ {
		start--
	}
	if isEnd(r.byteAt(start)) {
		start++
	}
	column := r.at - start
	end := start
	for end-start < width && r.byteAt(end) != 0 && !isEnd(r.byteAt(end)) {
		end++
	}
	line := string(r.s[min(start, len(r.s)):min(end, len(r.s))])
	var b strings.Builder
	for i := 0; i < column && i < width-1 && i < len(line); i++ {
		if line[i] == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	return line, b.String()
}

// byteAt is a byte of the document, or 0 after its end.
func (r *recoverer) byteAt(at int) byte {
	if at < len(r.s) {
		return r.s[at]
	}
	return 0
}

// peek is a byte ahead.
func (r *recoverer) peek(ahead int) byte { return r.byteAt(r.at + ahead) }

func (r *recoverer) has(prefix string) bool {
	return bytes.HasPrefix(r.s[min(r.at, len(r.s)):], []byte(prefix))
}

// halt stops reading.
func (r *recoverer) halt() {
	r.at = len(r.s)
	r.s = r.s[:r.at]
	r.halted = true
}

func (r *recoverer) document() {
	r.at = len(bytes.TrimPrefix(r.s, []byte("\ufeff")))
	r.at = len(r.s) - r.at
	if r.peek(0) == 0 {
		r.fatal(4, "Document is empty")
		return
	}
	if r.has("<?xml") && isSpace(r.peek(5)) {
		r.declaration()
		if r.last == errUnsupportedEncoding || r.halted {
			return
		}
		r.blanks()
	}
	r.misc()
	if r.has("<!DOCTYPE") {
		r.doctype()
		r.misc()
	}
	if r.peek(0) != '<' {
		r.fatal(4, "Start tag expected, '<' not found")
		return
	}
	r.element()
	r.halted = false // but there is nothing left then
	r.misc()
	if r.peek(0) != 0 {
		r.fatal(5, "Extra content at the end of the document")
	}
}

// misc reads comments and instructions around the document's element.
func (r *recoverer) misc() {
	for !r.halted {
		r.blanks()
		switch {
		case r.has("<?"):
			r.instruction()
		case r.has("<!--"):
			r.comment()
		default:
			return
		}
	}
}

// blanks passes white space and tells whether there was any.
func (r *recoverer) blanks() bool {
	start := r.at
	for r.at < len(r.s) && isSpace(r.s[r.at]) {
		if r.s[r.at] == '\n' {
			r.line++
		}
		r.at++
	}
	return r.at > start
}
