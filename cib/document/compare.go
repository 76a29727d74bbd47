package document

import (
	"fmt"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// MismatchError says that two documents cannot be compared: their elements have different names
// or ids.
type MismatchError struct {
	What      string // "name" or "id"
	Old, Next string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("document: the %s of the elements is %q and %q", e.What, e.Old, e.Next)
}

// Compare finds the changes that make the document of what it was, as if they had been tracked
// (xml_calculate_changes). What a guard does not permit is undone.
func (d *Document) Compare(old *etree.Element) error {
	if err := comparable(old, d.Root); err != nil {
		return err
	}
	if !d.tracking {
		d.Track(nil)
	}
	d.compareElements(old, d.Root)
	return nil
}

func comparable(old, next *etree.Element) error {
	if !EqualFold(old.Tag, next.Tag) {
		return &MismatchError{"name", old.Tag, next.Tag}
	}
	was, hadID := ID(old)
	is, hasID := ID(next)
	if hadID != hasID || !EqualFold(was, is) {
		return &MismatchError{"id", was, is}
	}
	return nil
}

// compareElements finds the changes of one element (mark_xml_changes).
func (d *Document) compareElements(old, next *etree.Element) {
	d.compareAttributes(old, next)
	if len(old.Child) == 0 && len(next.Child) == 0 {
		return
	}
	was := newSiblings(old)
	d.compareOld(was, next)
	d.compareNew(was, next)
}

// compareOld goes through what was in an element: what is there still is compared, what is
// not was deleted.
func (d *Document) compareOld(was *siblings, next *etree.Element) {
	is := newSiblings(next)
	seen := make([]bool, len(is.nodes))
	path := "" // of next, once it is needed
	for i, child := range was.nodes {
		position := was.position(i)
		at := is.match(child, position)
		if at >= 0 {
			if oldElement, ok := child.(*etree.Element); ok && !seen[at] {
				if nextElement, ok := is.nodes[at].(*etree.Element); ok {
					d.compareElements(oldElement, nextElement)
				}
			}
			seen[at] = true
			continue
		}
		if d.guard != nil {
			if !d.deleteGuarded(child, next, position) { // it is there again
				is = newSiblings(next)
				seen = append(seen, false)
			}
			if is.match(child, position) < 0 {
				was.skip(i)
			}
			continue
		}
		if path == "" {
			path = Path(next)
		}
		d.recordDeletion(child, path+step(child), position)
		was.skip(i)
	}
}

// step is the last part of a path.
func step(token etree.Token) string {
	s := "/" + Name(token)
	if id, ok := ID(token); ok {
		s += "[@id='" + id + "']"
	}
	return s
}

// deleteGuarded puts what was deleted back to see whether the user may delete it, and
// tells whether it is gone.
func (d *Document) deleteGuarded(child etree.Token, next *etree.Element, position int) bool {
	candidate := d.Append(next, child)
	d.forget(candidate)
	d.applyGuard()
	return d.remove(candidate, position)
}

// forget takes away all marks of an element or a comment and of what is in it.
func (d *Document) forget(token etree.Token) {
	delete(d.marks, token)
	if e, ok := token.(*etree.Element); ok {
		for _, child := range e.Child {
			d.forget(child)
		}
	}
}

// compareNew goes through what is in an element: what was not there is created, and what was
// elsewhere is moved.
func (d *Document) compareNew(was *siblings, next *etree.Element) {
	position := 0 // of the next one, of those that count
	for _, child := range Nodes(next) {
		at := was.match(child, position)
		if at < 0 {
			d.markCreated(child)
			d.touch(child)
			d.dropUnpermitted(child, true)
			continue
		}
		before := was.position(at)
		if before == position {
			position++
			continue
		}
		d.touch(next)
		d.mark(child).flags |= Moved
		if before > position {
			was.skip(at)
			position++
		}
	}
}

// compareAttributes finds the changes of an element's attributes (xml_diff_attrs).
func (d *Document) compareAttributes(old, next *etree.Element) {
	if sameAttributes(old.Attr, next.Attr) {
		return
	}
	created := map[string]bool{}
	moved := map[string]bool{} // of next, those that do not count in positions
	for i := range next.Attr {
		if text.IsAttribute(&next.Attr[i]) {
			created[next.Attr[i].Key] = true
		}
	}
	oldPosition := 0
	for i := range old.Attr {
		was := &old.Attr[i]
		if !text.IsAttribute(was) {
			continue
		}
		is := find(next, was.Key)
		if is == nil {
			oldPosition++
			next.CreateAttr(was.Key, was.Value)
			d.Unset(next, was.Key)
			continue
		}
		delete(created, was.Key)
		position := attributePosition(next, was.Key, moved)
		switch {
		case is.Value != was.Value:
			value := is.Value
			is.Value = was.Value
			d.Set(next, was.Key, value)
		case position != oldPosition && !d.Significant:
			d.touch(next)
			d.markAttribute(next, was.Key, Dirty|Moved, 0)
			if oldPosition > position {
				continue // it does not count among the old ones
			}
			moved[was.Key] = true
		}
		oldPosition++
	}
	d.acceptCreated(next, created)
}

// acceptCreated marks new attributes, and removes those that are not permitted.
func (d *Document) acceptCreated(e *etree.Element, created map[string]bool) {
	for i := 0; i < len(e.Attr); i++ {
		a := &e.Attr[i]
		if !text.IsAttribute(a) || !created[a.Key] {
			continue
		}
		if d.may(e, a.Key, Write) {
			d.touch(e)
			d.markAttribute(e, a.Key, Dirty|Created, Deleted)
			continue
		}
		e.Attr = append(e.Attr[:i], e.Attr[i+1:]...)
		i--
	}
}

func sameAttributes(a, b []etree.Attr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || a[i].Space != b[i].Space || a[i].Value != b[i].Value {
			return false
		}
	}
	return true
}

// attributePosition is how many attributes count before one.
func attributePosition(e *etree.Element, key string, moved map[string]bool) int {
	n := 0
	for i := range e.Attr {
		if e.Attr[i].Key == key {
			break
		}
		if text.IsAttribute(&e.Attr[i]) && !moved[e.Attr[i].Key] {
			n++
		}
	}
	return n
}
