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
	view := View{
		Sections: SectionNodes | SectionResources, Detail: Inactive | FailedDetail,
		Nodes: All, Resources: All,
	}
	if s.Pending {
		view.Detail |= Pending
	}
	if s.Attributes {
		view.Sections |= SectionAttributes
	}
	if s.FailCounts {
		view.Sections |= SectionFailCounts | SectionFailures
	}
	if spacer {
		p.Spacer()
	}
	p.Begin(heading)
	p.Cluster(ws, view)
	p.End()
}

// Cluster prints what a view has of a cluster (cluster-status of lib/pacemaker/pcmk_output.c).
func (p *Printer) Cluster(ws *status.WorkingSet, view View) {
	v := viewer{p, view, ws}
	// An empty line parts the sections of a text.
	shown := v.summary()
	spacer := func() bool { return shown && !p.isTree() }
	section := func(wanted bool, print func(spacer bool) bool) {
		if wanted {
			shown = print(spacer()) || shown
		}
	}
	has := v.Sections.Has
	section(has(SectionNodes) && (p.xml || v.Nodes != nil), v.nodes)
	section(has(SectionResources), v.resourceList)
	section(has(SectionAttributes), v.nodeAttributes)
	section(v.Sections.Any(SectionOperations|SectionFailCounts), v.histories)
	section(has(SectionFailures), v.failedActions)
	if v.Fencing != nil && p.xml {
		section(has(SectionFencing), v.fencingXML)
	} else if v.Fencing != nil {
		section(has(SectionFenceFailed), v.failedFencing)
		if p.page != nil { // where it comes before the tickets
			section(v.Sections.Any(SectionFencing), v.otherFencing)
		}
	}
	section(has(SectionTickets), v.tickets)
	section(has(SectionBans), v.bans)
	if v.Fencing != nil && !p.isTree() {
		section(v.Sections.Any(SectionFencing), v.otherFencing)
	}
}

// MaintenanceMode says that the cluster manages nothing, if so, and tells whether
// it did (cluster_maint_mode_text).
func (p *Printer) MaintenanceMode(ws *status.WorkingSet) bool {
	if p.isTree() {
		return false
	}
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
