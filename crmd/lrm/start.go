package lrm

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// longDelay is the start delay of a recurring operation, in milliseconds, beyond which a transition is
// not kept waiting for it.
const longDelay = 5 * 60 * 1000

// prepare has an operation carried out when what its agent says of itself is known: before a start it is
// asked for anew, for an agent may be another by then.
func (l *Local) prepare(now time.Time, r *request, rsc registered, operation string) {
	var md *metadata
	if operation != status.ActionNameStart {
		md = l.cached(rsc)
	}
	if md != nil || !needsMetadata(rsc.agent.class, operation) {
		l.run(now, rsc, r.xml, md)
		return
	}
	l.logf(loglevel.Info, "do_lrm_invoke", "Retrieving metadata for %s (%s) asynchronously", rsc.id, rsc.agent)
	l.Host.Metadata(rsc.agent.class, rsc.agent.provider, rsc.agent.kind, func(now time.Time, xml string, err error) {
		var md *metadata
		if err == nil {
			md = l.learn(rsc, xml)
		}
		l.run(now, rsc, r.xml, md)
	})
}

// run asks the executor for an operation (do_lrm_rsc_op).
func (l *Local) run(now time.Time, rsc registered, op *etree.Element, md *metadata) {
	const function = "do_lrm_rsc_op"
	operation, transition := attr(op, "operation"), attr(op, "transition-key")
	if transition == "" {
		l.logf(loglevel.Error, function, "Missing transition number: %s of %s", operation, rsc.id)
	}
	if operation == status.ActionNameReload || operation == status.ActionNameReloadAgent {
		// DCs before 2.1.0 ask for the one, later ones for the other: what counts is what there is.
		operation = status.ActionNameReloadAgent
		if md != nil && md.legacyReload {
			operation = status.ActionNameReload
		}
	}
	e := l.construct(op, rsc.id, operation)
	if e.IntervalMS == 0 && operation != status.ActionNameMonitor && operation != status.ActionNameNotify {
		l.stopRecurring(rsc.id, e, operation)
	}
	key := status.Key(rsc.id, operation, e.IntervalMS)
	l.logf(loglevel.Notice, function, "Requesting local execution of %s operation for %s on %s | transition_key=%s op_key=%s",
		shownTask(e.Task, e.IntervalMS), rsc.id, l.Controller.Self(), transition, key)
	if l.refuse(now, rsc, e, operation) {
		return
	}
	recorded := l.recordPending(now, rsc, e)
	if e.IntervalMS > 0 {
		// So that it can begin anew.
		l.cancelKey(rsc.id, e.Key(), false)
	}
	call, no := l.exec(&wire.Request{
		Op: wire.OpRscExec, Options: wire.NotifyChangesOnly, RscID: rsc.id, Action: e.Task, UserData: e.TransitionKey,
		Interval: int(e.IntervalMS), Timeout: e.timeout, StartDelay: e.startDelay, Params: listed(e.Params),
	})
	if no != 0 {
		l.logf(loglevel.Error, function, "Could not initiate %s action for resource %s locally: %s | rc=%d", operation, rsc.id, no, int(no))
		l.fake(now, e, status.ExecNotConnected, status.OCFError, no.String())
		l.process(now, e, nil, nil, l.Controller.Self())
		l.Controller.Input(fsa.CFSAInternal, fsa.IFail, function)
		return
	}
	p := &pending{
		rscID: rsc.id, task: operation, key: e.Key(), transition: e.TransitionKey, intervalMS: e.IntervalMS,
		callID: call, started: now.Unix(), params: e.Params, recorded: recorded,
	}
	if n, err := strconv.ParseInt(attr(op, "shutdown-lock"), 10, 64); err == nil {
		p.lock = n
	}
	l.memory.addPending(stopID(rsc.id, call), p)
	if e.IntervalMS > 0 && e.startDelay > longDelay {
		l.logf(loglevel.Info, function, "Faking confirmation of %s: execution postponed for over 5 minutes", key)
		rc := status.OCFOK
		if _, _, expected, _, ok := history.ParseKey(e.TransitionKey); ok {
			rc = expected
		}
		e.set(rc, status.ExecDone, "")
		l.acknowledge(now, "", "", &rsc.agent, e)
	}
}

// listed are parameters for the executor, sorted by name.
func listed(params map[string]string) []wire.Param {
	list := make([]wire.Param, 0, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		list = append(list, wire.Param{Name: name, Value: params[name]})
	}
	return list
}

