package document

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Get is the value of an attribute; ok is false if there is none. One that is marked as
// deleted still has its value.
func Get(e *etree.Element, name string) (value string, ok bool) {
	if a := find(e, name); a != nil {
		return a.Value, true
	}
	return "", false
}

// ID is the id of an element.
func ID(token etree.Token) (id string, ok bool) {
	if e, isElement := token.(*etree.Element); isElement {
		return Get(e, "id")
	}
	return "", false
}

// find looks for an attribute by its name without prefix.
func find(e *etree.Element, name string) *etree.Attr {
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Key == name && text.IsAttribute(a) {
			return a
		}
	}
	return nil
}

// Set gives an attribute a value and tells whether that was permitted (crm_xml_add).
func (d *Document) Set(e *etree.Element, name, value string) bool {
	a := find(e, name)
	changed := d.tracking && (a == nil || a.Value != value)
	if changed && !d.may(e, name, create) {
		return false
	}
	if a != nil {
		a.Value = value
	} else {
		e.CreateAttr(name, value)
	}
	if changed {
		d.touch(e)
		set := Dirty
		if a == nil {
			set |= Created
		}
		d.markAttribute(e, name, set, Deleted)
	}
	return true
}

// Unset removes an attribute, if it is there and that is permitted (xml_remove_prop).
func (d *Document) Unset(e *etree.Element, name string) {
	a := find(e, name)
	switch {
	case a == nil || !d.may(e, "", Write):
	case d.tracking:
		d.touch(e)
		d.markAttribute(e, name, Deleted, 0)
	default:
		e.RemoveAttr(a.FullKey())
	}
}

// Create appends an element (create_xml_node). As in the reference, that alone is no change of
// the document, nor of what is around: attributes make it one. An element without any that
// is created thus does not raise the version.
func (d *Document) Create(parent *etree.Element, name string) *etree.Element {
	e := parent.CreateElement(name)
	d.markCreated(e)
	return e
}

// Append appends a copy of an element or a comment, which it returns (add_node_copy). As in the
// reference, the document is changed by that, but not what is around: an object that is added
// to the configuration in this way raises the number of updates, not the epoch.
func (d *Document) Append(parent *etree.Element, token etree.Token) etree.Token {
	c := Copy(token)
	parent.AddChild(c)
	d.markCreated(c)
	d.dirty = d.dirty || d.tracking
	return c
}

// Copy is an element or a comment without parent, with all that is in it.
func Copy(token etree.Token) etree.Token {
	if e, ok := token.(*etree.Element); ok {
		return xmltree.Copy(e)
	}
	return etree.NewComment(token.(*etree.Comment).Data)
}

// Remove removes an element or a comment and tells whether that was permitted (free_xml).
// The document's element stays.
func (d *Document) Remove(token etree.Token) bool {
	return d.remove(token, -1)
}

// remove is Remove; position is what is told of a comment, -1 for where it is.
func (d *Document) remove(token etree.Token, position int) bool {
	if token == d.Root || !d.may(token, "", Write) {
		return false
	}
	if d.tracking && !d.Of(token).Has(Created) {
		d.recordDeletion(token, Path(token), position)
	}
	token.Parent().RemoveChild(token)
	return true
}

func (d *Document) recordDeletion(token etree.Token, path string, position int) {
	if _, ok := token.(*etree.Comment); !ok {
		position = -1
	} else if position < 0 {
		position = Position(token)
	}
	d.deletions = append(d.deletions, Deletion{Path: path, Position: position})
	d.dirty = true
}

// Replace puts a copy of update in the place of an element, which is not the document's, and
// compares the two (replace_xml_child). If they have different ids, it does not: nobody learns
// of the change then, in the reference either.
func (d *Document) Replace(old, update *etree.Element) {
	c := xmltree.Copy(update)
	parent, at := old.Parent(), old.Index()
	parent.RemoveChildAt(at)
	parent.InsertChildAt(at, c)
	if d.tracking && comparable(old, c) == nil {
		d.applyGuard() // what comes may be under a permission
		d.compareElements(old, c)
	}
}
