package te

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// Transitioner carries out graphs.
type Transitioner struct {
	Config
	options Options
	uuid    string // of this transitioner, once it has been started
	now     time.Time

	active  bool
	graph   *transition.Graph // nil while it is not active
	jobs    transition.Jobs
	counted map[*transition.Action]bool // those that are in jobs
	// failedStop and failedStart are what the scheduler has last said of fail counts.
	failedStop, failedStart string
	recheckBy               int64

	triggered bool // the graph is to go on
	timers    timers
	fencing   fencing
	throttle  throttle
}

// New is a Transitioner that is not active.
func New(c Config) *Transitioner {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	t := &Transitioner{Config: c, options: Options{FencingAttempts: defaultAttempts}}
	t.fencing.failures = map[string]int{}
	t.throttle.peers = map[string]*peerLimit{}
	t.reset()
	return t
}

func (t *Transitioner) logf(level loglevel.Level, function, format string, args ...any) {
	if t.Log.Enabled(level) {
		loglevel.LogfAt(t.Log, level, function, format, args...)
	}
}

// SetOptions says what the cluster's options are.
func (t *Transitioner) SetOptions(o Options) {
	const function = "set_fence_reaction"
	if o.FencingAttempts < 1 {
		o.FencingAttempts = defaultAttempts
	}
	t.fencing.panics = strings.EqualFold(o.FenceReaction, "panic")
	if !t.fencing.panics && !strings.EqualFold(o.FenceReaction, "stop") {
		t.logf(loglevel.Warning, function, "Invalid value '%s' for fence-reaction, using 'stop'", o.FenceReaction)
	}
	t.options = o
	t.setJobMax(o.NodeActionLimit)
}

// reset forgets what belongs to a graph.
func (t *Transitioner) reset() {
	t.jobs.Reset()
	t.counted = map[*transition.Action]bool{}
	t.timers.actions = nil
}

// Start makes the Transitioner active, with nothing to carry out (do_te_control with A_TE_START).
func (t *Transitioner) Start(now time.Time) {
	const function = "do_te_control"
	t.now = now
	if t.active {
		t.logf(loglevel.Debug, function, "The transitioner is already active")
		return
	}
	if t.Controller.State() == fsa.SStopping {
		t.logf(loglevel.Info, function, "Ignoring request to start the transitioner while shutting down")
		return
	}
	if t.uuid == "" {
		t.uuid = t.Host.NewID()
		t.logf(loglevel.Info, function, "Registering TE UUID: %s", t.uuid)
	}
	t.logf(loglevel.Debug, function, "Transitioner is now active")
	t.active = true
	t.graph = transition.Blank()
	t.reset()
}

// Stop makes the Transitioner inactive: what is under way is forgotten (do_te_control with A_TE_STOP).
func (t *Transitioner) Stop(now time.Time) {
	t.now = now
	t.active, t.graph, t.triggered = false, nil, false
	t.reset()
	t.logf(loglevel.Info, "do_te_control", "Transitioner is now inactive")
}

// Complete tells whether there is nothing to carry out.
func (t *Transitioner) Complete() bool { return t.graph == nil || t.graph.Complete }

// GraphID is the number of the last graph, -1 without one.
func (t *Transitioner) GraphID() int {
	if t.graph == nil {
		return -1
	}
	return t.graph.ID
}

// RecheckBy is when the scheduler wants to look again, in seconds since 1970; 0 for never.
func (t *Transitioner) RecheckBy() int64 { return t.recheckBy }

// DownedBy is the action that was started and takes a node down, nil if the loss of the node is a
// surprise (match_down_event).
func (t *Transitioner) DownedBy(nodeID string) *transition.Action {
	const function = "match_down_event"
	if t.graph != nil {
		if a := t.graph.DownedBy(nodeID); a != nil {
			t.logf(loglevel.Debug, function, "Shutdown action %d (%s) found for node %s", a.ID, a.Key(), nodeID)
			return a
		}
	}
	t.logf(loglevel.Debug, function, "No reason to expect node %s to be down", nodeID)
	return nil
}

