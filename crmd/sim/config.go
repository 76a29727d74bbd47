package sim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

func newWorld(seed uint64) *World {
	w := &World{rand: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0)}
	w.agents = agents{w: w, active: map[string][]*node{}, promoted: map[string][]*node{}, clones: map[string]clone{}}
	w.admin = &administrators{w: w, writes: map[string][]*write{}, made: map[string]bool{}}
	return w
}

func nodeName(i int) string { return fmt.Sprintf("node%d", i+1) }

// configuration is a CIB of nodes with resources: some alone, some in a group, clones if there are any, a device that
// can turn all nodes off.
func configuration(nodes, resources int, clones map[string]clone) string {
	var b strings.Builder
	b.WriteString(`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options">` +
		`<nvpair id="o-stonith" name="stonith-enabled" value="true"/>` +
		`<nvpair id="o-fail" name="start-failure-is-fatal" value="false"/>` +
		`</cluster_property_set></crm_config><nodes>`)
	var hosts []string
	for i := range nodes {
		fmt.Fprintf(&b, `<node id="%d" uname="%s"/>`, i+1, nodeName(i))
		hosts = append(hosts, nodeName(i))
	}
	fmt.Fprintf(&b, `</nodes><resources><primitive id="fencing" class="stonith" type="%s"><instance_attributes id="fencing-p">`+
		`<nvpair id="fencing-h" name="pcmk_host_list" value="%s"/></instance_attributes></primitive>`, fenceAgent, strings.Join(hosts, " "))
	primitive := func(id, monitor string) {
		fmt.Fprintf(&b, `<primitive id="%[1]s" class="ocf" provider="sim" type="Instance"><operations>`+
			`<op id="%[1]s-start" name="start" interval="0" timeout="20s"/><op id="%[1]s-stop" name="stop" interval="0" timeout="20s"/>`+
			`<op id="%[1]s-monitor" name="monitor" interval="10s" timeout="20s"%[2]s/></operations></primitive>`, id, monitor)
	}
	for i := range resources {
		primitive(fmt.Sprintf("r%d", i+1), "")
	}
	b.WriteString(`<group id="g">`)
	for i := range 3 {
		primitive(fmt.Sprintf("g%d", i+1), "")
	}
	b.WriteString(`</group>`)
	for _, rsc := range slices.Sorted(maps.Keys(clones)) {
		c := clones[rsc]
		fmt.Fprintf(&b, `<clone id="%[1]s-clone"><meta_attributes id="%[1]s-m"><nvpair id="%[1]s-m-max" name="clone-max" value="%[2]d"/>`+
			`<nvpair id="%[1]s-m-node" name="clone-node-max" value="%[3]d"/>`, rsc, c.max, c.nodeMax)
		switch {
		case rsc == uniqueClone:
			fmt.Fprintf(&b, `<nvpair id="%s-m-unique" name="globally-unique" value="true"/>`, rsc)
		case c.promotedMax > 0:
			fmt.Fprintf(&b, `<nvpair id="%[1]s-m-p" name="promotable" value="true"/><nvpair id="%[1]s-m-pm" name="promoted-max" value="%[2]d"/>`+
				`<nvpair id="%[1]s-m-n" name="notify" value="true"/>`, rsc, c.promotedMax)
		}
		b.WriteString(`</meta_attributes>`)
		switch {
		case rsc == uniqueClone:
			primitive(rsc, "")
		case c.promotedMax == 0:
			primitive(rsc, unrecorded)
		default:
			promotable(&b, rsc)
		}
		b.WriteString(`</clone>`)
	}
	b.WriteString(`</resources><constraints><rsc_colocation id="apart" rsc="r1" with-rsc="r2" score="-INFINITY"/></constraints>` +
		`<rsc_defaults><meta_attributes id="d"><nvpair id="d-s" name="resource-stickiness" value="10"/></meta_attributes></rsc_defaults>` +
		`</configuration><status/></cib>`)
	return b.String()
}

// unrecorded keeps monitors of clones whose instances have no numbers from being recorded before they have a result. Where the
// first one fails, the record stays in the CIB when the monitor is cancelled, as in the reference: its call is not known. If
// then no instance is started there any more, scheduler (the reference's too) numbers instances such that it stops one that runs
// and starts it again, for ever. It takes a resource that is left alone meanwhile, by maintenance.
const unrecorded = ` record-pending="false"`

// uniqueClone is the resource of the clone whose instances have their numbers.
const uniqueClone = "u1"

// drawClones are clones for nodes: one whose instances are alike, one whose are not, one with roles.
func (w *World) drawClones(nodes int) map[string]clone {
	return map[string]clone{
		"c1":        {max: 2 + w.rand.IntN(nodes-1), nodeMax: 1},
		uniqueClone: {max: 2 + w.rand.IntN(nodes), nodeMax: 1 + w.rand.IntN(2)},
		"p1":        {max: 2 + w.rand.IntN(nodes-1), nodeMax: 1, promotedMax: 1 + w.rand.IntN(4)/3},
	}
}

// promotable is a resource with roles.
func promotable(b *strings.Builder, id string) {
	fmt.Fprintf(b, `<primitive id="%s" class="ocf" provider="sim" type="Stateful"><operations>`, id)
	for _, op := range []string{"start", "stop", "promote", "demote"} {
		fmt.Fprintf(b, `<op id="%[1]s-%[2]s" name="%[2]s" interval="0" timeout="20s"/>`, id, op)
	}
	fmt.Fprintf(b, `<op id="%[1]s-monitor" name="monitor" interval="10s" timeout="20s" role="Promoted"%[2]s/>`+
		`<op id="%[1]s-monitor-u" name="monitor" interval="11s" timeout="20s" role="Unpromoted"%[2]s/></operations></primitive>`, id, unrecorded)
}
