package ops_test

import (
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// A replacement that brings nothing but other notes is none in a cluster, so that all nodes count alike;
// with anything else its notes are taken.
func TestOwnNotes(t *testing.T) {
	const cib = `<cib admin_epoch="1" epoch="2" num_updates="3" validate-with="none" cib-last-written="today" update-origin="a"><configuration/><status/></cib>`
	read := func(of string) *etree.Element {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(of); err != nil {
			t.Fatal(err)
		}
		return doc.Root()
	}
	for _, tt := range []struct {
		name, replacement string
		own               bool
		updates, written  string
		changed           bool
	}{
		{"the same", cib, true, "3", "today", false},
		{"another time", strings.Replace(cib, "today", "tomorrow", 1), true, "3", "today", false},
		{"another node", strings.Replace(cib, ` update-origin="a"`, "", 1), true, "3", "today", false},
		{"not in a cluster", strings.Replace(cib, "today", "tomorrow", 1), false, "4", "tomorrow", true},
		{"another status", strings.Replace(strings.Replace(cib, "today", "tomorrow", 1), "<status/>", `<status><node_state id="1"/></status>`, 1), true, "4", "tomorrow", true},
	} {
		r, err := ops.Perform(read(cib), ops.Request{Op: ops.Replace, Data: read(tt.replacement), Options: ops.Options{OwnNotes: tt.own, NoTime: true}})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if updates, written := r.CIB.SelectAttrValue("num_updates", ""), r.CIB.SelectAttrValue("cib-last-written", ""); updates != tt.updates || written != tt.written {
			t.Errorf("%s: num_updates %s, written %s; want %s, %s", tt.name, updates, written, tt.updates, tt.written)
		}
		if (r.Patchset != nil) != tt.changed {
			t.Errorf("%s: patchset %v", tt.name, r.Patchset != nil)
		}
	}
}

// TestNotesInPlace: a replacement is taken with its attributes in their order, whichever notes the CIB given has, and
// what stays as it is keeps its own; the digest follows from that.
func TestNotesInPlace(t *testing.T) {
	const (
		own    = `<cib admin_epoch="1" epoch="2" num_updates="3" validate-with="none" cib-last-written="today" update-origin="a" have-quorum="1"><configuration/><status/></cib>`
		brings = `<cib admin_epoch="1" epoch="2" num_updates="3" validate-with="none" cib-last-written="now" update-origin="b" update-client="c" update-user="u" have-quorum="1"><configuration/><status/></cib>`
	)
	status := strings.NewReplacer("<status/>", `<status><node_state id="1"/></status>`)
	for _, tt := range []struct{ name, replacement, want string }{
		{"another status", status.Replace(brings), status.Replace(brings)},
		{"other notes only", brings, own},
	} {
		doc := func(of string) *etree.Element {
			d := etree.NewDocument()
			if err := d.ReadFromString(of); err != nil {
				t.Fatal(err)
			}
			return d.Root()
		}
		r, err := ops.Perform(doc(own), ops.Request{Op: ops.Replace, Data: doc(tt.replacement), Options: ops.Options{OwnNotes: true, NoTime: true, Uncounted: true}})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := text.Line(r.CIB); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}
