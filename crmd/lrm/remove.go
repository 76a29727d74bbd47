package lrm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// deleteRequest deletes a resource if who asks for that may delete its history (do_lrm_delete).
func (l *Local) deleteRequest(now time.Time, r *request, rsc registered) {
	node := l.Controller.Self()
	l.mayClear(now, rsc.id, node, r.user, func(now time.Time, rc crmexit.RC) {
		if rc == crmexit.RCOK {
			l.delete(now, rsc.id, true, r.fromSys, r.user, r)
			return
		}
		e := l.construct(r.xml, rsc.id, status.ActionNameDelete)
		e.set(codeOf(rc), status.ExecError, "")
		l.acknowledge(now, r.fromHost, r.fromSys, nil, e)
	})
}

// mayClear finds out whether a user may delete a history.
func (l *Local) mayClear(now time.Time, rscID, node, user string, then func(now time.Time, rc crmexit.RC)) {
	const function = "controld_delete_resource_history"
	what := historyName(rscID, node)
	n := l.Host.CIB(historyDelete(rscID, node, user, call.DryRun), func(now time.Time, _ *etree.Element, err error) {
		rc := number(err)
		if rc == crmexit.RCOK {
			l.logf(loglevel.Debug, function, "Deletion of %s would succeed", what)
		} else {
			l.logf(loglevel.Error, function, "Could not delete resource status of %s on %s%s: %s | rc=%d", rscID, node, forUser(user), rc, int(rc))
		}
		then(now, rc)
	})
	if n < 1 {
		l.logf(loglevel.Error, function, "Unable to clear %s: no CIB connection", what)
		then(now, errNotConnected)
	}
}

// codeOf is a result as that of an agent (pcmk_rc2ocf).
func codeOf(rc crmexit.RC) int {
	switch rc {
	case crmexit.RCOK:
		return status.OCFOK
	case crmexit.RCBadNVPair:
		return status.OCFInvalidParam
	case errAccess:
		return status.OCFInsufficientPriv
	case errUnsupported:
		return status.OCFUnimplemented
	}
	return status.OCFError
}

// told sets what a request to clean up has come to (controld_rc2event).
func (e *event) told(rc crmexit.RC) {
	switch rc {
	case crmexit.RCOK:
		e.set(status.OCFOK, status.ExecDone, "")
	case errAccess:
		e.set(status.OCFInsufficientPriv, status.ExecError, "")
	default:
		e.set(status.OCFError, status.ExecError, "")
	}
}

// delete has the executor forget a resource, and then forgets it. The request, which may be nil, is
// answered when that is done (delete_resource).
func (l *Local) delete(now time.Time, id string, known bool, sys, user string, r *request) {
	const function = "delete_resource"
	as := ""
	if user != "" {
		as = " as " + user
	}
	l.logf(loglevel.Info, function, "Removing resource %s from executor for %s%s", id, sys, as)
	var no crmexit.RC
	if known {
		delete(l.agents, id)
		_, no = l.exec(&wire.Request{Op: wire.OpRscUnreg, RscID: id})
	}
	if no == errInProgress {
		l.logf(loglevel.Info, function, "Deletion of resource '%s' from executor is pending", id)
		if r != nil {
			l.memory.deletions = append(l.memory.deletions, deletion{id, r})
		}
		return
	}
	if no != 0 {
		l.logf(loglevel.Warning, function, "Could not delete '%s' from executor for %s%s: %s | rc=%d", id, sys, as, no, -int(no))
	}
	l.deleted(now, id, r, no, user)
}

// deleted forgets a resource that the executor has forgotten, and answers who has asked for that
// (delete_rsc_entry).
func (l *Local) deleted(now time.Time, id string, r *request, rc crmexit.RC, user string) {
	if rc == crmexit.RCOK {
		l.memory.removePast(id)
		l.clearHistory(id, l.Controller.Self(), user, l.cibOptions())
		l.memory.dropPending(func(_ string, p *pending) bool {
			if p.rscID != id {
				return false
			}
			l.logf(loglevel.Info, "lrm_remove_deleted_op", "Removing op %s:%d for deleted resource %s", p.key, p.callID, id)
			return true
		})
	}
	if r != nil {
		l.tellDeleted(now, r, id, rc)
	}
	waiting := l.memory.deletions
	l.memory.deletions = nil
	for _, d := range waiting {
		if d.rscID != id {
			l.memory.deletions = append(l.memory.deletions, d)
			continue
		}
		l.tellDeleted(now, d.request, id, rc)
	}
}

