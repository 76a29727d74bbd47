package show

import (
	"fmt"
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
func (v viewer) nodeAttributes(spacer bool) bool {
	list := section{p: v.Printer, heading: "Node Attributes", spacer: spacer}
	for _, n := range v.ws.Nodes {
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(n.Attributes)), func(name string) bool {
			return slices.ContainsFunc(unshown, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		})
		if !n.Online || len(names) == 0 || !v.Nodes.hasNode(n) {
			continue
		}
		list.begin()
		v.beginNode(n)
		for _, name := range names {
			v.attribute(n, name)
		}
		v.End()
	}
	return list.end()
}

func (v viewer) attribute(n *status.Node, name string) {
	value := n.Attributes[name]
	expected, extra := expectedScore(n, n.Running, name)
	switch {
	case v.xml:
		e := v.Element("attribute", "name", name, "value", value)
		if extra {
			e.Set("expected", strconv.Itoa(expected))
		}
	case v.page != nil && extra:
		parts := []span{plain(name + ": " + value)}
		switch got, _ := strconv.Atoi(value); {
		case got <= 0:
			parts = append(parts, bold("(connectivity is lost)"))
		case got < expected:
			parts = append(parts, bold(fmt.Sprintf("(connectivity is degraded -- expected %d", expected)))
		}
		v.line(parts...)
	case v.page != nil:
		v.Item("%s: %s", name, value)
	default:
		remark := ""
		if extra {
			remark = connectivity(value, expected)
		}
		v.Item("%-32s\t: %-10s%s", name, value, remark)
	}
}

// connectivity is a remark on an attribute that a ping resource keeps.
func connectivity(value string, expected int) string {
	switch got, _ := strconv.Atoi(value); {
	case got <= 0:
		return "\t: Connectivity is lost"
	case got < expected:
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
