package patch

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func parse(t testing.TB, xml string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(xml), xmltree.DropText)
	if err != nil {
		t.Fatalf("%v: %s", err, xml)
	}
	return doc.Root()
}

// diff is the patchset from one document to another, with its digest.
func diff(old, next *etree.Element) *etree.Element {
	d := document.New(next)
	d.Significant = true
	if err := d.Compare(old); err != nil {
		return nil
	}
	p, _ := Create(old, d, Options{})
	d.Accept()
	if p != nil {
		AddDigest(p, old, next, true)
	}
	return p
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		cib, source, target string
		want                error
	}{
		{"1.2.3", "1.2.3", "1.2.4", nil},
		{"1.2.3", "1.2.3", "1.3.0", nil},
		{"1.2.3", "1.2.4", "1.2.5", ErrResync},
		{"1.2.3", "1.3.0", "1.4.0", ErrResync},
		{"1.2.3", "1.2.2", "1.2.3", ErrOldData},
		{"2.0.0", "1.9.9", "3.0.0", ErrOldData},
		{"1.2.3", "1.2.3", "1.2.3", ErrOldData}, // leads to nothing newer
		{"1.2.3", "..", "..", nil},              // says nothing: any document, one update
		{"..", "..", "..", nil},
		{"-1.x.", "0.0.0", "0.0.1", nil}, // numbers that are none count as 0
	} {
		attributes := func(version string) string {
			s := ""
			for i, n := range strings.Split(version, ".") {
				if n != "" {
					s += fmt.Sprintf(" %s='%s'", versionFields[i], n)
				}
			}
			return s
		}
		patchset := parse(t, "<diff format='2'><version><source"+attributes(tt.source)+"/><target"+attributes(tt.target)+"/></version></diff>")
		if err := Check(parse(t, "<cib"+attributes(tt.cib)+"/>"), patchset); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s, %s to %s: %v, want %v", tt.cib, tt.source, tt.target, err, tt.want)
		}
	}
}

// TestTracked: changes that a document has tracked make the patchset that comparing it makes.
func TestTracked(t *testing.T) {
	const before = `<cib crm_feature_set="3.16.1" admin_epoch="0" epoch="4" num_updates="7"><configuration><nodes><node id="1" a="1" b="2"/><node id="2"/><!-- n --></nodes></configuration><status/></cib>`
	old, root := parse(t, before), parse(t, before)
	d := document.New(root)
	d.Track(nil)
	nodes := root.FindElement("configuration/nodes")
	first := nodes.ChildElements()[0]
	d.Set(first, "a", "9")
	d.Unset(first, "b")
	d.Remove(nodes.ChildElements()[1])
	d.Append(nodes, parse(t, `<node id="3"/>`))
	p, config := Create(old, d, Options{Count: true})
	d.Accept()
	if !config {
		t.Error("the configuration has changed")
	}
	AddDigest(p, old, root, true)
	if got, want := text.Lines(p), text.Lines(diff(old, root.Copy())); got != want {
		t.Errorf("tracked\n%scompared\n%s", got, want)
	}
	if v := VersionOf(root); v != (Version{0, 5, 0}) {
		t.Errorf("the version is %v", v)
	}
	got := old.Copy()
	if err := Apply(got, p, true); err != nil || text.Line(got) != text.Line(root) {
		t.Errorf("%v: %s", err, text.Line(got))
	}
}

// FuzzApply: what a peer sends does not make us panic, and what we make ourselves
// leads to the second document.
func FuzzApply(f *testing.F) {
	f.Add(`<cib crm_feature_set="3.16.1"><a id="1"/><b/><!-- c --></cib>`, `<cib crm_feature_set="3.16.1"><b x="1"/><a id="2"/></cib>`, `<diff format="2"><change operation="move" path="/cib/b" position="0"/></diff>`)
	f.Add(`<cib epoch="1"><a id="1"><b/></a></cib>`, `<cib epoch="2"><a id="1" x="y"/></cib>`, `<diff><diff-removed><cib><a id="1" __crm_diff_marker__="removed:top"/></cib></diff-removed></diff>`)
	f.Add(`<cib/>`, `<cib/>`, `<diff format="2"><change operation="create" path="/cib" position="3"><x/></change><change operation="delete" path="/cib/comment" position="9"/></diff>`)
	f.Fuzz(func(t *testing.T, before, after, patchset string) {
		read := func(s string) *etree.Element {
			doc, err := xmltree.Parse([]byte(s), xmltree.DropText)
			if err != nil {
				return etree.NewElement("cib")
			}
			return doc.Root()
		}
		old, next, p := read(before), read(after), read(patchset)
		_ = Describe(p, "fuzz")
		if err := Apply(old.Copy(), p, false); err == nil {
			_ = Apply(old.Copy(), p, true)
		}
		made := diff(old, next)
		if made == nil || Format(made) != 2 {
			return
		}
		got := old.Copy()
		// Children that are not told from each other by name and id may make it fail, never
		// silently: the digest finds out.
		if err := Apply(got, made, false); err == nil && same(got) != same(next) {
			t.Fatalf("%s\nand %s\nmake %s", text.Line(old), text.Line(made), text.Line(got))
		}
	})
}

// same is what the digest is of, with the feature set that decides which.
func same(e *etree.Element) string { return string(text.AppendDigested(nil, e, true)) }

func BenchmarkPatch(b *testing.B) {
	var s strings.Builder
	s.WriteString(`<cib crm_feature_set="3.16.1" epoch="1"><configuration><resources>`)
	for i := range 10000 {
		fmt.Fprintf(&s, `<primitive id="p%d" class="ocf" type="Dummy"><meta_attributes id="m%d"/></primitive>`, i, i)
	}
	s.WriteString(`</resources></configuration></cib>`)
	old := parse(b, s.String())
	next := old.Copy()
	resources := next.FindElement("configuration/resources")
	resources.RemoveChildAt(5000)
	resources.ChildElements()[7000].CreateAttr("x", "y")
	patchset := diff(old, next.Copy())
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			diff(old, next)
		}
	})
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			if err := Apply(old.Copy(), patchset, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}
