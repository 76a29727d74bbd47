package show

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// histories prints what nodes remember of resources: how often they have failed, or all
// operations (node_summary).
func (v viewer) histories(spacer bool) bool {
	list := section{p: v.Printer, heading: "Migration Summary", spacer: spacer}
	operations := v.Sections.Has(SectionOperations)
	if operations {
		list.heading = "Operations"
	}
	for _, h := range v.ws.History {
		n := v.ws.FindNodeID(h.NodeID)
		if n == nil || !n.Online || !v.Nodes.hasNode(n) {
			continue
		}
		list.begin()
		begun := false
		begin := func() {
			if !begun {
				v.beginNode(n)
				begun = true
			}
		}
		for _, rh := range h.Resources {
			r := v.ws.FindResource(rh.ID)
			if r == nil || v.hidesHistory(r) {
				continue
			}
			count, last := r.FailCount(n, 0, nil)
			if !operations {
				if count > 0 {
					begin()
					v.resourceHistory(r, rh.ID, count, last, false)
				}
				continue
			}
			if shown := shownOperations(v.ws.SortHistory(rh)); len(shown) > 0 {
				begin()
				v.resourceHistory(r, r.PrintableID(), count, last, true)
				for _, o := range shown {
					v.operation(o)
				}
				v.End()
			}
		}
		if begun {
			v.End()
		}
	}
	return list.end()
}

// hidesHistory tells whether the history of a resource is not shown.
func (v viewer) hidesHistory(r *status.Resource) bool {
	if top := r.Top(); top.Variant == status.Group {
		return !v.Resources.has(r.PrintableID()) && !v.Resources.has(top.PrintableID())
	}
	return v.hides(r, true)
}

// resourceHistory prints how often a resource has failed and, as a heading, all that is to be
// said of its operations (resource_history_text, resource_history_xml).
func (v viewer) resourceHistory(r *status.Resource, id string, count int, last int64, heading bool) {
	threshold := strconv.Itoa(r.MigrationThreshold)
	if v.xml {
		e := v.begin("resource_history", "id", id, "orphan", "false", "migration-threshold", threshold)
		if count > 0 {
			e.Set("fail-count", strconv.Itoa(count))
		}
		if last > 0 {
			e.Set("last-failure", dateText(v.ws, last))
		}
		if !heading {
			v.pop()
		}
		return
	}
	text := id + ": migration-threshold=" + threshold
	if count > 0 {
		text += fmt.Sprintf(" fail-count=%d", count)
	}
	if last > 0 {
		text += " last-failure='" + dateText(v.ws, last) + "'"
	}
	if heading {
		v.Begin(text)
	} else {
		v.Item("%s", text)
	}
}

// shownOperation is an operation in a history.
type shownOperation struct {
	*status.HistoryEntry
	task     string
	interval string // in milliseconds, "" for none
	rc       int
}

// shownOperations are those that are shown: no notifications, and no probes that have found
// nothing (get_operation_list).
func shownOperations(sorted []*status.HistoryEntry) (shown []shownOperation) {
	for _, e := range sorted {
		o := shownOperation{HistoryEntry: e, task: e.Element.SelectAttrValue("operation", "")}
		o.rc, _ = strconv.Atoi(e.Element.SelectAttrValue("rc-code", ""))
		o.rc = max(o.rc, 0)
		if interval := e.Element.SelectAttrValue("interval", "0"); interval != "0" {
			o.interval = interval
		}
		if o.interval == "" && strings.EqualFold(o.task, status.ActionNameMonitor) {
			o.task = "probe"
		}
		if strings.EqualFold(o.task, "notify") || strings.EqualFold(o.task, "probe") && o.rc == status.OCFNotRunning {
			continue
		}
		shown = append(shown, o)
	}
	return shown
}

// operation prints an operation (op_history_text, op_history_xml).
func (v viewer) operation(o shownOperation) {
	attribute := func(name string) (value string, ok bool) {
		if a := o.Element.SelectAttr(name); a != nil {
			return a.Value, true
		}
		return "", false
	}
	call, hasCall := attribute("call-id")
	timing := v.Detail.Has(Timing)
	if v.xml {
		e := v.Element("operation_history")
		if hasCall {
			e.Set("call", call)
		}
		e.Set("task", o.task)
		e.Set("rc", strconv.Itoa(o.rc))
		e.Set("rc_text", status.ExitText(o.rc))
		if o.interval != "" {
			e.Set("interval", o.interval+"ms")
		}
		if !timing {
			return
		}
		if o.LastChange > 0 {
			e.Set("last-rc-change", dateText(v.ws, o.LastChange))
		}
		for _, name := range []string{"exec-time", "queue-time"} {
			if ms, ok := attribute(name); ok {
				e.Set(name, ms+"ms")
			}
		}
		return
	}
	if !hasCall {
		call = "(null)"
	}
	text := "(" + call + ") " + o.task
	if o.interval != "" || timing {
		text += ":"
	}
	if o.interval != "" {
		text += ` interval="` + o.interval + `ms"`
	}
	if timing {
		if o.LastChange > 0 {
			text += ` last-rc-change="` + dateText(v.ws, o.LastChange) + `"`
		}
		for _, name := range []string{"exec-time", "queue-time"} {
			if ms, ok := attribute(name); ok {
				text += " " + name + `="` + ms + `ms"`
			}
		}
		text += fmt.Sprintf(" rc=%d (%s)", o.rc, status.ExitText(o.rc))
	}
	v.Item("%s", text)
}
