package ops

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// infinity is what a counted value ends at.
const infinity = 1000000

// expand sets an attribute, where "name++" and "name+=5" count up what is there
// (expand_plus_plus).
func expand(d *document.Document, e *etree.Element, name, value string) {
	old, ok := document.Get(e, name)
	offset, counts := increment(name, value)
	if !ok || !counts {
		d.Set(e, name, value)
		return
	}
	d.Set(e, name, strconv.Itoa(min(rules.Score(old)+offset, infinity)))
}

// increment is by how much a value of an attribute counts it up.
func increment(name, value string) (offset int, counts bool) {
	rest, ok := strings.CutPrefix(value, name)
	switch {
	case !ok:
	case strings.HasPrefix(rest, "++"):
		return 1, true
	case strings.HasPrefix(rest, "+="):
		return rules.Score(rest[len("+="):]), true
	}
	return 0, false
}

// expandAttributes counts where a new attribute of an element says so: there was nothing before
// (fix_plus_plus_recursive).
func (w *work) expandAttributes(e *etree.Element) {
	for i := range e.Attr {
		a := &e.Attr[i]
		if !text.IsAttribute(a) {
			continue
		}
		if offset, counts := increment(a.Key, a.Value); counts {
			w.next.Set(e, a.Key, strconv.Itoa(min(offset, infinity)))
		}
	}
}

// copyIn gives an element the attributes of another, until one is denied (copy_in_properties).
func (w *work) copyIn(target, update *etree.Element) {
	for i := range update.Attr {
		a := &update.Attr[i]
		if !text.IsAttribute(a) {
			continue
		}
		expand(w.next, target, a.Key, a.Value)
		if w.next.Denied() {
			return
		}
	}
}

// updateFirst updates the first element, in the one given or itself, that has the name and id of an
// update, and tells whether there is one (update_xml_child).
func (w *work) updateFirst(in etree.Token, update etree.Token) bool {
	id, hasID := document.ID(in)
	other, otherHasID := document.ID(update)
	if document.Name(in) == document.Name(update) && hasID == otherHasID && id == other {
		w.updateTree(nil, in, update)
		return true
	}
	if e, ok := in.(*etree.Element); ok {
		for _, child := range document.Nodes(e) {
			if w.updateFirst(child, update) {
				return true
			}
		}
	}
	return false
}

// updateTree gives an element the attributes of an update, and what is in it likewise; what is not
// there is created (pcmk__xml_update). target is nil if it is to be looked for in parent.
func (w *work) updateTree(parent *etree.Element, target, update etree.Token) {
	if c, ok := update.(*etree.Comment); ok {
		w.updateComment(parent, target, c)
		return
	}
	u := update.(*etree.Element)
	if target == nil {
		target = counterpart(parent, u)
	}
	if target == nil {
		target = w.next.Create(parent, u.Tag)
	}
	t, ok := target.(*etree.Element)
	if !ok || !document.EqualFold(t.Tag, u.Tag) {
		return
	}
	w.copyIn(t, u)
	for _, child := range document.Nodes(u) {
		w.updateTree(t, nil, child)
	}
}

// counterpart is what an update in parent is about: the first of its name and id, or of what it refers to; nil if there
// is none.
func counterpart(parent, update *etree.Element) etree.Token {
	attribute := "id"
	value, has := document.ID(update)
	if !has {
		attribute = "id-ref"
		value, has = document.Get(update, attribute)
	}
	return document.MatchBy(parent, update.Tag, attribute, value, has)
}

func (w *work) updateComment(parent *etree.Element, target etree.Token, update *etree.Comment) {
	if target == nil {
		target = document.Match(parent, update)
	}
	if target == nil {
		w.next.Append(parent, update)
		return
	}
	if c, ok := target.(*etree.Comment); ok && !document.EqualFold(c.Data, update.Data) {
		c.Data = update.Data // unnoticed, as in the reference
	}
}

// replaceFirst removes, or replaces, the first element that is what an update says, in the one
// given or itself unless inner, and tells whether there is one (replace_xml_child).
func (w *work) replaceFirst(parent *etree.Element, child, update etree.Token, remove bool) bool {
	if parent != nil && w.isMeant(child, update, remove) {
		if remove {
			w.next.Remove(child)
			return true
		}
		if e, ok := child.(*etree.Element); ok {
			if u, ok := update.(*etree.Element); ok {
				w.next.Replace(e, u)
				return true
			}
		}
		return false
	}
	e, ok := child.(*etree.Element)
	if !ok {
		return false
	}
	for _, c := range document.Nodes(e) {
		if w.replaceFirst(e, c, update, remove) {
			return true
		}
	}
	return false
}

// isMeant tells whether an update is about an element: name and id, and all attributes if it is to be
// removed.
func (w *work) isMeant(child, update etree.Token, remove bool) bool {
	id, hasID := document.ID(update)
	own, _ := document.ID(child)
	if hasID && own != id || !document.EqualFold(document.Name(child), document.Name(update)) {
		return false
	}
	u, isElement := update.(*etree.Element)
	e, ok := child.(*etree.Element)
	if !remove || !isElement || !ok {
		return isElement == ok
	}
	for i := range u.Attr {
		a := &u.Attr[i]
		if !text.IsAttribute(a) {
			continue
		}
		if value, ok := document.Get(e, a.Key); !ok || !document.EqualFold(value, a.Value) {
			return false
		}
	}
	return true
}
