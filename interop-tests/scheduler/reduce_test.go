//go:build interop

package scheduler

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// reduction is how long a CIB may take to become smaller.
const reduction = 90 * time.Second

// reducer makes a CIB smaller as long as there is a difference in the same output of
// the same command line (delta debugging, by the tree).
type reducer struct {
	t       testing.TB
	doc     *etree.Document
	command []string
	output  string
	status  string // the reference's
	file    string
	trials  int
	until   time.Time
}

// reduce writes what is left of a CIB to a file, and says how it differs.
func reduce(t testing.TB, doc *etree.Document, diff difference, kept string) string {
	r := reducer{t: t, doc: etree.NewDocumentWithRoot(doc.Root().Copy()), command: diff.command, output: diff.output,
		file: filepath.Join(t.TempDir(), filepath.Base(kept)), until: time.Now().Add(reduction)}
	if !r.differs() {
		return "the difference is not there alone"
	}
	for changed := true; changed; {
		changed = r.options()
		changed = r.children(r.doc.Root()) || changed
		changed = r.attributes() || changed
	}
	r.doc.Indent(2)
	addCommands(r.doc, r.command)
	write(t, r.doc, kept)
	diffs, _ := compare(t, r.doc, r.file)
	return fmt.Sprintf("%s, %d trials, %d elements: %v", kept, r.trials, len(r.doc.FindElements("//*")), diffs)
}

// differs tells whether the difference is still there.
func (r *reducer) differs() bool {
	if time.Now().After(r.until) {
		return false
	}
	r.trials++
	writeBare(r.t, r.doc, r.file)
	defer func() { _ = os.Remove(r.file) }()
	want := ask(r.t, r.file, r.command, theirs)
	if status := want.lines["status"][0]; want.crashed || r.status != "" && status != r.status {
		return false
	} else {
		r.status = status
	}
	got := ask(r.t, r.file, r.command, ours)
	return golden.Difference(got.lines[r.output], want.lines[r.output]) != ""
}

// children takes away children of an element, many at a time at first, and then
// theirs.
func (r *reducer) children(e *etree.Element) (changed bool) {
	for size := len(e.ChildElements()); size > 0; size /= 2 {
		for at := 0; at < len(e.ChildElements()); {
			before := slices.Clone(e.Child)
			all := e.ChildElements()
			for _, c := range all[at:min(at+size, len(all))] {
				e.RemoveChild(c)
			}
			if r.differs() {
				changed = true
				continue
			}
			for _, token := range slices.Clone(e.Child) {
				e.RemoveChild(token)
			}
			for _, token := range before {
				e.AddChild(token)
			}
			at += size
		}
	}
	for _, c := range e.ChildElements() {
		changed = r.children(c) || changed
	}
	return changed
}

// attributes takes away attributes.
func (r *reducer) attributes() (changed bool) {
	for _, e := range r.doc.FindElements("//*") {
		for _, a := range slices.Clone(e.Attr) {
			if a.Key == "id" || a.Key == "execution-date" || a.Key == "validate-with" {
				continue
			}
			before := slices.Clone(e.Attr)
			e.RemoveAttr(a.Key)
			if r.differs() {
				changed = true
				continue
			}
			e.Attr = before
		}
	}
	return changed
}

// options takes away options of the command line, with their values.
func (r *reducer) options() (changed bool) {
	for i := 0; i < len(r.command); {
		n := 1
		if i+1 < len(r.command) && !strings.HasPrefix(r.command[i+1], "-") {
			n = 2
		}
		before := r.command
		r.command = slices.Delete(slices.Clone(before), i, i+n)
		if r.differs() {
			changed = true
			continue
		}
		r.command = before
		i += n
	}
	return changed
}
