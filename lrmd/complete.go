package lrmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// Complete takes the result of a Launch.
func (e *Executor) Complete(now time.Time, token Token, res *Result) []Effect {
	e.begin()
	r, ok := e.running[token]
	if !ok {
		return nil
	}
	delete(e.running, token)
	if r.c != nil {
		r.c.token = 0
		e.completed(now, r.c, res)
	}
	e.unblock(r.rscID)
	return e.end(now)
}

// unblock runs what waits for the process that held a lane (handle_blocked_ops).
func (e *Executor) unblock(id string) {
	l := e.lanes[id]
	l.token = 0
	for l.token == 0 && len(l.blocked) > 0 {
		c := l.blocked[0]
		l.blocked = l.blocked[1:]
		e.runOrBlock(c)
	}
	if l.token == 0 {
		delete(e.lanes, id)
	}
}

// completed is what a command's run means for it (action_complete).
func (e *Executor) completed(now time.Time, c *command, res *Result) {
	rsc := e.resources[c.rscID]
	if res.Unprepared {
		delete(e.recurring, c.key)
		c.setResult(Code(res.Code), res.Status, res.Reason)
		e.finalize(now, c, rsc)
		if rsc != nil && c.interval != 0 {
			rsc.recurring = remove(rsc.recurring, c)
		}
		return
	}
	if c.interval != 0 {
		c.repeat = e.timers.start(now, c.interval, func(time.Time) {
			c.repeat = nil
			e.logf(loglevel.Debug, "recurring_action_timer", "Scheduling another invocation of %s", c.op.Key())
			e.runOrBlock(c)
		})
	}
	c.pid = res.PID
	c.exit, c.class = res.Code, res.Class
	e.record(now, c, res.Class, res.Code)
	c.setResult(c.code, res.Status, res.Reason)
	if Is(res.Class, ClassSystemd) && rsc != nil && e.askAgain(now, rsc, c) {
		return
	}
	c.output = res.Stderr
	if c.output == "" {
		c.output = res.Stdout
	}
	e.finalize(now, c, rsc)
}

// askAgain has a unit that systemd has begun to start or to stop monitored until it is
// done, or the operation's time is over. It tells whether the command goes on.
func (e *Executor) askAgain(now time.Time, rsc *resource, c *command) bool {
	const function = "action_complete"
	elapsed := since(c.firstRun, now)
	left := c.timeoutAsked - elapsed
	switch {
	case c.ok() && (c.isAction("start") || c.isAction("stop")):
		c.realAction, c.action = c.action, "monitor"
	case c.realAction == "":
		return false
	case c.status == Pending, c.ok() && strings.EqualFold(c.realAction, "stop"):
	default:
		e.logf(loglevel.Debug, function, "%s systemd %s is now complete (elapsed=%dms, remaining=%dms): %s (%d)",
			c.rscID, c.realAction, elapsed, left, c.code, int(c.code))
		c.originalTimes()
		if c.status == Done && c.code == NotRunning {
			if strings.EqualFold(c.realAction, "start") {
				c.code = UnknownError
			} else if strings.EqualFold(c.realAction, "stop") {
				c.code = OK
			}
		}
		return false
	}
	delay := c.timeoutAsked / 10
	if delay >= left && left > 20 {
		delay = left / 2
	}
	delay = min(2000, delay)
	if delay >= left {
		e.logf(loglevel.Notice, function, "Giving up on %s %s (rc=%d): timeout (elapsed=%dms, remaining=%dms)", c.rscID, c.toldAction(), int(c.code), elapsed, left)
		c.setResult(UnknownError, TimedOut, "Investigate reason for timeout, and adjust configured operation timeout if necessary")
		c.originalTimes()
		return false
	}
	c.startDelay, c.timeout = delay, left
	if c.ok() {
		e.logf(loglevel.Debug, function, "%s %s may still be in progress: re-scheduling (elapsed=%dms, remaining=%dms, start_delay=%dms)", c.rscID, c.realAction, elapsed, left, delay)
	} else {
		e.logf(loglevel.Info, function, "%s %s is still in progress: re-scheduling (elapsed=%dms, remaining=%dms, start_delay=%dms)", c.rscID, c.action, elapsed, left, delay)
	}
	c.reset()
	if rsc.active == c {
		rsc.active = nil
	}
	e.schedule(now, rsc, c)
	return true
}

// finalize tells of a command that is done, and forgets it unless it recurs
// (cmd_finalize). A nil resource is one that has been unregistered.
func (e *Executor) finalize(now time.Time, c *command, rsc *resource) {
	if rsc != nil && rsc.active == c {
		rsc.active = nil
		e.touch(rsc)
	}
	c.timeout = c.timeoutAsked
	e.notify(now, c, rsc == nil)
	if c.interval != 0 && c.status != Cancelled {
		c.reset()
		return
	}
	e.timers.stop(c.delay)
	e.timers.stop(c.repeat)
	c.delay, c.repeat = nil, nil
	if rsc != nil {
		rsc.pending = remove(rsc.pending, c)
		if c.interval != 0 {
			rsc.recurring = remove(rsc.recurring, c)
		}
	}
}

// notify tells of a command that is done, unless only changes are wanted and there is none
// (send_cmd_complete_notify).
func (e *Executor) notify(now time.Time, c *command, deleted bool) {
	execTime, queueTime := since(c.run, now), 0
	if !c.run.IsZero() {
		queueTime = since(c.queued, c.run)
	}
	if level := levelOf(c); e.log.Enabled(level) {
		e.logFinished(level, c, execTime, queueTime)
	}
	if c.told && c.options&wire.NotifyChangesOnly != 0 && c.toldCode == c.code && c.toldStatus == c.status {
		return
	}
	c.told, c.toldCode, c.toldStatus = true, c.code, c.status
	n := Notify{Completion: wire.Completion{
		RscID: c.rscID, Action: c.toldAction(), UserData: c.userdata,
		Timeout: c.timeout, Interval: c.interval, StartDelay: c.startDelay,
		Code: int(c.code), Status: int(c.status), CallID: c.callID, Deleted: deleted,
		RunTime: c.lastRun, RCChange: c.rcChange, ExecTime: execTime, QueueTime: queueTime,
		Reason: c.reason, Output: c.output, Params: hashed(c.params),
	}}
	if c.options&wire.NotifyOriginOnly != 0 {
		n.ClientID = c.clientID
	}
	e.emit(n)
}

// hashed are parameters in the order of the reference's table of them.
func hashed(params []wire.Param) []wire.Param {
	keys := make([]string, len(params))
	for i, p := range params {
		keys[i] = p.Name
	}
	out := make([]wire.Param, 0, len(params))
	for _, i := range ghash.Order(keys) {
		out = append(out, params[i])
	}
	return out
}

func (e *Executor) logFinished(level loglevel.Level, c *command, execTime, queueTime int) {
	text := fmt.Sprintf("%s %s (call %d", c.rscID, c.action, c.callID)
	if c.pid != 0 {
		text += fmt.Sprintf(", PID %d", c.pid)
	}
	if c.status == Done {
		text += fmt.Sprintf(") exited with status %d", int(c.code))
	} else {
		text += ") could not be executed: " + c.status.String()
	}
	if c.reason != "" {
		text += " (" + c.reason + ")"
	}
	text += " (execution time " + iso8601.ReadableInterval(uint(max(0, execTime)))
	if queueTime > 0 {
		text += " after being queued " + iso8601.ReadableInterval(uint(queueTime))
	}
	loglevel.LogfAt(e.log, level, "log_finished", "%s)", text)
}