// tellDeleted answers a request to delete (notify_deleted).
func (l *Local) tellDeleted(now time.Time, r *request, id string, rc crmexit.RC) {
	not, where := "", attr(r.msg, crmmsg.HostFrom)
	host := where
	if where == "" {
		where = "localhost"
	}
	if rc != crmexit.RCOK {
		not = " not"
	}
	l.logf(loglevel.Info, "notify_deleted", "Notifying %s on %s that %s was%s deleted", r.fromSys, where, id, not)
	e := l.construct(r.xml, id, status.ActionNameDelete)
	e.told(rc)
	l.acknowledge(now, host, r.fromSys, nil, e)
	l.refreshAfter(now, r.fromSys, id)
}

// refreshAfter has a new transition made when a history was deleted without a transition's having it
// (controld_trigger_delete_refresh).
func (l *Local) refreshAfter(now time.Time, sys, id string) {
	if strings.EqualFold(sys, crmmsg.Transition) {
		return
	}
	l.logf(loglevel.Debug, "controld_trigger_delete_refresh", "Triggering a refresh after %s cleaned %s", sys, id)
	const name = "last-lrm-refresh"
	value := strconv.FormatInt(now.Unix(), 10)
	query := call.Request{
		Op: ops.Query, Section: "//cib/configuration/crm_config//cluster_property_set//nvpair[@name='" + name + "']",
		Options: call.XPath | call.ScopeLocal,
	}
	l.Host.CIB(query, func(_ time.Time, found *etree.Element, err error) {
		switch rc := number(err); {
		case rc == errNoSuch:
			found = nil
		case err != nil || found == nil || len(found.ChildElements()) > 0:
			return
		}
		pair := etree.NewElement("nvpair")
		whole := pair
		if found == nil {
			const set = "cib-bootstrap-options"
			whole = etree.NewElement("crm_config")
			inner := whole.CreateElement("cluster_property_set")
			inner.CreateAttr("id", set)
			inner.AddChild(pair)
			pair.CreateAttr("id", set+"-"+name)
		} else {
			pair.CreateAttr("id", attr(found, "id"))
		}
		pair.CreateAttr("name", name)
		pair.CreateAttr("value", value)
		l.Host.CIB(call.Request{Op: ops.Modify, Section: "crm_config", Data: whole, Options: call.QuorumOverride}, nil)
	})
}

// DeleteHistory clears a resource's history on a node that is not there, and answers a request for that: a
// message with the task lrm_delete and mode="cib" (handle_lrm_delete).
func (l *Local) DeleteHistory(now time.Time, msg *etree.Element) {
	const function = "handle_lrm_delete"
	xml := crmmsg.ContentsOf(msg)
	rsc := child(xml, "primitive")
	if rsc == nil {
		return
	}
	id, node, user, sys := attr(rsc, "id"), attr(xml, "on_node"), userOf(msg), attr(msg, crmmsg.SystemFrom)
	l.logf(loglevel.Debug, function, "Handling lrm_delete for %s on %s locally%s (clearing CIB resource history only)", id, node, forUser(user))
	l.mayClear(now, id, node, user, func(now time.Time, rc crmexit.RC) {
		if rc == crmexit.RCOK {
			l.clearHistory(id, node, user, l.cibOptions())
		}
		if sys == "" {
			return
		}
		host := attr(msg, crmmsg.HostFrom)
		where, not := host, ""
		if where == "" {
			where = "local node"
		}
		if rc != crmexit.RCOK {
			not = " not"
		}
		l.logf(loglevel.Info, function, "Notifying %s on %s that %s was%s deleted", sys, where, id, not)
		transition := attr(xml, "transition-key")
		if sys == crmmsg.Transition {
			transition = attr(msg, "transition-key")
		}
		if transition == "" {
			transition = history.NoTransitioner
		}
		e := &event{Result: history.Result{
			RscID: id, Task: status.ActionNameDelete, TransitionKey: transition, Params: map[string]string{"crm_feature_set": featureset.Current},
		}}
		e.told(rc)
		l.acknowledge(now, host, sys, nil, e)
		l.refreshAfter(now, sys, id)
	})
}

func historyName(rscID, node string) string {
	return fmt.Sprintf("resource history for %s on %s", rscID, node)
}

func forUser(user string) string {
	if user == "" {
		return ""
	}
	return " for user " + user
}

func historyDelete(rscID, node, user string, options call.Options) call.Request {
	path := fmt.Sprintf("//node_state[@uname='%s']/lrm/lrm_resources/lrm_resource[@id='%s']", node, rscID)
	return call.Request{Op: ops.Delete, Section: path, Options: options | call.XPath, User: user}
}

// clearHistory deletes a resource's history from the CIB (controld_delete_resource_history).
func (l *Local) clearHistory(rscID, node, user string, options call.Options) {
	const function = "controld_delete_resource_history"
	r := historyDelete(rscID, node, user, options)
	what := historyName(rscID, node)
	n := l.remove(r, what)
	if n < 1 {
		l.logf(loglevel.Error, function, "Unable to clear %s: no CIB connection", what)
		return
	}
	l.logf(loglevel.Info, function, "Clearing %s (via CIB call %d) | xpath=%s", what, n, r.Section)
}

