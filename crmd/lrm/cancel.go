package lrm

import (
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// cancel asks the executor to cancel what is pending, and tells whether it is about to. If not, the
// entry is to be removed, or the node could never leave. With remove its history goes
// from the CIB too (cancel_op).
func (l *Local) cancel(rscID, id string, callID int, remove bool) bool {
	const function = "cancel_op"
	p := l.memory.pending[id]
	if p == nil {
		l.logf(loglevel.Info, function, "No pending op found for %s", id)
		return false
	}
	if remove && !p.remove {
		p.remove = true
		l.logf(loglevel.Debug, function, "Scheduling %s for removal", id)
	}
	if p.cancelled {
		l.logf(loglevel.Debug, function, "Operation %s already cancelled", id)
		return false
	}
	p.cancelled = true
	l.logf(loglevel.Debug, function, "Cancelling op %d for %s (%s)", callID, rscID, id)
	if _, no := l.exec(&wire.Request{Op: wire.OpRscCancel, RscID: p.rscID, Action: p.task, Interval: int(p.intervalMS)}); no != 0 {
		l.logf(loglevel.Debug, function, "Op %d for %s (%s): Nothing to cancel", callID, rscID, id)
		return false
	}
	l.logf(loglevel.Debug, function, "Op %d for %s (%s): cancelled", callID, rscID, id)
	return true
}

// cancelKey cancels all operations of a key, and tells whether there are any (cancel_op_key).
func (l *Local) cancelKey(rscID, key string, remove bool) bool {
	done := false
	l.memory.dropPending(func(id string, p *pending) bool {
		if p.key != key {
			return false
		}
		done = true
		return !l.cancel(rscID, id, p.callID, remove)
	})
	return done
}

// cancelRequest cancels what a request says: all operations of a key, as a transitioner
// has it when an operation is not wanted any more, or one by its call's number, when nobody knows of it
// but the history. It tells whether the request is well-formed (do_lrm_cancel).
func (l *Local) cancelRequest(now time.Time, r *request, rsc registered) bool {
	const function = "do_lrm_cancel"
	params := child(r.xml, "attributes")
	task := attr(params, status.MetaName("operation"))
	interval, err := strconv.ParseUint(attr(params, status.MetaName("interval")), 10, 32)
	if params == nil || task == "" || err != nil {
		return false
	}
	key := status.Key(rsc.id, task, uint(interval))
	text := attr(params, status.MetaName("call-id"))
	shown := text
	if shown == "" {
		shown = "NA"
	}
	l.logf(loglevel.Debug, function, "Scheduler requested op %s (call=%s) be cancelled", key, shown)
	call := l.atLeast0(text)
	cancelling := false
	if call == 0 {
		cancelling = l.cancelKey(rsc.id, key, true)
	} else {
		cancelling = l.cancel(rsc.id, stopID(rsc.id, call), call, true)
	}
	if !cancelling {
		l.logf(loglevel.Info, function, "Nothing known about operation %d for %s", call, key)
		l.eraseByID(rsc.id, key, "", call)
		l.accept(now, r, rsc, task)
		l.memory.removePending(stopID(rsc.id, call))
		return true
	}
	if version := attr(params, "crm_feature_set"); featureset.Compare(version, "3.0.8") <= 0 {
		// Later ones see by the CIB that it is done.
		l.logf(loglevel.Info, function, "Sending compatibility ack for %s cancellation to %s (CRM version %s)", key, r.fromHost, version)
		l.accept(now, r, rsc, task)
	}
	return true
}

// accept answers a request with success (send_task_ok_ack).
func (l *Local) accept(now time.Time, r *request, rsc registered, task string) {
	e := l.construct(r.xml, rsc.id, task)
	e.set(status.OCFOK, status.ExecDone, "")
	l.acknowledge(now, r.fromHost, r.fromSys, &rsc.agent, e)
}
