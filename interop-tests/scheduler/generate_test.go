//go:build interop

package scheduler

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/beevik/etree"
)

// now is the time for which the CIBs are scheduled, in seconds since 1970.
const now = 1700000000

// generator makes one CIB.
type generator struct {
	*rand.Rand
	doc       *etree.Document
	config    *etree.Element
	nodes     []string
	resources []string // what constraints may name
	probed    []instance
	tickets   []string
	ids       int
}

// instance is what has entries in the histories: a primitive, or one instance of it.
type instance struct {
	id, class, provider, agent string
	promotable                 bool
}

// generate draws a CIB.
func generate(rng *rand.Rand) *etree.Document {
	g := &generator{Rand: rng, doc: etree.NewDocument()}
	cib := g.add(g.doc.Element.CreateElement("cib"), "", "validate-with", one(rng, "pacemaker-3.9", "pacemaker-3.7"),
		"admin_epoch", "0", "epoch", "5", "num_updates", "1", "crm_feature_set", "3.16.1",
		"have-quorum", g.flag(8), "execution-date", fmt.Sprint(now), "cib-last-written", "Tue Nov 14 22:00:00 2023")
	g.config = cib.CreateElement("configuration")
	for i := range 1 + g.IntN(4) {
		g.nodes = append(g.nodes, fmt.Sprintf("node%d", i+1))
	}
	if g.IntN(3) == 0 {
		g.tickets = []string{"ticketA", "ticketB"}
	}
	if g.IntN(len(g.nodes)) == 0 {
		cib.CreateAttr("dc-uuid", "1")
	}
	g.options()
	g.nodeElements()
	resources := g.config.CreateElement("resources")
	for range 1 + g.IntN(6) {
		g.resource(resources)
	}
	if g.IntN(2) == 0 {
		g.add(resources, "primitive", "id", "fencing", "class", "stonith", "type", "fence_xvm")
		g.resources = append(g.resources, "fencing")
		g.probed = append(g.probed, instance{id: "fencing", class: "stonith", agent: "fence_xvm"})
	}
	g.constraints()
	g.defaults()
	g.status(cib)
	return g.doc
}

