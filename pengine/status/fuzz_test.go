package status_test

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Whatever a CIB says, it is unpacked: without a panic, with lists that agree
// with each other, and twice the same. The fuzzer draws a CIB of testdata and a
// seed; the seed says what is done to the CIB.
func FuzzUnpack(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no CIBs: %v", err)
	}
	for i := range files {
		for seed := range uint64(20) {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64) {
		doc := etree.NewDocument()
		if err := doc.ReadFromFile(files[int(which)%len(files)]); err != nil {
			t.Fatal(err)
		}
		mutate(doc.Root(), rand.New(rand.NewPCG(seed, uint64(which))))
		unpackTwice(t, doc.Root())
	})
}

// Inputs that once did harm.
func TestHostileCIBs(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               `<cib/>`,
		"nothing in sections": `<cib><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`,
		"a container in itself": `<cib><configuration><nodes><node id="1" uname="a"/></nodes><resources>` +
			`<primitive id="x" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="n" name="container" value="y"/></meta_attributes></primitive>` +
			`<primitive id="y" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="o"><nvpair id="p" name="container" value="x"/></meta_attributes></primitive>` +
			`</resources></configuration><status><node_state id="1" uname="a" in_ccm="true" crmd="online" join="member"><lrm id="1"><lrm_resources><lrm_resource id="x">` +
			`<lrm_rsc_op id="x_last_0" operation="start" rc-code="1" op-status="4" call-id="1" transition-key="1:1:0:u" interval="0"/></lrm_resource></lrm_resources></lrm></node_state></status></cib>`,
		"a template of itself": `<cib><configuration><resources><template id="t" template="t"/><primitive id="p" template="t"/><primitive id="t2" template="t2"/></resources></configuration></cib>`,
		"a guest in itself": `<cib><configuration><nodes/><resources><primitive id="g" class="ocf" provider="pacemaker" type="Dummy">` +
			`<meta_attributes id="m"><nvpair id="n" name="remote-node" value="g"/></meta_attributes></primitive></resources></configuration>` +
			`<status><node_state id="g" uname="g" remote_node="true"><lrm id="g"><lrm_resources><lrm_resource id="g"><lrm_rsc_op id="g_last_0" operation="start" rc-code="0" op-status="0" call-id="1" transition-key="1:1:0:u" interval="0"/></lrm_resource></lrm_resources></lrm></node_state></status></cib>`,
	} {
		t.Run(name, func(t *testing.T) {
			doc := etree.NewDocument()
			if err := doc.ReadFromString(text); err != nil {
				t.Fatal(err)
			}
			unpackTwice(t, doc.Root())
		})
	}
}

func unpackTwice(t *testing.T, cib *etree.Element) {
	t.Helper()
	o := status.Options{Now: time.Unix(1700000000, 0).UTC()}
	ws, err := status.Unpack(cib, o)
	if err != nil {
		t.Fatal(err)
	}
	checkIndexes(t, ws)
	again, err := status.Unpack(cib, o)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := describe(ws), describe(again); !bytes.Equal(a, b) {
		t.Fatalf("first\n%s\nthen\n%s", a, b)
	}
}

// values are some that a mutation sets beside those of the document.
var values = []string{
	"", "0", "-1", "1", "3", "300", "4294967296", "99999999999999999999", "true", "false", "INFINITY", "-INFINITY", "remote", "ocf",
	"pacemaker", "stonith", "unfencing", "fence", "block", "demote", "restart-container", "container", "remote-node", "promotable",
	"migrate_to", "monitor", "start", "stop", "Promoted", "Stopped", "2000-01-01", "P1D", "10s", "x:y", "a#b_1", "\u00fc", "192.168.0.254",
}

// mutate does some damage to a document: attributes get values of others,
// elements go, double, move or change their names.
func mutate(root *etree.Element, r *rand.Rand) {
	for range 1 + r.IntN(12) {
		all := root.FindElements("//*")
		pick := func() *etree.Element { return all[r.IntN(len(all))] }
		e, other := pick(), pick()
		switch r.IntN(8) {
		case 0, 1, 2:
			if len(e.Attr) > 0 && len(other.Attr) > 0 {
				e.Attr[r.IntN(len(e.Attr))].Value = other.Attr[r.IntN(len(other.Attr))].Value
			}
		case 3:
			if len(e.Attr) > 0 {
				e.Attr[r.IntN(len(e.Attr))].Value = values[r.IntN(len(values))]
			}
		case 4:
			if len(e.Attr) > 0 {
				e.RemoveAttr(e.Attr[r.IntN(len(e.Attr))].Key)
			}
		case 5:
			if p := e.Parent(); p != nil && e != root {
				p.RemoveChild(e)
			}
		case 6:
			if e != root && other != root {
				other.AddChild(e.Copy())
			}
		case 7:
			if e != root {
				e.Tag = other.Tag
			}
		}
	}
}

func checkIndexes(t *testing.T, ws *status.WorkingSet) {
	t.Helper()
	if len(ws.Nodes) != ws.NodeCount() {
		t.Fatalf("%d nodes by name, %d by index", len(ws.Nodes), ws.NodeCount())
	}
	for i := range ws.NodeCount() {
		if n := ws.NodeByIndex(i); n.Index != i {
			t.Fatalf("node %s has index %d at %d", n, n.Index, i)
		}
	}
	for i, r := range ws.AllResources() {
		if r.Index != i {
			t.Fatalf("resource %s has index %d at %d", r, r.Index, i)
		}
		if found := ws.FindResource(r.ID); found == nil {
			t.Fatalf("resource %s is not found", r)
		}
		for c := range r.Allowed.All() {
			if r.Allowed.Get(c.Node) != c {
				t.Fatalf("%s of %s is not what its table has", c.Node, r)
			}
		}
		if got := len(r.Allowed.Values()); got != r.Allowed.Len() {
			t.Fatalf("%d of %d nodes of %s walked", got, r.Allowed.Len(), r)
		}
	}
	for i, a := range ws.Actions {
		if a.ID != i+1 {
			t.Fatalf("action %s has number %d at %d", a.Key, a.ID, i)
		}
	}
}

// describe is all that two runs have to agree on.
func describe(ws *status.WorkingSet) []byte {
	var b bytes.Buffer
	for _, line := range stateOf(ws) {
		b.WriteString(line + "\n")
	}
	for _, r := range ws.AllResources() {
		b.WriteString(r.ID)
		for c := range r.Allowed.All() {
			b.WriteString(" " + c.ID + "=" + status.FormatScore(c.Score))
		}
		b.WriteString("\n")
	}
	for _, a := range ws.Actions {
		b.WriteString(a.Key + " " + a.Node.String() + " " + a.Reason)
		for _, p := range a.Meta.Sorted() {
			b.WriteString(" " + p[0] + "=" + p[1])
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}
