//go:build interop

package scheduler

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
)

// now is the time for which the CIBs are scheduled, in seconds since 1970.
const now = 1700000000

// generator makes one CIB.
type generator struct {
	*rand.Rand
	doc       *etree.Document
	config    *etree.Element
	nodes     []string // cluster nodes
	remotes   []string // remote and guest nodes, whose names are also resources
	resources []string // what constraints may name
	templates []instance
	probed    []instance
	tickets   []string
	tagged    []string // names of tags
	ids       int
	old       bool // written in the words of Pacemaker 1.0
}

// instance is what has entries in the histories: a primitive, or one instance of it.
type instance struct {
	id, class, provider, agent string
	promotable, migratable     bool
	remote                     bool // a connection to a remote node
	inside                     bool // of containers only
}

// generate draws a CIB, with command lines.
func generate(rng *rand.Rand) *etree.Document {
	g := &generator{Rand: rng, doc: etree.NewDocument(), old: rng.IntN(10) == 0}
	cib := g.add(g.doc.Element.CreateElement("cib"), "", "validate-with", "pacemaker-3.9",
		"admin_epoch", "0", "epoch", "5", "num_updates", "1", "crm_feature_set", "3.16.1",
		"have-quorum", g.flag(8), "execution-date", fmt.Sprint(now), "cib-last-written", "Tue Nov 14 22:00:00 2023")
	g.config = cib.CreateElement("configuration")
	for i := range 1 + g.IntN(4) {
		g.nodes = append(g.nodes, fmt.Sprintf("node%d", i+1))
	}
	if g.some(3) {
		g.tickets = []string{"ticketA", "ticketB"}
	}
	if g.IntN(len(g.nodes)) == 0 {
		cib.CreateAttr("dc-uuid", "1")
	}
	g.options()
	nodes := g.config.CreateElement("nodes")
	resources := g.config.CreateElement("resources")
	g.templateElements(resources)
	if g.some(4) {
		g.remoteNodes(resources)
	}
	for range 1 + g.IntN(6) {
		g.resource(resources)
	}
	g.fencing(resources)
	g.nodeElements(nodes)
	g.tags()
	g.constraints()
	g.topology()
	g.defaults()
	g.status(cib)
	g.version(cib)
	addCommands(g.doc, g.commandLines()...)
	return g.doc
}