// refuse answers an operation that cannot be begun as things are, and tells whether it has.
func (l *Local) refuse(now time.Time, rsc registered, e *event, operation string) bool {
	reason := ""
	state := l.Controller.State()
	if l.Controller.ShuttingDown() && strings.EqualFold(operation, status.ActionNameStart) {
		l.Controller.Input(fsa.CShutdown, fsa.IShutdown, "do_lrm_rsc_op")
		reason = "Not attempting start due to shutdown in progress"
	} else if state != fsa.SNotDC && state != fsa.SPolicyEngine && state != fsa.STransitionEngine &&
		!strings.EqualFold(operation, status.ActionNameStop) {
		reason = "Controller cannot attempt actions at this time"
	}
	if reason == "" {
		return false
	}
	l.logf(loglevel.Notice, "do_lrm_rsc_op", "Discarding attempt to perform action %s on %s in state %s (shutdown=%t)",
		operation, rsc.id, state, l.Controller.ShuttingDown())
	e.set(status.OCFError, status.ExecInvalid, reason)
	l.acknowledge(now, "", "", &rsc.agent, e)
	return true
}

// recordPending writes into the CIB that an operation has been begun, unless record-pending says
// not to, and gives what it has written (record_pending_op).
func (l *Local) recordPending(now time.Time, rsc registered, e *event) *event {
	if !recordable(e.Task) {
		return nil
	}
	if text, ok := e.Meta("record-pending"); ok && !status.IsTrue(text) {
		return nil
	}
	e.CallID = -1
	e.set(int(lrmd.UnknownCode), status.ExecPending, "")
	e.Run, e.Changed = now.Unix(), now.Unix()
	l.logf(loglevel.Debug, "record_pending_op", "Recording pending op %s on %s in the CIB", e.Key(), l.Controller.Self())
	l.record(now, l.Controller.Self(), &rsc.agent, e, 0)
	recorded := *e
	return &recorded
}

// recordable tells whether a task is one that histories have (controld_action_is_recordable).
func recordable(task string) bool {
	for _, other := range []string{status.ActionNameCancel, status.ActionNameDelete, status.ActionNameNotify, status.ActionNameMetadata} {
		if strings.EqualFold(task, other) {
			return false
		}
	}
	return true
}

// stopRecurring cancels the recurring operations of a resource that is about to change.
func (l *Local) stopRecurring(rscID string, e *event, operation string) {
	const function = "do_lrm_rsc_op"
	n := l.memory.dropPending(func(id string, p *pending) bool {
		if p.intervalMS == 0 || p.rscID != rscID {
			return false
		}
		l.logf(loglevel.Debug, "stop_recurring_action_by_rsc", "Cancelling op %d for %s (%s)", p.callID, p.rscID, id)
		return !l.cancel(rscID, id, p.callID, false)
	})
	if n > 0 {
		l.logf(loglevel.Debug, function, "Stopped %d recurring operation%s in preparation for %s", n, plural(n), status.Key(rscID, operation, e.IntervalMS))
	}
}

// fake gives an operation a result that is none of the executor's, with a call's number above those that
// have been (fake_op_status).
func (l *Local) fake(now time.Time, e *event, execution, rc int, reason string) {
	e.CallID = 999999999
	if p := l.memory.past[e.RscID]; p != nil {
		e.CallID = p.lastCall + 1
	}
	if e.CallID < 0 {
		e.CallID = 1
	}
	e.Run, e.Changed = now.Unix(), now.Unix()
	e.set(rc, execution, reason)
}

// synthesize has an operation that cannot be carried out at all end as if it had been
// (synthesize_lrmd_failure).
func (l *Local) synthesize(now time.Time, op *etree.Element, node string, execution, rc int, reason string) {
	const function = "synthesize_lrmd_failure"
	rsc, operation := attr(child(op, "primitive"), "id"), attr(op, "operation")
	switch {
	case rsc == "":
		l.logf(loglevel.Info, function, "Can't fake %s failure (%d) on %s without resource configuration", attr(op, "operation_key"), rc, node)
		return
	case operation == "":
		l.logf(loglevel.Info, function, "Can't fake %s failure (%d) on %s without operation", rsc, rc, node)
		return
	}
	e := l.construct(op, rsc, operation)
	if e.is(status.ActionNameNotify) {
		execution, rc, reason = status.ExecDone, status.OCFOK, ""
	}
	l.fake(now, e, execution, rc, reason)
	l.logf(loglevel.Info, function, "Faking %s result (%d) on %s", e.Key(), e.RC, node)
	l.process(now, e, nil, op, node)
}
