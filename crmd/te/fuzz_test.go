package te_test

import (
	"testing"

	"github.com/beevik/etree"
)

// Whatever a change, a message, a load or a graph says, a Transitioner survives it, and rests.
func FuzzInput(f *testing.F) {
	for _, s := range []string{
		configuration, graphHead + synapse("1", fenceNode2, "") + `</transition_graph>`, `<m src="node2" crm-limit-mode="9" crm-limit-max="-1"/>`,
		`<diff format="2"><change operation="delete" path="/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_rsc_op['"/></diff>`,
		`<diff format="2"><change operation="create" path="/x">` + entry("start", "5", "0", "1", "node1") + `</change></diff>`,
		`<m crm_task="lrm_invoke" crm_sys_to="tengine" crm_sys_from="lrmd"><crm_xml>` + entry("stop", "5", "0", "1", "node1") + `</crm_xml></m>`,
		`<diff><diff-removed><lrm_rsc_op/></diff-removed><diff-added><lrm_resource shutdown-lock="0"/></diff-added></diff>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(s) != nil || doc.Root() == nil {
			return
		}
		w := newWorld(t, "node1", "node2")
		w.start(synapse("0", operation("5", "start", "node1", "1"), ""))
		w.te.CIBChanged(w.now, "cib_modify", doc.Root().Copy())
		w.te.Message(w.now, doc.Root().Copy())
		w.te.Throttle(w.now, doc.Root().Copy())
		w.after(0)
		w.te.Stop(w.now)
		w.te.Start(w.now)
		w.invoke(doc.Root().Copy())
		w.after(0)
	})
}
