package simulate

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

// What a simulation says it does, an item each; nothing if quiet.

func say(p *show.Printer, format string, args ...any) {
	if !p.Quiet() {
		p.Item(format, args...)
	}
}

func injectAttribute(p *show.Printer, node *etree.Element, name, value string) {
	say(p, "Injecting attribute %s=%s into %s '%s'", name, value, "/node_state", id(node))
}

func sayPseudo(p *show.Printer, key, node string) {
	if node != "" {
		node = " on " + node
	}
	say(p, "Pseudo action:   %s%s", key, node)
}

func sayResource(p *show.Printer, resource, task, node string, intervalMS uint) {
	if intervalMS != 0 {
		say(p, "Resource action: %-15s %s=%d on %s", resource, task, intervalMS, node)
		return
	}
	say(p, "Resource action: %-15s %s on %s", resource, task, node)
}

func sayCluster(p *show.Printer, task, resource, node string) {
	if resource != "" {
		say(p, "Cluster action:  %s for %s on %s", task, resource, node)
		return
	}
	say(p, "Cluster action:  %s on %s", task, node)
}
