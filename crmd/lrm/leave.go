package lrm

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Disconnect is what a controller does of its resources before it ends the connection to the executor
// (do_lrm_control, A_LRM_DISCONNECT). It is not done, and to be tried again after something has happened, while
// operations are under way; must has it done all the same.
func (l *Local) Disconnect(now time.Time, must bool) (done bool) {
	const function = "do_lrm_control"
	if !l.verifyStopped(l.Controller.State(), loglevel.Info) && !must {
		return false
	}
	l.logf(loglevel.Info, function, "Disconnecting from the executor")
	was := l.connected
	l.connected = false
	if was && !l.Controller.ShuttingDown() {
		l.failPending(now)
	}
	l.forget()
	l.logf(loglevel.Notice, function, "Disconnected from the executor")
	return true
}

// failPending has what is under way end as failed, for nobody will hear what comes of it (fail_pending_op).
func (l *Local) failPending(now time.Time) {
	l.memory.dropPending(func(_ string, p *pending) bool {
		e := &event{}
		e.RscID, e.Task, e.TransitionKey, e.IntervalMS, e.CallID = p.rscID, p.task, p.transition, p.intervalMS, p.callID
		e.Run, e.Changed, e.Params = p.started, p.started, p.params
		e.set(status.OCFError, status.ExecNotConnected, "Action was pending when executor connection was dropped")
		l.process(now, e, p, nil, l.Controller.Self())
		return true
	})
}

// VerifyStopped cancels what recurs and tells whether nothing else is under way; what is, and what still runs, is
// logged, pending operations at a level. The first time that it is asked it is so whatever is under way
// (verify_stopped).
func (l *Local) VerifyStopped(now time.Time, state fsa.State, level loglevel.Level) bool {
	done := l.verifyStopped(state, level)
	l.sentStop = true
	return done
}

// verifyStopped is VerifyStopped but for what that keeps in mind (lrm_state_verify_stopped).
func (l *Local) verifyStopped(state fsa.State, level loglevel.Level) bool {
	const function = "lrm_state_verify_stopped"
	when := "lrm disconnect"
	l.logf(loglevel.Debug, function, "Checking for active resources before exit")
	if state == fsa.STerminate {
		level, when = loglevel.Error, "shutdown"
	} else if l.Controller.ShuttingDown() {
		when = "shutdown... waiting"
	}
	if l.connected {
		removed := l.memory.dropPending(func(id string, p *pending) bool {
			if p.intervalMS == 0 {
				return false
			}
			l.logf(loglevel.Info, "stop_recurring_actions", "Cancelling op %d for %s (%s)", p.callID, p.rscID, id)
			return !l.cancel(p.rscID, id, p.callID, false)
		})
		if left := len(l.memory.pending); removed > 0 || left > 0 {
			l.logf(loglevel.Notice, function, "Stopped %d recurring operation%s at %s (%d remaining)", removed, plural(removed), when, left)
		}
	}
	if n := l.Pending(); n > 0 {
		l.logf(level, function, "%d pending executor operation%s at %s", n, plural(n), when)
		if state != fsa.STerminate && l.sentStop {
			return false
		}
		for _, id := range l.memory.pendings() {
			l.logf(level, function, "Pending action: %s (%s)", id, l.memory.pending[id].key)
		}
		return true
	}
	if l.Controller.ShuttingDown() {
		when = "shutdown"
	}
	l.logActive(level, when)
	return true
}

// Pending is how many operations are under way that will end by themselves.
func (l *Local) Pending() int {
	n := 0
	for _, p := range l.memory.pending {
		if p.intervalMS == 0 {
			n++
		}
	}
	return n
}

// logActive says which resources a node leaves behind.
func (l *Local) logActive(level loglevel.Level, when string) {
	const function = "lrm_state_verify_stopped"
	n := 0
	for _, past := range l.memory.pasts() {
		if !past.active() {
			continue
		}
		n++
		found := loglevel.Trace
		if level == loglevel.Error {
			found = loglevel.Info
		}
		l.logf(found, function, "Found %s active at %s", past.id, when)
		for _, id := range l.memory.pendings() {
			p := l.memory.pending[id]
			if p.rscID != past.id {
				continue
			}
			what := "Recurring a"
			if p.intervalMS == 0 {
				what = "A"
			}
			l.logf(loglevel.Notice, function, "%sction %s (%s) incomplete at %s", what, id, p.key, when)
		}
	}
	switch {
	case n == 1:
		l.logf(loglevel.Error, function, "1 resource was active at %s", when)
	case n > 1:
		l.logf(loglevel.Error, function, "%d resources were active at %s", n, when)
	}
}
