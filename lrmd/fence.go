package lrmd

import (
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// startFencing carries out an operation of a fence device (execute_stonith_action).
func (e *Executor) startFencing(now time.Time, rsc *resource, c *command) {
	var action FenceAction
	switch {
	case c.isAction("monitor") && c.interval == 0:
		e.fenced(now, c, &rsc.probe)
		return
	case c.isAction("monitor"):
		action = FenceMonitor
	case c.isAction("start"):
		action = FenceStart
	case c.isAction("stop"):
		action = FenceStop
	default:
		e.fenced(now, c, &FenceResult{Code: int(Unimplemented), Status: Failed, Reason: "Invalid fence device action (bug?)"})
		return
	}
	e.last++
	c.token = e.last
	e.fencing[c.token] = c
	e.emit(Fence{
		Token: c.token, Action: action, RscID: rsc.id, Provider: rsc.provider, Type: rsc.kind,
		TimeoutMilliseconds: c.timeout, Params: hashed(c.params),
	})
}

// Fenced takes the fencer's answer to a Fence.
func (e *Executor) Fenced(now time.Time, token Token, res *FenceResult) []Effect {
	e.begin()
	c := e.fencing[token]
	if c == nil {
		return nil
	}
	e.fenced(now, c, res)
	return e.end(now)
}

// fenced is what the fencer's answer means for a command (stonith_action_complete).
func (e *Executor) fenced(now time.Time, c *command, res *FenceResult) {
	delete(e.fencing, c.token)
	c.token = 0
	rsc := e.resources[c.rscID]
	if rsc != nil && rsc.active != c && !slices.Contains(rsc.recurring, c) {
		// It has been registered anew meanwhile.
		rsc = nil
	}
	code, status := OK, res.Status
	if res.Code != 0 {
		code = UnknownError
	}
	switch {
	case c.status == Cancelled: // while it was under way
		status = Cancelled
	case status == NotConnected, status == Invalid:
		status = Failed
	case status == NoFenceDevice:
		switch c.action {
		case "monitor":
			code = NotRunning
		case "stop":
			code = OK
		default:
			code = NotInstalled
		}
		status = Failed
	case status == NotSupported:
		code = Unimplemented
	}
	c.setResult(code, status, res.Reason)
	if rsc != nil && c.ok() {
		if c.isAction("start") {
			rsc.probe = FenceResult{Status: Done}
		} else if c.isAction("stop") {
			rsc.probe = FenceResult{Code: int(UnknownError), Status: NoFenceDevice}
		}
	}
	e.timers.stop(c.repeat)
	c.repeat = nil
	if rsc != nil && c.interval > 0 && c.status != Cancelled {
		c.repeat = e.timers.start(now, c.interval, func(at time.Time) {
			c.repeat = nil
			rsc.recurring = remove(rsc.recurring, c)
			rsc.pending = append(rsc.pending, c)
			c.enqueuedAt(at)
			e.touch(rsc)
		})
	}
	e.finalize(now, c, rsc)
}

// FencerLost fails what the fencer was asked for, and all that waits for it, and has
// probes say that nothing is known (stonith_connection_failed).
func (e *Executor) FencerLost(now time.Time) []Effect {
	e.begin()
	e.logf(loglevel.Warning, "stonith_connection_failed", "Connection to fencer lost (any pending operations for fence devices will be considered failed)")
	lost := FenceResult{Code: int(UnknownError), Status: NotConnected, Reason: "Lost connection to fencer"}
	for _, id := range e.order {
		rsc := e.resources[id]
		if rsc.class != ClassStonith {
			continue
		}
		if rsc.probe.Status == Done {
			rsc.probe = lost
		}
		for _, c := range append([]*command(nil), rsc.recurring...) {
			e.fenced(now, c, &lost)
		}
		if rsc.active != nil {
			e.fenced(now, rsc.active, &lost)
		}
		for len(rsc.pending) > 0 {
			c := rsc.pending[0]
			rsc.pending = rsc.pending[1:]
			e.timers.stop(c.delay)
			c.delay = nil
			e.fencedPending(now, rsc, c, &lost)
		}
	}
	return e.end(now)
}

// fencedPending fails a command that was never handed off; a recurring one waits for its
// interval all the same.
func (e *Executor) fencedPending(now time.Time, rsc *resource, c *command, res *FenceResult) {
	if c.interval > 0 {
		rsc.recurring = append(rsc.recurring, c)
	} else {
		rsc.active = c
	}
	e.fenced(now, c, res)
}
