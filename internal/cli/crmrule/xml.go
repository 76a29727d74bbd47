package crmrule

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/beevik/etree"
)

// maxDepth is how deep elements may nest; libxml2's limit.
const maxDepth = 256

// readXML reads text as the reference's parser does, which keeps what it has read
// when it meets a mistake (string2xml). It is nil if not even an element begins.
func readXML(text string) *etree.Element {
	d := xml.NewDecoder(strings.NewReader(text))
	var root, at *etree.Element
	for depth := 0; ; {
		token, err := d.RawToken()
		if err != nil {
			if root == nil && !errors.Is(err, io.EOF) {
				root = begun(text)
			}
			return root
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return root
			}
			e := etree.NewElement(t.Name.Local)
			for _, a := range t.Attr {
				e.CreateAttr(a.Name.Local, a.Value)
			}
			switch {
			case root == nil:
				root = e
			case at == nil:
				return root // a second document
			default:
				at.AddChild(e)
			}
			at = e
		case xml.EndElement:
			if at == nil || at.Tag != t.Name.Local {
				return root
			}
			at = at.Parent()
			depth--
		case xml.CharData:
			if root == nil && strings.TrimSpace(string(t)) != "" {
				return nil
			}
		}
	}
}

// begun is the root of a document that breaks off within its first tag.
func begun(text string) *etree.Element {
	name, ok := strings.CutPrefix(strings.TrimSpace(text), "<")
	if !ok {
		return nil
	}
	if i := strings.IndexAny(name, " \t\n\r/>"); i >= 0 {
		name = name[:i]
	}
	if name == "" || strings.ContainsAny(name, "!?<&") {
		return nil
	}
	return etree.NewElement(name)
}
