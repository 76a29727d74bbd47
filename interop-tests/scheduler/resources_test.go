//go:build interop

package scheduler

import (
	"fmt"

	"github.com/beevik/etree"
)

// meta adds meta attributes.
func (g *generator) meta(to *etree.Element, more ...string) {
	d := drawn{g, more}
	d.option(8, "target-role", "Stopped", "Started", "Promoted", "Unpromoted", "Master", "Slave")
	d.option(12, "is-managed", "false", "true")
	d.option(4, "resource-stickiness", "1", "100", "INFINITY", "-1")
	d.option(5, "migration-threshold", "1", "2", "3", "INFINITY")
	d.option(6, "failure-timeout", "60", "10m", "3600s")
	d.option(6, "priority", "10", "5", "-1", "INFINITY")
	d.option(10, "multiple-active", "stop_only", "block", "stop_start", "stop_unexpected")
	d.option(12, "maintenance", "true")
	d.option(12, "critical", "false")
	d.option(5, "allow-migrate", "true")
	d.option(12, "requires", "nothing", "quorum", "fencing", "unfencing")
	d.option(12, "restart-type", "restart")
	d.option(12, "allow-unhealthy-nodes", "true")
	d.option(80, "container-attribute-target", "host")
	set := g.pairs(to, "meta_attributes", d.pairs...)
	if set != nil && g.some(15) {
		g.dateRule(set)
	}
}

// agent draws what a primitive runs.
func (g *generator) agent(promotable bool) instance {
	if promotable {
		return instance{class: "ocf", provider: "pacemaker", agent: "Stateful", promotable: true}
	}
	return one(g.Rand, instance{class: "ocf", provider: "pacemaker", agent: "Dummy"}, instance{class: "ocf", provider: "heartbeat", agent: "IPaddr2"},
		instance{class: "systemd", agent: "httpd"}, instance{class: "ocf", provider: "pacemaker", agent: "Stateful"})
}

// describe adds what names an agent.
func (in instance) describe(g *generator, e *etree.Element) {
	e.CreateAttr("class", in.class)
	if in.provider != "" {
		e.CreateAttr("provider", in.provider)
	}
	e.CreateAttr("type", in.agent)
}

func (g *generator) templateElements(resources *etree.Element) {
	if !g.some(6) {
		return
	}
	for range 1 + g.IntN(2) {
		in := g.agent(false)
		in.id = g.id("tmpl")
		e := g.add(resources, "template", "id", in.id)
		in.describe(g, e)
		g.details(e)
		g.templates = append(g.templates, in)
	}
}

// details adds what a primitive and a template may have.
func (g *generator) details(e *etree.Element, meta ...string) {
	g.meta(e, meta...)
	if g.some(4) {
		set := g.pairs(e, "instance_attributes", "ip", "10.0.0.1", "state", one(g.Rand, "x", "y"))
		if g.some(4) {
			g.rule(set, false)
		}
	}
	if g.some(2) {
		g.operations(e)
	}
	if g.some(3) {
		g.pairs(e, "utilization", "cpu", fmt.Sprint(g.IntN(3)), "memory", fmt.Sprint(g.IntN(900)))
	}
}

func (g *generator) operations(e *etree.Element) {
	operations := e.CreateElement("operations")
	op := func(n int, name, interval string, more ...string) {
		if !g.some(n) {
			return
		}
		o := g.add(operations, "op", append([]string{"id", g.id("op"), "name", name, "interval", interval}, more...)...)
		if g.some(2) {
			o.CreateAttr("timeout", one(g.Rand, "20s", "90"))
		}
		if g.some(4) {
			o.CreateAttr("on-fail", one(g.Rand, "ignore", "block", "stop", "restart", "fence", "standby", "restart-container", "demote"))
		}
		if g.some(12) {
			o.CreateAttr("enabled", "false")
		}
		if g.some(15) {
			o.CreateAttr("record-pending", g.flag(2))
		}
		if g.some(15) {
			o.CreateAttr("start-delay", "5s")
		} else if g.some(15) {
			o.CreateAttr("interval-origin", "2023-11-14T20:00:00Z")
		}
		if g.some(15) {
			g.pairs(o, one(g.Rand, "meta_attributes", "instance_attributes"), one(g.Rand, "timeout", "on-fail", "OCF_CHECK_LEVEL"), one(g.Rand, "10", "block"))
		}
	}
	op(2, "monitor", "10s")
	op(3, "monitor", "11s", "role", one(g.Rand, "Promoted", "Stopped", "Unpromoted", "Started"))
	op(12, "monitor", "0")
	op(6, "start", "0")
	op(6, "stop", "0")
	op(8, "promote", "0")
	op(12, "demote", "0")
	op(12, "migrate_to", "0")
	op(12, "migrate_from", "0")
	op(15, "notify", "0")
}

