package ops

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// modify is cib_process_modify.
func (w *work) modify() error { return w.modifyIn(w.Section) }

func (w *work) modifyIn(section string) error {
	if w.XPath {
		return w.changePath()
	}
	if w.Data == nil {
		return ErrNoData
	}
	root := w.next.Root
	in := Section(root, section)
	if in == nil {
		if parent := place(root, section); parent != nil {
			w.next.Append(parent, etree.NewElement(section))
		}
		if in = Section(root, section); in == nil {
			return fmt.Errorf("%w: no place for section %s", ErrInvalid, section)
		}
	}
	if !w.updateFirst(in, w.Data) {
		if !w.CanCreate {
			return ErrNoSuch
		}
		w.next.Append(in, w.Data)
	}
	if w.MixedUpdate {
		marked, _ := xpath.Select(root, "//@__delete__")
		for _, e := range marked {
			if e != root && e.Parent() != nil {
				w.next.Remove(e)
			}
		}
	}
	return nil
}

// remove is cib_process_delete. It is no error if nothing is there.
func (w *work) remove() error {
	if w.XPath {
		return w.changePath()
	}
	if w.Data == nil {
		return ErrNoData
	}
	in := Section(w.next.Root, w.Section)
	if in == nil {
		return nil
	}
	if !w.isSection(w.Data) {
		w.replaceFirst(nil, in, w.Data, true)
		return nil
	}
	for _, child := range document.Nodes(w.Data) {
		w.replaceFirst(nil, in, child, true)
	}
	return nil
}

// isSection tells whether data is the section that the request is about, and not an object in it.
func (w *work) isSection(data *etree.Element) bool {
	return w.Section != "" && document.EqualFold(data.Tag, w.Section)
}

// replace is cib_process_replace.
func (w *work) replace() error {
	if w.XPath {
		return w.changePath()
	}
	if w.Data == nil {
		return ErrNoData
	}
	if document.EqualFold(w.Data.Tag, "cib") {
		return w.replaceAll()
	}
	section := w.Section
	if document.EqualFold(section, "all") || w.isSection(w.Data) {
		section = ""
	}
	in := Section(w.next.Root, section)
	if in == nil || !w.replaceFirst(nil, in, w.Data, false) {
		return ErrNoSuch
	}
	return nil
}

// replaceAll puts another CIB in the place of this one, if that is no older and has its digest.
func (w *work) replaceAll() error {
	set := w.FeatureSet
	if set == "" {
		set = featureset.Current
	}
	w.become(xmltree.Copy(w.Data))
	if w.Digest != "" && !document.EqualFold(digest.Versioned(w.Data, set), w.Digest) {
		return fmt.Errorf("%w: the replacement does not have its digest", ErrOldData)
	}
	for _, field := range []string{"admin_epoch", "epoch", "num_updates"} {
		was, is := versionPart(w.current, field), versionPart(w.Data, field)
		if is < was {
			return fmt.Errorf("%w: the replacement has %s %d, not %d", ErrOldData, field, is, was)
		}
		if is > was {
			break
		}
	}
	return nil
}

// versionPart is a part of a version, -1 if it is not there.
func versionPart(cib *etree.Element, field string) int {
	if n, ok := patch.Int(cib, field); ok {
		return n
	}
	return -1
}

// create is cib_process_create.
func (w *work) create() error {
	switch {
	case w.Data == nil:
		return ErrNoData
	case w.Section == "" || document.EqualFold(w.Section, "all") || document.EqualFold(w.Section, "cib") || document.EqualFold(w.Data.Tag, "cib"):
		if w.XPath {
			return ErrNoSuch // the XPath is lost on the way
		}
		return w.modifyIn("")
	}
	failed := etree.NewElement("failed")
	in := Section(w.next.Root, w.Section)
	objects := []etree.Token{w.Data}
	if w.isSection(w.Data) {
		objects = document.Nodes(w.Data)
	}
	var failure error
	for _, object := range objects {
		if failure = w.add(in, object); failure != nil {
			addFailure(failed, object, failure)
			break
		}
	}
	if failure != nil {
		w.answer = failed
	}
	return failure
}

// reasons are the texts of errors in answers.
var reasons = []struct {
	err  error
	text string
}{{ErrExists, "File exists"}, {ErrDenied, "Permission denied"}, {ErrInvalid, "Invalid argument"}}

// addFailure notes an object that could not be created (update_results).
func addFailure(failed *etree.Element, object etree.Token, failure error) {
	e := failed.CreateElement("failed_update")
	e.AddChild(document.Copy(object))
	if id, ok := document.ID(object); ok {
		e.CreateAttr("id", id)
	}
	e.CreateAttr("object_type", document.Name(object))
	e.CreateAttr("operation", string(Create))
	for _, r := range reasons {
		if errors.Is(failure, r.err) {
			e.CreateAttr("reason", r.text)
		}
	}
}

// add creates an object unless it is there (add_cib_object).
func (w *work) add(in *etree.Element, object etree.Token) error {
	if in == nil {
		return fmt.Errorf("%w: the section is not there", ErrInvalid)
	}
	id, has := document.ID(object)
	if document.MatchBy(in, document.Name(object), "id", id, has) != nil {
		return ErrExists
	}
	return w.updateObject(in, object)
}

// updateObject creates or updates an object and those in it (update_cib_object). What
// its attribute replace names is removed from it first.
func (w *work) updateObject(parent *etree.Element, object etree.Token) error {
	update, ok := object.(*etree.Element)
	if !ok {
		// The reference makes an element called comment of it, which no schema has.
		w.next.Create(parent, document.Name(object))
		return nil
	}
	id, has := document.ID(update)
	target, ok := document.MatchBy(parent, update.Tag, "id", id, has).(*etree.Element)
	if !ok {
		target = w.next.Create(parent, update.Tag)
	}
	if names, ok := document.Get(update, "replace"); ok {
		for name := range strings.SplitSeq(names, ",") {
			if old := patch.Child(target, name); old != nil && name != "" {
				w.next.Remove(old)
			}
		}
		update = xmltree.Copy(update)
		update.RemoveAttr("replace")
		w.next.Unset(target, "replace")
	}
	w.copyIn(target, update)
	if w.next.Denied() {
		return ErrDenied
	}
	var first error
	for _, child := range document.Nodes(update) {
		if err := w.updateObject(target, child); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// changePath does an operation on what an XPath finds (cib_process_xpath).
func (w *work) changePath() error {
	root := w.next.Root
	found, _ := xpath.Select(root, w.Section)
	if len(found) == 0 {
		if w.Op == Delete {
			return nil
		}
		return ErrNoSuch
	}
	if w.Op == Modify && w.Data == nil {
		return ErrNoSuch // what is to be there after the change is not found
	}
	var missed error
	for _, match := range found {
		if !within(root, match) {
			continue // it was in what is gone
		}
		switch w.Op {
		case Delete:
			if match == root {
				return fmt.Errorf("%w: it would delete all", ErrInvalid)
			}
			w.next.Remove(match)
		case Modify:
			if !w.updateFirst(match, w.Data) {
				missed = ErrNoSuch
				continue
			}
		case Replace:
			if match == root {
				return fmt.Errorf("%w: it would replace all", ErrInvalid)
			}
			parent := match.Parent()
			w.next.Remove(match)
			if w.Data != nil {
				w.next.Append(parent, w.Data)
			}
		}
		if !w.Multiple {
			break
		}
	}
	return missed
}

// within tells whether an element is in a document.
func within(root, e *etree.Element) bool {
	for ; e != nil; e = e.Parent() {
		if e == root {
			return true
		}
	}
	return false
}
