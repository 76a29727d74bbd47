// Package schedtest generates clusters of any size for what measures the
// scheduler: its benchmark, and the program that compares it with the reference.
package schedtest

import (
	"fmt"
	"strings"
)

// Clusters are the clusters at which the scheduler is measured, booted and settled:
// of growing size, and a small one with a clone of a thousand instances.
func Clusters() (all []*Cluster) {
	for _, settled := range []bool{false, true} {
		for _, size := range [][2]int{{3, 50}, {8, 200}, {16, 500}, {32, 1000}, {64, 2000}} {
			all = append(all, &Cluster{Nodes: size[0], Resources: size[1], Settled: settled})
		}
		all = append(all, &Cluster{Nodes: 16, Resources: 20, Instances: 1000, Settled: settled})
	}
	return all
}

// Cluster is a cluster of groups of four, primitives, interleaved clones and
// promotable clones. Half of the resources prefer a node; of every five, one is
// ordered after another, most of these with a colocation. Settled, all is active
// where it was put, and one node has left; otherwise nothing is known yet.
type Cluster struct {
	Nodes, Resources int
	Instances        int // of a globally unique clone between two of the resources, if not 0
	Settled          bool

	config, constraints strings.Builder
	lrm                 []strings.Builder
	call                int
}

// String is the size and the state.
func (c *Cluster) String() string {
	clone := ""
	if c.Instances > 0 {
		clone = fmt.Sprintf("+%d", c.Instances)
	}
	return fmt.Sprintf("%dx%d%s/%s", c.Nodes, c.Resources, clone, State(c.Settled))
}

// State is the name of one of the two states.
func State(settled bool) string {
	if settled {
		return "settled"
	}
	return "booted"
}

func (c *Cluster) record(node int, id, agent string) {
	entry := func(task string, interval int) string {
		c.call++
		return fmt.Sprintf(`<lrm_rsc_op id="%[1]s_%[2]s_%[3]d" operation_key="%[1]s_%[2]s_%[3]d" operation="%[2]s" call-id="%[4]d" rc-code="0" op-status="0" interval="%[3]d" `+
			`transition-key="%[4]d:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" transition-magic="0:0;%[4]d:1:0:0c9b5fb9-7f2d-4ef8-9a1c-3c3cfb1b2b31" last-rc-change="1700000000"/>`,
			id, task, interval, c.call)
	}
	fmt.Fprintf(&c.lrm[node], `<lrm_resource id="%s" class="ocf" provider="pacemaker" type="%s">%s%s</lrm_resource>`,
		id, agent, entry("start", 0), entry("monitor", 10000))
}

func (c *Cluster) primitive(id, agent string) {
	fmt.Fprintf(&c.config, `<primitive id="%[1]s" class="ocf" provider="pacemaker" type="%[2]s"><operations><op id="%[1]s-mon" name="monitor" interval="10s"/></operations></primitive>`, id, agent)
}

// many adds the clone, which starts after one resource and before another.
func (c *Cluster) many(before, after string) {
	fmt.Fprintf(&c.config, `<clone id="many"><meta_attributes id="many-m"><nvpair id="many-u" name="globally-unique" value="true"/>`+
		`<nvpair id="many-x" name="clone-max" value="%d"/><nvpair id="many-n" name="clone-node-max" value="%d"/></meta_attributes>`,
		c.Instances, c.Instances/(c.Nodes-1)+1)
	c.primitive("one", "Dummy")
	c.config.WriteString(`</clone>`)
	for i := range c.Instances {
		c.record(i%c.Nodes, fmt.Sprintf("one:%d", i), "Dummy")
	}
	fmt.Fprintf(&c.constraints, `<rsc_order id="o-many" first="%s" then="many"/><rsc_order id="o-after" first="many" then="%s"/>`, before, after)
}

// CIB is the configuration and the status as XML.
func (c *Cluster) CIB() string {
	c.config.Reset()
	c.constraints.Reset()
	c.call = 0
	c.lrm = make([]strings.Builder, c.Nodes)
	var tops []string
	for i := 0; i < c.Resources; {
		id, home := fmt.Sprintf("r%d", i), i%c.Nodes
		top := id
		switch kind := i % 20; {
		case kind < 8 && c.Resources-i >= 4:
			top = fmt.Sprintf("g%d", i)
			fmt.Fprintf(&c.config, `<group id="%s">`, top)
			for range 4 {
				id := fmt.Sprintf("r%d", i)
				c.primitive(id, "Dummy")
				c.record(home, id, "Dummy")
				i++
			}
			c.config.WriteString(`</group>`)
		case kind >= 18:
			top = "c" + id
			agent, promotable := "Dummy", ""
			if kind == 19 {
				agent, promotable = "Stateful", `<nvpair id="`+top+`-p" name="promotable" value="true"/>`
			}
			fmt.Fprintf(&c.config, `<clone id="%[1]s"><meta_attributes id="%[1]s-m"><nvpair id="%[1]s-i" name="interleave" value="true"/>%[2]s</meta_attributes>`, top, promotable)
			c.primitive(id, agent)
			c.config.WriteString(`</clone>`)
			for n := range c.Nodes {
				c.record(n, id, agent)
			}
			i++
		default:
			c.primitive(id, "Dummy")
			c.record(home, id, "Dummy")
			i++
		}
		if len(tops)%2 == 0 {
			fmt.Fprintf(&c.constraints, `<rsc_location id="l-%[1]s" rsc="%[1]s" node="node%[2]d" score="%[3]d"/>`, top, home+1, 100+home)
		}
		if n := len(tops); n%5 == 4 {
			fmt.Fprintf(&c.constraints, `<rsc_order id="o-%[1]s" first="%[2]s" then="%[1]s"/>`, top, tops[n-3])
			if n%3 != 0 {
				fmt.Fprintf(&c.constraints, `<rsc_colocation id="k-%[1]s" rsc="%[1]s" with-rsc="%[2]s" score="INFINITY"/>`, top, tops[n-3])
			}
		}
		tops = append(tops, top)
	}
	if c.Instances > 0 {
		c.many(tops[0], tops[len(tops)-1])
	}
	var members, states strings.Builder
	for n := range c.Nodes {
		fmt.Fprintf(&members, `<node id="%[1]d" uname="node%[1]d"/>`, n+1)
		history, online := "", `in_ccm="true" crmd="online" join="member" expected="member"`
		if c.Settled {
			history = c.lrm[n].String()
			if n == c.Nodes-1 {
				online = `in_ccm="false" crmd="offline" join="down" expected="down"`
			}
		}
		fmt.Fprintf(&states, `<node_state id="%[1]d" uname="node%[1]d" %[3]s><lrm id="%[1]d"><lrm_resources>%[2]s</lrm_resources></lrm></node_state>`, n+1, history, online)
	}
	return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1" dc-uuid="1"><configuration>` +
		`<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes>` + members.String() + `</nodes><resources>` + c.config.String() + `</resources><constraints>` + c.constraints.String() +
		`</constraints></configuration><status>` + states.String() + `</status></cib>`
}