// primitive adds one, of which so many instances may be in histories.
func (g *generator) primitive(to *etree.Element, instances int, promotable bool) string {
	id := "rsc" + fmt.Sprint(len(g.probed)+1) + string(rune('a'+g.IntN(26)))
	in := g.agent(promotable)
	e := g.add(to, "primitive", "id", id)
	if len(g.templates) > 0 && !promotable && g.some(2) {
		in = one(g.Rand, g.templates...)
		e.CreateAttr("template", in.id)
	} else {
		in.describe(g, e)
	}
	g.details(e)
	g.resources = append(g.resources, id)
	in.id = id
	if set := e.FindElement("meta_attributes/nvpair[@name='allow-migrate']"); set != nil {
		in.migratable = true
	}
	if instances == 0 {
		g.probed = append(g.probed, in)
	}
	for i := range instances {
		numbered := in
		numbered.id = fmt.Sprintf("%s:%d", id, i)
		g.probed = append(g.probed, numbered)
	}
	return id
}

func (g *generator) group(to *etree.Element, instances int, promotable bool) {
	id := g.id("grp")
	e := g.add(to, "group", "id", id)
	g.meta(e)
	for range 1 + g.IntN(3) {
		g.primitive(e, instances, promotable)
	}
	g.resources = append(g.resources, id)
}

func (g *generator) resource(to *etree.Element) {
	switch g.IntN(8) {
	case 0, 1, 2:
		g.primitive(to, 0, false)
	case 3, 4:
		g.group(to, 0, false)
	case 7:
		if !g.old {
			g.bundle(to)
			break
		}
		fallthrough
	default:
		g.clone(to)
	}
}

func (g *generator) clone(to *etree.Element) {
	id := g.id("cln")
	promotable := g.some(2)
	var pairs []string
	tag, most := "clone", "promoted-"
	if promotable && g.old {
		tag, most = "master", "master-"
	} else if promotable {
		pairs = append(pairs, "promotable", "true")
	}
	if promotable && g.some(4) {
		pairs = append(pairs, most+"max", fmt.Sprint(g.IntN(3)))
	}
	if promotable && g.some(6) {
		pairs = append(pairs, most+"node-max", "2")
	}
	e := g.add(to, tag, "id", id)
	instances := 0
	if g.some(5) {
		pairs = append(pairs, "globally-unique", "true", "clone-node-max", fmt.Sprint(1+g.IntN(3)))
		instances = len(g.nodes)
	}
	if g.some(3) {
		pairs = append(pairs, "clone-max", fmt.Sprint(1+g.IntN(len(g.nodes)+1)))
	}
	for _, name := range []string{"interleave", "notify", "ordered"} {
		if g.some(3) {
			pairs = append(pairs, name, "true")
		}
	}
	if g.some(6) {
		pairs = append(pairs, "clone-min", fmt.Sprint(1+g.IntN(2)))
	}
	g.meta(e, pairs...)
	if g.some(3) {
		g.group(e, instances, promotable)
	} else {
		g.primitive(e, instances, promotable)
	}
	g.resources = append(g.resources, id)
}

func (g *generator) bundle(to *etree.Element) {
	id := g.id("bundle")
	e := g.add(to, "bundle", "id", id)
	g.meta(e)
	replicas := 1 + g.IntN(3)
	container := g.add(e, one(g.Rand, "docker", "podman", "podman", "rkt"), "image", "pcmk:http", "replicas", fmt.Sprint(replicas))
	if g.some(4) {
		container.CreateAttr("replicas-per-host", "2")
	}
	for _, a := range [][2]string{{"network", "net1"}, {"options", "--log-driver=journald"}, {"run-command", "/usr/sbin/pacemaker-remoted"}} {
		if g.some(8) {
			container.CreateAttr(a[0], a[1])
		}
	}
	addresses, network := !g.some(3), false
	if network = addresses || !g.some(5); network {
		network := e.CreateElement("network")
		if addresses {
			g.add(network, "", "ip-range-start", "192.168.122.131", "host-interface", "eth0", "host-netmask", "24")
		}
		g.add(network, "", "control-port", "3121")
		if g.some(8) {
			network.CreateAttr("add-host", "false")
		}
		if g.some(2) {
			g.add(network, "port-mapping", "id", g.id("port"), "port", "80")
		}
		if g.some(8) {
			g.add(network, "port-mapping", "id", g.id("port"), "range", "81-90")
		}
	}
	if !g.some(4) {
		g.add(e.CreateElement("storage"), "storage-mapping", "id", g.id("map"), one(g.Rand, "source-dir", "source-dir-root"), "/srv", "target-dir", "/var/www", "options", "rw")
	}
	promotable := g.some(2) && replicas > 1
	if promotable {
		container.CreateAttr("promoted-max", "1")
	}
	child := network && !g.some(4)
	if child {
		at := len(g.probed)
		g.primitive(e, 0, promotable)
		for i := at; i < len(g.probed); i++ {
			g.probed[i].inside = true
		}
	}
	for i := range replicas {
		g.probed = append(g.probed, instance{id: fmt.Sprintf("%s-%s-%d", id, container.Tag, i), class: "ocf", provider: "heartbeat", agent: container.Tag})
		if addresses {
			g.probed = append(g.probed, instance{id: fmt.Sprintf("%s-ip-192.168.122.%d", id, 131+i), class: "ocf", provider: "heartbeat", agent: "IPaddr2"})
		}
		if child {
			name := fmt.Sprintf("%s-%d", id, i)
			g.remotes = append(g.remotes, name)
			g.probed = append(g.probed, instance{id: name, class: "ocf", provider: "pacemaker", agent: "remote", remote: true})
		}
	}
	g.resources = append(g.resources, id)
}

