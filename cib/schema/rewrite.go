package schema

import (
	"slices"

	"github.com/beevik/etree"
)

// rewriter builds a new document from an old one, element by element. rules tell
// what becomes of elements with a certain name, anywhere in the document, as the
// templates of a stylesheet do; all else is copied.
type rewriter struct {
	rules map[string]func(dst, e *etree.Element)
}

// document makes the new document.
func (r *rewriter) document(root *etree.Element) *etree.Element {
	var holder etree.Element
	r.apply(&holder, root)
	return holder.ChildElements()[0]
}

// apply adds to dst what becomes of a token.
func (r *rewriter) apply(dst *etree.Element, token etree.Token) {
	switch t := token.(type) {
	case *etree.Element:
		if rule := r.rules[t.Tag]; rule != nil && t.Space == "" {
			rule(dst, t)
		} else {
			r.identity(dst, t)
		}
	default:
		copyToken(dst, t)
	}
}

// identity copies e, and applies the rules to what is in it.
func (r *rewriter) identity(dst *etree.Element, e *etree.Element) {
	c := copyTag(dst, e)
	r.content(c, e)
}

// content applies the rules to all that is in e.
func (r *rewriter) content(dst, e *etree.Element) {
	for _, token := range e.Child {
		r.apply(dst, token)
	}
}

// copyTag adds to dst an element with e's name and attributes.
func copyTag(dst, e *etree.Element) *etree.Element {
	c := dst.CreateElement(e.FullTag())
	copyAttributes(c, e)
	return c
}

// copyAttributes copies those of e, except some, after what dst has.
func copyAttributes(dst, e *etree.Element, except ...string) {
	dst.Attr = slices.Grow(dst.Attr, len(e.Attr))
	for i := range e.Attr {
		if key := e.Attr[i].FullKey(); !slices.Contains(except, key) {
			dst.CreateAttr(key, e.Attr[i].Value)
		}
	}
}

// copyToken copies what is not an element.
func copyToken(dst *etree.Element, token etree.Token) {
	switch t := token.(type) {
	case *etree.CharData:
		dst.CreateText(t.Data)
	case *etree.Comment:
		dst.CreateComment(t.Data)
	case *etree.ProcInst:
		dst.CreateProcInst(t.Target, t.Inst)
	}
}

// attribute returns an attribute without a prefix, "" if there is none.
func attributeOf(e *etree.Element, name string) string {
	value, _ := lookup(e, name)
	return value
}

// lookup returns an attribute without a prefix.
func lookup(e *etree.Element, name string) (value string, ok bool) {
	for i := range e.Attr {
		if e.Attr[i].Key == name && e.Attr[i].Space == "" {
			return e.Attr[i].Value, true
		}
	}
	return "", false
}

// childrenNamed returns e's child elements of any of the names, in their order.
func childrenNamed(e *etree.Element, names ...string) []*etree.Element {
	var found []*etree.Element
	for _, token := range e.Child {
		if c, ok := token.(*etree.Element); ok && c.Space == "" && slices.Contains(names, c.Tag) {
			found = append(found, c)
		}
	}
	return found
}

// followingNamed returns the siblings of the name that come after e.
func followingNamed(e *etree.Element, name string) []*etree.Element {
	siblings := childrenNamed(e.Parent(), name)
	for i, s := range siblings {
		if s == e {
			return siblings[i+1:]
		}
	}
	// e is of another name.
	var found []*etree.Element
	for _, s := range siblings {
		if s.Index() > e.Index() {
			found = append(found, s)
		}
	}
	return found
}

// hasRule tells whether a set of options depends on a rule.
func hasRule(e *etree.Element) bool { return len(childrenNamed(e, "rule")) > 0 }

// withoutRule keeps those that do not.
func withoutRule(sets []*etree.Element) []*etree.Element {
	return slices.DeleteFunc(slices.Clone(sets), hasRule)
}
