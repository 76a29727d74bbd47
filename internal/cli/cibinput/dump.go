package cibinput

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// partial logs what has been read of a document that is not well-formed.
func (r *Reader) partial(where string, root *etree.Element) {
	if r.Log.Enabled(loglevel.Error) {
		LogXML(root, func(line string) { r.Log.Print(loglevel.Error, where, "Partial "+line) })
	}
}

// LogXML says elements and comments, a line each (crm_log_xml_warn and its like).
func LogXML(e *etree.Element, say func(string)) { logXML(e, 1, say) }

// logXML is LogXML at a depth (log_xml_node_and_children).
func logXML(e *etree.Element, depth int, say func(string)) {
	indent := strings.Repeat("  ", depth)
	var b strings.Builder
	b.WriteString(indent + "<" + e.Tag)
	hidden := e.SelectAttrValue("hidden", "")
	for i := range e.Attr {
		a := &e.Attr[i]
		if a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" {
			continue // is no attribute
		}
		value := escape(a.Value)
		if hidden != "" && strings.Contains(hidden, a.Key) {
			value = "*****"
		}
		b.WriteString(" " + a.Key + `="` + value + `"`)
	}
	if len(e.Child) == 0 {
		say(b.String() + "/>")
		return
	}
	say(b.String() + ">")
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			logXML(t, depth+1, say)
		case *etree.Comment:
			say(indent + "  <!--" + t.Data + "-->")
		}
	}
	say(indent + "</" + e.Tag + ">")
}

// escape replaces what XML would not take and what is not printed. What comes after a
// character of several bytes is left as it is (crm_xml_escape).
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= utf8.RuneSelf && i+1 < len(text) && text[i+1] >= utf8.RuneSelf {
			b.WriteString(text[i:])
			break
		}
		switch c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		case '\'':
			b.WriteString("&apos;")
		case '&':
			b.WriteString("&amp;")
		case '\t':
			b.WriteString("    ")
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			if c < ' ' || c > '~' {
				fmt.Fprintf(&b, `\%.3o`, uint32(int32(int8(c)))) // a char has a sign
			} else {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}
