package patch

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// marker is the attribute of what a patchset of version 1 removes or adds as a whole.
const (
	marker     = "__crm_diff_marker__"
	removedTop = "removed:top"
	addedTop   = "added:top"
)

func createV1(source *etree.Element, target *document.Document, config bool) *etree.Element {
	patchset := etree.NewElement("diff")
	removed, added := patchset.CreateElement("diff-removed"), patchset.CreateElement("diff-added")
	patchset.CreateAttr("crm_feature_set", featureset.Current)
	changed := false
	s := subtraction{deleted: target, marker: removedTop}
	s.element(removed, source, target.Root, &changed)
	changed = false
	s = subtraction{full: true, marker: addedTop}
	s.element(added, target.Root, source, &changed)
	if len(removed.Child) == 0 && len(added.Child) == 0 {
		return nil
	}
	addVersionsV1(removed, added, source, target.Root, config)
	patchset.CreateAttr("format", "1")
	return patchset
}

// addVersionsV1 adds the versions, and to the added tree all of the root's attributes
// (xml_repair_v1_diff).
func addVersionsV1(removed, added, source, target *etree.Element, config bool) {
	cib := childOrNew(removed, "cib")
	for i, field := range versionFields {
		if value, ok := document.Get(source, field); ok {
			removed.CreateAttr(field, value)
			if config || i == len(versionFields)-1 {
				cib.CreateAttr(field, value)
			}
		}
	}
	cib = childOrNew(added, "cib")
	for _, field := range versionFields {
		if value, ok := document.Get(target, field); ok {
			added.CreateAttr(field, value)
		}
	}
	copyAttributes(cib, target)
}

func childOrNew(e *etree.Element, name string) *etree.Element {
	if c := Child(e, name); c != nil {
		return c
	}
	return e.CreateElement(name)
}

func copyAttributes(to, from *etree.Element) {
	for i := range from.Attr {
		if a := &from.Attr[i]; text.IsAttribute(a) {
			to.CreateAttr(a.Key, a.Value)
		}
	}
}

// subtraction finds what one document has and another has not (subtract_xml_object).
type subtraction struct {
	deleted *document.Document // whose attributes that are marked as deleted do not count on the right, or nil
	full    bool               // what differs is shown with all its attributes
	marker  string             // of what is on the left alone
}

// element adds to parent what is in left and not in right, and sets changed if there is
// something. What is added and turns out equal is removed again.
func (s *subtraction) element(parent *etree.Element, left, right etree.Token, changed *bool) {
	if c, ok := left.(*etree.Comment); ok {
		other, ok := right.(*etree.Comment)
		if !ok || !document.EqualFold(c.Data, other.Data) {
			parent.AddChild(etree.NewComment(c.Data))
			*changed = true
		}
		return
	}
	l := left.(*etree.Element)
	r, ok := right.(*etree.Element)
	if !ok {
		whole := xmltree.Copy(l)
		whole.CreateAttr(marker, s.marker)
		parent.AddChild(whole)
		*changed = true
		return
	}
	if value, ok := document.Get(r, marker); ok && value == removedTop {
		*changed = true
		return
	}
	diff := parent.CreateElement(l.Tag)
	for _, child := range l.Child {
		if !document.IsNode(child) {
			continue
		}
		inner := false
		s.element(diff, child, document.Match(r, child), &inner)
		*changed = *changed || inner
	}
	if *changed && s.full {
		copyAttributes(diff, l)
		return
	}
	s.attributes(diff, l, r, changed)
	if !*changed {
		parent.RemoveChild(diff)
		return
	}
	if id, ok := document.ID(l); ok && !s.full {
		diff.CreateAttr("id", id)
	}
}

// attributes adds to diff the attributes that differ.
func (s *subtraction) attributes(diff, left, right *etree.Element, changed *bool) {
	for i := range left.Attr {
		a := &left.Attr[i]
		if !text.IsAttribute(a) {
			continue
		}
		if a.Key == "id" {
			diff.CreateAttr("id", a.Value)
			continue
		}
		if text.Filtered(a.Key) {
			continue
		}
		value, ok := document.Get(right, a.Key)
		if ok && s.deleted != nil && s.deleted.OfAttribute(right, a.Key).Has(document.Deleted) {
			ok = false
		}
		if ok && value == a.Value {
			continue
		}
		*changed = true
		if s.full {
			copyAttributes(diff, left)
			return
		}
		diff.CreateAttr(a.Key, a.Value)
	}
}
