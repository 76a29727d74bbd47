package show

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// Sections are what a status shows beside nodes and resources.
type Sections struct {
	Pending    bool // actions in progress
	Attributes bool // node attributes
	FailCounts bool // fail counts and failed actions
}

// Status prints the status of a cluster as a list under a heading, after an empty
// line if spacer is set (print_cluster_status).
func (p *Printer) Status(ws *status.WorkingSet, heading string, s Sections, spacer bool) {
	if spacer {
		p.Spacer()
	}
	p.Begin(heading)
	if p.xml {
		p.nodesXML(ws)
	}
	shown := !p.xml && p.nodeList(ws)
	shown = p.resourceList(ws, s.Pending, shown) || shown
	if s.Attributes {
		shown = p.nodeAttributes(ws, shown) || shown
	}
	if s.FailCounts {
		shown = p.failCounts(ws, shown) || shown
		p.failedActions(ws, shown)
	}
	p.End()
}

// MaintenanceMode says that the cluster manages nothing, if so, and tells whether
// it did (cluster_maint_mode_text).
func (p *Printer) MaintenanceMode(ws *status.WorkingSet) bool {
	switch {
	case ws.Flags.Has(status.MaintenanceMode):
		p.out.Printf("\n              *** Resource management is DISABLED ***\n")
		p.out.Printf("  The cluster will not attempt to start, stop or recover services\n")
	case ws.Flags.Has(status.StopEverything):
		p.out.Printf("\n    *** Resource management is DISABLED ***\n")
		p.out.Printf("  The cluster will keep all resources stopped\n")
	default:
		return false
	}
	return true
}

func (p *Printer) resourceList(ws *status.WorkingSet, pending, spacer bool) bool {
	list := section{p: p, heading: "Full List of Resources", spacer: spacer}
	rp := resourcePrinter{Printer: p, pending: pending}
	shown := false
	for _, r := range ws.Resources {
		if r.Is(status.Orphan) && !r.IsActive(true) {
			continue
		}
		if nowhere(r) {
			continue
		}
		list.begin()
		if p.xml {
			rp.resourceXML(r)
			continue
		}
		shown = rp.resource(r) || shown
	}
	if !shown && !p.xml {
		list.begin()
		p.Item("No resources")
	}
	list.end()
	return shown
}
