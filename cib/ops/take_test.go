package ops

import (
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
