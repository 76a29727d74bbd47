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
	configuration *etree.Element
	at            int // where it was
}

// giveBack makes the old CIB whole again.
func (t *taken) giveBack(old *etree.Element) { old.InsertChildAt(t.at, t.configuration) }

// newestWhole is the newest feature set whose patchsets need the whole old CIB.
const newestWhole = "3.0.8"

// copyCurrent is a copy of the CIB to work on. Where only the status can change, and that is allowed, the
// configuration is taken instead of copied: most changes of a large cluster are of the status.
func (w *work) copyCurrent() *etree.Element {
	set, _ := document.Get(w.current, "crm_feature_set")
	if !w.Take || !w.onlyStatus() || w.WithDigest || featureset.Compare(newestWhole, set) >= 0 || acl.Enabled(w.current, w.User, w.Now) {
		return xmltree.Copy(w.current)
	}
	var configuration *etree.Element
	for _, token := range w.current.Child {
		if !document.IsNode(token) {
			return xmltree.Copy(w.current) // text in the CIB itself
		}
		if e, ok := token.(*etree.Element); ok && e.Tag == "configuration" {
			if configuration != nil {
				return xmltree.Copy(w.current)
			}
			configuration = e
		}
	}
	if configuration == nil {
		return xmltree.Copy(w.current)
	}
	w.taken = &taken{configuration, configuration.Index()}
	w.current.RemoveChildAt(w.taken.at)
	root := xmltree.Copy(w.current)
	root.InsertChildAt(w.taken.at, configuration)
	return root
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
func (w *work) massage() {
	root := w.next.Root
	if w.taken == nil {
		stripText(root)
		w.expandAll(root)
		return
	}
	w.expandAttributes(root)
	for _, e := range root.ChildElements() {
		if e != w.taken.configuration {
			stripText(e)
			w.expandAll(e)
		}
	}
}
