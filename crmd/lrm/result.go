package lrm

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Event takes what the executor tells: results of operations. An error is one that is
// malformed (lrm_op_callback).
func (l *Local) Event(now time.Time, x *etree.Element) error {
	c, ok, err := wire.ParseCompletion(x)
	if err != nil || !ok {
		return err
	}
	if c.RscID == "" || c.Action == "" {
		return fmt.Errorf("lrmd_rsc_id, lrmd_rsc_action: got %q, %q, want a resource and what was done", c.RscID, c.Action)
	}
	params := map[string]string{}
	for _, p := range c.Params {
		params[p.Name] = p.Value
	}
	l.process(now, &event{
		Result: history.Result{
			RscID: c.RscID, Task: c.Action, TransitionKey: c.UserData, IntervalMS: uint(c.Interval), CallID: c.CallID,
			RC: c.Code, Status: c.Status, Reason: c.Reason, Run: c.RunTime, Changed: c.RCChange,
			Exec: c.ExecTime, Queue: c.QueueTime, Params: params,
		},
		timeout: c.Timeout, startDelay: c.StartDelay, deleted: c.Deleted, output: c.Output,
	}, nil, nil, l.Controller.Self())
	return nil
}

// process takes a result, the executor's or one made up, of a node: this one or, if there is no
// executor for it, one through that. p is the operation, which stays pending if it is given; op the
// request, as far as it is known (process_lrm_event).
func (l *Local) process(now time.Time, e *event, p *pending, op *etree.Element, node string) {
	const function = "process_lrm_event"
	local := strings.EqualFold(node, l.Controller.Self())
	if featureset.Compare(l.Controller.DCVersion(), "3.2.0") < 0 {
		switch e.Status {
		case status.ExecNotConnected:
			e.set(connectionDied, status.ExecError, e.Reason)
		case status.ExecInvalid:
			e.set(directNack, status.ExecError, e.Reason)
		}
	}
	id, key := stopID(e.RscID, e.CallID), e.Key()
	rsc := l.agentOf(e, op, local)
	given := p != nil
	if p == nil && local {
		p = l.memory.pending[id]
	}
	if e.Status == status.ExecError {
		switch e.RC {
		case status.OCFNotRunning, status.OCFRunningPromoted, status.OCFDegraded, status.OCFDegradedPromoted:
			// Whether that is an error is for the scheduler to say.
			e.Status = status.ExecDone
		}
	}
	update := 0
	if l.conclude(now, e, p, rsc, node, &update) {
		l.acknowledge(now, "", "", nil, e)
	}
	confirmed := given
	if !given && local && (e.IntervalMS == 0 || e.Status == status.ExecCancelled) {
		found := l.memory.removePending(id)
		confirmed = e.IntervalMS != 0 || found
	}
	l.logResult(e, key, node, update, confirmed)
	if local {
		l.tell(e, rsc)
	}
	if e.deleted {
		l.logf(loglevel.Info, function, "Deletion of resource '%s' complete after %s", e.RscID, key)
		if local {
			l.deleted(now, e.RscID, nil, 0, "")
		}
	}
	l.Controller.Trigger()
	if local && rsc != nil {
		l.remember(*rsc, e)
	}
}

// What DCs before 3.2.0 know for an operation that could not be begun, and for one whose
// executor was not there.
const (
	directNack     = 99
	connectionDied = 189
)

// agentOf is the agent of a resource: as the executor knows it, or as a request has it; nil if neither does.
func (l *Local) agentOf(e *event, op *etree.Element, local bool) *agent {
	const function = "process_lrm_event"
	if local {
		if a, ok := l.info(e.RscID); ok {
			return &a
		}
	}
	if op == nil {
		return nil
	}
	x := child(op, "primitive")
	a := agent{attr(x, "class"), attr(x, "provider"), attr(x, "type")}
	if a.class == "" || a.kind == "" {
		l.logf(loglevel.Error, function, "Can't process %s result because %s agent information not cached or in XML", e.Key(), e.RscID)
		return nil
	}
	l.logf(loglevel.Info, function, "%s agent information not cached, using %s from action XML", e.RscID, a)
	return &a
}

