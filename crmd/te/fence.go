package te

import (
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

const (
	// defaultAttempts is stonith-max-attempts where it is not a number above 0.
	defaultAttempts = 10
	// fencerGrace is how much later than it should the fencer may answer.
	fencerGrace = time.Minute
	// fencerPatience is how long a fencer that cannot be reached is waited for.
	fencerPatience = 58 * time.Second
	// syncSoon and syncLate are how long after a node has come, and after the fencer has, fencers tell each
	// other what they know: soon lets more nodes come, late lets the DC do it.
	syncSoon = 5 * time.Second
	syncLate = 30 * time.Second
)

// fencing is what is known of fencing.
type fencing struct {
	connected bool           // there is a fencer
	panics    bool           // when this node is told that it was fenced
	failures  map[string]int // in a row, by node
	calls     []fencingCall  // that the fencer has not answered
	cleanup   []string       // nodes whose fencing the next DC has to see to
	lastID    int
}

// fencingCall is a question to the fencer, or one that waits until there is one.
type fencingCall struct {
	id, call int
	key      string // of the action
	by       time.Time
	fence    *stonithwire.Fence
	options  stonithwire.CallOptions
	asked    bool
}

// overdue are the questions whose answers should have come.
func (f *fencing) overdue(now time.Time) (ids []int) {
	for _, c := range f.calls {
		if !c.by.IsZero() && !now.Before(c.by) {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// take removes a question, and tells whether it was open.
func (f *fencing) take(id int) (fencingCall, bool) {
	for i, c := range f.calls {
		if c.id == id {
			f.calls = append(f.calls[:i], f.calls[i+1:]...)
			return c, true
		}
	}
	return fencingCall{}, false
}

// tooMany tells whether fencing of a node, "" for any, has failed too often to try again
// (too_many_st_failures).
func (t *Transitioner) tooMany(target string) bool {
	const function = "too_many_st_failures"
	if target == "" {
		for node, n := range t.fencing.failures {
			if n >= t.options.FencingAttempts && (target == "" || node < target) {
				target = node
			}
		}
	}
	n := t.fencing.failures[target]
	if n < t.options.FencingAttempts || target == "" {
		return false
	}
	t.logf(loglevel.Warning, function, "Too many failures (%d) to fence %s, giving up", n, target)
	return true
}

// ForgetFencingFailures has failures of fencing a node, "" for all, not count any more
// (st_fail_count_reset).
func (t *Transitioner) ForgetFencingFailures(target string) {
	if target == "" {
		clear(t.fencing.failures)
		return
	}
	delete(t.fencing.failures, target)
}

// abortForFencing ends the transition because fencing has failed: for good if a node, "" for any, cannot be
// fenced (abort_for_stonith_failure).
func (t *Transitioner) abortForFencing(next transition.Next, target string, cause *transition.Action) {
	const function = "abort_for_stonith_failure"
	if next != transition.Wait && t.tooMany(target) {
		next = transition.Wait
	}
	if cause != nil {
		t.Abort(t.now, transition.Infinity, next, "Stonith failed", cause.Element, function)
		return
	}
	t.Abort(t.now, transition.Infinity, next, "Stonith failed", nil, function)
}

// fence is done by the fencer (controld_execute_fence_action).
func (t *Transitioner) fence(a *transition.Action) error {
	const function = "controld_execute_fence_action"
	target, action := a.Node(), a.Meta("stonith_action")
	if a.Attr("id") == "" || a.NodeID() == "" || action == "" || target == "" {
		t.logf(loglevel.Warning, function, "BadAction")
		return errBadAction
	}
	delay, told := a.Meta("priority-fencing-delay"), ""
	if delay != "" {
		told = " priority_delay=" + delay
	}
	t.logf(loglevel.Notice, function, "Requesting fencing (%s) of node %s | action=%s timeout=%d%s", action, target, a.Attr("id"), t.graph.FencingTimeout.Milliseconds(), told)
	f := &stonithwire.Fence{Target: target, Action: action, Timeout: int(t.graph.FencingTimeout / time.Second)}
	if n, ok := status.LeadingInt(delay); ok && n > 0 {
		f.Delay = int(n)
	}
	var options stonithwire.CallOptions
	if t.Controller.Joined() == 1 { // nobody else could
		options |= stonithwire.AllowSelf
	}
	t.fencing.lastID++
	t.fencing.calls = append(t.fencing.calls, fencingCall{id: t.fencing.lastID, key: t.key(a, 0), by: t.now.Add(fencerPatience), fence: f, options: options})
	if t.fencing.connected {
		t.askFencer()
	}
	return nil
}

// askFencer asks what has not been asked yet.
func (t *Transitioner) askFencer() {
	for i := range t.fencing.calls {
		c := &t.fencing.calls[i]
		if c.asked {
			continue
		}
		id, seconds := c.id, c.fence.Timeout
		c.asked, c.by = true, time.Time{}
		if seconds > 0 {
			c.by = t.now.Add(time.Duration(seconds)*time.Second + fencerGrace)
		}
		c.call = t.Host.Fence(c.fence, c.options, func(now time.Time, r stonithwire.Result) {
			t.now = now
			if c, ok := t.fencing.take(id); ok {
				t.fenced(c, r)
			}
		})
	}
}

// FencingTimeout says how long the fencer may need for a call after all (st_opt_timeout_updates).
func (t *Transitioner) FencingTimeout(now time.Time, call, seconds int) {
	t.now = now
	for i := range t.fencing.calls {
		if c := &t.fencing.calls[i]; c.call == call && seconds > 0 {
			c.by = now.Add(time.Duration(seconds)*time.Second + fencerGrace)
		}
	}
}

// fenceLate ends a question to the fencer that was not answered.
func (t *Transitioner) fenceLate(id int) {
	c, ok := t.fencing.take(id)
	switch {
	case !ok:
	case !c.asked:
		t.logf(loglevel.Error, "te_connect_stonith", "Could not connect to fencer")
		t.fenced(c, stonithwire.Result{Exit: crmexit.Error, Exec: stonithwire.ExecNotConnected})
	default:
		t.logf(loglevel.Error, "stonith_async_timeout_handler", "Async call %d timed out", c.call)
		t.fenced(c, stonithwire.Result{Exit: crmexit.Error, Exec: stonithwire.ExecTimeout, Reason: "Fencer accepted request but did not reply in time"})
	}
}

// fenced is an answer of the fencer (tengine_stonith_callback).
func (t *Transitioner) fenced(c fencingCall, r stonithwire.Result) {
	const function = "tengine_stonith_callback"
	if !t.Controller.IsDC() {
		t.logf(loglevel.Notice, function, "Result of fence operation %d: %d (%s) | key=%s", c.call, r.Exit, orElse(r.Reason, r.Exec.String()), c.key)
		return
	}
	number, id, _, by, ok := status.ParseTransitionKey(c.key)
	switch {
	case !ok || t.graph == nil:
		return
	case t.graph.Complete || number < 0 || by != t.uuid || t.graph.ID != id:
		t.logf(loglevel.Info, function, "Ignoring fence operation %d result: Not from current transition | complete=%t action=%d uuid=%s (vs %s) transition=%d (vs %d)",
			c.call, t.graph.Complete, number, by, t.uuid, id, t.graph.ID)
		return
	}
	a := t.graph.Action(number)
	if a == nil {
		t.logf(loglevel.Error, function, "Ignoring fence operation %d result: Action %d not found in transition graph (bug?) | uuid=%s transition=%d", c.call, number, by, id)
		return
	}
	target := a.Node()
	if r.Exit == crmexit.OK {
		t.logf(loglevel.Info, function, "Fence operation %d for %s succeeded", c.call, target)
		if !a.Confirmed {
			if strings.EqualFold(a.Meta("stonith_action"), "on") {
				t.unfenced(a)
			} else {
				t.noteFenced(target, a.NodeID())
			}
		}
		t.ForgetFencingFailures(target)
		t.confirm(a)
		return
	}
	reason := r.Reason
	if reason == "" {
		reason = r.Exec.String()
		if r.Exec == stonithwire.ExecDone {
			reason = "Agent returned error"
		}
	}
	next := transition.Restart
	if r.Exec == stonithwire.ExecNoFenceDevice { // nor will there be one in a moment
		t.logf(loglevel.Warning, function, "Fence operation %d for %s failed: %s (aborting transition and giving up for now)", c.call, target, reason)
		next = transition.Wait
	} else {
		t.logf(loglevel.Notice, function, "Fence operation %d for %s failed: %s (aborting transition)", c.call, target, reason)
	}
	t.fencing.failures[target]++
	a.Failed = true
	t.abortForFencing(next, target, nil)
	t.graph.Fail(a)
	t.trigger()
}

// unfenced notes with which devices' parameters a node was unfenced.
func (t *Transitioner) unfenced(a *transition.Action) {
	remote := t.Controller.Peers().FindRemote(a.NodeID()) != nil
	at := seconds(t.now)
	t.setAttribute(a.Node(), "#node-unfenced", &at, remote)
	for _, name := range []string{"digests-all", "digests-secure"} {
		var value *string
		if v, ok := a.Params[status.MetaName(name)]; ok {
			value = &v
		}
		t.setAttribute(a.Node(), "#"+name, value, remote)
	}
}

// FencerConnected says that there is a connection to the fencer (te_connect_stonith).
func (t *Transitioner) FencerConnected(now time.Time) {
	t.now = now
	t.syncLater(true)
	t.logf(loglevel.Notice, "te_connect_stonith", "Fencer successfully connected")
	t.fencing.connected = true
	t.askFencer()
}

// FencerLost says that the connection to the fencer has ended; required is that another is to be made
// (tengine_stonith_connection_destroy).
func (t *Transitioner) FencerLost(now time.Time, required bool) {
	const function = "tengine_stonith_connection_destroy"
	t.now = now
	t.StopFencingSync()
	if required {
		t.logf(loglevel.Crit, function, "Fencing daemon connection failed")
	} else {
		t.logf(loglevel.Info, function, "Fencing daemon disconnected")
	}
	t.fencing.connected, t.fencing.calls = false, nil
	if !t.Controller.IsDC() || t.graph == nil {
		return
	}
	var last *transition.Action
	for _, a := range t.graph.Unconfirmed() {
		if a.Kind == transition.Cluster && strings.EqualFold(a.Task(), taskFence) {
			t.logf(loglevel.Notice, "fail_incompletable_stonith", "Failing action %d (%s): fencer terminated", a.ID, a.Attr("id"))
			a.Failed = true
			if a.Executed {
				t.graph.Fail(a)
			}
			last = a
		}
	}
	if last != nil {
		t.logf(loglevel.Warning, "fail_incompletable_stonith", "Fencer failure resulted in unrunnable actions")
		t.abortForFencing(transition.Restart, "", last)
	}
	t.trigger()
}

// FencerEvent is what the fencer tells all who want to know (handle_fence_notification).
func (t *Transitioner) FencerEvent(now time.Time, n *stonithwire.Notification) {
	const function = "handle_fence_notification"
	t.now = now
	switch n.Kind {
	case stonithwire.NotifyHistorySynced:
		t.StopFencingSync()
		t.logf(loglevel.Debug, "tengine_stonith_history_synced", "Fence-history synced - cancel all timers")
		return
	case stonithwire.NotifyFence:
	default:
		return
	}
	by, client := orElse(n.Delegate, "the cluster"), orElse(n.Client, "a client")
	succeeded, exec := n.Result.OK(), n.Result.Exec
	if !succeeded && exec == stonithwire.ExecDone {
		exec = stonithwire.ExecError
	}
	t.Host.AlertFencing(n)
	if n.Action == "on" {
		if succeeded {
			t.logf(loglevel.Notice, function, "%s was unfenced by %s at the request of %s@%s", n.Target, by, client, n.Origin)
			return
		}
		why := exec.String()
		if n.Result.Reason != "" {
			why += ": " + n.Result.Reason
		}
		t.logf(loglevel.Error, function, "Unfencing of %s by %s failed (%s) with exit status %d", n.Target, by, why, n.Result.Exit)
		return
	}
	if succeeded && strings.EqualFold(n.Target, t.Controller.Self()) {
		// Either fencing does not work, or it does not cut this node off from the cluster.
		t.logf(loglevel.Crit, function, "We were allegedly just fenced by %s for %s!", by, n.Origin)
		if t.fencing.panics {
			t.Host.Panic()
		} else {
			t.Controller.Exit(crmexit.Fatal)
		}
		return
	}
	if !t.Controller.IsDC() { // which has counted already
		if succeeded {
			t.ForgetFencingFailures(n.Target)
		} else {
			t.fencing.failures[n.Target]++
		}
	}
	not, outcome := "", "OK"
	if !succeeded {
		not, outcome = " not", exec.String()
	}
	if n.Result.Reason != "" {
		outcome += " (" + n.Result.Reason + ")"
	}
	t.logf(loglevel.Notice, function, "Peer %s was%s terminated (%s) by %s on behalf of %s@%s: %s | event=%s", n.Target, not, n.Action, by, client, n.Origin, outcome, n.ID)
	if succeeded {
		t.peerFenced(n, client)
	}
}

// peerFenced draws the conclusions of another node's fencing.
func (t *Transitioner) peerFenced(n *stonithwire.Notification, client string) {
	const function = "handle_fence_notification"
	p := t.Controller.Peers().FindKnown(0, n.Target)
	if p == nil {
		return
	}
	dc := t.Controller.DC()
	switch {
	case t.Controller.IsDC():
		t.noteFenced(n.Target, p.UUID)
		if !strings.EqualFold(client, t.Client) {
			t.logf(loglevel.Info, function, "External fencing operation from %s fenced %s", client, n.Target)
			t.Abort(t.now, transition.Infinity, transition.Restart, "External Fencing Operation", nil, function)
		}
	case (dc == "" || strings.EqualFold(dc, n.Target)) && !p.Remote:
		was := "was"
		if dc == "" {
			was = "may have been"
		}
		t.logf(loglevel.Notice, function, "Fencing target %s %s our leader", n.Target, was)
		// One node writes it down at once, and if another becomes the DC, that does so too, as CIBs are
		// exchanged around an election.
		if strings.EqualFold(n.Delegate, t.Controller.Self()) {
			t.noteFenced(n.Target, p.UUID)
		}
		t.AddCleanup(n.Target)
	}
	if q := t.Controller.Peers().FindAny(0, p.Name); q != nil {
		t.Controller.PeerDown(q, true)
	}
}

// syncLater has fencers tell each other what they know in a while: soon after a node has come, or late
// after a connection was made (te_trigger_stonith_history_sync).
func (t *Transitioner) syncLater(late bool) {
	const function = "te_trigger_stonith_history_sync"
	if late {
		t.timers.syncLong = t.now.Add(syncLate)
		t.logf(loglevel.Info, function, "Fence history will be synchronized cluster-wide within 30 seconds")
		return
	}
	t.timers.syncShort = t.now.Add(syncSoon)
	t.logf(loglevel.Info, function, "Fence history will be synchronized cluster-wide within 5 seconds")
}

// SyncFencing has fencers tell each other what they know, five seconds after the last node has come.
func (t *Transitioner) SyncFencing(now time.Time) {
	t.now = now
	t.syncLater(false)
}

// StopFencingSync has fencers not tell each other anything for now.
func (t *Transitioner) StopFencingSync() {
	t.timers.syncShort, t.timers.syncLong = time.Time{}, time.Time{}
}

func (t *Transitioner) syncFencing() {
	if t.Host.SyncFencing() {
		t.StopFencingSync()
		return
	}
	t.logf(loglevel.Info, "do_stonith_history_sync", "Skip triggering stonith history-sync as stonith is disconnected")
}
