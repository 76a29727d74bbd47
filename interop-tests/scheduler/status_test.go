//go:build interop

package scheduler

import (
	"fmt"

	"github.com/beevik/etree"
)

const uuid = "4c3d4d3b-2a3f-4b6e-8d5b-0f2d3c4b5a69"

// status draws what the cluster is said to be doing.
func (g *generator) status(cib *etree.Element) {
	status := cib.CreateElement("status")
	for i, name := range g.nodes {
		g.nodeState(status, fmt.Sprint(i+1), name)
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
		}
	}
}

func (g *generator) nodeState(status *etree.Element, id, name string) {
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
	var pairs []string
	if g.some(15) {
		pairs = append(pairs, one(g.Rand, "shutdown", "terminate"), one(g.Rand, fmt.Sprint(now-5), "0", "true"))
	}
	if g.some(4) {
		pairs = append(pairs, "ping", one(g.Rand, "0", "100", "1000"))
	}
	for _, in := range g.probed {
		if in.promotable && g.some(2) {
			pairs = append(pairs, "master-"+in.id, one(g.Rand, "5", "10", "-INFINITY", "100", "0"))
		}
		if g.some(10) {
			pairs = append(pairs, "fail-count-"+in.id+"#"+one(g.Rand, "monitor_10000", "start_0", "stop_0"), one(g.Rand, "1", "2", "INFINITY"),
				"last-failure-"+in.id+"#monitor_10000", fmt.Sprint(now-g.IntN(2000)))
		}
	}
	if len(pairs) > 0 {
		g.pairs(g.add(e, "transient_attributes", "id", id), "instance_attributes", pairs...)
	}
	if g.some(10) {
		return
	}
	entries := g.add(g.add(e, "lrm", "id", id), "lrm_resources")
	probed := g.probed
	if g.some(10) {
		probed = append(probed[:len(probed):len(probed)], instance{id: "orphan", class: "ocf", provider: "pacemaker", agent: "Dummy"})
	}
	empty := g.some(5)
	for _, in := range probed {
		if !empty && !g.some(6) {
			g.entry(entries, in, name)
		}
	}
}

// entry draws the history of a resource on a node.
func (g *generator) entry(to *etree.Element, in instance, node string) {
	e := g.add(to, "lrm_resource", "id", in.id, "class", in.class)
	if in.provider != "" {
		e.CreateAttr("provider", in.provider)
	}
	e.CreateAttr("type", in.agent)
	call := 1 + g.IntN(50)
	op := func(name string, interval, want, rc, state int) {
		call++
		opID := key(in.id, name, interval)
		if rc != want && g.some(2) {
			opID = in.id + "_last_failure_0"
		}
		transition := fmt.Sprintf("%d:%d:%d:%s", call, call, want, uuid)
		when := fmt.Sprint(now - 3000 + 10*call)
		g.add(e, "lrm_rsc_op", "id", opID, "operation_key", key(in.id, name, interval), "operation", name,
			"crm-debug-origin", "do_update_resource", "crm_feature_set", "3.16.1", "transition-key", transition,
			"transition-magic", fmt.Sprintf("%d:%d;%s", state, rc, transition), "on_node", node, "call-id", fmt.Sprint(call),
			"rc-code", fmt.Sprint(rc), "op-status", fmt.Sprint(state), "interval", fmt.Sprint(interval*1000),
			"last-rc-change", when, "exec-time", "12", "queue-time", "0")
	}
	result := func(name string, interval, want int) {
		switch g.IntN(14) {
		case 0:
			op(name, interval, want, one(g.Rand, 1, 2, 5, 6, 7, 8, 9, 0), one(g.Rand, 0, 4))
		case 1:
			if g.some(3) {
				op(name, interval, want, one(g.Rand, 1, 198, 193), one(g.Rand, 2, -1))
				return
			}
			fallthrough
		default:
			op(name, interval, want, want, 0)
		}
	}
	switch g.IntN(6) {
	case 0:
		result("monitor", 0, one(g.Rand, 7, 7, 0))
	case 1:
		result("start", 0, 0)
		result("stop", 0, 0)
	case 2:
		result("start", 0, 0)
		result("monitor", 10, 0)
	case 3:
		result("monitor", 0, 7)
		result("start", 0, 0)
		if in.promotable {
			result("promote", 0, 0)
			result("monitor", 11, 8)
		}
	default:
		result("monitor", 0, 7)
	}
}
