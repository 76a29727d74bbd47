package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Sets of options that refer to another (id-ref) are written out before the step from
// 2.10 to 3.0 and folded again after it (upgrade-2.10-enter.xsl, -leave.xsl), because
// what becomes of an option depends on where its set stands. The ids say what was
// written out.
const (
	unfoldedSet  = "_cibtr-2_"
	unfoldedPart = "__cibtr-2_"
)

// optionSets are the elements concerned.
var optionSets = []string{"cluster_property_set", "instance_attributes", "meta_attributes"}

// setKey finds sets of options by their id.
type setKey struct{ tag, id string }

func indexSets(root *etree.Element) map[setKey][]*etree.Element {
	index := map[setKey][]*etree.Element{}
	var walk func(e *etree.Element)
	walk = func(e *etree.Element) {
		if id, ok := lookup(e, "id"); ok && e.Space == "" && slices.Contains(optionSets, e.Tag) {
			index[setKey{e.Tag, id}] = append(index[setKey{e.Tag, id}], e)
		}
		for _, child := range e.ChildElements() {
			walk(child)
		}
	}
	walk(root)
	return index
}

// unfold writes out every set that is a reference. It fails if there is not exactly
// one to refer to.
func unfold(root *etree.Element) (*etree.Element, error) {
	u := &unfolder{index: indexSets(root)}
	u.rules = map[string]func(dst, e *etree.Element){}
	for _, tag := range optionSets {
		u.rules[tag] = u.set
	}
	return u.document(root), u.err
}

type unfolder struct {
	rewriter
	index map[setKey][]*etree.Element
	err   error
}

func (u *unfolder) set(dst, e *etree.Element) {
	ref, ok := lookup(e, "id-ref")
	if !ok {
		u.identity(dst, e)
		return
	}
	originals := u.index[setKey{e.Tag, ref}]
	if len(originals) != 1 {
		what := "no such @id found"
		if len(originals) > 1 {
			what = "more than one @id found"
		}
		if u.err == nil {
			u.err = fmt.Errorf("INTERNAL ERROR:%s: dangling @id-ref (%s): %s within the same element class",
				e.Tag, ref, what)
		}
		return
	}
	original := originals[0]
	c := dst.CreateElement(e.Tag)
	c.CreateAttr("id", unfoldedSet+ref)
	copyAttributes(c, original, "id")
	prefix := unfoldedPart + ref + "__"
	for _, token := range original.Child {
		u.part(c, token, prefix)
	}
}

// part copies what is in a set, with other ids.
func (u *unfolder) part(dst *etree.Element, token etree.Token, prefix string) {
	e, ok := token.(*etree.Element)
	if !ok {
		copyToken(dst, token)
		return
	}
	c := copyTag(dst, e)
	if id, ok := lookup(e, "id"); ok && e.Tag != "resource_ref" {
		c.CreateAttr("id", prefix+id)
	}
	for _, token := range e.Child {
		u.part(c, token, prefix)
	}
}

// fold makes a reference again of every set that was one, if it still equals what it
// referred to.
func fold(root *etree.Element) (*etree.Element, []Message, error) {
	f := &folder{index: indexSets(root)}
	f.rules = map[string]func(dst, e *etree.Element){}
	for _, tag := range optionSets {
		f.rules[tag] = f.set
	}
	return f.document(root), f.messages, f.err
}

type folder struct {
	rewriter
	index    map[setKey][]*etree.Element
	messages []Message
	err      error
}

func (f *folder) set(dst, e *etree.Element) {
	id := attributeOf(e, "id")
	if !strings.HasPrefix(id, unfoldedSet) {
		f.identity(dst, e)
		return
	}
	ref := strings.TrimPrefix(id, unfoldedSet)
	originals := f.index[setKey{e.Tag, ref}]
	switch {
	case len(originals) == 0:
		f.messages = append(f.messages, Message{Kind: Transforming, Level: Debug,
			Text: "DEBUG: " + e.Tag + ": original element pointed to with @id-ref (" + ref + ") disappeared during upgrade"})
		f.identity(dst, e)
	case len(originals) > 1:
		if f.err == nil {
			f.err = fmt.Errorf("INTERNAL ERROR:%s: found several elements that possibly were originally"+
				" pointed to with @id-ref (%s); unexpected ambiguity", e.Tag, ref)
		}
	case digestSet(originals[0]) == digestSet(e):
		dst.CreateElement(e.Tag).CreateAttr("id-ref", ref)
	default:
		f.identity(dst, e)
	}
}

// digestSet writes down all that is in a set but ids, to compare.
func digestSet(e *etree.Element) string {
	var b strings.Builder
	digestContent(&b, e)
	return b.String()
}

func digestContent(b *strings.Builder, e *etree.Element) {
	for i := range e.Attr {
		if key := e.Attr[i].FullKey(); key != "id" {
			fmt.Fprintf(b, "A(%s=%s),", key, e.Attr[i].Value)
		}
	}
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			fmt.Fprintf(b, "E(%s,", t.FullTag())
			digestContent(b, t)
			b.WriteString("),")
		case *etree.Comment:
			fmt.Fprintf(b, "C(%s),", t.Data)
		case *etree.CharData:
			fmt.Fprintf(b, "T(%s),", t.Data)
		}
	}
}
