package te

import (
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Message is a message to the transitioner: a controller reports results that do not go into the CIB
// (process_te_message).
func (t *Transitioner) Message(now time.Time, e *etree.Element) {
	const function = "process_te_message"
	t.now = now
	for _, want := range []struct{ attr, what, value string }{
		{crmmsg.SystemTo, "subsystem '%s' not '%s'", crmmsg.Transition},
		{crmmsg.Task, "command '%s' not '%s'", taskInvoke},
		{crmmsg.SystemFrom, "from '%s' not '%s'", crmmsg.Executor},
	} {
		if is := e.SelectAttrValue(want.attr, ""); is != want.value {
			t.logf(loglevel.Info, function, "Received invalid transition request: "+want.what, is, want.value)
			return
		}
	}
	t.logf(loglevel.Debug, function, "Processing transition request with ref='%s' origin='%s'", e.SelectAttrValue(crmmsg.Reference, ""), e.SelectAttrValue("src", ""))
	if t.graph == nil {
		return
	}
	var results []*etree.Element
	if data := crmmsg.ContentsOf(e); data != nil {
		results = named(data, "lrm_rsc_op", nil)
	}
	if len(results) == 0 {
		t.logf(loglevel.Error, function, "Received transition request with no results (bug?)")
	}
	for _, r := range results {
		t.event(r, nodeOf(r))
	}
}

// named are the elements of a name in e and below, in order.
func named(e *etree.Element, tag string, found []*etree.Element) []*etree.Element {
	if e.Tag == tag {
		found = append(found, e)
	}
	for _, c := range e.ChildElements() {
		found = named(c, tag, found)
	}
	return found
}

// nodeOf is the id of the node whose state an element is in, "" if it is in none (get_node_id).
func nodeOf(e *etree.Element) string {
	if state := enclosing(e, "node_state"); state != nil {
		return state.SelectAttrValue("id", "")
	}
	return ""
}

// number is an attribute as crm_element_value_int reads it, -1 if there is none.
func number(e *etree.Element, name string) int {
	if n, ok := status.LeadingInt(e.SelectAttrValue(name, "")); ok {
		return int(n)
	}
	return -1
}

// event is a result of an operation on a node, which an entry of its history tells (process_graph_event).
func (t *Transitioner) event(e *etree.Element, nodeID string) {
	const function = "process_graph_event"
	about := transition.Event{
		Key: e.SelectAttrValue("operation_key", ""), NodeID: nodeID, TransitionKey: e.SelectAttrValue("transition-key", ""),
		Status: number(e, "op-status"), RC: number(e, "rc-code"),
	}
	v := t.graph.Judge(about, t.uuid)
	callID := number(e, "call-id")
	if v.Cancelled != nil {
		t.cancelled(v.Cancelled)
	}
	if v.Action != nil {
		t.stopTimer(v.Action)
		t.uncount(v.Action)
		t.trigger()
	}
	if v.Abort == "Bad event" {
		t.logf(loglevel.Error, function, "Can't process action %s result: Incompatible versions? | call-id=%d", about.Key, callID)
	}
	if v.Abort != "" {
		t.Abort(t.now, v.Priority, transition.Restart, v.Abort, e, function)
	}
	if v.Ignored || v.Abort == "Bad event" {
		return
	}
	what := orElse(about.Key, "unknown action")
	where := orElse(e.SelectAttrValue("on_node", ""), "unknown node")
	rc, want := lrmd.Code(v.RC), lrmd.Code(v.Expected)
	switch {
	case about.Status == int(lrmd.Invalid): // it was not even tried
		t.logf(loglevel.Info, function, "Transition %d action %d (%s on %s): %v", v.Transition, v.Number, what, where, lrmd.Invalid)
	case v.Foreign != "" && t.fail(e, nodeID, v):
		t.logf(loglevel.Notice, function, "Transition %d action %d (%s on %s): expected '%v' but got '%v' | target-rc=%d rc=%d call-id=%d event='%s'",
			v.Transition, v.Number, what, where, want, rc, v.Expected, v.RC, callID, v.Foreign)
	case v.Foreign != "":
		t.logf(loglevel.Info, function, "Transition %d action %d (%s on %s): %s | rc=%d target-rc=%d call-id=%d",
			v.Transition, v.Number, what, where, v.Foreign, v.RC, v.Expected, callID)
	case v.RC == v.Expected:
		t.logf(loglevel.Info, function, "Transition %d action %d (%s on %s) confirmed: %v | rc=%d call-id=%d",
			v.Transition, v.Number, what, where, rc, v.RC, callID)
	default:
		t.fail(e, nodeID, v)
		t.logf(loglevel.Notice, function, "Transition %d action %d (%s on %s): expected '%v' but got '%v' | target-rc=%d rc=%d call-id=%d",
			v.Transition, v.Number, what, where, want, rc, v.Expected, v.RC, callID)
	}
}

// cancelled says that an operation has been cancelled, which an action was about (confirm_cancel_action).
func (t *Transitioner) cancelled(a *transition.Action) {
	t.stopTimer(a)
	t.uncount(a)
	t.trigger()
	t.logf(loglevel.Info, "confirm_cancel_action", "Cancellation of %s on %s confirmed (action %d)", a.Key(), a.Node(), a.ID)
}

// fail has a failure counted, if results of its kind are (update_failcount). It tells whether the
// result is worth a notice.
func (t *Transitioner) fail(e *etree.Element, nodeID string, v transition.Verdict) bool {
	const function = "update_failcount"
	if v.RC == v.Expected {
		return false
	}
	key := e.SelectAttrValue("operation_key", "")
	node := t.Controller.Peers().NameOf(nodeID)
	if e.SelectAttrValue("crm-debug-origin", "") == "build_active_RAs" {
		t.logf(loglevel.Debug, function, "No update for %s (rc=%d) on %s: Old failure from lrm status refresh", key, v.RC, node)
		return false
	}
	if node == "" {
		return true
	}
	resource, task, interval, ok := status.ParseKey(key)
	if !ok {
		t.logf(loglevel.Error, function, "Couldn't parse: %s", e.SelectAttrValue("id", ""))
		return true
	}
	update, value := v.Outside, ""
	switch {
	case interval > 0, strings.EqualFold(task, "promote"), strings.EqualFold(task, "demote"):
		update = true
	case strings.EqualFold(task, "start"):
		update, value = true, orElse(t.failedStart, "INFINITY")
	case strings.EqualFold(task, "stop"):
		update, value = true, orElse(t.failedStop, "INFINITY")
	}
	if !update {
		return true
	}
	if value != "INFINITY" && value != "+INFINITY" {
		value = "value++"
	}
	what := "failcount"
	if v.IgnoreFailure {
		what = "last failure"
	}
	at := seconds(t.now)
	t.logf(loglevel.Info, function, "Updating %s for %s on %s after failed %s: rc=%d (update=%s, time=%s)", what, resource, node, task, v.RC, value, at)
	name := resource + "#" + task + "_" + strconv.FormatUint(uint64(interval), 10)
	remote := attrdwire.FlagOf(t.Controller.Peers().FindRemote(nodeID) != nil)
	attribute := func(name, value string) attrdwire.Attribute {
		return attrdwire.Attribute{Task: attrdwire.Update, Name: &name, Value: &value, Host: &node, Remote: remote, Private: attrdwire.No}
	}
	m := &attrdwire.Message{Origin: &t.Program, Task: attrdwire.Update, Values: []attrdwire.Attribute{attribute("last-failure-"+name, at)}}
	if !v.IgnoreFailure {
		m.Values = append(m.Values, attribute("fail-count-"+name, value))
	}
	t.Host.Attribute(m)
	return true
}

// setAttribute sets an attribute of a node (update_attrd).
func (t *Transitioner) setAttribute(node, name string, value *string, remote bool) {
	t.Host.Attribute(&attrdwire.Message{Origin: &t.Program, Task: attrdwire.Update, Attribute: attrdwire.Attribute{
		Name: &name, Value: value, Host: &node, Remote: attrdwire.FlagOf(remote), Private: attrdwire.No,
	}})
}
