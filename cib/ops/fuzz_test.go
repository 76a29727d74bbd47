package ops_test

import (
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// FuzzPerform: whatever a client sends, the CIB given stays as it is, its version does not go
// back, and who has no permission changes nothing.
func FuzzPerform(f *testing.F) {
	const cib = `<cib validate-with="none" crm_feature_set="3.16.1" epoch="3" num_updates="1" admin_epoch="0"><configuration><crm_config><cluster_property_set id="c">` +
		`<nvpair id="e" name="enable-acl" value="true"/></cluster_property_set></crm_config><nodes><node id="1"/><!-- n --></nodes><resources/><constraints/></configuration><status/></cib>`
	for i, data := range []string{`<node id="2" uname="x"/>`, `<nodes><node id="1" x="x++"/></nodes>`, `<cib epoch="epoch++"/>`, `<diff format="2"/>`, `<nodes replace="node"><!-- c --></nodes>`} {
		f.Add(cib, data, []string{"nodes", "", "//node", "status", "/"}[i], uint8(i), uint8(i*37))
	}
	operations := []ops.Op{ops.Query, ops.Create, ops.Modify, ops.Delete, ops.Replace, ops.Erase, ops.Bump, ops.Upgrade, ops.Patch, "cib_none"}
	f.Fuzz(func(t *testing.T, before, data, section string, operation, flags uint8) {
		root, input := parse(before), parse(data)
		if root == nil {
			return
		}
		was := text.Line(root)
		req := ops.Request{
			Op: operations[int(operation)%len(operations)], Section: section, Data: input,
			Options: ops.Options{
				XPath: flags&1 != 0, Multiple: flags&2 != 0, CanCreate: flags&4 != 0, NoChildren: flags&8 != 0, MixedUpdate: flags&16 != 0, PathsOnly: flags&32 != 0,
				NoTime: flags&64 != 0,
			},
		}
		if flags&128 != 0 {
			req.User = acl.User{Name: "nobody"}
		}
		r, err := ops.Perform(root, req)
		if text.Line(root) != was {
			t.Fatalf("%s has become %s", was, text.Line(root))
		}
		if err != nil || req.Op == ops.Query {
			return
		}
		if r.CIB == nil {
			t.Fatal("no CIB and no error")
		}
		for _, field := range []string{"admin_epoch", "epoch"} {
			old, _ := patch.Int(root, field)
			is, _ := patch.Int(r.CIB, field)
			if is < old {
				t.Fatalf("%s goes from %d to %d by %s", field, old, is, req.Op)
			}
			if is > old {
				break
			}
		}
	})
}

func parse(s string) *etree.Element {
	doc, err := xmltree.Parse([]byte(s), xmltree.DropBlanks)
	if err != nil {
		return nil
	}
	return doc.Root()
}
