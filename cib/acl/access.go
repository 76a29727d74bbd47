package acl

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
)

// Access is the most that a user may do with an element.
type Access int

// The kinds of access.
const (
	Denied Access = iota
	Readable
	Writable
)

// Evaluate tells what a user may do with the elements of a document, by the permissions that it
// gives itself, enabled or not (pcmk__enable_acl and pcmk__check_acl).
func Evaluate(root *etree.Element, user User) func(*etree.Element) Access {
	marks := map[*etree.Element]document.Flags{}
	Of(root, user).Apply(root, func(e *etree.Element, mode document.Flags) { marks[e] |= mode })
	may := func(e *etree.Element, wanted document.Flags) bool {
		for ; e != nil; e = e.Parent() {
			switch flags := marks[e]; {
			case flags.Allows(wanted):
				return true
			case flags.Has(document.Deny):
				return false
			}
		}
		return false
	}
	return func(e *etree.Element) Access {
		switch {
		case !may(e, document.Read):
			return Denied
		case !may(e, document.Write):
			return Readable
		}
		return Writable
	}
}
