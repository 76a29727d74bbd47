package show

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// failCounts prints how often resources have failed, node by node (node_summary).
func (p *Printer) failCounts(ws *status.WorkingSet, spacer bool) bool {
	list := section{p: p, heading: "Migration Summary", spacer: spacer}
	for _, h := range ws.History {
		n := ws.FindNodeID(h.NodeID)
		if n == nil || !n.Online {
			continue
		}
		list.begin()
		begun := false
		for _, rh := range h.Resources {
			r := ws.FindResource(rh.ID)
			if r == nil {
				continue
			}
			count, last := r.FailCount(n, 0, nil)
			if count <= 0 {
				continue
			}
			if !begun {
				p.beginNode(n)
				begun = true
			}
			if p.xml {
				e := p.Element("resource_history", "id", rh.ID, "orphan", "false",
					"migration-threshold", strconv.Itoa(r.MigrationThreshold), "fail-count", strconv.Itoa(count))
				if last > 0 {
					e.Set("last-failure", dateText(ws, last))
				}
				continue
			}
			text := fmt.Sprintf("%s: migration-threshold=%d fail-count=%d", rh.ID, r.MigrationThreshold, count)
			if last > 0 {
				text += " last-failure='" + dateText(ws, last) + "'"
			}
			p.Item("%s", text)
		}
		if begun {
			p.End()
		}
	}
	return list.end()
}

// failedActions prints what has failed, in technical terms (failed_action_list).
func (p *Printer) failedActions(ws *status.WorkingSet, spacer bool) bool {
	list := section{p: p, heading: "Failed Resource Actions", spacer: spacer}
	for _, f := range ws.Failures {
		if f.MasksProbeFailure() {
			continue
		}
		key := f.Key()
		if _, _, _, ok := status.ParseKey(key); !ok {
			continue
		}
		list.begin()
		if p.xml {
			p.failureXML(ws, f)
			continue
		}
		attribute := func(name string) string { return f.Element.SelectAttrValue(name, "") }
		call, where := attribute("call-id"), f.NodeName
		if call == "" {
			call = "unknown"
		}
		if where == "" {
			where = "unknown node"
		}
		text := fmt.Sprintf("%s on %s '%s' (%d): call=%s, status='%s'", key, where, status.ExitText(f.RC), f.RC, call, execText(f.Status))
		if f.ExitReason != "" {
			text += ", exitreason='" + f.ExitReason + "'"
		}
		if f.HasLastChange {
			text += ", last-rc-change='" + dateText(ws, f.LastChange) + "'"
		}
		if queued := attribute("queue-time"); queued != "" {
			text += ", queued=" + queued + "ms"
		}
		if exec := attribute("exec-time"); exec != "" {
			text += ", exec=" + exec + "ms"
		}
		p.Item("%s", text)
	}
	return list.end()
}

// failureXML is a failed action (failed_action_xml).
func (p *Printer) failureXML(ws *status.WorkingSet, f *status.Failure) {
	reason := f.ExitReason
	if f.Element.SelectAttr("exit-reason") == nil {
		reason = "none"
	}
	key := "op_key"
	if !f.HasOperationKey {
		key = "id"
	}
	e := p.Element("failure", key, f.Key(), "node", f.NodeName, "exitstatus", status.ExitText(f.RC), "exitreason", string(text.AppendEscaped(nil, reason, text.Faithful)),
		"exitcode", strconv.Itoa(f.RC), "call", f.Element.SelectAttrValue("call-id", ""), "status", execText(f.Status))
	if f.LastChange <= 0 {
		return
	}
	e.Set("last-rc-change", time.Unix(f.LastChange, 0).In(ws.Options.Now.Location()).Format("2006-01-02 15:04:05Z07:00"))
	for _, a := range [][2]string{{"queued", "queue-time"}, {"exec", "exec-time"}} {
		if at := f.Element.SelectAttr(a[1]); at != nil {
			e.Set(a[0], at.Value)
		}
	}
	e.Set("interval", strconv.FormatUint(uint64(f.IntervalMS), 10))
	e.Set("task", f.Task)
}

// dateText is a date of the epoch as ctime(3) has it.
func dateText(ws *status.WorkingSet, epoch int64) string {
	return time.Unix(epoch, 0).In(ws.Options.Now.Location()).Format(time.ANSIC)
}

var execTexts = map[int]string{
	status.ExecPending: "pending", status.ExecDone: "complete", status.ExecCancelled: "Cancelled",
	status.ExecTimeout: "Timed Out", status.ExecNotSupported: "NOT SUPPORTED", status.ExecError: "Error",
	status.ExecErrorHard: "Hard error", status.ExecErrorFatal: "Fatal error", status.ExecNotInstalled: "Not installed",
	status.ExecNotConnected: "Internal communication failure", status.ExecInvalid: "Cannot execute now",
	status.ExecNoFenceDevice: "No fence device", status.ExecNoSecrets: "CIB secrets unavailable",
}

// execText is what an operation's status means (pcmk_exec_status_str).
func execText(code int) string {
	if text, ok := execTexts[code]; ok {
		return text
	}
	return "UNKNOWN!"
}