// refuse says that nothing is done about the graph because it is not this node's business.
func (t *Transitioner) refuse(action string) bool {
	if t.Controller.IsDC() && t.graph != nil && (action != "A_TE_INVOKE" || t.Controller.State() == fsa.STransitionEngine) {
		return false
	}
	t.logf(loglevel.Notice, "do_te_invoke", "No need to invoke the TE (%s) in state %v", action, t.Controller.State())
	return true
}

// Cancel ends the transition for another to be made (A_TE_CANCEL). It tells whether that takes time: the
// state machine stalls until then.
func (t *Transitioner) Cancel(now time.Time) bool {
	const function = "do_te_invoke"
	if t.refuse("A_TE_CANCEL") {
		return false
	}
	how := "active"
	if t.graph.Complete {
		how = "inactive"
	}
	t.logf(loglevel.Debug, function, "Cancelling the transition: %s", how)
	t.Abort(now, transition.Infinity, transition.Restart, "Peer Cancelled", nil, function)
	return !t.graph.Complete
}

// Halt ends the transition for good (A_TE_HALT), else as Cancel.
func (t *Transitioner) Halt(now time.Time) bool {
	if t.refuse("A_TE_HALT") {
		return false
	}
	t.Abort(now, transition.Infinity, transition.Wait, "Peer Halt", nil, "do_te_invoke")
	return !t.graph.Complete
}

// Invoke carries out the graph in the scheduler's answer (A_TE_INVOKE). expected is the reference of what
// was asked last, "" if no answer is waited for.
func (t *Transitioner) Invoke(now time.Time, answer *etree.Element, expected string) {
	const function = "do_te_invoke"
	t.now = now
	if t.refuse("A_TE_INVOKE") {
		return
	}
	data := crmmsg.ContentsOf(answer)
	if data == nil {
		t.logf(loglevel.Error, function, "Bad command: no transition graph")
		t.Controller.Input(fsa.CFSAInternal, fsa.IFail, function)
		return
	}
	if !t.graph.Complete {
		t.logf(loglevel.Info, function, "Another transition is already active")
		t.Abort(now, transition.Infinity, transition.Restart, "Transition Active", nil, function)
		return
	}
	ref := answer.SelectAttrValue(crmmsg.Reference, "")
	if expected == "" || ref != expected {
		t.logf(loglevel.Info, function, "Transition is redundant: %s expected but %s received", orElse(expected, "no reference"), orElse(ref, "no reference"))
		t.Abort(now, transition.Infinity, transition.Restart, "Transition Redundant", nil, function)
	}
	if !t.timers.transition.IsZero() {
		t.logf(loglevel.Debug, function, "The transitioner wait for a transition timer")
		return
	}
	source := answer.SelectAttrValue("crm-tgraph-in", "")
	g, problems, err := transition.Parse(data, source)
	if err != nil {
		t.logf(loglevel.Error, "pcmk__unpack_graph", "%v", err)
		g = transition.Blank()
	}
	for _, p := range problems {
		t.logf(loglevel.Warning, "unpack_action", "%s", p)
	}
	t.graph = g
	t.reset()
	if err != nil {
		return
	}
	t.logf(loglevel.Info, function, "Processing graph %d (ref=%s) derived from %s", g.ID, ref, source)
	if g.FailedStop != "" {
		t.failedStop = g.FailedStop
	}
	if g.FailedStart != "" {
		t.failedStart = g.FailedStart
	}
	t.recheckBy = g.RecheckBy
	t.trigger()
}

