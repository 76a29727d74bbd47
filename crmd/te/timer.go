package te

import (
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// timers are the times at which something happens by itself; zero is never.
type timers struct {
	actions    []actionTimer
	transition time.Time // a new transition may begin (transition_timer)
	delayed    delayedAbort
	// syncShort and syncLong are when fencers shall tell each other what they know.
	syncShort, syncLong time.Time
	load                time.Time // to look how busy this node is
}

// actionTimer is when an action is given up.
type actionTimer struct {
	action *transition.Action
	at     time.Time
}

func (t *Transitioner) startTimer(a *transition.Action) {
	t.timers.actions = append(t.timers.actions, actionTimer{a, t.now.Add(a.Timeout + t.graph.NetworkDelay)})
}

func (t *Transitioner) stopTimer(a *transition.Action) {
	t.timers.actions = slices.DeleteFunc(t.timers.actions, func(x actionTimer) bool { return x.action == a })
}

// delayTransition puts a new transition off, again if it is already.
func (t *Transitioner) delayTransition() { t.timers.transition = t.now.Add(t.options.TransitionDelay) }

// NextDeadline is when Tick is due, zero if never.
func (t *Transitioner) NextDeadline() (next time.Time) {
	if t.triggered {
		return t.now
	}
	earlier := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, x := range t.timers.actions {
		earlier(x.at)
	}
	for _, c := range t.fencing.calls {
		earlier(c.by)
	}
	for _, at := range []time.Time{t.timers.transition, t.timers.delayed.at, t.timers.syncShort, t.timers.syncLong, t.timers.load} {
		earlier(at)
	}
	return next
}

// Tick does what is due, and has the graph go on if it may.
func (t *Transitioner) Tick(now time.Time) {
	t.now = now
	due := func(at *time.Time) bool {
		if at.IsZero() || now.Before(*at) {
			return false
		}
		*at = time.Time{}
		return true
	}
	for _, x := range slices.Clone(t.timers.actions) {
		if !now.Before(x.at) && slices.Contains(t.timers.actions, x) {
			t.late(x.action)
		}
	}
	if due(&t.timers.transition) {
		t.logf(loglevel.Info, "crm_timer_popped", "New Transition Timer just popped | input=I_PE_CALC time=%dms", t.options.TransitionDelay.Milliseconds())
		t.Controller.Input(fsa.CTimerPopped, fsa.IPECalc, "crm_timer_popped")
	}
	if d := t.timers.delayed; due(&t.timers.delayed.at) && t.Controller.IsDC() {
		t.Abort(now, d.priority, d.next, d.reason, nil, "abort_timer_popped")
	}
	for _, id := range t.fencing.overdue(now) {
		t.fenceLate(id)
	}
	if short, long := due(&t.timers.syncShort), due(&t.timers.syncLong); short || long {
		t.syncFencing()
	}
	if due(&t.timers.load) {
		t.measure()
	}
	if t.triggered {
		t.triggered = false
		t.advance()
	}
}

// late ends an action whose result has not come in time (action_timer_callback).
func (t *Transitioner) late(a *transition.Action) {
	const function = "action_timer_callback"
	t.stopTimer(a)
	via := orElse(a.Attr("router_node"), "controller")
	task := orElse(a.Task(), "unknown action")
	if t.graph.Complete {
		t.logf(loglevel.Notice, function, "Node %s did not send %s result (via %s) within %dms (ignoring because transition not in progress)",
			a.Node(), task, via, a.Timeout.Milliseconds())
		return
	}
	t.logf(loglevel.Error, function, "Node %s did not send %s result (via %s) within %dms (action timeout plus cluster-delay)",
		a.Node(), task, via, (a.Timeout + t.graph.NetworkDelay).Milliseconds())
	t.uncount(a)
	t.graph.Fail(a)
	t.trigger()
	t.Abort(t.now, transition.Infinity, transition.Restart, "Action lost", nil, function)
	if a.Kind == transition.Resource && recordable(task) {
		t.recordTimeout(a)
	}
}

// recordable tells whether an operation's result belongs into the history (controld_action_is_recordable).
func recordable(task string) bool {
	return !slices.Contains([]string{"cancel", "delete", "notify", "meta-data"}, task)
}