func one[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// flag is "true", but once in n times "false".
func (g *generator) flag(n int) string { return fmt.Sprint(g.IntN(n) > 0) }

// some tells whether, once in n times, something is there.
func (g *generator) some(n int) bool { return g.IntN(n) == 0 }

// id is a new one.
func (g *generator) id(kind string) string {
	g.ids++
	return fmt.Sprintf("%s-%d", kind, g.ids)
}

// add adds an element with names and values of attributes; with no tag, the attributes only.
func (g *generator) add(to *etree.Element, tag string, attrs ...string) *etree.Element {
	if tag != "" {
		to = to.CreateElement(tag)
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		to.CreateAttr(attrs[i], attrs[i+1])
	}
	return to
}

// pairs adds a set of names and values, if there are any.
func (g *generator) pairs(to *etree.Element, tag string, pairs ...string) {
	if len(pairs) == 0 {
		return
	}
	set := g.add(to, tag, "id", g.id("set"))
	for i := 0; i+1 < len(pairs); i += 2 {
		g.add(set, "nvpair", "id", g.id("pair"), "name", pairs[i], "value", pairs[i+1])
	}
}

// score is one of those with which much happens.
func (g *generator) score() string {
	return one(g.Rand, "INFINITY", "INFINITY", "-INFINITY", "0", "1", "10", "100", "-1", "-50", "1000", "5", "200")
}

func (g *generator) options() {
	var pairs []string
	option := func(n int, name string, values ...string) {
		if g.some(n) {
			pairs = append(pairs, name, one(g.Rand, values...))
		}
	}
	option(2, "stonith-enabled", "false", "false", "true")
	option(4, "no-quorum-policy", "ignore", "freeze", "stop", "suicide", "demote")
	option(5, "symmetric-cluster", "false", "true")
	option(12, "maintenance-mode", "true")
	option(12, "stop-all-resources", "true")
	option(8, "stop-orphan-resources", "false")
	option(8, "stop-orphan-actions", "false")
	option(12, "remove-after-stop", "true")
	option(8, "startup-fencing", "false")
	option(8, "start-failure-is-fatal", "false")
	option(8, "enable-startup-probes", "false")
	option(8, "concurrent-fencing", "false", "true")
	option(8, "stonith-action", "off", "reboot")
	option(8, "priority-fencing-delay", "30s", "5")
	option(8, "node-health-strategy", "only-green", "migrate-on-red", "progressive", "custom", "none")
	option(8, "placement-strategy", "utilization", "minimal", "balanced", "default")
	option(10, "shutdown-lock", "true")
	option(10, "cluster-delay", "30s")
	option(10, "batch-limit", "5")
	option(10, "migration-limit", "1")
	option(10, "stonith-timeout", "90s")
	option(10, "have-watchdog", "true")
	option(10, "fence-reaction", "panic")
	g.pairs(g.config.CreateElement("crm_config"), "cluster_property_set", pairs...)
}

func (g *generator) nodeElements() {
	nodes := g.config.CreateElement("nodes")
	for i, name := range g.nodes {
		node := g.add(nodes, "node", "id", fmt.Sprint(i+1), "uname", name)
		var pairs []string
		if g.some(8) {
			pairs = append(pairs, one(g.Rand, "standby", "maintenance"), g.flag(3))
		}
		if g.some(3) {
			pairs = append(pairs, "rack", one(g.Rand, "a", "b"))
		}
		if g.some(8) {
			pairs = append(pairs, "#health-disk", one(g.Rand, "green", "yellow", "red", "-5"))
		}
		g.pairs(node, "instance_attributes", pairs...)
		if g.some(2) {
			g.pairs(node, "utilization", "cpu", fmt.Sprint(g.IntN(5)), "memory", fmt.Sprint(g.IntN(2000)))
		}
	}
}

func (g *generator) meta(to *etree.Element, more ...string) {
	pairs := more
	option := func(n int, name string, values ...string) {
		if g.some(n) {
			pairs = append(pairs, name, one(g.Rand, values...))
		}
	}
	option(8, "target-role", "Stopped", "Started", "Promoted", "Unpromoted", "Master", "Slave")
	option(12, "is-managed", "false", "true")
	option(4, "resource-stickiness", "1", "100", "INFINITY", "-1")
	option(5, "migration-threshold", "1", "2", "3", "INFINITY")
	option(6, "failure-timeout", "60", "10m", "3600s")
	option(6, "priority", "10", "5", "-1", "INFINITY")
	option(10, "multiple-active", "stop_only", "block", "stop_start", "stop_unexpected")
	option(12, "maintenance", "true")
	option(12, "critical", "false")
	option(8, "allow-migrate", "true")
	option(12, "requires", "nothing", "quorum", "fencing", "unfencing")
	option(12, "restart-type", "restart")
	option(12, "allow-unhealthy-nodes", "true")
	g.pairs(to, "meta_attributes", pairs...)
}

// primitive adds one, of which so many instances may be in histories.
func (g *generator) primitive(to *etree.Element, instances int, promotable bool) string {
	id := "rsc" + fmt.Sprint(len(g.probed)+1) + string(rune('a'+g.IntN(26)))
	in := one(g.Rand, instance{class: "ocf", provider: "pacemaker", agent: "Dummy"}, instance{class: "ocf", provider: "heartbeat", agent: "IPaddr2"},
		instance{class: "systemd", agent: "httpd"}, instance{class: "ocf", provider: "pacemaker", agent: "Stateful"})
	if promotable {
		in = instance{class: "ocf", provider: "pacemaker", agent: "Stateful"}
	}
	e := g.add(to, "primitive", "id", id, "class", in.class)
	if in.provider != "" {
		e.CreateAttr("provider", in.provider)
	}
	e.CreateAttr("type", in.agent)
	g.meta(e)
	if g.some(4) {
		g.pairs(e, "instance_attributes", "ip", "10.0.0.1", "state", one(g.Rand, "x", "y"))
	}
	if g.some(2) {
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
		}
		op(2, "monitor", "10s")
		op(3, "monitor", "11s", "role", one(g.Rand, "Promoted", "Stopped", "Unpromoted", "Started"))
		op(6, "start", "0")
		op(6, "stop", "0")
		op(8, "promote", "0")
	}
	if g.some(3) {
		g.pairs(e, "utilization", "cpu", fmt.Sprint(g.IntN(3)), "memory", fmt.Sprint(g.IntN(900)))
	}
	g.resources = append(g.resources, id)
	in.id, in.promotable = id, promotable
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
		g.bundle(to)
	default:
		g.clone(to)
	}
}

