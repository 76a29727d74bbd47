//go:build interop

package cib

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// awkward are values that need care.
var awkward = []string{
	"", " ", "x", "<", ">", "&", "\"", "'", "\n", "\t", "\r", "\u007f", "é", "<é<", "a é & b", "\u2028", "𝄞", "a'b", "a/b", "x++", "]]>", "\\n",
	"ü\n", "0", "1", "INFINITY", "ä=\"", "a  b",
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// words is a value of a few awkward parts.
func words(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(3) {
		b.WriteString(pick(rng, awkward))
	}
	return b.String()
}

// tame keeps values that the reference writes as XML in all attributes: others we write
// otherwise on purpose.
func tame(root *etree.Element) {
	for _, e := range elements(root) {
		for i := range e.Attr {
			v := e.Attr[i].Value
			if !bytes.Equal(text.AppendEscaped(nil, v, text.Faithful), text.AppendEscaped(nil, v, text.Readable)) {
				e.Attr[i].Value = "tame"
			}
		}
	}
}

// drawTree makes up a document of few names and ids, so that two of them have much in
// common.
func drawTree(rng *rand.Rand, e *etree.Element, depth int) {
	for _, name := range []string{"name", "value", "epoch", "update-origin", "description", "id-ref"} {
		if rng.IntN(4) == 0 {
			e.CreateAttr(name, words(rng))
		}
	}
	if depth == 0 {
		return
	}
	for range rng.IntN(6) {
		if rng.IntN(8) == 0 {
			e.AddChild(etree.NewComment(pick(rng, []string{" a ", "b", "B", "", "é <&> c"})))
			continue
		}
		child := e.CreateElement(pick(rng, []string{"a", "b", "c"}))
		if rng.IntN(3) > 0 {
			child.CreateAttr("id", fmt.Sprintf("%c", 'p'+rng.IntN(6)))
		}
		drawTree(rng, child, depth-1)
	}
}

// elements are all of a document, its root first.
func elements(e *etree.Element) []*etree.Element {
	all := []*etree.Element{e}
	for _, c := range e.ChildElements() {
		all = append(all, elements(c)...)
	}
	return all
}

// mutate changes a document in a few places.
func mutate(rng *rand.Rand, root *etree.Element) {
	for range 1 + rng.IntN(5) {
		all := elements(root)
		e := pick(rng, all)
		switch rng.IntN(9) {
		case 0:
			if e != root {
				e.Parent().RemoveChild(e)
			}
		case 1:
			if e != root {
				p := e.Parent()
				p.RemoveChild(e)
				p.InsertChildAt(rng.IntN(len(p.Child)+1), e)
			}
		case 2, 3:
			e.CreateAttr(pick(rng, []string{"name", "value", "description", "update-user", "x"}), words(rng))
		case 4:
			if len(e.Attr) > 0 && e != root {
				e.RemoveAttr(e.Attr[rng.IntN(len(e.Attr))].Key)
			}
		case 5:
			if n := len(e.Attr); n > 1 {
				i, j := rng.IntN(n), rng.IntN(n)
				e.Attr[i], e.Attr[j] = e.Attr[j], e.Attr[i]
			}
		case 6:
			e.InsertChildAt(rng.IntN(len(e.Child)+1), etree.NewComment(pick(rng, []string{" a ", "b", "new"})))
		case 7:
			c := etree.NewElement(pick(rng, []string{"a", "b", "nvpair"}))
			c.CreateAttr("id", fmt.Sprintf("n%d", rng.IntN(9)))
			drawTree(rng, c, rng.IntN(2))
			e.InsertChildAt(rng.IntN(len(e.Child)+1), c)
		case 8:
			for i, token := range e.Child {
				if _, ok := token.(*etree.Comment); ok {
					e.RemoveChildAt(i)
					break
				}
			}
		}
	}
}

// write is XML of a document, with what attributes need so that they are read as they are.
func write(e *etree.Element) string {
	var b strings.Builder
	writeTo(&b, e)
	return b.String()
}

var attributeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;", "\r", "&#13;")

func writeTo(b *strings.Builder, e *etree.Element) {
	b.WriteString("<" + e.Tag)
	for i := range e.Attr {
		b.WriteString(" " + e.Attr[i].Key + `="` + attributeText.Replace(e.Attr[i].Value) + `"`)
	}
	b.WriteString(">")
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			writeTo(b, t)
		case *etree.Comment:
			b.WriteString("<!--" + t.Data + "-->")
		case *etree.CharData:
			if t.IsCData() {
				b.WriteString("<![CDATA[" + t.Data + "]]>")
			}
		}
	}
	b.WriteString("</" + e.Tag + ">")
}
