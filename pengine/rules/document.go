package rules

import (
	"sync"

	"github.com/beevik/etree"
)

// Document is XML whose elements may refer to others by id-ref.
type Document struct {
	root *etree.Element

	once sync.Once
	byID map[target][]*etree.Element // filled by the first reference
}

type target struct{ tag, id string }

// NewDocument is the document of e: all of the tree that e is part of.
func NewDocument(e *etree.Element) *Document {
	for e != nil && e.Parent() != nil && e.Parent().Tag != "" {
		e = e.Parent()
	}
	return &Document{root: e}
}

// Resolve is e, or the element of the same name that its id-ref means
// (expand_idref). If there is none, or more than one of that id, it is nil, with
// the problem.
func (d *Document) Resolve(e *etree.Element) (*etree.Element, *Problem) {
	ref := e.SelectAttr("id-ref")
	if ref == nil {
		return e, nil
	}
	d.once.Do(d.index)
	found := d.byID[target{e.Tag, ref.Value}]
	if len(found) == 1 {
		return found[0], nil
	}
	path := ""
	if d.root != nil {
		path = "/" + d.root.Tag
	}
	return nil, &Problem{
		Severity: Error, Where: "expand_idref",
		Text: "No match for //" + e.Tag + "[@id='" + ref.Value + "'] found in " + path + ": Invalid configuration",
	}
}

func (d *Document) index() {
	d.byID = map[target][]*etree.Element{}
	var walk func(e *etree.Element)
	walk = func(e *etree.Element) {
		if id := e.SelectAttr("id"); id != nil {
			t := target{e.Tag, id.Value}
			d.byID[t] = append(d.byID[t], e)
		}
		for _, c := range e.ChildElements() {
			walk(c)
		}
	}
	if d.root != nil {
		walk(d.root)
	}
}

// attr is the value of an attribute; ok is false without it.
func attr(e *etree.Element, name string) (value string, ok bool) {
	if a := e.SelectAttr(name); a != nil {
		return a.Value, true
	}
	return "", false
}

// idOf is an element's id as the reference's messages show it.
func idOf(e *etree.Element) string {
	if id, ok := attr(e, "id"); ok {
		return id
	}
	return "(null)"
}