func orElse(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// trigger has the graph go on at the next Tick (trigger_graph).
func (t *Transitioner) trigger() { t.triggered = true }

// asleep tells whether the controller is in a state in which transitions are none of its business.
func (t *Transitioner) asleep() bool {
	switch t.Controller.State() {
	case fsa.SStarting, fsa.SPending, fsa.SNotDC, fsa.SHalt, fsa.SIllegal, fsa.SStopping, fsa.STerminate:
		return true
	}
	return false
}

// advance carries the graph on, and says so when it is complete (te_graph_trigger).
func (t *Transitioner) advance() {
	const function = "te_graph_trigger"
	if t.graph == nil {
		t.logf(loglevel.Debug, function, "Nothing to do")
		return
	}
	if t.asleep() {
		return
	}
	g := t.graph
	if !g.Complete {
		limit := g.BatchLimit
		g.BatchLimit = t.totalLimit(limit)
		status, failures := g.Advance(executor{t})
		g.BatchLimit = limit
		for _, f := range failures {
			t.logf(loglevel.Error, "fire_synapse", "Failed initiating <%s id=%d> in synapse: %v", f.Action.Element.Tag, f.Action.ID, f.Err)
		}
		text, level := g.Summary()
		t.logf(level, "pcmk__execute_graph", "%s", text)
		switch status {
		case transition.Active, transition.Pending:
			return
		case transition.Terminated:
			t.logf(loglevel.Warning, function, "Transition failed: terminated")
			t.logLeft()
		}
	}
	t.logf(loglevel.Debug, function, "Transition %d is now complete", g.ID)
	g.Complete = true
	t.complete()
}

// logLeft names the actions that will not happen.
func (t *Transitioner) logLeft() {
	const function = "pcmk__log_graph"
	g := t.graph
	n, _ := g.Len()
	t.logf(loglevel.Notice, function, "Graph %d with %d actions: batch-limit=%d jobs, network-delay=%dms", g.ID, n, g.BatchLimit, g.NetworkDelay.Milliseconds())
	for _, line := range g.Describe() {
		t.logf(loglevel.Notice, "log_synapse_action", "%s", line)
	}
}

// complete tells the state machine what is to come after a complete graph (notify_crmd).
func (t *Transitioner) complete() {
	const function = "notify_crmd"
	state := t.Controller.State()
	t.logf(loglevel.Debug, function, "Processing transition completion in state %v", state)
	id := t.graph.ID
	next, reason := t.graph.Settle()
	input := fsa.INull
	switch next {
	case transition.Done, transition.Wait:
		if state == fsa.STransitionEngine {
			input = fsa.ITESuccess
		}
	case transition.Restart:
		switch {
		case state == fsa.SPolicyEngine:
			t.Controller.InvokeScheduler()
		case state != fsa.STransitionEngine:
		case t.options.TransitionDelay > 0:
			t.delayTransition()
		default:
			input = fsa.IPECalc
		}
	case transition.Shutdown:
		input = fsa.IStop
		if !t.Controller.ShuttingDown() {
			t.logf(loglevel.Error, function, "We didn't ask to be shut down, yet the scheduler is telling us to")
			input = fsa.ITerminate
		}
	}
	t.logf(loglevel.Debug, function, "Transition %d status: %v - %s", id, next, orElse(reason, "unspecified reason"))
	t.Controller.TransitionEnded()
	if input != fsa.INull {
		t.Controller.Input(fsa.CFSAInternal, input, function)
	} else {
		t.Controller.Trigger()
	}
}

// PeerLost says that a node is gone for good: what was to happen there will not (fail_incompletable_actions).
// It tells whether that matters to the transition, which is aborted then.
func (t *Transitioner) PeerLost(now time.Time, p *peers.Peer) bool {
	const function = "fail_incompletable_actions"
	t.now = now
	if t.graph == nil {
		return false
	}
	lost := t.graph.Lost(p.UUID, func(node string) string {
		if q := t.Controller.Peers().Get(0, node); q != nil {
			return q.UUID
		}
		return ""
	})
	for _, a := range lost {
		t.stopTimer(a)
		t.uncount(a)
		if a.Executed {
			t.logf(loglevel.Notice, function, "Action %d (%s) was pending on %s (offline)", a.ID, a.Key(), p.UUID)
		} else {
			t.logf(loglevel.Info, function, "Action %d (%s) is scheduled for %s (offline)", a.ID, a.Key(), p.UUID)
		}
	}
	if len(lost) == 0 {
		return false
	}
	t.logf(loglevel.Info, function, "Node %s shutdown resulted in un-runnable actions", p.UUID)
	t.Abort(now, transition.Infinity, transition.Restart, "Node failure", lost[len(lost)-1].Element, function)
	return true
}

// ShutdownDone says that the node that an action has asked to leave has left (peer_update_callback).
func (t *Transitioner) ShutdownDone(now time.Time, a *transition.Action) {
	t.now = now
	t.graph.Confirm(a)
	t.trigger()
}
