package document

import (
	"slices"

	"github.com/beevik/etree"
)

// Flags are marks of an element, a comment or an attribute (enum xml_private_flags).
type Flags uint16

// The marks.
const (
	Dirty   Flags = 1 << iota // it, or something in it, is changed
	Deleted                   // of an attribute: it is to go
	Created                   // it was not there before
	Moved                     // it has another place among its siblings
	Read                      // the user may read it, and what is in it
	Write                     // the user may change it, and what is in it
	Deny                      // the user may neither

	inside // something in it is new, which alone does not make it Dirty

	permissions = Read | Write | Deny
)

// Has tells whether all of some flags are set.
func (f Flags) Has(all Flags) bool { return f&all == all }

// Document is a CIB, or any other XML, with its changes.
type Document struct {
	// Root is the document's element.
	Root *etree.Element
	// Significant says that the order of attributes does not count in Compare.
	Significant bool

	tracking  bool
	dirty     bool
	guard     Guard
	denied    bool
	marks     map[etree.Token]*mark
	deletions []Deletion
}

// Deletion is an element or a comment that was removed.
type Deletion struct {
	Path     string
	Position int // of a comment among its siblings, else -1
}

// mark is what is remembered of an element or a comment.
type mark struct {
	flags      Flags
	attributes map[string]Flags // by key, nil if there are none
}

// New is a document without changes, which are not tracked yet. If root has no parent it
// gets one.
func New(root *etree.Element) *Document {
	if root.Parent() == nil {
		etree.NewDocumentWithRoot(root)
	}
	return &Document{Root: root}
}

// Track begins to track changes, without those so far. A guard, if there is one, decides what
// may be changed from now on.
func (d *Document) Track(guard Guard) {
	d.Accept()
	d.tracking = true
	d.marks = map[etree.Token]*mark{}
	if guard != nil {
		d.guard = guard
		d.applyGuard()
	}
}

// Tracking tells whether changes are tracked.
func (d *Document) Tracking() bool { return d.tracking }

// Dirty tells whether there are changes.
func (d *Document) Dirty() bool { return d.dirty }

// Deletions are what was removed, in order.
func (d *Document) Deletions() []Deletion { return d.deletions }

// Accept makes the changes final and ends their tracking.
func (d *Document) Accept() {
	for token, m := range d.marks {
		e, ok := token.(*etree.Element)
		if !ok || m.attributes == nil {
			continue
		}
		e.Attr = slices.DeleteFunc(e.Attr, func(a etree.Attr) bool { return m.attributes[a.Key].Has(Deleted) })
	}
	d.marks, d.deletions, d.guard = nil, nil, nil
	d.tracking, d.dirty, d.denied = false, false, false
}

// Of are the marks of an element or a comment.
func (d *Document) Of(token etree.Token) Flags {
	if m := d.marks[token]; m != nil {
		return m.flags
	}
	return 0
}

// Marked tells whether there may be changes to an element or a comment, or in it.
func (d *Document) Marked(token etree.Token) bool { return d.Of(token)&^permissions != 0 }

// OfAttribute are the marks of an attribute.
func (d *Document) OfAttribute(e *etree.Element, key string) Flags {
	if m := d.marks[e]; m != nil {
		return m.attributes[key]
	}
	return 0
}

func (d *Document) mark(token etree.Token) *mark {
	m := d.marks[token]
	if m == nil {
		m = &mark{}
		d.marks[token] = m
	}
	return m
}

// touch marks an element or a comment, and all around it, as changed.
func (d *Document) touch(token etree.Token) {
	d.dirty = true
	for {
		d.mark(token).flags |= Dirty
		parent := token.Parent()
		if parent == nil || parent.Tag == "" {
			return
		}
		token = parent
	}
}

// markAttribute sets and takes away marks of an attribute.
func (d *Document) markAttribute(e *etree.Element, key string, set, clear Flags) {
	m := d.mark(e)
	if m.attributes == nil {
		m.attributes = map[string]Flags{}
	}
	m.attributes[key] = m.attributes[key]&^clear | set
}

// markCreated marks an element or a comment, and all in it, as new. Those around it are told that
// there is something, no more: only what is found by comparing makes them Dirty (see
// Document.Create).
func (d *Document) markCreated(token etree.Token) {
	if !d.tracking {
		return
	}
	d.markTree(token)
	for parent := token.Parent(); parent != nil && parent.Tag != ""; parent = parent.Parent() {
		d.mark(parent).flags |= inside
	}
}

func (d *Document) markTree(token etree.Token) {
	d.mark(token).flags |= Created | Dirty
	if e, ok := token.(*etree.Element); ok {
		for _, child := range e.Child {
			if IsNode(child) {
				d.markTree(child)
			}
		}
	}
}
