package ops

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// taken is what has moved from the old CIB to the new one.
type taken struct {
	shells []shell
	moved  map[etree.Token]bool
}

// shell is an element that was copied without what is in it.
type shell struct {
	old, copy *etree.Element
	children  []etree.Token // what was in the old one
}

// giveBack makes the old CIB whole again.
func (t *taken) giveBack() {
	for _, s := range t.shells {
		empty(s.copy)
	}
	for _, s := range t.shells {
		for _, child := range s.children {
			s.old.AddChild(child)
		}
	}
}

// empty takes everything out of an element, and returns it. It begins at the end: nothing moves up then.
func empty(e *etree.Element) []etree.Token {
	children := append([]etree.Token(nil), e.Child...)
	for i := len(children) - 1; i >= 0; i-- {
		e.RemoveChildAt(i)
	}
	return children
}

// newestWhole is the newest feature set whose patchsets need the whole old CIB.
const newestWhole = "3.0.8"

// copyCurrent is a copy of the CIB to work on. Where only the status can change, and that is allowed, what does
// not change is taken instead of copied: the configuration, and if the histories of some resources are updated,
// all others. Most changes of a large cluster are of that kind.
func (w *work) copyCurrent() *etree.Element {
	set, _ := document.Get(w.current, "crm_feature_set")
	if !w.Take || !w.onlyStatus() || w.WithDigest || featureset.Compare(newestWhole, set) >= 0 || acl.Enabled(w.current, w.User, w.Now) {
		return xmltree.Copy(w.current)
	}
	seen := map[string]bool{}
	for _, token := range w.current.Child {
		if !document.IsNode(token) {
			return xmltree.Copy(w.current) // text in the CIB itself
		}
		if e, ok := token.(*etree.Element); ok {
			if seen[e.Tag] {
				return xmltree.Copy(w.current)
			}
			seen[e.Tag] = true
		}
	}
	w.taken = &taken{moved: map[etree.Token]bool{}}
	return w.taken.shell(w.current, func(child etree.Token) etree.Token {
		e, ok := child.(*etree.Element)
		switch {
		case !ok:
			return document.Copy(child)
		case e.Tag == "configuration":
			return nil
		case e.Tag == "status" && w.updates(e):
			return w.taken.update(e, w.Data)
		}
		return xmltree.Copy(e)
	})
}

// updates tells whether the request gives what is in the status new values, each in its place.
func (w *work) updates(status *etree.Element) bool {
	if w.Op != Modify || w.Data == nil || w.Data.Tag != "status" {
		return false
	}
	_, has := document.ID(status)
	_, hasToo := document.ID(w.Data)
	return !has && !hasToo
}

// shell copies an element without its content, of which of decides: what it gives nil for moves to the copy,
// and of the rest what it gives takes the place there.
func (t *taken) shell(e *etree.Element, of func(child etree.Token) etree.Token) *etree.Element {
	c := etree.NewElement(e.Tag)
	c.Space = e.Space
	c.Attr = make([]etree.Attr, len(e.Attr))
	for i, a := range e.Attr {
		c.Attr[i] = etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value}
	}
	s := shell{old: e, copy: c, children: append([]etree.Token(nil), e.Child...)}
	content := make([]etree.Token, len(s.children))
	for i, child := range s.children {
		if content[i] = of(child); content[i] == nil {
			content[i] = child
			t.moved[child] = true
		}
	}
	empty(e)
	for _, child := range content {
		c.AddChild(child)
	}
	t.shells = append(t.shells, s)
	return c
}

// update copies an element that is to be updated, without what no part of the update is about.
func (t *taken) update(e, update *etree.Element) *etree.Element {
	about := map[etree.Token]*etree.Element{}
	for _, part := range document.Nodes(update) {
		u, ok := part.(*etree.Element)
		if !ok {
			return xmltree.Copy(e) // which comment it is about, its text tells
		}
		target := counterpart(e, u)
		if target == nil {
			continue // it will be new
		}
		if _, ok := about[target]; ok {
			return xmltree.Copy(e)
		}
		about[target] = u
	}
	return t.shell(e, func(child etree.Token) etree.Token {
		u, ok := about[child]
		if !ok {
			return nil
		}
		if c, ok := child.(*etree.Element); ok {
			return t.update(c, u)
		}
		return document.Copy(child)
	})
}

// onlyStatus tells whether a request cannot change more than the status and the version.
func (w *work) onlyStatus() bool {
	switch w.Op {
	case Create, Modify, Delete:
	case Replace:
		if w.Data != nil && document.EqualFold(w.Data.Tag, "cib") {
			return false
		}
	default:
		return false
	}
	return w.Section == "status" && !w.XPath && !w.MixedUpdate
}

// massage drops text, and counts up what is new. What was taken has been through that.
func (w *work) massage() { w.massageIn(w.next.Root) }

func (w *work) massageIn(e *etree.Element) {
	w.expandAttributes(e)
	for i := 0; i < len(e.Child); i++ {
		switch c := e.Child[i].(type) {
		case *etree.CharData:
			if !c.IsCData() {
				e.RemoveChildAt(i)
				i--
			}
		case *etree.Element:
			if w.taken == nil || !w.taken.moved[c] {
				w.massageIn(c)
			}
		}
	}
}