// remoteNodes adds connections to remote nodes, and guests.
func (g *generator) remoteNodes(resources *etree.Element) {
	for i := range g.IntN(3) {
		name := fmt.Sprintf("remote%d", i+1)
		e := g.add(resources, "primitive", "id", name, "class", "ocf", "provider", "pacemaker", "type", "remote")
		g.meta(e)
		if g.some(2) {
			g.pairs(e, "instance_attributes", "server", "192.0.2.1", "reconnect_interval", one(g.Rand, "60", "10s"))
		}
		if g.some(2) {
			g.operations(e)
		}
		g.remotes = append(g.remotes, name)
		g.resources = append(g.resources, name)
		g.probed = append(g.probed, instance{id: name, class: "ocf", provider: "pacemaker", agent: "remote", remote: true})
	}
	for i := range g.IntN(3) {
		name, host := fmt.Sprintf("guest%d", i+1), fmt.Sprintf("vm%d", i+1)
		to := resources
		if g.some(4) {
			to = g.add(resources, "group", "id", g.id("grp"))
		}
		e := g.add(to, "primitive", "id", host, "class", "ocf", "provider", "heartbeat", "type", "VirtualDomain")
		d := drawn{g, []string{"remote-node", name}}
		d.option(4, "remote-addr", "192.0.2.2")
		d.option(6, "remote-allow-migrate", "false")
		d.option(6, "remote-connect-timeout", "30s")
		g.details(e, d.pairs...)
		g.remotes = append(g.remotes, name)
		g.resources = append(g.resources, host)
		g.probed = append(g.probed, instance{id: host, class: "ocf", provider: "heartbeat", agent: "VirtualDomain", migratable: g.some(2)},
			instance{id: name, class: "ocf", provider: "pacemaker", agent: "remote", remote: true})
	}
}

// fencing adds fence devices.
func (g *generator) fencing(resources *etree.Element) {
	if !g.some(2) {
		return
	}
	for i := range 1 + g.IntN(2) {
		in := instance{id: fmt.Sprintf("fencing%d", i+1), class: "stonith", agent: one(g.Rand, "fence_xvm", "fence_scsi")}
		e := g.add(resources, "primitive", "id", in.id)
		in.describe(g, e)
		d := drawn{generator: g}
		d.option(4, "provides", "unfencing")
		if g.some(3) {
			g.meta(e, d.pairs...)
		} else {
			g.pairs(e, "meta_attributes", d.pairs...)
		}
		d = drawn{generator: g}
		d.option(3, "pcmk_host_list", "node1 node2", "node1")
		d.option(4, "pcmk_host_map", "node1:1;node2:2")
		d.option(6, "pcmk_delay_max", "10s")
		g.pairs(e, "instance_attributes", d.pairs...)
		if g.some(3) {
			g.operations(e)
		}
		g.resources = append(g.resources, in.id)
		g.probed = append(g.probed, in)
	}
}

// topology adds fencing levels.
func (g *generator) topology() {
	if !g.some(6) || g.old {
		return
	}
	topology := g.config.CreateElement("fencing-topology")
	for i := range 1 + g.IntN(2) {
		e := g.add(topology, "fencing-level", "id", g.id("level"), "index", fmt.Sprint(i+1), "devices", one(g.Rand, "fencing1", "fencing1,fencing2"))
		switch g.IntN(3) {
		case 0:
			g.add(e, "", "target", g.nodes[0])
		case 1:
			g.add(e, "", "target-pattern", "node.*")
		default:
			g.add(e, "", "target-attribute", "rack", "target-value", "a")
		}
	}
}
