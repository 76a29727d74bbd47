package status_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// generate is a cluster of groups of four, primitives, clones and promotable
// clones, all active, in about the shares of a large installation. Of two nodes'
// clones each node has an instance.
func generate(nodes, resources int) string {
	var config, members strings.Builder
	lrm := make([]strings.Builder, nodes)
	record := func(node int, id string, call int) {
		fmt.Fprintf(&lrm[node], `<lrm_resource id="%[1]s" class="ocf" provider="pacemaker" type="Dummy">`+
			`<lrm_rsc_op id="%[1]s_last_0" operation_key="%[1]s_start_0" operation="start" call-id="%[2]d" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" transition-magic="0:0;1:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" last-rc-change="1700000000"/>`+
			`<lrm_rsc_op id="%[1]s_monitor_10000" operation_key="%[1]s_monitor_10000" operation="monitor" call-id="%[3]d" rc-code="0" op-status="0" interval="10000" transition-key="2:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" transition-magic="0:0;2:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" last-rc-change="1700000000"/></lrm_resource>`,
			id, call, call+1)
	}
	primitive := func(id, agent string) {
		fmt.Fprintf(&config, `<primitive id="%[1]s" class="ocf" provider="pacemaker" type="%[2]s"><meta_attributes id="%[1]s-m"><nvpair id="%[1]s-p" name="priority" value="1"/></meta_attributes><operations><op id="%[1]s-mon" name="monitor" interval="10s" timeout="20s"/></operations></primitive>`, id, agent)
	}
	for i := 0; i < resources; {
		home := i % nodes
		switch kind := i % 20; {
		case kind < 8 && resources-i >= 4:
			fmt.Fprintf(&config, `<group id="g%d">`, i)
			for range 4 {
				id := fmt.Sprintf("r%d", i)
				primitive(id, "Dummy")
				record(home, id, 10+2*i)
				i++
			}
			config.WriteString(`</group>`)
			continue
		case kind == 18, kind == 19:
			id, agent, promotable := fmt.Sprintf("r%d", i), "Dummy", ""
			if kind == 19 {
				agent, promotable = "Stateful", `<nvpair id="x" name="promotable" value="true"/>`
			}
			fmt.Fprintf(&config, `<clone id="c%[1]d"><meta_attributes id="c%[1]d-m"><nvpair id="c%[1]d-i" name="interleave" value="true"/>%[2]s</meta_attributes>`, i, promotable)
			primitive(id, agent)
			config.WriteString(`</clone>`)
			for n := range nodes {
				record(n, id, 10+2*i)
			}
		default:
			id := fmt.Sprintf("r%d", i)
			primitive(id, "Dummy")
			record(home, id, 10+2*i)
		}
		i++
	}
	var states strings.Builder
	for n := range nodes {
		fmt.Fprintf(&members, `<node id="%[1]d" uname="node%[1]d"/>`, n+1)
		fmt.Fprintf(&states, `<node_state id="%[1]d" uname="node%[1]d" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="%[1]d"><lrm_resources>%[2]s</lrm_resources></lrm></node_state>`, n+1, lrm[n].String())
	}
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>` +
		`<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes>` + members.String() + `</nodes><resources>` + config.String() + `</resources><constraints/></configuration><status>` + states.String() + `</status></cib>`
}

func BenchmarkUnpack(b *testing.B) {
	for _, size := range [][2]int{{3, 50}, {16, 500}, {64, 2000}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			doc := etree.NewDocument()
			if err := doc.ReadFromString(generate(size[0], size[1])); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC()})
				if err != nil || ws.Instances == 0 {
					b.Fatal(ws.Instances, err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	text := generate(64, 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := etree.NewDocument().ReadFromString(text); err != nil {
			b.Fatal(err)
		}
	}
}