// version says for which schema the CIB is: an old one if it is valid for it.
func (g *generator) version(cib *etree.Element) {
	version := one(g.Rand, "pacemaker-3.9", "pacemaker-3.9", "pacemaker-3.7", "pacemaker-3.2", "pacemaker-3.0", "pacemaker-2.10", "pacemaker-2.5", "pacemaker-2.0")
	if g.old {
		version = one(g.Rand, "pacemaker-1.0", "pacemaker-1.2", "pacemaker-1.3", "pacemaker-2.0", "pacemaker-2.4")
	}
	if schema.Named(version).Validate(cib) {
		cib.CreateAttr("validate-with", version)
		return
	}
	for _, later := range schema.Versions() {
		if later >= schema.Named(version) && later.Validate(cib) {
			cib.CreateAttr("validate-with", later.String())
			return
		}
	}
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
func (g *generator) pairs(to *etree.Element, tag string, pairs ...string) *etree.Element {
	if len(pairs) == 0 {
		return nil
	}
	set := g.add(to, tag, "id", g.id("set"))
	for i := 0; i+1 < len(pairs); i += 2 {
		g.add(set, "nvpair", "id", g.id("pair"), "name", pairs[i], "value", pairs[i+1])
	}
	return set
}

// drawn collects names of options with one of their values.
type drawn struct {
	*generator
	pairs []string
}

// option has a value once in n times.
func (d *drawn) option(n int, name string, values ...string) {
	if d.some(n) {
		d.pairs = append(d.pairs, name, one(d.Rand, values...))
	}
}

// score is one of those with which much happens.
func (g *generator) score() string {
	return one(g.Rand, "INFINITY", "INFINITY", "-INFINITY", "0", "1", "10", "100", "-1", "-50", "1000", "5", "200")
}

func (g *generator) options() {
	d := drawn{generator: g}
	d.option(2, "stonith-enabled", "false", "false", "true")
	d.option(4, "no-quorum-policy", "ignore", "freeze", "stop", "suicide", "demote")
	d.option(5, "symmetric-cluster", "false", "true")
	d.option(12, "maintenance-mode", "true")
	d.option(12, "stop-all-resources", "true")
	d.option(8, "stop-orphan-resources", "false")
	d.option(8, "stop-orphan-actions", "false")
	d.option(12, "remove-after-stop", "true")
	d.option(8, "startup-fencing", "false")
	d.option(8, "start-failure-is-fatal", "false")
	d.option(8, "enable-startup-probes", "false")
	d.option(8, "concurrent-fencing", "false", "true")
	d.option(8, "stonith-action", "off", "reboot", "poweroff")
	d.option(6, "priority-fencing-delay", "30s", "5")
	d.option(6, "node-health-strategy", "only-green", "migrate-on-red", "progressive", "custom", "none")
	d.option(10, "node-health-green", "10", "INFINITY", "0")
	d.option(10, "node-health-yellow", "-10", "-INFINITY")
	d.option(10, "node-health-base", "5", "100")
	d.option(4, "placement-strategy", "utilization", "minimal", "balanced", "default")
	d.option(6, "shutdown-lock", "true")
	d.option(10, "shutdown-lock-limit", "0", "1min", "1h")
	d.option(10, "cluster-delay", "30s")
	d.option(10, "batch-limit", "5")
	d.option(10, "migration-limit", "1")
	d.option(10, "stonith-timeout", "90s")
	d.option(10, "have-watchdog", "true")
	d.option(10, "stonith-watchdog-timeout", "10", "-1")
	d.option(10, "fence-reaction", "panic")
	if g.old {
		d.option(4, "default-resource-stickiness", "10", "INFINITY")
		d.option(4, "default-action-timeout", "33s")
		d.option(4, "is-managed-default", "false")
		d.option(4, "default-migration-threshold", "2")
	}
	set := g.pairs(g.config.CreateElement("crm_config"), "cluster_property_set", d.pairs...)
	if set != nil && g.some(15) {
		g.dateRule(set)
	}
}

func (g *generator) nodeElements(nodes *etree.Element) {
	for i, name := range g.nodes {
		node := g.add(nodes, "node", "id", fmt.Sprint(i+1), "uname", name)
		if g.some(20) {
			node.CreateAttr("type", "ping")
		}
		g.nodeDetails(node)
	}
	for _, name := range g.remotes {
		if g.some(2) {
			g.nodeDetails(g.add(nodes, "node", "id", name, "uname", name, "type", "remote"))
		}
	}
}

func (g *generator) nodeDetails(node *etree.Element) {
	d := drawn{generator: g}
	d.option(10, "standby", "true", "false")
	d.option(14, "maintenance", "true", "false")
	d.option(3, "rack", "a", "b")
	d.option(5, "weight", "1", "25", "-INFINITY")
	d.option(8, "#health-disk", "green", "yellow", "red", "-5")
	d.option(14, "site-name", "a")
	set := g.pairs(node, "instance_attributes", d.pairs...)
	if set != nil && g.some(10) {
		g.dateRule(set)
	}
	if g.some(2) {
		g.pairs(node, "utilization", "cpu", fmt.Sprint(g.IntN(5)), "memory", fmt.Sprint(g.IntN(2000)))
	}
}

func (g *generator) defaults() {
	if g.some(4) && !g.old {
		set := g.pairs(g.config.CreateElement("rsc_defaults"), "meta_attributes", "resource-stickiness", g.score(), "migration-threshold", fmt.Sprint(1+g.IntN(3)))
		switch g.IntN(3) {
		case 0:
			g.typeRule(set, "rsc_expression")
		case 1:
			g.dateRule(set)
		}
	}
	if g.some(4) && !g.old {
		set := g.pairs(g.config.CreateElement("op_defaults"), "meta_attributes", "timeout", "77s", "on-fail", one(g.Rand, "restart", "block", "stop"))
		switch g.IntN(3) {
		case 0:
			g.typeRule(set, "rsc_expression")
		case 1:
			g.typeRule(set, "op_expression")
		}
	}
}

func (g *generator) tags() {
	if !g.some(5) || g.old {
		return
	}
	tags := g.config.CreateElement("tags")
	for range 1 + g.IntN(2) {
		id := g.id("tag")
		tag := g.add(tags, "tag", "id", id)
		for _, i := range g.Perm(len(g.resources))[:min(len(g.resources), 1+g.IntN(3))] {
			g.add(tag, "obj_ref", "id", g.resources[i])
		}
		g.tagged = append(g.tagged, id)
	}
}

// key is the name of an operation in a history; the interval is in seconds.
func key(id, op string, interval int) string {
	return strings.Join([]string{id, op, fmt.Sprint(interval * 1000)}, "_")
}
