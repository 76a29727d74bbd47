package ops

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func element(t *testing.T, document string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(document), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// TestTake: a change of the status that takes the configuration comes to the same as one that
// copies it, and one that fails leaves the CIB as it was.
func TestTake(t *testing.T) {
	const cib = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><!-- c --><configuration><crm_config/><nodes><node id="1" uname="a"/></nodes><resources/><constraints/></configuration><status><node_state id="1" uname="a"/></status></cib>`
	for _, tt := range []struct {
		op   Op
		data string
	}{
		{Modify, `<node_state id="1" crmd="online"/>`}, {Modify, `<node_state id="9"/>`}, {Create, `<node_state id="2"/>`},
		{Create, `<node_state id="1"/>`}, {Delete, `<node_state id="1"/>`}, {Delete, `<node id="1"/>`}, {Replace, `<status/>`},
		{Modify, `<cib><status><node_state id="1" n="n++"/></status></cib>`}, {Modify, `<cib/>`},
	} {
		perform := func(take bool) (string, string) {
			root := element(t, cib)
			req := Request{Op: tt.op, Section: "status", Data: element(t, tt.data)}
			req.Take = take
			r, err := Perform(root, req)
			if err != nil {
				return err.Error(), text.Line(root)
			}
			patchset := ""
			if r.Patchset != nil {
				patchset = text.Line(r.Patchset)
			}
			for _, e := range r.CIB.ChildElements() {
				if e.Parent() != r.CIB {
					t.Errorf("%s %s: %s is elsewhere", tt.op, tt.data, e.Tag)
				}
			}
			return patchset, text.Line(r.CIB)
		}
		patchset, whole := perform(true)
		if wantPatchset, want := perform(false); patchset != wantPatchset || whole != want {
			t.Errorf("%s %s:\n%s\n%s\nwant\n%s\n%s", tt.op, tt.data, patchset, whole, wantPatchset, want)
		}
	}
}

// TestTakeHistories: random updates of histories, one upon the other, come to the same whether what they are not about
// is taken or copied; so do those that fail.
func TestTakeHistories(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	history := func(b *strings.Builder) {
		fmt.Fprintf(b, `<node_state id="%d" crmd="%d">`, rnd.IntN(3), rnd.IntN(2))
		for range rnd.IntN(3) {
			b.WriteString(`<lrm id="l"><lrm_resources>`)
			for range rnd.IntN(3) {
				fmt.Fprintf(b, `<lrm_resource id="r%d" type="Dummy">`, rnd.IntN(4))
				for range rnd.IntN(3) {
					fmt.Fprintf(b, `<lrm_rsc_op id="o%d" call-id="call-id++" rc-code="%d"/>`, rnd.IntN(3), rnd.IntN(9))
				}
				b.WriteString(`</lrm_resource>`)
			}
			b.WriteString(`</lrm_resources></lrm>`)
		}
		if rnd.IntN(6) == 0 {
			b.WriteString(`<!-- c -->text<transient_attributes><instance_attributes id-ref="x" n="1"/></transient_attributes>`)
		}
		b.WriteString(`</node_state>`)
	}
	const cib = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`
	taking, copying := element(t, cib), element(t, cib)
	failed := 0
	for i := range 400 {
		var b strings.Builder
		b.WriteString("<status>")
		for range 1 + rnd.IntN(2) {
			history(&b)
		}
		b.WriteString("</status>")
		req := Request{Op: Modify, Section: "status", Data: element(t, b.String())}
		req.CanCreate = true
		if rnd.IntN(10) == 0 {
			req.Data.CreateAttr("id", "none") // there is no such status
			req.CanCreate = false
		}
		want, wantErr := Perform(copying, req)
		req.Take = true
		got, err := Perform(taking, req)
		if !errors.Is(err, wantErr) {
			t.Fatalf("%d: %v, want %v", i, err, wantErr)
		}
		if err != nil {
			failed++
		} else {
			line := func(patchset *etree.Element) string {
				if patchset == nil {
					return "no change"
				}
				return text.Line(patchset)
			}
			if g, w := line(got.Patchset), line(want.Patchset); g != w {
				t.Fatalf("%d: %s\n%s\nwant\n%s", i, b.String(), g, w)
			}
			taking, copying = got.CIB, want.CIB
		}
		if text.Line(taking) != text.Line(copying) {
			t.Fatalf("%d: %s\n%s\nwant\n%s", i, b.String(), text.Line(taking), text.Line(copying))
		}
		consistent(t, taking)
	}
	if failed == 0 {
		t.Error("nothing has failed")
	}
}

// consistent is that each element knows what it is in, and where.
func consistent(t *testing.T, e *etree.Element) {
	t.Helper()
	for i, child := range e.Child {
		if child.Parent() != e || child.Index() != i {
			t.Fatalf("child %d of %s thinks that it is %d of %v", i, e.Tag, child.Index(), child.Parent())
		}
		if c, ok := child.(*etree.Element); ok {
			consistent(t, c)
		}
	}
}
