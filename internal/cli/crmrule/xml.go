package crmrule

import (
	"encoding/xml"
	"regexp"
	"strings"

	"github.com/beevik/etree"
)

// maxDepth is how deep elements may nest; libxml2's limit.
const maxDepth = 256

// readXML reads text as the reference's parser does, which keeps what it has read
// when it meets a mistake (string2xml): also of a tag, the attributes before it.
// It is nil if not even an element begins.
func readXML(text string) *etree.Element {
	d := xml.NewDecoder(strings.NewReader(text))
	var t tree
	for !t.ended {
		start := d.InputOffset()
		token, err := d.RawToken()
		if err != nil {
			if tag, ok := brokenTag(text[start:]); ok {
				t.add(tag)
			}
			break
		}
		t.add(token)
	}
	return t.root
}

// tree is XML as far as it has been read.
type tree struct {
	root  *etree.Element
	at    *etree.Element // the innermost element that is open
	depth int
	ended bool // what follows is not read
}

func (t *tree) add(token xml.Token) {
	switch token := token.(type) {
	case xml.StartElement:
		t.depth++
		e := etree.NewElement(name(token.Name))
		if t.root != nil && t.at == nil || t.depth > maxDepth || e.Tag == "" {
			t.ended = true // a second document, too deep, or "<:>"
			return
		}
		for _, a := range token.Attr {
			e.CreateAttr(name(a.Name), a.Value)
		}
		if t.root == nil {
			t.root = e
		} else {
			t.at.AddChild(e)
		}
		t.at = e
	case xml.EndElement:
		if t.at == nil || t.at.FullTag() != name(token.Name) {
			t.ended = true
			return
		}
		t.at = t.at.Parent()
		t.depth--
	case xml.CharData:
		t.ended = t.root == nil && strings.TrimSpace(string(token)) != ""
	}
}

// name is a name as it stands in the text.
func name(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

var (
	tagStart = regexp.MustCompile(`^\s*<[A-Za-z_][\w.-]*(\s+[A-Za-z_][\w.-]*\s*=\s*("[^"<]*"|'[^'<]*'))*`)
	unclosed = regexp.MustCompile(`^\s+[A-Za-z_][\w.-]*\s*=\s*("[^"<]*|'[^'<]*)`)
)

// brokenTag is the start tag with which text begins, as far as it goes. A value
// without a closing quote goes to the text's end, or to the next tag.
func brokenTag(text string) (xml.StartElement, bool) {
	tag := tagStart.FindString(text)
	if tag == "" {
		return xml.StartElement{}, false
	}
	if last := unclosed.FindStringSubmatch(text[len(tag):]); last != nil {
		if start, ok := parseTag(tag + last[0] + last[1][:1]); ok {
			return start, true
		}
	}
	return parseTag(tag)
}

func parseTag(tag string) (xml.StartElement, bool) {
	token, err := xml.NewDecoder(strings.NewReader(strings.TrimSpace(tag) + "/>")).RawToken()
	start, ok := token.(xml.StartElement)
	return start, ok && err == nil
}
