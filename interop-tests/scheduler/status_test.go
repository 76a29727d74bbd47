//go:build interop

package scheduler

import (
	"fmt"
	"slices"

	"github.com/beevik/etree"
)

const uuid = "4c3d4d3b-2a3f-4b6e-8d5b-0f2d3c4b5a69"

// digests are of parameters: of none, of a timeout alone, and of others.
var digests = []string{"f2317cad3d54cec5d7d7aa7d0bf35cf8", "4811cef7f7f94e3a35a70be7916cb2fd", "0123456789abcdef0123456789abcdef"}

// move is a live migration that has begun.
type move struct{ from, to string }

// status draws what the cluster is said to be doing.
func (g *generator) status(cib *etree.Element) {
	status := cib.CreateElement("status")
	moves := map[string]move{}
	if hosts := append(slices.Clone(g.nodes), g.remotes...); len(hosts) > 1 {
		for _, in := range g.probed {
			if in.migratable && g.some(3) || g.some(60) {
				order := g.Perm(len(hosts))
				moves[in.id] = move{hosts[order[0]], hosts[order[1]]}
			}
		}
	}
	for i, name := range g.nodes {
		g.nodeState(status, fmt.Sprint(i+1), name, moves)
	}
	for _, name := range g.remotes {
		if !g.some(3) {
			g.remoteState(status, name, moves)
		}
	}
	if len(g.tickets) == 0 {
		return
	}
	tickets := status.CreateElement("tickets")
	for _, ticket := range g.tickets {
		if !g.some(3) {
			e := g.add(tickets, "ticket_state", "id", ticket, "granted", g.flag(3))
			if g.some(4) {
				e.CreateAttr("standby", "true")
			}
			if g.some(4) {
				e.CreateAttr("last-granted", fmt.Sprint(now-3600))
			}
		}
	}
}

func (g *generator) nodeState(status *etree.Element, id, name string, moves map[string]move) {
	if g.some(12) {
		return
	}
	e := g.add(status, "node_state", "id", id, "uname", name)
	switch g.IntN(12) {
	case 0:
		g.add(e, "", "in_ccm", "false", "crmd", "offline", "join", "down", "expected", "member")
	case 1:
		g.add(e, "", "in_ccm", "false", "crmd", "offline", "join", "down", "expected", "down")
	case 2:
		g.add(e, "", "in_ccm", "true", "crmd", one(g.Rand, "online", "offline"), "join", one(g.Rand, "pending", "banned", "member"), "expected", one(g.Rand, "member", "down"))
	default:
		g.add(e, "", "in_ccm", "true", "crmd", "online", "join", "member", "expected", "member")
	}
	g.transient(e, id)
	g.history(e, id, name, moves)
}

func (g *generator) remoteState(status *etree.Element, name string, moves map[string]move) {
	e := g.add(status, "node_state", "id", name, "uname", name, "remote_node", "true")
	g.attribute(e, 2, "in_ccm", "true", "true", "false")
	g.attribute(e, 6, "node_fenced", "0", "1")
	g.attribute(e, 8, "node_in_maintenance", "1", "0")
	g.transient(e, name)
	g.history(e, name, name, moves)
}

// transient draws node attributes that last until the node leaves.
func (g *generator) transient(e *etree.Element, id string) {
	d := drawn{generator: g}
	d.option(20, "shutdown", fmt.Sprint(now-5), fmt.Sprint(now-5000), "0", "true")
	d.option(30, "terminate", fmt.Sprint(now-5), "0", "true")
	d.option(4, "ping", "0", "100", "1000")
	d.option(15, "#health-net", "red", "yellow", "green", "-20")
	d.option(20, "standby", "true")
	d.option(20, "maintenance", "true")
	d.option(12, "#node-unfenced", fmt.Sprint(now-100), "0")
	d.option(15, "#digests-all", "fencing1:fence_scsi:"+digests[0]+",", "fencing1:fence_xvm:"+digests[2]+",")
	d.option(15, "#digests-secure", "fencing1:fence_scsi:"+digests[0]+",")
	for _, in := range g.probed {
		if in.promotable && g.some(2) {
			d.option(1, "master-"+in.id, "5", "10", "-INFINITY", "100", "0", "5")
		}
		if g.some(10) {
			d.option(1, "fail-count-"+in.id+"#"+one(g.Rand, "monitor_10000", "start_0", "stop_0", "monitor_0"), "1", "2", "INFINITY")
			d.option(2, "last-failure-"+in.id+"#monitor_10000", fmt.Sprint(now-g.IntN(2000)))
		}
	}
	if len(d.pairs) > 0 {
		g.pairs(g.add(e, "transient_attributes", "id", id), "instance_attributes", d.pairs...)
	}
}

// history draws the entries of a node.
func (g *generator) history(e *etree.Element, id, name string, moves map[string]move) {
	if g.some(10) {
		return
	}
	entries := g.add(g.add(e, "lrm", "id", id), "lrm_resources")
	probed := g.probed
	if g.some(10) {
		probed = append(probed[:len(probed):len(probed)], instance{id: "orphan", class: "ocf", provider: "pacemaker", agent: "Dummy"})
	}
	empty := g.some(5)
	cluster := slices.Contains(g.nodes, name)
	for _, in := range probed {
		m, moving := moves[in.id]
		moving = moving && (m.from == name || m.to == name)
		switch {
		case in.remote && !cluster, in.inside && cluster && !g.some(15), in.class == "stonith" && !cluster:
		case !cluster && !in.inside && !moving && !g.some(3):
		case moving:
			h := g.entry(entries, in, name)
			h.migration(m)
		case !empty && !g.some(6):
			g.entry(entries, in, name).operations()
		}
	}
}

