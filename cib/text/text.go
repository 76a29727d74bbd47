package text

import (
	"github.com/beevik/etree"
)

// Lines is an element as tools print it and files have it: each tag a line, two blanks of
// indentation a level (dump_xml_formatted).
func Lines(e *etree.Element) string {
	return string(AppendLines(nil, e))
}

// AppendLines appends what Lines is.
func AppendLines(b []byte, e *etree.Element) []byte {
	w := writer{b: b, formatted: true, how: Readable}
	w.element(e, 0)
	return w.b
}

// Line is an element without white space between tags (dump_xml_unformatted), as it travels
// in messages.
func Line(e *etree.Element) string {
	return string(AppendLine(nil, e))
}

// AppendLine appends what Line is.
func AppendLine(b []byte, e *etree.Element) []byte {
	w := writer{b: b, how: Readable}
	w.element(e, 0)
	return w.b
}

// AppendDigested appends the text that digests are made of. Where filtered, the attributes
// that [Filtered] knows are left out.
func AppendDigested(b []byte, e *etree.Element, filtered bool) []byte {
	w := writer{b: b, filtered: filtered, how: Faithful}
	w.element(e, 0)
	return w.b
}

// Filtered tells whether an attribute says only who changed a CIB, and when: digests and
// patchsets pass over it (pcmk__xa_filterable).
func Filtered(name string) bool {
	switch name {
	case "crm-debug-origin", "cib-last-written", "update-origin", "update-client", "update-user":
		return true
	}
	return false
}

// IsAttribute tells whether libxml2 has an attribute of etree's among an element's
// attributes: it keeps declarations of namespaces apart.
func IsAttribute(a *etree.Attr) bool {
	return a.Space == "" && a.Key != "xmlns" || a.Space != "" && a.Space != "xmlns"
}

type writer struct {
	b         []byte
	formatted bool
	filtered  bool
	how       Escaping
}

func (w *writer) indent(depth int) {
	if w.formatted {
		for range depth {
			w.b = append(w.b, "  "...)
		}
	}
}

func (w *writer) newline() {
	if w.formatted {
		w.b = append(w.b, '\n')
	}
}

func (w *writer) element(e *etree.Element, depth int) {
	w.indent(depth)
	w.b = append(append(w.b, '<'), e.Tag...)
	for i := range e.Attr {
		a := &e.Attr[i]
		if !IsAttribute(a) || w.filtered && Filtered(a.Key) {
			continue
		}
		w.b = append(append(append(w.b, ' '), a.Key...), `="`...)
		w.b = append(AppendEscaped(w.b, a.Value, w.how), '"')
	}
	if len(e.Child) == 0 {
		w.b = append(w.b, "/>"...)
		w.newline()
		return
	}
	w.b = append(w.b, '>')
	w.newline()
	for _, token := range e.Child {
		w.child(token, depth+1)
	}
	w.indent(depth)
	w.b = append(append(append(w.b, "</"...), e.Tag...), '>')
	w.newline()
}

// child writes what is in an element; of text only CDATA sections.
func (w *writer) child(token etree.Token, depth int) {
	switch t := token.(type) {
	case *etree.Element:
		w.element(t, depth)
	case *etree.Comment:
		w.indent(depth)
		w.b = append(append(append(w.b, "<!--"...), t.Data...), "-->"...)
		w.newline()
	case *etree.CharData:
		if t.IsCData() {
			w.indent(depth)
			w.b = append(append(append(w.b, "<![CDATA["...), t.Data...), "]]>"...)
			w.newline()
		}
	}
}