// remove deletes something from the CIB and says how that went (cib_delete_callback).
func (l *Local) remove(r call.Request, what string) int {
	var n int
	n = l.Host.CIB(r, func(_ time.Time, _ *etree.Element, err error) {
		if err == nil {
			l.logf(loglevel.Debug, "cib_delete_callback", "Deletion of %s (via CIB call %d) succeeded", what, n)
			return
		}
		rc := number(err)
		l.logf(loglevel.Warning, "cib_delete_callback", "Deletion of %s (via CIB call %d) failed: %s | rc=%d", what, n, rc, int(rc.Legacy()))
	})
	return n
}

// eraseResult deletes from the CIB the entry that an operation was recorded in when it had begun
// (erase_lrm_history_by_op).
func (l *Local) eraseResult(e *event) {
	x := etree.NewElement("lrm_rsc_op")
	x.CreateAttr("call-id", strconv.Itoa(e.CallID))
	if e.TransitionKey != "" {
		x.CreateAttr("transition-key", e.TransitionKey)
	}
	if e.IntervalMS > 0 {
		// Not the last failure, which may be this operation's.
		x.CreateAttr("id", e.Key())
	}
	l.logf(loglevel.Debug, "erase_lrm_history_by_op", "Erasing resource operation history for %s (call=%d)", e.Key(), e.CallID)
	l.Host.CIB(call.Request{Op: ops.Delete, Section: "status", Data: x, Options: call.QuorumOverride}, nil)
}

// eraseByID deletes an entry of a resource from the CIB: only if it is of an operation, or of a call, if those are
// given (erase_lrm_history_by_id).
func (l *Local) eraseByID(rscID, id, operation string, callID int) {
	only := ""
	if callID > 0 {
		only = fmt.Sprintf(" and @call-id='%d'", callID)
	} else if operation != "" {
		only = fmt.Sprintf(" and @operation_key='%s'", operation)
	}
	path := fmt.Sprintf("/cib/status/node_state[@uname='%s']/lrm/lrm_resources/lrm_resource[@id='%s']/lrm_rsc_op[@id='%s'%s]",
		l.Controller.Self(), rscID, id, only)
	l.logf(loglevel.Debug, "erase_lrm_history_by_id", "Erasing resource operation history for %s on %s (call=%d)", id, rscID, callID)
	l.Host.CIB(call.Request{Op: ops.Delete, Section: path, Options: call.QuorumOverride | call.XPath}, nil)
}

// ClearLastFailure forgets the last failure of a resource on this node, here and in the CIB; if an operation is
// given only one of that and of its interval in milliseconds (lrm_clear_last_failure).
func (l *Local) ClearLastFailure(rscID, operation string, intervalMS uint) {
	key := ""
	if operation != "" {
		key = status.Key(rscID, operation, intervalMS)
	}
	l.eraseByID(rscID, status.Key(rscID, "last_failure", 0), key, 0)
	p := l.memory.past[rscID]
	if p != nil && p.failed != nil && (operation == "" || p.failed.is(operation) && p.failed.IntervalMS == intervalMS) {
		p.failed = nil
	}
}

// reprobe has all resources looked at anew: whatever is known of them goes (handle_reprobe_op, force_reprobe).
func (l *Local) reprobe(now time.Time, r *request) {
	const function = "force_reprobe"
	node := l.Controller.Self()
	l.logf(loglevel.Notice, "handle_reprobe_op", "Forcing the status of all resources to be redetected")
	l.logf(loglevel.Info, function, "Clearing resource history on node %s", node)
	for _, p := range l.memory.pasts() {
		l.delete(now, p.id, true, r.fromSys, r.user, nil)
	}
	what := "resource history for node " + node
	path := fmt.Sprintf("//node_state[@uname='%s']/lrm", node)
	n := l.remove(call.Request{Op: ops.Delete, Section: path, Options: call.ScopeLocal | call.QuorumOverride | call.XPath | call.Multiple}, what)
	l.logf(loglevel.Info, "controld_delete_node_state", "Deleting %s (via CIB call %d) | xpath=%s", what, n, path)
	l.tellProbed("", r.user)
	if slices.ContainsFunc([]string{crmmsg.Scheduler, crmmsg.Transition}, func(s string) bool { return strings.EqualFold(s, r.fromSys) }) {
		return
	}
	l.logf(loglevel.Debug, "handle_reprobe_op", "ACK'ing re-probe from %s (%s)", r.fromSys, r.fromHost)
	l.Controller.Route(now, l.Requests.Request(&crmmsg.Request{
		Function: "handle_reprobe_op", Task: TaskInvoke, HostTo: r.fromHost, SystemTo: r.fromSys, From: crmmsg.Executor, UUID: l.Controller.SelfID(),
	}, now))
}
