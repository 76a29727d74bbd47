package patch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// Apply makes a patchset's changes to a document, which must not be tracked
// (xml_apply_patchset). With check set, its version has to fit. The error is one of those of
// this package; but for a version that does not fit, the document has been changed
// nevertheless: apply to a copy.
func Apply(cib, patchset *etree.Element, check bool) error {
	if check {
		if err := Check(cib, patchset); err != nil {
			return err
		}
	}
	if cib.Parent() == nil {
		etree.NewDocumentWithRoot(cib)
	}
	var err error
	switch format := Format(patchset); format {
	case 1:
		err = applyV1(cib, patchset)
	case 2:
		err = applyV2(cib, patchset)
	default:
		err = fmt.Errorf("%w %d", ErrFormat, format)
	}
	if err != nil {
		return err
	}
	if want, ok := document.Get(patchset, "digest"); ok {
		if got := digest.OfCIB(cib); !document.EqualFold(got, want) {
			return fmt.Errorf("%w: the digest should be %s and is %s", ErrFailed, want, got)
		}
	}
	return nil
}

// delayed is a creation or a move, which is made when all else is done.
type delayed struct {
	change   *etree.Element
	match    etree.Token
	position int // to sort by
	placed   bool
}

// applyV2 makes what changes it can, and returns the last that went wrong.
func applyV2(cib, patchset *etree.Element) error {
	var failed error
	var later []delayed
	for _, change := range patchset.ChildElements() {
		operation, ok := document.Get(change, "operation")
		if !ok {
			continue
		}
		path, _ := document.Get(change, "path")
		position, placed := Int(change, "position")
		if !placed {
			position = -1
		}
		at := -1
		if operation == "delete" {
			at = position
		}
		match := search(cib, path, at)
		switch {
		case match == nil && operation == "delete":
		case match == nil:
			failed = fmt.Errorf("%w: no match for the %s of %s", ErrFailed, operation, path)
		case operation == "create":
			later = append(later, delayed{change, match, position, placed})
		case operation == "move":
			later = append(later, delayed{change, match, position, placed})
			if match != cib {
				match.Parent().AddChild(match) // out of the way
			}
		case operation == "delete":
			if match == cib {
				failed = fmt.Errorf("%w: it deletes all of the document", ErrFailed)
				continue
			}
			match.Parent().RemoveChild(match)
		case operation == "modify":
			if err := modify(match, change); err != nil {
				failed = err
			}
		default:
			failed = fmt.Errorf("%w: unknown operation %q", ErrFailed, operation)
		}
	}
	slices.SortStableFunc(later, func(a, b delayed) int { return a.position - b.position })
	for _, d := range later {
		if err := d.apply(cib); err != nil {
			failed = err
		}
	}
	return failed
}

// modify gives an element the attributes that are its result.
func modify(match etree.Token, change *etree.Element) error {
	var result *etree.Element
	if r := Child(change, "change-result"); r != nil {
		if all := r.ChildElements(); len(all) > 0 {
			result = all[0]
		}
	}
	e, ok := match.(*etree.Element)
	if result == nil || !ok {
		return ErrNoResult
	}
	e.Attr = slices.DeleteFunc(e.Attr, func(a etree.Attr) bool { return text.IsAttribute(&a) })
	copyAttributes(e, result)
	return nil
}

func (d delayed) apply(cib *etree.Element) error {
	position := 0
	if d.placed {
		position = d.position
	}
	if !within(cib, d.match) {
		return fmt.Errorf("%w: it deletes what it changes", ErrFailed)
	}
	if operation, _ := document.Get(d.change, "operation"); operation == "move" {
		return move(cib, d.match, position)
	}
	parent, ok := d.match.(*etree.Element)
	nodes := document.Nodes(d.change)
	if !ok || len(nodes) == 0 {
		return fmt.Errorf("%w: a creation of nothing", ErrFailed)
	}
	insert(parent, document.Copy(nodes[0]), position)
	return nil
}

// within tells whether an element or a comment is in the document.
func within(cib *etree.Element, token etree.Token) bool {
	for t := token; t != etree.Token(cib); {
		parent := t.Parent()
		if parent == nil {
			return false
		}
		t = parent
	}
	return true
}

// insert puts a child before the one at a position, or at the end if there is none.
func insert(parent *etree.Element, child etree.Token, position int) {
	n := 0
	for i, token := range parent.Child {
		if !document.IsNode(token) {
			continue
		}
		if n == position {
			parent.InsertChildAt(i, child)
			return
		}
		n++
	}
	parent.AddChild(child)
}

// move puts a child at another position.
func move(cib *etree.Element, match etree.Token, position int) error {
	if match == etree.Token(cib) {
		if position == 0 {
			return nil
		}
		return fmt.Errorf("%w: it moves the document", ErrFailed)
	}
	if at := document.Position(match); at != position {
		parent := match.Parent()
		parent.RemoveChild(match)
		insert(parent, match, position)
	}
	if at := document.Position(match); at != position {
		return fmt.Errorf("%w: %s is moved to %d instead of %d", ErrFailed, document.Name(match), at, position)
	}
	return nil
}

// search finds what a path of a patchset leads to, or nil (search_v2_xpath). Of a comment
// position is where it is, -1 if that is not known.
func search(cib *etree.Element, path string, position int) etree.Token {
	in := cib.Parent()
	var found etree.Token
	for path != "" {
		section, rest, more := cutPath(path)
		if section == "" {
			return found
		}
		tag, id := cutSection(section)
		if tag == "" || in == nil {
			return nil
		}
		at := -1
		if !more {
			at = position
		}
		if found = firstMatch(in, tag, id, at); found == nil {
			return nil
		}
		if !more {
			return found
		}
		in, _ = found.(*etree.Element)
		path = rest
	}
	return found
}

// cutPath parts "/section/rest" as sscanf's "/%[^/]%s" does; the rest ends at white space.
func cutPath(path string) (section, rest string, more bool) {
	after, ok := strings.CutPrefix(path, "/")
	if !ok {
		return "", "", false
	}
	slash := strings.IndexByte(after, '/')
	if slash < 0 {
		return after, "", false
	}
	rest = after[slash:]
	if end := strings.IndexAny(rest, " \t\n\v\f\r"); end >= 0 {
		rest = rest[:end]
	}
	return after[:slash], rest, true
}

// cutSection parts "tag[@id='id']" as sscanf's "%[^[][@id='%[^']" does.
func cutSection(section string) (tag, id string) {
	tag, rest, _ := strings.Cut(section, "[")
	id, ok := strings.CutPrefix(rest, "@id='")
	if !ok {
		return tag, ""
	}
	id, _, _ = strings.Cut(id, "'")
	return tag, id
}

// firstMatch is the first child of that name and, unless "", that id
// (first_matching_xml_child).
func firstMatch(parent *etree.Element, tag, id string, position int) etree.Token {
	n := -1
	for _, child := range parent.Child {
		if !document.IsNode(child) {
			continue
		}
		n++
		if document.Name(child) != tag {
			continue
		}
		if id != "" {
			if own, ok := document.ID(child); !ok || own != id {
				continue
			}
		}
		if _, ok := child.(*etree.Comment); ok && position >= 0 && n != position {
			continue
		}
		return child
	}
	return nil
}
