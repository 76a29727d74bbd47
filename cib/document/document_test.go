package document

import (
	"math/rand/v2"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func parse(t testing.TB, xml string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(xml), xmltree.DropText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// TestCounter compares the counter with counting.
func TestCounter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for size := range 40 {
		c, there := newCounter(size), make([]bool, size)
		for i := range there {
			there[i] = true
		}
		for range size {
			if at := rng.IntN(size); there[at] {
				there[at] = false
				c.remove(at)
			}
			n := 0
			for i, is := range there {
				if got := c.before(i); got != n {
					t.Fatalf("%d of %v: %d before, want %d", i, there, got, n)
				}
				if is {
					if got := c.at(n); got != i {
						t.Fatalf("number %d of %v is %d, want %d", n, there, got, i)
					}
					n++
				}
			}
			if got := c.at(n); got != -1 {
				t.Fatalf("number %d of %v is %d", n, there, got)
			}
		}
	}
}

func TestPaths(t *testing.T) {
	root := parse(t, `<cib id="x"><a><!-- c --><b/><b id="1"/></a></cib>`)
	New(root)
	a := root.ChildElements()[0]
	for i, want := range []string{"/cib[@id='x']/a/comment", "/cib[@id='x']/a/b", "/cib[@id='x']/a/b[@id='1']"} {
		if got := Path(a.Child[i]); got != want || Position(a.Child[i]) != i {
			t.Errorf("%s at %d, want %s at %d", got, Position(a.Child[i]), want, i)
		}
	}
}

// TestAttributes: what is removed stays until changes are accepted, and can come back.
func TestAttributes(t *testing.T) {
	root := parse(t, `<cib a="1" b="2"/>`)
	d := New(root)
	d.Track(nil)
	d.Unset(root, "none")
	if d.Dirty() {
		t.Error("removing nothing is a change")
	}
	d.Unset(root, "a")
	d.Unset(root, "b")
	d.Set(root, "b", "3")
	if v, ok := Get(root, "a"); !ok || v != "1" || !d.OfAttribute(root, "a").Has(Deleted) || d.OfAttribute(root, "b") != Dirty {
		t.Errorf("%q %v, %b", v, ok, d.OfAttribute(root, "b"))
	}
	d.Accept()
	if _, ok := Get(root, "a"); ok || d.Dirty() || len(root.Attr) != 1 {
		t.Errorf("%v", root.Attr)
	}
}

// rules is a guard of single elements, by name.
type rules map[string]Flags

func (r rules) Empty() bool { return len(r) == 0 }

func (r rules) Apply(root *etree.Element, grant func(*etree.Element, Flags)) {
	if f, ok := r[root.Tag]; ok {
		grant(root, f)
	}
	for _, c := range root.ChildElements() {
		r.Apply(c, grant)
	}
}

// TestGuard: the nearest permission decides; scaffolding may be created by all; what is not
// permitted does not happen and is noticed.
func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rules  rules
		change func(d *Document, a, b *etree.Element)
		denied bool
		want   string
	}{
		{"no permissions", rules{}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "2") }, true, `<cib><a><b x="1"/></a></cib>`},
		{"read only", rules{"cib": Read}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "2") }, true, `<cib><a><b x="1"/></a></cib>`},
		{"as it was", rules{"cib": Read}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "1") }, false, `<cib><a><b x="1"/></a></cib>`},
		{"write above", rules{"cib": Write}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "2") }, false, `<cib><a><b x="2"/></a></cib>`},
		{"deny between", rules{"cib": Write, "a": Deny}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "2") }, true, `<cib><a><b x="1"/></a></cib>`},
		{"write below", rules{"a": Deny, "b": Write}, func(d *Document, _, b *etree.Element) { d.Set(b, "x", "2") }, false, `<cib><a><b x="2"/></a></cib>`},
		{"remove", rules{"a": Write, "b": Deny}, func(d *Document, _, b *etree.Element) { d.Remove(b) }, true, `<cib><a><b x="1"/></a></cib>`},
		{"remove attribute", rules{"b": Write}, func(d *Document, _, b *etree.Element) { d.Unset(b, "x") }, false, `<cib><a><b/></a></cib>`},
		{"scaffolding", rules{"b": Write}, func(d *Document, a, _ *etree.Element) { d.Create(a, "c") }, false, `<cib><a><b x="1"/><c/></a></cib>`},
		{"no scaffolding", rules{"b": Write}, func(d *Document, a, _ *etree.Element) { d.Append(a, etreeWith("c", "y")) }, true, `<cib><a><b x="1"/></a></cib>`},
		{"permitted child", rules{"a": Write}, func(d *Document, a, _ *etree.Element) { d.Append(a, etreeWith("c", "y")) }, false, `<cib><a><b x="1"/><c y="y"/></a></cib>`},
	} {
		root := parse(t, `<cib><a><b x="1"/></a></cib>`)
		d := New(root)
		d.Track(tt.rules)
		a := root.ChildElements()[0]
		tt.change(d, a, a.ChildElements()[0])
		d.Unguard()
		denied := d.Denied()
		d.Accept()
		doc := etree.NewDocumentWithRoot(root)
		if got, err := doc.WriteToString(); err != nil || got != tt.want || denied != tt.denied {
			t.Errorf("%s: %s %v %v", tt.name, got, denied, err)
		}
	}
}

func etreeWith(name, attribute string) *etree.Element {
	e := etree.NewElement(name)
	e.CreateAttr(attribute, attribute)
	return e
}

// TestGuardedComparison: a change found afterwards is undone if it is not permitted.
func TestGuardedComparison(t *testing.T) {
	old := parse(t, `<cib><a><b x="1"/><c id="2"/></a></cib>`)
	root := parse(t, `<cib><a><b x="2" y="3"/><d q="1"/></a></cib>`)
	d := New(root)
	d.Track(rules{"cib": Read})
	if err := d.Compare(old); err != nil {
		t.Fatal(err)
	}
	if !d.Denied() {
		t.Error("nothing is denied")
	}
	d.Accept()
	if got, err := etree.NewDocumentWithRoot(root).WriteToString(); err != nil || got != `<cib><a><b x="1"/><c id="2"/></a></cib>` {
		t.Error(got, err)
	}
}
