package acl

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Filter is a copy of a document with what a user may read of it, by the permissions that the
// CIB source gives, or nil if that is nothing (xml_acl_filtered_copy). Of elements that
// are there only for what is in them the id alone is left.
func Filter(source, root *etree.Element, user User) *etree.Element {
	permissions := Of(source, user)
	if permissions.Empty() {
		return nil
	}
	f := filter{root: etree.NewDocumentWithRoot(xmltree.Copy(root)).Root(), marks: map[etree.Token]document.Flags{}}
	permissions.Apply(f.root, func(e *etree.Element, mode document.Flags) { f.marks[e] |= mode })
	for _, one := range permissions.list {
		if one.mode != document.Deny {
			continue
		}
		denied, _ := xpath.Select(f.root, one.path)
		for _, e := range denied {
			if f.attached(e) && !f.purge(e) && e == f.root {
				return nil
			}
		}
	}
	if !f.purge(f.root) {
		return nil
	}
	return f.root
}

type filter struct {
	root  *etree.Element
	marks map[etree.Token]document.Flags
}

// attached tells whether an element is still in the copy.
func (f *filter) attached(e *etree.Element) bool {
	for e != f.root {
		if e = e.Parent(); e == nil {
			return false
		}
	}
	return true
}

// purge takes out of an element what may not be read, and the element itself if that is all;
// then it is false (purge_xml_attributes).
func (f *filter) purge(token etree.Token) bool {
	if f.marks[token].Allows(document.Read) {
		return true
	}
	readable := false
	if e, ok := token.(*etree.Element); ok {
		kept := e.Attr[:0]
		for _, a := range e.Attr {
			if a.Key == "id" || !text.IsAttribute(&a) {
				kept = append(kept, a)
			}
		}
		e.Attr = kept
		for _, child := range document.Nodes(e) {
			if f.purge(child) {
				readable = true
			}
		}
	}
	if !readable && token != etree.Token(f.root) {
		token.Parent().RemoveChild(token)
	}
	return readable
}
