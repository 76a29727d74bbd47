package sched_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// generated is a cluster of groups of four, primitives, interleaved clones and
// promotable clones. Half of the resources prefer a node; of every five, one is
// ordered after another, most of these with a colocation. Settled, all is active
// where it was put, and one node has left; otherwise nothing is known yet.
type generated struct {
	nodes, resources int
	settled          bool

	config, constraints strings.Builder
	lrm                 []strings.Builder
	call                int
}

func (g *generated) record(node int, id, agent string) {
	entry := func(task string, interval int) string {
		g.call++
		return fmt.Sprintf(`<lrm_rsc_op id="%[1]s_%[2]s_%[3]d" operation_key="%[1]s_%[2]s_%[3]d" operation="%[2]s" call-id="%[4]d" rc-code="0" op-status="0" interval="%[3]d" `+
			`transition-key="%[4]d:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" transition-magic="0:0;%[4]d:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" last-rc-change="1700000000"/>`,
			id, task, interval, g.call)
	}
	fmt.Fprintf(&g.lrm[node], `<lrm_resource id="%s" class="ocf" provider="pacemaker" type="%s">%s%s</lrm_resource>`,
		id, agent, entry("start", 0), entry("monitor", 10000))
}

func (g *generated) primitive(id, agent string) {
	fmt.Fprintf(&g.config, `<primitive id="%[1]s" class="ocf" provider="pacemaker" type="%[2]s"><operations><op id="%[1]s-mon" name="monitor" interval="10s"/></operations></primitive>`, id, agent)
}

func (g *generated) cib() string {
	g.lrm = make([]strings.Builder, g.nodes)
	var tops []string
	for i := 0; i < g.resources; {
		id, home := fmt.Sprintf("r%d", i), i%g.nodes
		top := id
		switch kind := i % 20; {
		case kind < 8 && g.resources-i >= 4:
			top = fmt.Sprintf("g%d", i)
			fmt.Fprintf(&g.config, `<group id="%s">`, top)
			for range 4 {
				id := fmt.Sprintf("r%d", i)
				g.primitive(id, "Dummy")
				g.record(home, id, "Dummy")
				i++
			}
			g.config.WriteString(`</group>`)
		case kind >= 18:
			top = "c" + id
			agent, promotable := "Dummy", ""
			if kind == 19 {
				agent, promotable = "Stateful", `<nvpair id="`+top+`-p" name="promotable" value="true"/>`
			}
			fmt.Fprintf(&g.config, `<clone id="%[1]s"><meta_attributes id="%[1]s-m"><nvpair id="%[1]s-i" name="interleave" value="true"/>%[2]s</meta_attributes>`, top, promotable)
			g.primitive(id, agent)
			g.config.WriteString(`</clone>`)
			for n := range g.nodes {
				g.record(n, id, agent)
			}
			i++
		default:
			g.primitive(id, "Dummy")
			g.record(home, id, "Dummy")
			i++
		}
		if len(tops)%2 == 0 {
			fmt.Fprintf(&g.constraints, `<rsc_location id="l-%[1]s" rsc="%[1]s" node="node%[2]d" score="%[3]d"/>`, top, home+1, 100+home)
		}
		if n := len(tops); n%5 == 4 {
			fmt.Fprintf(&g.constraints, `<rsc_order id="o-%[1]s" first="%[2]s" then="%[1]s"/>`, top, tops[n-3])
			if n%3 != 0 {
				fmt.Fprintf(&g.constraints, `<rsc_colocation id="k-%[1]s" rsc="%[1]s" with-rsc="%[2]s" score="INFINITY"/>`, top, tops[n-3])
			}
		}
		tops = append(tops, top)
	}
	var members, states strings.Builder
	for n := range g.nodes {
		fmt.Fprintf(&members, `<node id="%[1]d" uname="node%[1]d"/>`, n+1)
		history, online := "", `in_ccm="true" crmd="online" join="member" expected="member"`
		if g.settled {
			history = g.lrm[n].String()
			if n == g.nodes-1 {
				online = `in_ccm="false" crmd="offline" join="down" expected="down"`
			}
		}
		fmt.Fprintf(&states, `<node_state id="%[1]d" uname="node%[1]d" %[3]s><lrm id="%[1]d"><lrm_resources>%[2]s</lrm_resources></lrm></node_state>`, n+1, history, online)
	}
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>` +
		`<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes>` + members.String() + `</nodes><resources>` + g.config.String() + `</resources><constraints>` + g.constraints.String() +
		`</constraints></configuration><status>` + states.String() + `</status></cib>`
}

func BenchmarkSchedule(b *testing.B) {
	for _, size := range [][2]int{{3, 50}, {8, 200}, {16, 500}, {32, 1000}, {64, 2000}} {
		for _, settled := range []bool{false, true} {
			state := "booted"
			if settled {
				state = "settled"
			}
			b.Run(fmt.Sprintf("%dx%d/%s", size[0], size[1], state), func(b *testing.B) {
				g := generated{nodes: size[0], resources: size[1], settled: settled}
				doc := etree.NewDocument()
				if err := doc.ReadFromString(g.cib()); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC(), Flags: status.NoCompat})
					if err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					sched.Schedule(ws)
				}
			})
		}
	}
}
