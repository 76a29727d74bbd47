package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// timer is a timer that puts an input when its time has come (fsa_timer_t).
type timer struct {
	at     time.Time // zero if it does not run
	period time.Duration
	pops   int
}

const (
	dcTimer timerID = iota // a DC has to make contact
	escalationTimer
	integrationTimer
	finalizationTimer
	waitTimer // before a connection is tried again
	recheckTimer
	numTimers
)

type timerID int

type timers [numTimers]timer

var timerNames = [numTimers]string{
	"Election Trigger", "Shutdown Escalation", "Integration Timer", "Finalization Timer", "Wait Timer", "Cluster Recheck Timer",
}

// timerInputs are what timers put. That of the finalization is an election, since a node may
// otherwise wait for ever for the rest of its join.
var timerInputs = [numTimers]fsa.Input{
	dcTimer: fsa.IDCTimeout, escalationTimer: fsa.IStop, integrationTimer: fsa.IIntegrated, finalizationTimer: fsa.IElection,
	waitTimer: fsa.INull, recheckTimer: fsa.IPECalc,
}

const (
	retryDelay       = 2 * time.Second
	schedulerTimeout = 2 * time.Minute
	// askAgain is how long the scheduler waits for other updates of the CIB at most.
	askAgain = time.Second
	// aloneDelay is how long a DC may take to answer where every node is known to be there.
	aloneDelay = time.Second
	// firstElection is how long an election may take before options have been read.
	firstElection = time.Minute
)

// never is the zero time.
func (*Controller) never() time.Time { return time.Time{} }

// start lets a timer run that does not already, if it has a period.
func (t *timers) start(id timerID, now time.Time) {
	if x := &t[id]; x.at.IsZero() && x.period > 0 {
		x.at = now.Add(x.period)
	}
}

// stop tells whether the timer ran.
func (t *timers) stop(id timerID) bool {
	ran := !t[id].at.IsZero()
	t[id].at = time.Time{}
	return ran
}

// controlTimer starts or stops a timer (do_timer_control).
func (c *Controller) controlTimer(a fsa.Actions, e *event) {
	switch a {
	case fsa.ADCTimerStop:
		c.timers.stop(dcTimer)
	case fsa.ADCTimerStart:
		c.timers.start(dcTimer, c.now)
		c.hurry()
		if c.IsDC() { // there can be only one
			c.Input(e.cause, fsa.IElection, "do_timer_control")
		}
	case fsa.AIntegrateTimerStop:
		c.timers.stop(integrationTimer)
	case fsa.AIntegrateTimerStart:
		c.timers.start(integrationTimer, c.now)
	case fsa.AFinalizeTimerStop:
		c.timers.stop(finalizationTimer)
	case fsa.AFinalizeTimerStart:
		c.timers.start(finalizationTimer, c.now)
	}
}

// hurry shortens the first wait for a DC where every node that there may be is in the process group. A DC
// that has been heard of, or is being elected, gets its time: it may be busy.
func (c *Controller) hurry() {
	t := &c.timers[dcTimer]
	if c.patient || t.at.IsZero() || len(c.cluster.Nodes) == 0 || !c.everybodyIsHere() {
		return
	}
	if soon := c.now.Add(aloneDelay); t.at.After(soon) {
		c.logf(loglevel.Info, "hurry", "All %d configured nodes are here: not waiting longer than %v for a DC", len(c.cluster.Nodes), aloneDelay)
		t.at = soon
	}
}

func (c *Controller) everybodyIsHere() bool {
	for _, n := range c.cluster.Nodes {
		if p := c.cluster.Peers.Find(n.ID, ""); p == nil || !p.Active() {
			return false
		}
	}
	return true
}

// startRecheck has the cluster looked at again after a time without events, or when the scheduler
// has asked for it (controld_start_recheck_timer).
func (c *Controller) startRecheck() {
	period := c.options.recheck
	if by := c.te.RecheckBy(); by > 0 {
		in := 500 * time.Millisecond
		if seconds := by - c.now.Unix(); seconds >= 1 {
			in = time.Duration(seconds) * time.Second
		}
		period = min(period, in)
	}
	if period > 0 {
		c.timers[recheckTimer].period = period
		c.timers.start(recheckTimer, c.now)
	}
}

// deadlines are all that Tick looks at.
func (c *Controller) deadlines() []time.Time {
	all := []time.Time{c.electionAt, c.scheduling.replyBy, c.scheduling.askAt, c.te.NextDeadline()}
	for i := range c.timers {
		all = append(all, c.timers[i].at)
	}
	return all
}

// NextDeadline is when Tick is due; zero if never.
func (c *Controller) NextDeadline() (next time.Time) {
	if c.exited {
		return next
	}
	for _, t := range c.deadlines() {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// Tick does what is due at a time.
func (c *Controller) Tick(now time.Time) {
	c.event(now, func() { c.tick(now) })
}

func (c *Controller) tick(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) && !c.exited }
	for id := range c.timers {
		if due(c.timers[id].at) {
			c.popped(timerID(id))
		}
	}
	if due(c.electionAt) {
		c.electionAt = time.Time{}
		c.elect(c.election.TimedOut())
	}
	if due(c.scheduling.askAt) {
		c.askAgain()
	}
	if due(c.scheduling.replyBy) {
		c.scheduling.replyBy = time.Time{}
		if c.IsDC() { // better fenced than in the way of the next DC
			c.exit(crmexit.Fatal)
		}
	}
	c.settle()
	if due(c.te.NextDeadline()) {
		c.te.Tick(now)
	}
}

// popped is the end of a timer (crm_timer_popped).
func (c *Controller) popped(id timerID) {
	const function = "crm_timer_popped"
	t, input := &c.timers[id], timerInputs[id]
	t.at = time.Time{}
	ms := t.period.Milliseconds()
	if id == integrationTimer || id == escalationTimer {
		c.logf(loglevel.Error, function, "%s just popped in state %v! | input=%v time=%dms", timerNames[id], c.state, input, ms)
	} else {
		c.logf(loglevel.Info, function, "%s just popped | input=%v time=%dms", timerNames[id], input, ms)
		t.pops++
	}
	if id == dcTimer {
		c.patient = true
	}
	if id == dcTimer && t.pops > 5 {
		c.logf(loglevel.Notice, function, "We appear to be in an election loop, something may be wrong")
		t.pops = 0
	}
	switch {
	case id == integrationTimer:
		n := c.join.count(c, welcomed)
		c.logf(loglevel.Info, function, "Welcomed: %d, Integrated: %d", n, c.join.count(c, integrated))
		if n == 0 { // not even ourselves: start again
			c.fail(fsa.IElection, nil, function)
		} else {
			c.push(&event{cause: fsa.CTimerPopped, input: input, origin: function})
		}
	case id == recheckTimer && c.state != fsa.SIdle, id == finalizationTimer && c.state != fsa.SFinalizeJoin:
		c.logf(loglevel.Debug, function, "Discarding %v event in state: %v", input, c.state)
	case input != fsa.INull:
		c.Input(fsa.CTimerPopped, input, function)
	}
	c.trigger()
}
