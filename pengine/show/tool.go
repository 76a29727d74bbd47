package show

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// What crm_resource shows of resources and their history.

// ResourceStates lists the resources without their nodes, and tells whether there are any.
func (p *Printer) ResourceStates(ws *status.WorkingSet) bool {
	return viewer{p, View{Detail: Inactive | ResourceOnly | Pending, Nodes: All, Resources: All}, ws}.resourceList(false)
}

// ResourceConfig shows a resource, where it is and its configuration, raw as it was before its
// template was put in (cli_resource_print).
func (p *Printer) ResourceConfig(r *status.Resource, raw bool) {
	if p.xml {
		p.begin("resource_config")
	} else {
		p.Begin("Resource Config")
	}
	viewer{p, View{Detail: Pending, Nodes: All, Resources: All}, r.WorkingSet()}.resource(r)
	e := r.Element
	if raw {
		e = r.Raw()
	}
	if r.Parent.IsClone() {
		e = e.Copy()
		e.CreateAttr("clone", r.Meta["clone"])
	}
	if xml := text.Lines(e); p.xml {
		p.Element("xml").SetCData(xml)
	} else {
		p.out.Printf("Resource XML:\n%s%s", p.fancyIndentation(), xml)
	}
	if p.xml {
		p.pop()
	} else {
		p.End()
	}
}

func (p *Printer) fancyIndentation() string {
	if !p.fancy {
		return ""
	}
	return p.indentation()
}

// Operations lists the operations in the history of a resource on a node, or of all if the
// names are empty, and tells whether there are any. active leaves out those that count no more.
func (p *Printer) Operations(ws *status.WorkingSet, resource, node string, active bool) bool {
	begun := false
	for _, h := range ws.History {
		if !h.HasNodeName || node != "" && !strings.EqualFold(h.NodeName, node) || h.Node == nil {
			continue
		}
		if !h.Node.Online && !ws.Flags.Has(status.FencingEnabled) {
			continue
		}
		for _, of := range h.Resources {
			if resource != "" && !strings.EqualFold(of.ID, resource) {
				continue
			}
			entries := of.Sorted
			if entries == nil {
				entries = ws.SortHistory(of)
			}
			if active {
				entries = ws.ActiveEntries(of)
			}
			for _, e := range entries {
				if !begun {
					if begun = true; p.xml {
						p.begin("operations")
					} else {
						p.Begin("Resource Operations")
					}
				}
				p.operation(ws, h.NodeName, of.ID, e)
			}
		}
	}
	switch {
	case begun && p.xml:
		p.pop()
	case begun:
		p.End()
	}
	return begun
}

// operation shows an entry of a history (node-and-op).
func (p *Printer) operation(ws *status.WorkingSet, node, resource string, e *status.HistoryEntry) {
	key := e.OperationKey
	if key == "" {
		key = e.ID
	}
	value := func(name string) string { return e.Element.SelectAttrValue(name, "(null)") }
	changed := ""
	if e.HasLastChange {
		changed = time.Unix(e.LastChange, 0).In(ws.Options.Now.Location()).Format(time.ANSIC)
	}
	state := status.ExecUnknown
	if e.HasStatus {
		state = e.Status
	}
	r := ws.Find(resource, status.FindRenamed)
	if p.xml {
		x := p.Element("operation", "op", key, "node", node)
		for _, a := range [][2]string{{"call", "call-id"}, {"rc", "rc-code"}} {
			if at := e.Element.SelectAttr(a[1]); at != nil {
				x.Set(a[0], at.Value)
			}
		}
		x.Set("status", ExecText(state))
		if r != nil {
			x.Set("rsc", r.PrintableID())
			provider := "(null)"
			switch {
			case !hasProvider(r.Class):
				provider = ""
			case r.HasProvider:
				provider = r.Provider
			}
			x.Set("agent", r.Class+":"+provider+":"+r.Type)
		}
		if changed != "" {
			x.Set("last-rc-change", changed)
			if at := e.Element.SelectAttr("exec-time"); at != nil {
				x.Set("exec-time", at.Value)
			}
		}
		return
	}
	about := "Unknown resource " + resource
	if r != nil {
		n := r.Current()
		if n == nil {
			n = r.PendingNode
		}
		about = viewer{p, View{Detail: Pending | ResourceOnly}, ws}.description(r, r.PrintableID(), n)
	}
	if changed != "" {
		changed = fmt.Sprintf(", last-rc-change='%s', exec=%sms", changed, value("exec-time"))
	}
	p.Item("%s: %s (node=%s, call=%s, rc=%s%s): %s", about, key, node, value("call-id"), value("rc-code"), changed, ExecText(state))
}
