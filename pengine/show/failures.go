package show

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// failedActions prints what has failed (failed_action_list).
func (v viewer) failedActions(spacer bool) bool {
	list := section{p: v.Printer, heading: "Failed Resource Actions", spacer: spacer}
	for _, f := range v.ws.Failures {
		if f.MasksProbeFailure() || !v.Nodes.hasFold(f.NodeName) {
			continue
		}
		resource, _, _, ok := status.ParseKey(f.Key())
		if !ok || !v.Resources.has(resource) {
			continue
		}
		list.begin()
		switch {
		case v.xml:
			v.failureXML(f)
		case v.Detail.Has(FailedDetail):
			v.Item("%s", v.failureDetail(f))
		default:
			v.Item("%s", v.failureSentence(f))
		}
	}
	return list.end()
}

// failureDetail is a failed action in technical terms (failed_action_technical).
func (v viewer) failureDetail(f *status.Failure) string {
	attribute := func(name string) string { return f.Element.SelectAttrValue(name, "") }
	call, where := attribute("call-id"), f.NodeName
	if call == "" {
		call = "unknown"
	}
	if where == "" {
		where = "unknown node"
	}
	text := fmt.Sprintf("%s on %s '%s' (%d): call=%s, status='%s'", f.Key(), where, status.ExitText(f.RC), f.RC, call, ExecText(f.Status))
	if f.ExitReason != "" {
		text += ", exitreason='" + f.ExitReason + "'"
	}
	if f.HasLastChange {
		text += ", last-rc-change='" + dateText(v.ws, f.LastChange) + "'"
	}
	if queued := attribute("queue-time"); queued != "" {
		text += ", queued=" + queued + "ms"
	}
	if exec := attribute("exec-time"); exec != "" {
		text += ", exec=" + exec + "ms"
	}
	return text
}

// failureSentence is a failed action in plain words (failed_action_friendly).
func (v viewer) failureSentence(f *status.Failure) string {
	resource, task, interval, _ := status.ParseKey(f.Key())
	var b strings.Builder
	b.WriteString(resource + " ")
	switch {
	case interval != 0:
		b.WriteString(readableInterval(uint64(interval)) + "-interval ")
	case strings.EqualFold(task, status.ActionNameMonitor):
		task = "probe"
	}
	b.WriteString(task + " on " + f.NodeName)
	if f.Status == status.ExecDone {
		b.WriteString(" returned '" + status.ExitText(f.RC) + "'")
		if f.ExitReason != "" {
			b.WriteString(" (" + f.ExitReason + ")")
		}
	} else {
		b.WriteString(" could not be executed (" + ExecText(f.Status))
		if f.ExitReason != "" {
			b.WriteString(": " + f.ExitReason)
		}
		b.WriteByte(')')
	}
	if f.HasLastChange {
		b.WriteString(" at " + dateText(v.ws, f.LastChange))
	}
	if ms, err := strconv.ParseUint(f.Element.SelectAttrValue("exec-time", ""), 10, 31); err == nil && ms > 0 {
		b.WriteString(" after " + readableInterval(ms))
	}
	return b.String()
}

// readableInterval is a span of time of ms milliseconds, with a unit for what is more than
// one of it (pcmk__readable_interval).
func readableInterval(ms uint64) string {
	const second = 1000
	var b strings.Builder
	for _, unit := range []struct {
		ms   uint64
		name byte
	}{{24 * 60 * 60 * second, 'd'}, {60 * 60 * second, 'h'}, {60 * second, 'm'}} {
		if ms > unit.ms {
			fmt.Fprintf(&b, "%d%c", ms/unit.ms, unit.name)
			ms %= unit.ms
		}
	}
	switch {
	case ms > second && ms%second > 0:
		fmt.Fprintf(&b, "%d.%03ds", ms/second, ms%second)
	case ms > second:
		fmt.Fprintf(&b, "%ds", ms/second)
	case ms > 0:
		fmt.Fprintf(&b, "%dms", ms)
	}
	return b.String()
}

// failureXML is a failed action (failed_action_xml).
func (v viewer) failureXML(f *status.Failure) {
	reason := f.ExitReason
	if f.Element.SelectAttr("exit-reason") == nil {
		reason = "none"
	}
	key := "op_key"
	if !f.HasOperationKey {
		key = "id"
	}
	e := v.Element("failure", key, f.Key(), "node", f.NodeName, "exitstatus", status.ExitText(f.RC), "exitreason", string(text.AppendEscaped(nil, reason, text.Faithful)),
		"exitcode", strconv.Itoa(f.RC), "call", f.Element.SelectAttrValue("call-id", ""), "status", ExecText(f.Status))
	if f.LastChange <= 0 {
		return
	}
	e.Set("last-rc-change", time.Unix(f.LastChange, 0).In(v.ws.Options.Now.Location()).Format("2006-01-02 15:04:05Z07:00"))
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

var execTexts = sync.OnceValue(func() map[int]string {
	return map[int]string{
		status.ExecPending: "pending", status.ExecDone: "complete", status.ExecCancelled: "Cancelled",
		status.ExecTimeout: "Timed Out", status.ExecNotSupported: "NOT SUPPORTED", status.ExecError: "Error",
		status.ExecErrorHard: "Hard error", status.ExecErrorFatal: "Fatal error", status.ExecNotInstalled: "Not installed",
		status.ExecNotConnected: "Internal communication failure", status.ExecInvalid: "Cannot execute now",
		status.ExecNoFenceDevice: "No fence device", status.ExecNoSecrets: "CIB secrets unavailable",
	}
})

// ExecText is what an operation's status means (pcmk_exec_status_str).
func ExecText(code int) string {
	if text, ok := execTexts()[code]; ok {
		return text
	}
	return "UNKNOWN!"
}
