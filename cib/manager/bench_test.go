package manager

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// bigCIB is one of about so many bytes, half of it status.
func bigCIB(t testing.TB, size int) *etree.Element {
	cib := ops.Empty("1")
	resources, status := cib.FindElement("configuration/resources"), cib.FindElement("status")
	state := status.CreateElement("node_state")
	state.CreateAttr("id", "1")
	state.CreateAttr("uname", "node1")
	lrm := state.CreateElement("lrm")
	lrm.CreateAttr("id", "1")
	history := lrm.CreateElement("lrm_resources")
	for i := 0; i*1000 < size; i++ {
		resources.AddChild(parse(t, fmt.Sprintf(`<primitive id="r%d" class="ocf" provider="heartbeat" type="Dummy"><instance_attributes id="r%[1]d-i"><nvpair id="r%[1]d-state" name="state" value="/run/state-r%[1]d"/></instance_attributes><operations><op id="r%[1]d-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>`, i)))
		history.AddChild(parse(t, fmt.Sprintf(`<lrm_resource id="r%d" type="Dummy" class="ocf" provider="heartbeat"><lrm_rsc_op id="r%[1]d_last_0" operation_key="r%[1]d_start_0" operation="start" crm-debug-origin="do_update_resource" crm_feature_set="3.16.1" transition-key="1:2:0:38047754-2d41-4dcf-bc04-e67211da2a88" transition-magic="0:0;1:2:0:38047754-2d41-4dcf-bc04-e67211da2a88" exit-reason="" on_node="node1" call-id="5" rc-code="0" op-status="0" interval="0" last-rc-change="1795380060" exec-time="26" queue-time="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`, i)))
	}
	return cib
}

func BenchmarkManager(b *testing.B) {
	for _, size := range []int{0, 1 << 20, 10 << 20} {
		for _, op := range []struct{ name, request string }{
			{"query", `<x cib_op="cib_query" cib_host="a" cib_callopt="4096"/>`},
			{"query-section", `<x cib_op="cib_query" cib_host="a" cib_section="nodes" cib_callopt="4096"/>`},
			{"modify", `<x cib_op="cib_modify" cib_section="crm_config" cib_callopt="8"><cib_calldata><cluster_property_set id="s"><nvpair id="n" name="n" value="%d"/></cluster_property_set></cib_calldata></x>`},
			{"status", `<x cib_op="cib_modify" cib_section="status" cib_callopt="8"><cib_calldata><node_state id="1"><transient_attributes id="1"><instance_attributes id="i"><nvpair id="n" name="n" value="%d"/></instance_attributes></transient_attributes></node_state></cib_calldata></x>`},
			{"history", `<x cib_op="cib_modify" cib_section="status" cib_callopt="8"><cib_calldata><status><node_state id="1"><lrm id="1"><lrm_resources><lrm_resource id="r0"><lrm_rsc_op id="r0_last_0" rc-code="%d"/></lrm_resource></lrm_resources></lrm></node_state></status></cib_calldata></x>`},
		} {
			b.Run(fmt.Sprintf("%s/%dMB", op.name, size>>20), func(b *testing.B) {
				cib := bigCIB(b, size)
				b.SetBytes(int64(len(text.Line(cib))))
				m := newTestManager(b, Config{CIB: cib})
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i++
					document := op.request
					if strings.Contains(document, "%d") {
						document = fmt.Sprintf(document, i)
					}
					m.deliver(b, "b", document)
				}
			})
		}
	}
}