// conclude records a result if it is one to record, and tells whether the transitioner is to be told
// instead. update is set to the number of the call to the CIB.
func (l *Local) conclude(now time.Time, e *event, p *pending, rsc *agent, node string, update *int) (answer bool) {
	const function = "process_lrm_event"
	key := e.Key()
	switch {
	case e.Status != status.ExecCancelled:
		if !recordable(e.Task) {
			return true
		}
		switch {
		case rsc != nil && node != "":
			lock := int64(0)
			if p != nil {
				lock = p.lock
			}
			*update = l.record(now, node, rsc, e, lock)
			return false
		case e.deleted:
			l.logf(loglevel.Notice, function, "Not recording %s result in CIB because resource information was removed since it was initiated", key)
		default:
			l.logf(loglevel.Error, function, "Unable to record %s result in CIB: %s", key, "No resource information")
		}
		return true
	case e.IntervalMS == 0:
		// It was still to begin when its resource was removed.
		return true
	case p == nil:
		// Nobody waits for it.
	case e.TransitionKey == "":
		l.logf(loglevel.Error, function, "Recurring operation %s was cancelled without transition information", key)
	case p.remove:
		l.eraseResult(e)
		// If it had failed it is in another entry, which stays, so that nobody would see that it
		// was cancelled.
		past := l.memory.past[p.rscID]
		return past != nil && past.failed != nil && past.failed.is(p.task) && past.failed.IntervalMS == p.intervalMS
	case e.deleted:
		l.logf(loglevel.Debug, function, "Recurring op %s was cancelled due to resource deletion", key)
		return true
	}
	return false
}

// logResult says what came of an operation (log_executor_event).
func (l *Local) logResult(e *event, key, node string, update int, confirmed bool) {
	const function = "log_executor_event"
	level := loglevel.Error
	outcome := lrmd.Status(e.Status).String()
	switch e.Status {
	case status.ExecDone:
		level, outcome = loglevel.Notice, lrmd.Code(e.RC).String()
	case status.ExecTimeout:
		outcome += " after " + iso8601.ReadableInterval(uint(max(e.timeout, 0)))
	case status.ExecCancelled:
		level = loglevel.Info
	}
	if e.Reason != "" && (e.Status != status.ExecDone || e.RC != status.OCFOK) {
		outcome += " (" + e.Reason + ")"
	}
	details := ""
	if update != 0 {
		details = fmt.Sprintf(" CIB update %d,", update)
	}
	un := "un"
	if confirmed {
		un = ""
	}
	details += fmt.Sprintf(" graph action %sconfirmed; call=%d key=%s", un, e.CallID, key)
	if e.Status == status.ExecDone {
		details += fmt.Sprintf(" rc=%d", e.RC)
	}
	l.logf(level, function, "Result of %s operation for %s on %s: %s |%s", shownTask(e.Task, e.IntervalMS), e.RscID, node, outcome, details)
	if e.output == "" || e.RC == status.OCFOK {
		return
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(e.output, "\n"), "\n") {
		l.logf(loglevel.Notice, function, "%s@%s output [ %s ]", key, node, line)
	}
}

// tell alerts who wants to know of a result; what an agent says of itself is kept instead.
func (l *Local) tell(e *event, rsc *agent) {
	if !e.is(status.ActionNameMetadata) {
		deleted := e.deleted
		l.Host.AlertResource(&alert.ResourceResult{
			Node: l.Controller.Self(), Expected: e.Expected(),
			Completion: wire.Completion{
				RscID: e.RscID, Action: e.Task, UserData: e.TransitionKey, Timeout: e.timeout, Interval: int(e.IntervalMS),
				StartDelay: e.startDelay, Code: e.RC, Status: e.Status, CallID: e.CallID, Deleted: deleted,
				RunTime: e.Run, RCChange: e.Changed, ExecTime: e.Exec, QueueTime: e.Queue, Reason: e.Reason, Output: e.output,
			},
		})
	} else if rsc != nil && e.RC == status.OCFOK {
		l.learn(registered{e.RscID, *rsc}, strings.ReplaceAll(e.output, `\n`, "\n "))
	}
}
