package document

import (
	"strings"

	"github.com/beevik/etree"
)

// Guard is what a user may do. Package cib/acl makes guards from a configuration.
type Guard interface {
	// Apply calls grant for each element that a permission names: Read, Write or Deny.
	// An element may get several.
	Apply(root *etree.Element, grant func(e *etree.Element, permission Flags))
	// Empty tells that the user has no permissions at all.
	Empty() bool
}

// create is asked for as well: a new attribute, or what is in a new element.
const create = Created

// Denied tells whether a change was not made for want of permission.
func (d *Document) Denied() bool { return d.denied }

func (d *Document) applyGuard() {
	if d.guard != nil {
		d.guard.Apply(d.Root, func(e *etree.Element, permission Flags) { d.mark(e).flags |= permission })
	}
}

// Allows tells whether marks of an element permit to read, write or create, or say nothing.
func (f Flags) Allows(wanted Flags) bool {
	switch {
	case f.Has(Deny):
		return false
	case f.Has(wanted):
		return true
	case wanted.Has(Read) && f.Has(Write):
		return true
	}
	return wanted.Has(create) && f.Has(Write)
}

// may tells whether the user may change an element or a comment; wanted is Write, or create for
// the attribute called name (pcmk__check_acl). The nearest element around it that says
// something decides; if none does, the answer is no.
func (d *Document) may(token etree.Token, name string, wanted Flags) bool {
	if !d.tracking || d.guard == nil {
		return true
	}
	if d.guard.Empty() {
		d.denied = true
		return false
	}
	if e, ok := token.(*etree.Element); ok && wanted == create && name != "" && find(e, name) != nil {
		wanted = Write
	}
	for {
		flags := d.Of(token)
		if flags.Allows(wanted) {
			return true
		}
		parent := token.Parent()
		if flags.Has(Deny) || parent == nil || parent.Tag == "" {
			d.denied = true
			return false
		}
		token = parent
	}
}

// Unguard lets all further changes pass, after what was created without permission is gone
// (xml_acl_disable).
func (d *Document) Unguard() {
	if d.guard == nil {
		return
	}
	d.applyGuard()
	d.dropUnpermitted(d.Root, false)
	d.guard = nil
}

// dropUnpermitted removes what was created without permission. The element itself
// stays unless top is set.
func (d *Document) dropUnpermitted(token etree.Token, top bool) {
	if d.guard == nil {
		return
	}
	if d.Of(token).Has(Created) && !d.scaffolding(token) && !d.may(token, "", Write) && top {
		token.Parent().RemoveChild(token)
		return
	}
	if e, ok := token.(*etree.Element); ok {
		for _, child := range Nodes(e) {
			d.dropUnpermitted(child, true)
		}
	}
}

// scaffolding tells whether an element has no attribute but an id and is not
// in the section of permissions: everybody may create those.
func (d *Document) scaffolding(token etree.Token) bool {
	if e, ok := token.(*etree.Element); ok {
		for i := range e.Attr {
			if e.Attr[i].Key != "id" {
				return false
			}
		}
	}
	return !strings.Contains(Path(token), "/acls/")
}