func (g *generator) clone(to *etree.Element) {
	id := g.id("cln")
	e := g.add(to, "clone", "id", id)
	promotable := g.some(2)
	var pairs []string
	if promotable {
		pairs = append(pairs, "promotable", "true")
		if g.some(4) {
			pairs = append(pairs, "promoted-max", fmt.Sprint(g.IntN(3)))
		}
		if g.some(6) {
			pairs = append(pairs, "promoted-node-max", "2")
		}
	}
	instances := 0
	if g.some(5) {
		pairs = append(pairs, "globally-unique", "true", "clone-node-max", fmt.Sprint(1+g.IntN(3)))
		instances = len(g.nodes)
	}
	if g.some(3) {
		pairs = append(pairs, "clone-max", fmt.Sprint(1+g.IntN(len(g.nodes)+1)))
	}
	for _, name := range []string{"interleave", "notify", "ordered"} {
		if g.some(4) {
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
	container := g.add(e, one(g.Rand, "docker", "podman"), "image", "pcmk:http", "replicas", fmt.Sprint(replicas))
	if g.some(4) {
		container.CreateAttr("replicas-per-host", "2")
	}
	addresses := !g.some(3)
	network := e.CreateElement("network")
	if addresses {
		g.add(network, "", "ip-range-start", "192.168.122.131", "host-interface", "eth0", "host-netmask", "24")
	}
	g.add(network, "", "control-port", "3121")
	if g.some(2) {
		g.add(network, "port-mapping", "id", g.id("port"), "port", "80")
	}
	g.add(e.CreateElement("storage"), "storage-mapping", "id", g.id("map"), "source-dir", "/srv", "target-dir", "/var/www", "options", "rw")
	promotable := g.some(2) && replicas > 1
	if promotable {
		container.CreateAttr("promoted-max", "1")
	}
	if !g.some(4) {
		at := len(g.probed)
		g.primitive(e, 0, promotable)
		g.probed = g.probed[:at] // it is inside of containers
	}
	for i := range replicas {
		g.probed = append(g.probed, instance{id: fmt.Sprintf("%s-%s-%d", id, container.Tag, i), class: "ocf", provider: "heartbeat", agent: container.Tag})
		if addresses {
			g.probed = append(g.probed, instance{id: fmt.Sprintf("%s-ip-192.168.122.%d", id, 131+i), class: "ocf", provider: "heartbeat", agent: "IPaddr2"})
		}
	}
	g.resources = append(g.resources, id)
}

func (g *generator) anyResource() string { return one(g.Rand, g.resources...) }

// pair is two resources, mostly different.
func (g *generator) pair() (a, b string) {
	a, b = g.anyResource(), g.anyResource()
	for len(g.resources) > 1 && a == b && !g.some(50) {
		b = g.anyResource()
	}
	return a, b
}

func (g *generator) role() string {
	return one(g.Rand, "Promoted", "Started", "Unpromoted", "Stopped", "Promoted", "Master")
}

// set adds a set of a few of the resources, and returns the others.
func (g *generator) set(to *etree.Element, of []int, attrs ...string) []int {
	n := min(len(of), 1+g.IntN(3))
	if n == 0 {
		return nil
	}
	set := g.add(to, "resource_set", append([]string{"id", g.id("rset")}, attrs...)...)
	for _, i := range of[:n] {
		g.add(set, "resource_ref", "id", g.resources[i])
	}
	return of[n:]
}

func (g *generator) rule(to *etree.Element) {
	rule := g.add(to, "rule", "id", g.id("rule"), "score", g.score())
	if g.some(4) {
		rule.CreateAttr("boolean-op", one(g.Rand, "or", "and"))
	}
	if g.some(5) {
		rule.CreateAttr("role", one(g.Rand, "Promoted", "Unpromoted", "Started"))
	}
	for range 1 + g.IntN(2) {
		switch g.IntN(5) {
		case 0:
			g.add(rule, "expression", "id", g.id("expr"), "attribute", "rack", "operation", one(g.Rand, "defined", "not_defined"))
		case 1:
			g.add(rule, "date_expression", "id", g.id("expr"), "operation", "gt", "start", one(g.Rand, "2023-11-14", "2024-01-01"))
		case 2:
			g.add(rule, "expression", "id", g.id("expr"), "attribute", "#uname", "operation", one(g.Rand, "eq", "ne"), "value", one(g.Rand, g.nodes...))
		default:
			g.add(rule, "expression", "id", g.id("expr"), "attribute", one(g.Rand, "rack", "ping", "#kind"), "operation",
				one(g.Rand, "eq", "ne", "lt", "gte"), "value", one(g.Rand, "a", "b", "100", "cluster"))
		}
	}
}

func (g *generator) constraints() {
	all := g.config.CreateElement("constraints")
	for range g.IntN(7) {
		first, second := g.pair()
		used := g.Perm(len(g.resources))
		switch g.IntN(10) {
		case 0, 1, 2:
			e := g.add(all, "rsc_location", "id", g.id("loc"), "rsc", g.anyResource())
			if g.some(5) {
				e.CreateAttr("resource-discovery", one(g.Rand, "never", "exclusive", "always"))
			}
			if g.some(3) {
				g.rule(e)
				break
			}
			g.add(e, "", "node", one(g.Rand, g.nodes...), "score", g.score())
			if g.some(5) {
				e.CreateAttr("role", g.role())
			}
		case 3, 4, 5:
			e := g.add(all, "rsc_colocation", "id", g.id("col"), "score", g.score())
			if g.some(6) {
				used = g.set(e, used, "sequential", g.flag(2))
				if g.some(2) {
					g.set(e, used, "role", g.role())
				}
				break
			}
			g.add(e, "", "rsc", first, "with-rsc", second)
			if g.some(5) {
				e.CreateAttr("rsc-role", g.role())
			}
			if g.some(4) {
				e.CreateAttr("with-rsc-role", g.role())
			}
			if g.some(8) {
				e.CreateAttr("node-attribute", "rack")
			}
			if g.some(8) {
				e.CreateAttr("influence", g.flag(2))
			}
		case 6, 7, 8:
			e := g.add(all, "rsc_order", "id", g.id("ord"))
			if g.some(3) {
				e.CreateAttr("kind", one(g.Rand, "Optional", "Serialize", "Mandatory"))
			}
			if g.some(6) {
				used = g.set(e, used, "sequential", g.flag(2), "require-all", g.flag(2))
				if g.some(2) {
					g.set(e, used, "action", one(g.Rand, "start", "promote", "stop", "demote"))
				}
				break
			}
			g.add(e, "", "first", first, "then", second)
			if g.some(4) {
				e.CreateAttr("first-action", one(g.Rand, "start", "promote", "stop", "demote"))
			}
			if g.some(5) {
				e.CreateAttr("then-action", one(g.Rand, "start", "promote", "stop", "demote"))
			}
			if g.some(5) {
				e.CreateAttr("symmetrical", g.flag(2))
			}
			if g.some(6) {
				e.CreateAttr("require-all", "false")
			}
		case 9:
			if len(g.tickets) == 0 {
				break
			}
			e := g.add(all, "rsc_ticket", "id", g.id("tkt"), "ticket", one(g.Rand, g.tickets...), "rsc", g.anyResource(),
				"loss-policy", one(g.Rand, "stop", "fence", "freeze", "demote"))
			if g.some(3) {
				e.CreateAttr("rsc-role", g.role())
			}
		}
	}
}

func (g *generator) defaults() {
	if g.some(5) {
		g.pairs(g.config.CreateElement("rsc_defaults"), "meta_attributes", "resource-stickiness", g.score(), "migration-threshold", fmt.Sprint(1+g.IntN(3)))
	}
	if g.some(5) {
		g.pairs(g.config.CreateElement("op_defaults"), "meta_attributes", "timeout", "77s")
	}
}

// key is the name of an operation in a history; the interval is in seconds.
func key(id, op string, interval int) string {
	return strings.Join([]string{id, op, fmt.Sprint(interval * 1000)}, "_")
}
