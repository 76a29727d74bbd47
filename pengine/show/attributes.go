package show

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// unshown are what the names of node attributes begin with that are the cluster's
// own.
var unshown = []string{"fail-count", "last-failure", "shutdown", "terminate", "standby", "#"}

// nodeAttributes prints the attributes of the nodes that are online
// (node_attribute_list).
func (p *Printer) nodeAttributes(ws *status.WorkingSet, spacer bool) bool {
	list := section{p: p, heading: "Node Attributes", spacer: spacer}
	for _, n := range ws.Nodes {
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(n.Attributes)), func(name string) bool {
			return slices.ContainsFunc(unshown, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		})
		if !n.Online || len(names) == 0 {
			continue
		}
		list.begin()
		p.beginNode(n)
		for _, name := range names {
			if p.xml {
				e := p.Element("attribute", "name", name, "value", n.Attributes[name])
				if expected, ok := expectedScore(n, n.Running, name); ok {
					e.Set("expected", strconv.Itoa(expected))
				}
				continue
			}
			p.Item("%-32s\t: %-10s%s", name, n.Attributes[name], connectivity(n, name))
		}
		p.End()
	}
	return list.end()
}

// beginNode begins what is said of a node.
func (p *Printer) beginNode(n *status.Node) {
	if p.xml {
		p.begin("node", "name", n.Name)
		return
	}
	p.Begin("Node: " + n.Name)
}

// connectivity is a remark on an attribute that a ping resource keeps.
func connectivity(n *status.Node, name string) string {
	expected, ok := expectedScore(n, n.Running, name)
	if !ok {
		return ""
	}
	switch v, _ := strconv.Atoi(n.Attributes[name]); {
	case v <= 0:
		return "\t: Connectivity is lost"
	case v < expected:
		return "\t: Connectivity is degraded (Expected=" + strconv.Itoa(expected) + ")"
	}
	return ""
}

// expectedScore is what the attribute has if all hosts answer that a ping resource
// asks; ok is false if none keeps it (add_extra_info).
func expectedScore(n *status.Node, resources []*status.Resource, name string) (score int, ok bool) {
	for _, r := range resources {
		if score, ok := expectedScore(n, r.Children, name); ok {
			return score, true
		}
		if !strings.EqualFold(r.Meta["type"], "ping") && !strings.EqualFold(r.Meta["type"], "pingd") {
			continue
		}
		params := r.Params(n)
		kept, ok := params["name"]
		if !ok {
			kept = "pingd"
		}
		if !strings.EqualFold(kept, name) {
			continue
		}
		hosts := 0
		if list := params["host_list"]; list != "" {
			hosts = strings.Count(list, " ") + 1
		}
		multiplier, err := strconv.Atoi(params["multiplier"])
		if err != nil {
			multiplier = 1
		}
		return hosts * multiplier, true
	}
	return 0, false
}
