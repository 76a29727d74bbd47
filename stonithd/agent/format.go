package agent

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// formatted is an element as libxml2 writes it when asked for indentation
// (dump_xml_formatted_with_text): an element with text among its children stays on its
// line.
func formatted(e *etree.Element) string {
	var b strings.Builder
	writeElement(&b, e, 0, true)
	b.WriteByte('\n')
	return b.String()
}

func writeElement(b *strings.Builder, e *etree.Element, depth int, indent bool) {
	b.WriteString("<" + e.FullTag())
	for _, a := range e.Attr {
		b.WriteString(" " + a.FullKey() + `="` + escapeAttribute(a.Value) + `"`)
	}
	if len(e.Child) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, c := range e.Child {
		if _, ok := c.(*etree.CharData); ok {
			indent = false
		}
	}
	for _, c := range e.Child {
		if indent {
			b.WriteString("\n" + strings.Repeat("  ", depth+1))
		}
		switch c := c.(type) {
		case *etree.Element:
			writeElement(b, c, depth+1, indent)
		case *etree.CharData:
			if c.IsCData() {
				b.WriteString("<![CDATA[" + c.Data + "]]>")
			} else {
				b.WriteString(escape(c.Data))
			}
		case *etree.Comment:
			b.WriteString("<!--" + c.Data + "-->")
		case *etree.ProcInst:
			b.WriteString("<?" + c.Target + " " + c.Inst + "?>")
		}
	}
	if indent {
		b.WriteString("\n" + strings.Repeat("  ", depth))
	}
	b.WriteString("</" + e.FullTag() + ">")
}

// escape writes text with what XML needs to be references.
func escape(text string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", "\r", "&#13;").Replace(text)
}

func escapeAttribute(value string) string {
	var b strings.Builder
	for _, r := range escape(value) {
		switch r {
		case '"':
			b.WriteString("&quot;")
		case '\n', '\t':
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
