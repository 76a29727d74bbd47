package pcmktool

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Element is an element of XML output: attributes in their order, and either
// elements or text.
type Element struct {
	name       string
	attributes []string // name, value, ...
	text       string
	cdata      bool // text is written as such a section
	children   []*Element
}

// Add appends an element to e.
func (e *Element) Add(name string, attributes ...string) *Element {
	c := &Element{name: name, attributes: attributes}
	e.children = append(e.children, c)
	return c
}

// Len is how many elements are in e.
func (e *Element) Len() int { return len(e.children) }

// Set adds an attribute.
func (e *Element) Set(name, value string) { e.attributes = append(e.attributes, name, value) }

// SetText makes text e's content.
func (e *Element) SetText(text string) { e.text = text }

// SetCData makes text e's content, as CDATA sections: two or more where it has the end of
// one.
func (e *Element) SetCData(text string) { e.text, e.cdata = text, true }

// xmlOutput is --output-as=xml: one document, written at the end.
type xmlOutput struct {
	destination
	root   *Element
	lists  []*Element // that are open
	errors []string
	legacy io.Writer // where errors go that have no element, nil if they have
}

func newXML(d destination, args []string) *xmlOutput {
	return &xmlOutput{destination: d, root: &Element{name: "pacemaker-result", attributes: []string{
		"api-version", APIVersion, "request", Quote(args),
	}}}
}

// newLegacyXML is XML as it was before its element was pacemaker-result.
func newLegacyXML(d destination, tool string, stderr io.Writer) *xmlOutput {
	return &xmlOutput{destination: d, root: &Element{name: tool, attributes: []string{"version", Version}}, legacy: stderr}
}

func (x *xmlOutput) Info(string, ...any)   {}
func (x *xmlOutput) Printf(string, ...any) {}
func (x *xmlOutput) IsText() bool          { return false }
func (x *xmlOutput) IsXML() bool           { return true }

func (x *xmlOutput) Err(format string, args ...any) {
	x.errors = append(x.errors, fmt.Sprintf(format, args...))
}

func (x *xmlOutput) Element(name string, attributes ...string) *Element {
	if n := len(x.lists); n > 0 {
		return x.lists[n-1].Add(name, attributes...)
	}
	return x.root.Add(name, attributes...)
}

func (x *xmlOutput) BeginList(_, _, title string) {
	x.lists = append(x.lists, x.Element("list", "name", strings.ToLower(title)))
}

func (x *xmlOutput) Item(kind, text string) {
	item := x.Element("item")
	item.SetText(text)
	if kind != "" {
		item.Set("name", kind)
	}
}

func (x *xmlOutput) EndList() {
	l := x.lists[len(x.lists)-1]
	x.lists = x.lists[:len(x.lists)-1]
	l.Set("count", strconv.Itoa(len(l.children)))
}

func (x *xmlOutput) Document(name, text string) { x.Element(name).SetCData(text) }

func (x *xmlOutput) Command(code int, stdout, stderr string) {
	x.Element("command").SetCommand(code, stdout, stderr)
}

// SetCommand makes e tell of the run of a program.
func (e *Element) SetCommand(code int, stdout, stderr string) {
	e.Set("code", strconv.Itoa(code))
	for _, s := range []struct{ source, text string }{{"stdout", stdout}, {"stderr", stderr}} {
		if s.text != "" {
			e.Add("output", "source", s.source).SetText(s.text)
		}
	}
}

func (x *xmlOutput) Version() {
	x.Element("version", "program", "Pacemaker", "version", Version, "author", authors, "build", Build, "features", Features)
}

func (x *xmlOutput) Finish(code crmexit.Code) error {
	if x.legacy != nil {
		if code != crmexit.OK {
			fmt.Fprintln(x.legacy, code)
		}
		for _, e := range x.errors {
			fmt.Fprintln(x.legacy, e)
		}
		x.root.write(x.w, 0)
		return x.close()
	}
	status := x.root.Add("status", "code", strconv.Itoa(int(code)), "message", code.String())
	if len(x.errors) > 0 {
		list := status.Add("errors")
		for _, e := range x.errors {
			list.Add("error").SetText(e)
		}
	}
	x.root.write(x.w, 0)
	return x.close()
}

// write writes e as libxml2 formats it.
func (e *Element) write(w *bufio.Writer, depth int) {
	indent := strings.Repeat("  ", depth)
	w.WriteString(indent + "<" + e.name)
	for i := 0; i+1 < len(e.attributes); i += 2 {
		w.WriteString(" " + e.attributes[i] + `="`)
		escape(w, e.attributes[i+1], true)
		w.WriteByte('"')
	}
	switch {
	case len(e.children) > 0:
		w.WriteString(">\n")
		for _, c := range e.children {
			c.write(w, depth+1)
		}
		w.WriteString(indent + "</" + e.name + ">\n")
	case e.cdata:
		w.WriteString("><![CDATA[" + strings.ReplaceAll(e.text, "]]>", "]]]]><![CDATA[>") + "]]></" + e.name + ">\n")
	case e.text != "":
		w.WriteByte('>')
		escapeText(w, e.text)
		w.WriteString("</" + e.name + ">\n")
	default:
		w.WriteString("/>\n")
	}
}

// escapeText writes the text of an element; unlike in attributes, letters that are not
// plain ASCII stay as they are.
func escapeText(w *bufio.Writer, text string) {
	for i, r := range text {
		if r < utf8.RuneSelf {
			escape(w, text[i:i+1], false)
		} else {
			w.WriteRune(r)
		}
	}
}

// escape writes text with what is not plain ASCII as references.
func escape(w *bufio.Writer, text string, attribute bool) {
	for _, r := range text {
		switch {
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r == '&':
			w.WriteString("&amp;")
		case r == '"' && attribute:
			w.WriteString("&quot;")
		case r == '\r', attribute && (r == '\n' || r == '\t'):
			fmt.Fprintf(w, "&#%d;", r)
		case r >= 0x80:
			fmt.Fprintf(w, "&#x%X;", r)
		case r < ' ' && r != '\n' && r != '\t':
			// XML has no form for other control characters.
		default:
			w.WriteRune(r)
		}
	}
}