// entry is the history of a resource on a node.
type entry struct {
	*generator
	of   *etree.Element
	in   instance
	node string
	call int
}

func (g *generator) entry(to *etree.Element, in instance, node string) *entry {
	e := g.add(to, "lrm_resource", "id", in.id)
	in.describe(g, e)
	if in.remote && g.some(3) {
		e.CreateAttr("container", one(g.Rand, "vm1", "vm2"))
	}
	if g.some(25) {
		e.CreateAttr("shutdown-lock", fmt.Sprint(now-one(g.Rand, 10, 1000, 7200)))
	}
	return &entry{g, e, in, node, 1 + g.IntN(50)}
}

// op adds an operation, with its interval in seconds.
func (h *entry) op(name string, interval, want, rc, state int, more ...string) {
	h.call++
	opID := key(h.in.id, name, interval)
	if rc != want && h.some(2) {
		opID = h.in.id + "_last_failure_0"
	} else if interval == 0 && h.some(4) {
		opID = h.in.id + "_last_0"
	}
	for _, before := range h.of.ChildElements() {
		if before.SelectAttrValue("id", "") == opID {
			h.of.RemoveChild(before) // an executor keeps one entry of each name
		}
	}
	transition := fmt.Sprintf("%d:%d:%d:%s", h.call, h.call, want, uuid)
	call := h.call
	if state == -1 {
		call = -1
	}
	e := h.add(h.of, "lrm_rsc_op", "id", opID, "operation_key", key(h.in.id, name, interval), "operation", name,
		"crm-debug-origin", "do_update_resource", "crm_feature_set", one(h.Rand, "3.16.1", "3.16.1", "3.16.1", "3.0.5"), "transition-key", transition,
		"transition-magic", fmt.Sprintf("%d:%d;%s", state, rc, transition), "on_node", h.node, "call-id", fmt.Sprint(call),
		"rc-code", fmt.Sprint(rc), "op-status", fmt.Sprint(state), "interval", fmt.Sprint(interval*1000),
		"last-rc-change", fmt.Sprint(now-3000+10*h.call), "exec-time", "12", "queue-time", "0")
	h.add(e, "", more...)
	h.attribute(e, 2, "op-digest", digests...)
	if h.some(6) {
		h.add(e, "", "op-force-restart", one(h.Rand, " state ", " ip state "), "op-restart-digest", one(h.Rand, digests...))
	}
	if h.some(8) {
		h.add(e, "", "op-secure-params", " passwd ", "op-secure-digest", one(h.Rand, digests...))
	}
	h.attribute(e, 12, "exit-reason", "because", "it's <odd> & \"quoted\"")
}

// result adds an operation that has come out as was wanted, most times.
func (h *entry) result(name string, interval, want int, more ...string) {
	switch h.IntN(14) {
	case 0:
		h.op(name, interval, want, one(h.Rand, 1, 2, 5, 6, 7, 8, 9, 0, 190, 191), one(h.Rand, 0, 4, 4, 2, 5, 6, 9), more...)
		return
	case 1:
		if h.some(2) {
			h.op(name, interval, want, one(h.Rand, 1, 198, 193, 193), one(h.Rand, 2, -1, -1), more...)
			return
		}
	}
	h.op(name, interval, want, want, 0, more...)
}

func (h *entry) operations() {
	switch h.IntN(7) {
	case 0:
		h.result("monitor", 0, one(h.Rand, 7, 7, 0))
	case 1:
		h.result("start", 0, 0)
		h.result("stop", 0, 0)
	case 2:
		h.result("start", 0, 0)
		h.result("monitor", 10, 0)
	case 3:
		h.result("monitor", 0, 7)
		h.result("start", 0, 0)
		if h.in.promotable {
			h.result("promote", 0, 0)
			h.result("monitor", 11, 8)
			if h.some(4) {
				h.result("demote", 0, 0)
			}
			if h.some(6) {
				h.result("notify", 0, 0)
			}
		}
	case 4:
		if h.in.remote {
			h.result("start", 0, 0)
			h.result("monitor", 11, 0)
			break
		}
		fallthrough
	default:
		h.result("monitor", 0, 7)
	}
}

// migration adds what is known of a live migration on one of its ends.
func (h *entry) migration(m move) {
	ends := []string{"migrate_source", m.from, "migrate_target", m.to}
	if h.node == m.from {
		h.op("start", 0, 0, 0, 0)
		h.result("migrate_to", 0, 0, ends...)
		if h.some(3) {
			h.result("stop", 0, 0)
		}
		return
	}
	switch h.IntN(5) {
	case 0: // nothing yet
	case 1:
		h.result("monitor", 0, 7)
	default:
		h.result("migrate_from", 0, 0, ends...)
		if h.some(3) {
			h.result("monitor", 10, 0)
		}
	}
}
