package patch

import (
	"fmt"
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// applyV1 takes the removed tree away and adds the other. Of each there may be one.
func applyV1(cib, patchset *etree.Element) error {
	removed, err := oneTree(patchset, "diff-removed")
	if err != nil {
		return err
	}
	if removed != nil {
		removeV1(cib, cib, removed)
	}
	added, err := oneTree(patchset, "diff-added")
	if err != nil {
		return err
	}
	if added != nil {
		addV1(nil, cib, added)
	}
	purgeMarkers(cib)
	return nil
}

func oneTree(patchset *etree.Element, name string) (*etree.Element, error) {
	part := Child(patchset, name)
	if part == nil {
		return nil, nil
	}
	nodes := document.Nodes(part)
	if len(nodes) == 0 {
		return nil, nil
	}
	tree, ok := nodes[0].(*etree.Element)
	if len(nodes) > 1 || !ok {
		return nil, fmt.Errorf("%w: %d in %s", ErrNotUnique, len(nodes), name)
	}
	return tree, nil
}

// alike tells whether a part of a patchset is about an element.
func alike(a, b *etree.Element) bool {
	x, hasX := document.ID(a)
	y, hasY := document.ID(b)
	return document.EqualFold(a.Tag, b.Tag) && hasX == hasY && document.EqualFold(x, y)
}

// removeV1 removes from an element what the patchset marks (process_v1_removals). Attributes
// are left for the additions to replace.
func removeV1(cib, target, patch *etree.Element) {
	if !alike(target, patch) {
		return
	}
	if value, ok := document.Get(patch, marker); ok && value == removedTop {
		if target != cib {
			target.Parent().RemoveChild(target)
		}
		return
	}
	for _, child := range document.Nodes(target) {
		e, ok := child.(*etree.Element)
		if !ok {
			continue
		}
		if p, ok := document.Match(patch, e).(*etree.Element); ok {
			removeV1(cib, e, p)
		}
	}
}

// addV1 adds to an element what the patchset has (process_v1_additions). target is nil if it
// is not there: then it is added to parent if it is marked so.
func addV1(parent *etree.Element, target etree.Token, patch etree.Token) {
	p, isElement := patch.(*etree.Element)
	if target == nil {
		if parent == nil || !isElement {
			return
		}
		if value, ok := document.Get(p, marker); ok && value == addedTop {
			parent.AddChild(xmltree.Copy(p))
		}
		return
	}
	t, ok := target.(*etree.Element)
	if !isElement || !ok {
		if c, ok := target.(*etree.Comment); ok {
			if other, ok := patch.(*etree.Comment); ok {
				c.Data = other.Data
			}
		}
		return
	}
	if !alike(t, p) {
		return
	}
	for i := range p.Attr {
		a := &p.Attr[i]
		if !text.IsAttribute(a) {
			continue
		}
		t.Attr = slices.DeleteFunc(t.Attr, func(own etree.Attr) bool { return own.Key == a.Key && text.IsAttribute(&own) })
		t.CreateAttr(a.Key, a.Value) // in the patchset's order
	}
	for _, child := range document.Nodes(p) {
		addV1(t, document.Match(t, child), child)
	}
}

// purgeMarkers removes the marks that came with what was added.
func purgeMarkers(e *etree.Element) {
	e.RemoveAttr(marker)
	for _, child := range e.ChildElements() {
		purgeMarkers(child)
	}
}
