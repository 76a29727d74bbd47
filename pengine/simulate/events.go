package simulate

import (
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

// What a simulation says it does, an item each; nothing if quiet.

// sayOr prints an item, or in XML an element.
func sayOr(p *show.Printer, element string, attributes []string, format string, args ...any) {
	if p.Quiet() || p.Element(element, attributes...) != nil {
		return
	}
	p.Item(format, args...)
}

func injectAttribute(p *show.Printer, node *etree.Element, name, value string) {
	const path = "/node_state"
	sayOr(p, "inject_attr", []string{"name", name, "value", value, "node_path", path, "cib_node", id(node)},
		"Injecting attribute %s=%s into %s '%s'", name, value, path, id(node))
}

func saySetting(p *show.Printer, what, value string) {
	if p.Quiet() {
		return
	}
	p.Set(what, value)
	p.Item("Setting %s: %s", what, value)
}

func sayNode(p *show.Printer, action, node, text string) {
	sayOr(p, "modify_node", []string{"action", action, "node", node}, text, node)
}

func sayTicket(p *show.Printer, action, ticket, text string) {
	sayOr(p, "modify_ticket", []string{"action", action, "ticket", ticket}, text, ticket)
}

func sayFencing(p *show.Printer, target, op string) {
	sayOr(p, "fencing_action", []string{"target", target, "op", op}, "Fencing %s (%s)", target, op)
}

func sayPseudo(p *show.Printer, key, node string) {
	attributes := []string{"task", key}
	if node != "" {
		attributes = append(attributes, "node", node)
		node = " on " + node
	}
	sayOr(p, "pseudo_action", attributes, "Pseudo action:   %s%s", key, node)
}

func sayResource(p *show.Printer, resource, task, node string, intervalMS uint) {
	attributes := []string{"resource", resource, "op", task, "node", node}
	if intervalMS != 0 {
		interval := strconv.FormatUint(uint64(intervalMS), 10)
		attributes = append(attributes, "interval", interval)
		task += "=" + interval
	}
	sayOr(p, "rsc_action", attributes, "Resource action: %-15s %s on %s", resource, task, node)
}

func sayCluster(p *show.Printer, task, resource, node string) {
	attributes := []string{"task", task, "node", node}
	if resource != "" {
		attributes = append(attributes, "id", resource)
		task += " for " + resource
	}
	sayOr(p, "cluster_action", attributes, "Cluster action:  %s on %s", task, node)
}
