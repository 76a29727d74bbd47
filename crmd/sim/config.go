package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

func newWorld(seed uint64) *World {
	w := &World{rand: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0)}
	w.agents = agents{w: w, active: map[string][]*node{}}
	return w
}

func nodeName(i int) string { return fmt.Sprintf("node%d", i+1) }

// names are the resources', in order.
func (a *agents) names() (all []string) {
	for rsc := range a.active {
		all = append(all, rsc)
	}
	slices.Sort(all)
	return all
}

// configuration is a CIB of nodes with resources: some alone, some in a group, a device that
// can turn all nodes off.
func configuration(nodes, resources int) string {
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
	primitive := func(id string) {
		fmt.Fprintf(&b, `<primitive id="%[1]s" class="ocf" provider="sim" type="Instance"><operations>`+
			`<op id="%[1]s-start" name="start" interval="0" timeout="20s"/><op id="%[1]s-stop" name="stop" interval="0" timeout="20s"/>`+
			`<op id="%[1]s-monitor" name="monitor" interval="10s" timeout="20s"/></operations></primitive>`, id)
	}
	for i := range resources {
		primitive(fmt.Sprintf("r%d", i+1))
	}
	b.WriteString(`<group id="g">`)
	for i := range 3 {
		primitive(fmt.Sprintf("g%d", i+1))
	}
	b.WriteString(`</group></resources><constraints><rsc_colocation id="apart" rsc="r1" with-rsc="r2" score="-INFINITY"/></constraints>` +
		`<rsc_defaults><meta_attributes id="d"><nvpair id="d-s" name="resource-stickiness" value="10"/></meta_attributes></rsc_defaults>` +
		`</configuration><status/></cib>`)
	return b.String()
}
