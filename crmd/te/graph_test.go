package te_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Answers of the scheduler that are not what was asked for, or none.
func TestInvoke(t *testing.T) {
	w := newWorld(t, "node1")
	w.state = fsa.SIdle
	w.start()
	w.state = fsa.STransitionEngine
	w.te.Invoke(w.now, parse(t, `<m/>`), "x")
	w.te.Invoke(w.now, parse(t, `<m><crm_xml><transition_graph/></crm_xml></m>`), "x")
	w.expect(`
log 5 No need to invoke the TE (A_TE_INVOKE) in state S_IDLE
log 3 Bad command: no transition graph
input C_FSA_INTERNAL I_FAIL
log 6 Transition is redundant: x expected but no reference received
log 6 Transition -1 aborted: Transition Redundant | source=do_te_invoke complete=true
input C_FSA_INTERNAL I_PE_CALC
log 3 graph from unknown: no transition_id
`)
	w.start(synapse("0", operation("5", "start", "node1", "1"), ""))
	w.take()
	w.start()
	w.expect(`
log 6 Another transition is already active
log 5 Transition 3 aborted: Transition Active | source=do_te_invoke complete=false
`)
	w.dc = false
	if w.te.Halt(w.now) || w.te.Cancel(w.now) {
		t.Error("a node that does not lead waits")
	}
	w.expect(`
log 5 No need to invoke the TE (A_TE_HALT) in state S_TRANSITION_ENGINE
log 5 No need to invoke the TE (A_TE_CANCEL) in state S_TRANSITION_ENGINE
`)
}

// A transition that is cancelled or halted goes on until what is under way has ended.
func TestCancelAndHalt(t *testing.T) {
	two := []string{
		synapse("0", operation("5", "stop", "node1", "1"), ""),
		synapse("1", operation("6", "start", "node1", "1"), `<trigger><rsc_op id="5" operation="stop" operation_key="ip_stop_0"/></trigger>`),
	}
	for _, tt := range []struct {
		name, want string
		end        func(w *world) bool
	}{
		{"cancel", "log 5 Transition 3 aborted: Peer Cancelled | source=do_te_invoke complete=false|input C_FSA_INTERNAL I_PE_CALC", func(w *world) bool { return w.te.Cancel(w.now) }},
		{"halt", "log 5 Transition 3 aborted: Peer Halt | source=do_te_invoke complete=false|input C_FSA_INTERNAL I_TE_SUCCESS", func(w *world) bool { return w.te.Halt(w.now) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "node1")
			w.start(two...)
			w.take()
			if !tt.end(w) {
				t.Error("it does not wait")
			}
			before, after, _ := strings.Cut(tt.want, "|input")
			w.expect(before)
			w.result("1", entry("stop", "5", "0", "0", "node1"))
			w.expect(`
log 6 Transition 3 action 5 (ip_stop_0 on node1) confirmed: ok | rc=0 call-id=12
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=1, Incomplete=1, Source=pe-input-1.bz2): Stopped
input` + after)
			if tt.end(w) {
				t.Error("it waits for a transition that is complete")
			}
		})
	}
}

// A transition whose actions wait for what does not come is over, and says what is left.
func TestTerminated(t *testing.T) {
	w := newWorld(t, "node1")
	w.start(synapse("1", operation("6", "start", "node1", "1"), `<trigger><rsc_op id="7" operation="stop" operation_key="ip_stop_0"/></trigger>`))
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 4 Transition 3 (Complete=0, Pending=0, Fired=0, Skipped=0, Incomplete=1, Source=pe-input-1.bz2): Terminated
log 4 Transition failed: terminated
log 5 Graph 3 with 1 actions: batch-limit=0 jobs, network-delay=60000ms
log 5 [Action    6]: Pending resource op ip_start_0                     on node1 (priority: 0, waiting: none)
input C_FSA_INTERNAL I_TE_SUCCESS
`)
}

// A node that was unfenced is known to be, and with which parameters.
func TestUnfencing(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	on := strings.Replace(fenceNode2, `stonith_action="reboot"`, `stonith_action="on" CRM_meta_digests_all="f:x:1," CRM_meta_priority_fencing_delay="3"`, 1)
	w.start(synapse("1", on, ""))
	w.take()
	if f := w.fences[0].f; f.Delay != 3 || f.Action != "on" {
		t.Error(*f)
	}
	w.fences[0].then(w.now, stonithwire.Result{})
	w.after(0)
	w.expect(`
log 6 Fence operation 1 for node2 succeeded
attrd <create_attrd_op t="attrd" src="pacemaker-controld" attr_name="#node-unfenced" task="update" attr_value="1700000000" attr_host="node2" attr_is_remote="0" attr_is_private="0"/>
attrd <create_attrd_op t="attrd" src="pacemaker-controld" attr_name="#digests-all" task="update" attr_value="f:x:1," attr_host="node2" attr_is_remote="0" attr_is_private="0"/>
attrd <create_attrd_op t="attrd" src="pacemaker-controld" attr_name="#digests-secure" task="update" attr_host="node2" attr_is_remote="0" attr_is_private="0"/>
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_TE_SUCCESS
`)
	event := &stonithwire.Notification{Kind: stonithwire.NotifyFence, Target: "node2", Action: "on", Delegate: "node1", Origin: "node1", Client: "x"}
	w.te.FencerEvent(w.now, event)
	event.Result = stonithwire.Result{Exit: 1, Reason: "why"}
	w.te.FencerEvent(w.now, event)
	w.expect(`
alert on node2
log 5 node2 was unfenced by node1 at the request of x@node1
alert on node2
log 3 Unfencing of node2 by node1 failed (Error: why) with exit status 1
`)
}

// An action without timeout has the graph's delay twice.
func TestNoTimeout(t *testing.T) {
	w := newWorld(t, "node1")
	w.te.StopThrottling()
	w.start(synapse("0", strings.Replace(operation("5", "start", "node1", "1"), `CRM_meta_timeout="20000" `, "", 1), ""))
	if got := w.take(); !strings.Contains(got, "log 3 Action 5: ip_start_0 on node1 had an invalid timeout (0ms).  Using 60000ms instead") {
		t.Error(got)
	}
	if got := w.te.NextDeadline().Sub(w.now); got != 2*time.Minute {
		t.Error(got)
	}
}
