package te_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// expect compares what was done with what should have been.
func (w *world) expect(want string) {
	w.t.Helper()
	if d := golden.Difference(strings.Split(w.take(), "\n"), strings.Split(strings.Trim(want, "\n"), "\n")); d != "" {
		w.t.Error(d)
	}
}

const (
	graphHead = `<transition_graph cluster-delay="60s" stonith-timeout="90s" failed-stop-offset="INFINITY" failed-start-offset="1" transition_id="3">`
	ipOn      = `<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/><attributes CRM_meta_on_node="%" CRM_meta_timeout="20000" ip="10.0.0.1"/></rsc_op>`
)

// synapse is one with an action.
func synapse(id, action, inputs string) string {
	return `<synapse id="` + id + `"><action_set>` + action + `</action_set><inputs>` + inputs + `</inputs></synapse>`
}

// operation is one of the resource ip on a node.
func operation(id, task, node, uuid string) string {
	return `<rsc_op id="` + id + `" operation="` + task + `" operation_key="ip_` + task + `_0" on_node="` + node + `" on_node_uuid="` + uuid + `">` + strings.ReplaceAll(ipOn, "%", node)
}

const fenceNode2 = `<crm_event id="4" operation="stonith" operation_key="stonith-node2-reboot" on_node="node2" on_node_uuid="2"><attributes CRM_meta_stonith_action="reboot" CRM_meta_on_node="node2"/><downed><node id="2"/></downed></crm_event>`

// entry is what an executor has written of an action of the third transition.
func entry(op, action, expected, rc, node string) string {
	return `<lrm_rsc_op id="ip_last_0" operation_key="ip_` + op + `_0" operation="` + op + `" crm-debug-origin="do_update_resource" transition-key="` + action + `:3:` + expected + `:` + theID + `" transition-magic="0:` + rc + `;x" on_node="` + node + `" call-id="12" rc-code="` + rc + `" op-status="0" interval="0"/>`
}

func (w *world) start(synapses ...string) {
	w.t.Helper()
	w.invoke(parse(w.t, graphHead+strings.Join(synapses, "")+`</transition_graph>`))
	w.after(0)
}

func (w *world) result(node, xml string) {
	w.te.CIBChanged(w.now, "cib_modify", patchset(node, parse(w.t, xml)))
	w.after(0)
}

// A resource moves: what nodes are asked for, to the letter.
func TestMove(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	w.start(
		synapse("0", operation("5", "start", "node1", "1"), `<trigger><rsc_op id="4" operation="stop" operation_key="ip_stop_0" on_node="node2" on_node_uuid="2"/></trigger>`),
		synapse("1", operation("4", "stop", "node2", "2"), ""),
	)
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 5 Initiating stop operation ip_stop_0 on node2 | action 4
send node2 lrmd <create_request_adv origin="execute_rsc_action" t="crmd" version="3.16.1" subt="request" reference="lrm_invoke-tengine-1700000000-0" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine" crm_host_to="node2"><crm_xml><rsc_op id="4" operation="stop" operation_key="ip_stop_0" on_node="node2" on_node_uuid="2" transition-key="4:3:0:11111111-2222-3333-4444-555555555555"><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/><attributes CRM_meta_on_node="node2" CRM_meta_timeout="20000" ip="10.0.0.1"/></rsc_op></crm_xml></create_request_adv>
`)
	w.result("2", entry("stop", "4", "0", "0", "node2"))
	w.result("2", entry("stop", "4", "0", "0", "node2"))
	w.expect(`
log 6 Transition 3 action 4 (ip_stop_0 on node2) confirmed: ok | rc=0 call-id=12
log 5 Initiating start operation ip_start_0 locally on node1 | action 5
send node1 lrmd <create_request_adv origin="execute_rsc_action" t="crmd" version="3.16.1" subt="request" reference="lrm_invoke-tengine-1700000000-1" crm_task="lrm_invoke" crm_sys_to="lrmd" crm_sys_from="tengine" crm_host_to="node1"><crm_xml><rsc_op id="5" operation="start" operation_key="ip_start_0" on_node="node1" on_node_uuid="1" transition-key="5:3:0:11111111-2222-3333-4444-555555555555"><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/><attributes CRM_meta_on_node="node1" CRM_meta_timeout="20000" ip="10.0.0.1"/></rsc_op></crm_xml></create_request_adv>
`)
	w.result("1", entry("start", "5", "0", "0", "node1"))
	w.expect(`
log 6 Transition 3 action 5 (ip_start_0 on node1) confirmed: ok | rc=0 call-id=12
log 5 Transition 3 (Complete=2, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_TE_SUCCESS
`)
	if w.te.NextDeadline() != w.now.Add(30*time.Second) { // but the load's
		t.Error(w.te.NextDeadline())
	}
}

// A failure is counted, by how the operation failed, and ends the transition.
func TestFailure(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	w.start(
		synapse("0", operation("5", "start", "node1", "1"), ""),
		synapse("1", operation("6", "monitor", "node1", "1"), `<trigger><rsc_op id="5" operation="start" operation_key="ip_start_0"/></trigger>`),
	)
	w.take()
	w.result("1", entry("start", "5", "0", "1", "node1"))
	w.expect(`
log 5 Transition 3 aborted by operation ip_start_0 'create' on node1: Event failed | magic=0:1;x cib=0.0.0 source=process_graph_event complete=false
log 6 Updating failcount for ip on node1 after failed start: rc=1 (update=value++, time=1700000000)
attrd <create_attrd_op t="attrd" src="pacemaker-controld" task="update"><op attr_name="last-failure-ip#start_0" task="update" attr_value="1700000000" attr_host="node1" attr_is_remote="0" attr_is_private="0"/><op attr_name="fail-count-ip#start_0" task="update" attr_value="value++" attr_host="node1" attr_is_remote="0" attr_is_private="0"/></create_attrd_op>
log 5 Transition 3 action 5 (ip_start_0 on node1): expected 'ok' but got 'error' | target-rc=0 rc=1 call-id=12
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=1, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_PE_CALC
`)
	w.result("1", entry("stop", "8", "0", "1", "node1"))
	w.expect(`
log 6 Transition 3 aborted by operation ip_stop_0 'create' on node1: Inactive graph | magic=0:1;x cib=0.0.0 source=process_graph_event complete=true
input C_FSA_INTERNAL I_PE_CALC
log 6 Updating failcount for ip on node1 after failed stop: rc=1 (update=INFINITY, time=1700000000)
attrd <create_attrd_op t="attrd" src="pacemaker-controld" task="update"><op attr_name="last-failure-ip#stop_0" task="update" attr_value="1700000000" attr_host="node1" attr_is_remote="0" attr_is_private="0"/><op attr_name="fail-count-ip#stop_0" task="update" attr_value="INFINITY" attr_host="node1" attr_is_remote="0" attr_is_private="0"/></create_attrd_op>
log 5 Transition 3 action 8 (ip_stop_0 on node1): expected 'ok' but got 'error' | target-rc=0 rc=1 call-id=12 event='arrived late'
`)
}

// An action whose result does not come is given up, and written down as failed.
func TestTimeout(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	w.te.StopThrottling()
	w.start(synapse("0", operation("5", "start", "node2", "2"), ""))
	w.after(80*time.Second - 1)
	w.take()
	w.after(1)
	w.expect(`
log 3 Node node2 did not send start result (via controller) within 80000ms (action timeout plus cluster-delay)
log 5 Transition 3 aborted: Action lost | source=action_timer_callback complete=false
log 4 rsc_op 5: ip_start_0 on node2 timed out
cib cib_modify status 0x100100 <node_state id="2" uname="node2"><lrm id="2"><lrm_resources><lrm_resource id="ip" type="IPaddr2" class="ocf" provider="heartbeat"><lrm_rsc_op id="ip_last_failure_0" operation_key="ip_start_0" operation="start" crm-debug-origin="controld_record_action_event" crm_feature_set="3.16.1" transition-key="5:3:0:11111111-2222-3333-4444-555555555555" transition-magic="2:1;5:3:0:11111111-2222-3333-4444-555555555555" exit-reason="Controller on node2 did not return result in time" on_node="node2" call-id="-1" rc-code="1" op-status="2" interval="0" last-rc-change="1700000080" exec-time="0" queue-time="0" op-digest="ba6a72f3ccfb84f58fad1ff6a1d34598"/><lrm_rsc_op id="ip_last_0" operation_key="ip_start_0" operation="start" crm-debug-origin="controld_record_action_event" crm_feature_set="3.16.1" transition-key="5:3:0:11111111-2222-3333-4444-555555555555" transition-magic="2:1;5:3:0:11111111-2222-3333-4444-555555555555" exit-reason="Controller on node2 did not return result in time" on_node="node2" call-id="-1" rc-code="1" op-status="2" interval="0" last-rc-change="1700000080" exec-time="0" queue-time="0" op-digest="ba6a72f3ccfb84f58fad1ff6a1d34598"/></lrm_resource></lrm_resources></lrm></node_state>
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_PE_CALC
`)
}

// Nothing starts before the node is fenced, and then the CIB knows of it.
func TestFence(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	start := synapse("0", operation("5", "start", "node1", "1"), `<trigger><crm_event id="4" operation="stonith"/></trigger>`)
	w.start(start, synapse("1", fenceNode2, ""))
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 5 Requesting fencing (reboot) of node node2 | action=4 timeout=90000
fence reboot node2 90+0 0x0
`)
	if a := w.te.DownedBy("2"); a == nil || a.ID != 4 {
		t.Error("the fencing is not known")
	}
	w.fences[0].then(w.now, stonithwire.Result{Exec: stonithwire.ExecTimeout, Exit: crmexit.Error})
	w.after(0)
	w.expect(`
log 5 Fence operation 1 for node2 failed: Timed Out (aborting transition)
log 5 Transition 3 aborted: Stonith failed | source=abort_for_stonith_failure complete=false
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=1, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_PE_CALC
`)
	w.start(start, synapse("1", fenceNode2, ""))
	w.take()
	w.fences[1].then(w.now, stonithwire.Result{})
	w.after(0)
	w.writes[0](w.now, nil, nil)
	if got := w.take(); !strings.HasPrefix(got, `log 6 Fence operation 2 for node2 succeeded
peer node2 down true
cib cib_modify status 0x100108 <node_state id="2" uname="node2" join="down" expected="down" crm-debug-origin="send_stonith_update"/>
forget node2
log 5 Initiating start operation ip_start_0 locally on node1 | action 5
send node1 `) || !strings.HasSuffix(got, "\nlog 6 Fencing update 3 for node2: complete") {
		t.Error(got)
	}
	w.writes[0](w.now, nil, errors.New("no"))
	w.expect(`
log 3 Fencing update 3 for node2: failed - no
log 5 Transition 3 aborted: CIB update failed | source=cib_fencing_updated complete=false
`)
}

// Fencing that fails too often is not tried again by itself, nor is one for which there is no device.
func TestFencingAttempts(t *testing.T) {
	fail := func(w *world, r stonithwire.Result) string {
		w.start(synapse("1", fenceNode2, ""))
		w.take()
		w.fences[len(w.fences)-1].then(w.now, r)
		w.after(0)
		lines := strings.Split(w.take(), "\n")
		return lines[len(lines)-1]
	}
	w := newWorld(t, "node1", "node2")
	failed := stonithwire.Result{Exit: crmexit.Error}
	for i, want := range []fsa.Input{fsa.IPECalc, fsa.IPECalc, fsa.ITESuccess} {
		if got := fail(w, failed); got != "input C_FSA_INTERNAL "+want.String() {
			t.Errorf("failure %d: %s", i+1, got)
		}
	}
	w.te.ForgetFencingFailures("node2")
	if got := fail(w, failed); !strings.HasSuffix(got, "I_PE_CALC") {
		t.Error("after forgetting:", got)
	}
	if got := fail(w, stonithwire.Result{Exit: crmexit.NoSuch, Exec: stonithwire.ExecNoFenceDevice}); !strings.HasSuffix(got, "I_TE_SUCCESS") {
		t.Error("without device:", got)
	}
	w.start(synapse("1", fenceNode2, ""))
	w.take()
	w.te.FencerLost(w.now, true)
	w.after(0)
	w.expect(`
log 2 Fencing daemon connection failed
log 5 Failing action 4 (4): fencer terminated
log 4 Fencer failure resulted in unrunnable actions
log 5 Transition 3 aborted by crm_event.4: Stonith failed | cib=0.0.0 source=abort_for_stonith_failure path=/crm_event[@id='4'] complete=false
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_PE_CALC
`)
	w.te.StopThrottling()
	w.start(synapse("1", fenceNode2, "")) // waits for the fencer
	w.after(50 * time.Second)
	asked := len(w.fences)
	w.te.FencerConnected(w.now)
	if w.te.StopFencingSync(); len(w.fences) != asked+1 {
		t.Error("the fencer is not asked when it is there")
	}
	w.te.FencingTimeout(w.now, w.calls, 200)
	w.after(260*time.Second - 1)
	w.take()
	w.after(1)
	if got := w.take(); !strings.Contains(got, "did not reply in time (aborting transition)") {
		t.Error(got)
	}
	w.te.FencerLost(w.now, true)
	w.start(synapse("1", fenceNode2, ""))
	w.take()
	w.after(time.Minute)
	if got := w.take(); !strings.Contains(got, "Fence operation 0 for node2 failed: Internal communication failure (aborting transition)") {
		t.Error(got)
	}
}

// What the fencer tells of: another node, the leader, this one.
func TestFencerEvents(t *testing.T) {
	w := newWorld(t, "node1", "node2", "node3")
	event := func(target string, r stonithwire.Result) {
		w.te.FencerEvent(w.now, &stonithwire.Notification{
			Kind: stonithwire.NotifyFence, Result: r, Target: target, Action: "reboot", Delegate: "node1", Origin: "node3", Client: "pacemaker-controld.9", ID: "abc",
		})
		w.after(0)
	}
	event("node2", stonithwire.Result{Exec: stonithwire.ExecNoFenceDevice, Exit: crmexit.NoSuch, Reason: "none"})
	w.expect(`
alert reboot node2
log 5 Peer node2 was not terminated (reboot) by node1 on behalf of pacemaker-controld.9@node3: No fence device (none) | event=abc
`)
	event("node2", stonithwire.Result{})
	w.expect(`
alert reboot node2
log 5 Peer node2 was terminated (reboot) by node1 on behalf of pacemaker-controld.9@node3: OK | event=abc
peer node2 down true
cib cib_modify status 0x100108 <node_state id="2" uname="node2" join="down" expected="down" crm-debug-origin="send_stonith_update"/>
forget node2
log 6 External fencing operation from pacemaker-controld.9 fenced node2
log 6 Transition -1 aborted: External Fencing Operation | source=handle_fence_notification complete=true
input C_FSA_INTERNAL I_PE_CALC
peer node2 down true
`)
	w.dc, w.leads, w.state = false, "node3", fsa.SNotDC
	event("node3", stonithwire.Result{})
	w.expect(`
alert reboot node3
log 5 Peer node3 was terminated (reboot) by node1 on behalf of pacemaker-controld.9@node3: OK | event=abc
log 5 Fencing target node3 was our leader
peer node3 down true
cib cib_modify status 0x100108 <node_state id="3" uname="node3" join="down" expected="down" crm-debug-origin="send_stonith_update"/>
forget node3
peer node3 down true
`)
	w.te.RunCleanup(w.now)
	w.te.RunCleanup(w.now)
	w.expect(`
log 5 Marking node3, target of a previous stonith action, as clean
peer node3 down true
cib cib_modify status 0x100108 <node_state id="3" uname="node3" join="down" expected="down" crm-debug-origin="send_stonith_update"/>
forget node3
`)
	event("node1", stonithwire.Result{})
	w.te.SetOptions(te.Options{FenceReaction: "panic"})
	event("node1", stonithwire.Result{})
	w.expect(`
alert reboot node1
log 2 We were allegedly just fenced by node1 for node3!
exit 100
alert reboot node1
log 2 We were allegedly just fenced by node1 for node3!
panic
`)
	w.te.StopThrottling()
	w.te.FencerConnected(w.now)
	w.te.SyncFencing(w.now)
	w.take()
	w.after(4 * time.Second)
	w.te.SyncFencing(w.now)
	w.after(5*time.Second - 1)
	w.noFencer = true
	w.after(time.Minute)
	w.expect(`
log 6 Fence history will be synchronized cluster-wide within 5 seconds
sync fencing
log 6 Skip triggering stonith history-sync as stonith is disconnected
sync fencing
log 6 Skip triggering stonith history-sync as stonith is disconnected
`)
}

// Cluster actions: another node's shutdown, this one's, and what is to be done by the node that has the CIB.
func TestClusterActions(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	shutdown := func(id, node, uuid string) string {
		return synapse(id, `<crm_event id="`+id+`" operation="do_shutdown" operation_key="do_shutdown-`+node+`" on_node="`+node+`" on_node_uuid="`+uuid+`"><attributes CRM_meta_op_no_wait="true"/><downed><node id="`+uuid+`"/></downed></crm_event>`, "")
	}
	w.start(shutdown("1", "node2", "2"))
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 6 Handling controller request '1' (do_shutdown on node2) without waiting
expect node2 down
send node2 crmd <create_request_adv origin="execute_cluster_action" t="crmd" version="3.16.1" subt="request" reference="do_shutdown-tengine-1700000000-0" crm_task="do_shutdown" crm_sys_to="crmd" crm_sys_from="tengine" crm_host_to="node2" transition-key="1:3:0:11111111-2222-3333-4444-555555555555"><crm_xml><crm_event id="1" operation="do_shutdown" operation_key="do_shutdown-node2" on_node="node2" on_node_uuid="2"><attributes CRM_meta_op_no_wait="true"/><downed><node id="2"/></downed></crm_event></crm_xml></create_request_adv>
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_TE_SUCCESS
`)
	w.shuttingDown = true
	w.start(shutdown("1", "node1", "1"))
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 6 Handling controller request '1' (do_shutdown on node1) locally without waiting
log 6 Controller request '1' is a local shutdown
log 5 Transition 3 (Complete=1, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=pe-input-1.bz2): Complete
input C_FSA_INTERNAL I_STOP
`)
	w.start(
		synapse("0", `<crm_event id="2" operation="lrm_delete" operation_key="ip_delete_0" mode="cib" on_node="node2" on_node_uuid="2"><attributes CRM_meta_timeout="20000"/></crm_event>`, ""),
		synapse("1", `<pseudo_event id="3" operation="maintenance_nodes" operation_key="maintenance_nodes"><maintenance/></pseudo_event>`, ""),
	)
	w.expect(`
log 6 Processing graph 3 (ref=pe_calc-dc-1-1) derived from pe-input-1.bz2
log 6 Handling controller request '2' (lrm_delete on node2) locally
send node1 crmd <create_request_adv origin="execute_cluster_action" t="crmd" version="3.16.1" subt="request" reference="lrm_delete-tengine-1700000000-1" crm_task="lrm_delete" crm_sys_to="crmd" crm_sys_from="tengine" crm_host_to="node1" transition-key="2:3:0:11111111-2222-3333-4444-555555555555"><crm_xml><crm_event id="2" operation="lrm_delete" operation_key="ip_delete_0" mode="cib" on_node="node2" on_node_uuid="2"><attributes CRM_meta_timeout="20000"/></crm_event></crm_xml></create_request_adv>
send node2 crmd <create_request_adv origin="execute_pseudo_action" t="crmd" version="3.16.1" subt="request" reference="maintenance_nodes-tengine-1700000000-2" crm_task="maintenance_nodes" crm_sys_to="crmd" crm_sys_from="tengine" crm_host_to="node2"><crm_xml><pseudo_event id="3" operation="maintenance_nodes" operation_key="maintenance_nodes"><maintenance/></pseudo_event></crm_xml></create_request_adv>
`)
	w.refuse = true
	w.te.Stop(w.now)
	w.te.Start(w.now)
	w.start(shutdown("1", "node2", "2"))
	if got := w.take(); !strings.Contains(got, "log 3 Action 1 failed: send") || !strings.HasSuffix(got, "input C_FSA_INTERNAL I_TE_SUCCESS") {
		t.Error(got)
	}
}

// What the CIB's changes mean to a transition.
func TestChanges(t *testing.T) {
	const path = "/cib/status/node_state[@id='2']"
	change := func(op, path, content string) string {
		return `<diff format="2"><version><source admin_epoch="0" epoch="4" num_updates="7"/><target admin_epoch="0" epoch="4" num_updates="8"/></version><change operation="` + op + `" path="` + path + `">` + content + `</change></diff>`
	}
	for name, tt := range map[string]struct{ diff, want string }{
		"configuration": {change("create", "/cib/configuration/resources", `<primitive id="new"/>`),
			"log 5 Transition 3 aborted by primitive.new 'create': Configuration change | cib=0.4.8 source=te_update_diff_v2 path=/cib/configuration/resources complete=false"},
		"option": {change("modify", "/cib/configuration/crm_config/nvpair[@id='o']", `<change-list/><change-result><nvpair id="o" name="stonith-enabled" value="true"/></change-result>`),
			"log 5 Transition 3 aborted by o doing modify stonith-enabled=true: Configuration change | cib=0.4.8 source=te_update_diff_v2 path=/cib/configuration/crm_config/nvpair[@id='o'] complete=false"},
		"ticket": {change("create", "/cib/status", `<tickets><ticket_state id="t"/></tickets>`),
			"log 5 Transition 3 aborted by tickets. 'create': Ticket attribute change | cib=0.4.8 source=te_update_diff_v2 path=/cib/status complete=false"},
		"attribute": {change("modify", path+"/transient_attributes[@id='2']/instance_attributes[@id='status-2']/nvpair[@id='n']", `<change-list/><change-result><nvpair id="n" name="pingd" value="1"/></change-result>`),
			"log 5 Transition 3 aborted by n doing modify pingd=1: Transient attribute change | cib=0.4.8 source=abort_unless_down path=" + path + "/transient_attributes[@id='2']/instance_attributes[@id='status-2']/nvpair[@id='n'] complete=false"},
		"attributes of a node that is fenced": {change("delete", path+"/transient_attributes[@id='2']", ""), ""},
		"history of a node that is fenced":    {change("delete", path+"/lrm[@id='2']", ""), ""},
		"history": {change("delete", "/cib/status/node_state[@id='1']/lrm[@id='1']", ""),
			"log 5 Transition 3 aborted by deletion of lrm[@id='1']: Resource state removal | cib=0.4.8 source=abort_unless_down path=/cib/status/node_state[@id='1']/lrm[@id='1'] complete=false"},
		"node": {change("delete", "/cib/status/node_state[@id='1']", ""),
			"log 5 Transition 3 aborted by deletion of node_state[@id='1']: Node state removal | cib=0.4.8 source=abort_unless_down path=/cib/status/node_state[@id='1'] complete=false"},
		"operation": {change("delete", path+"/lrm[@id='2']/lrm_resources/lrm_resource[@id='ip']/lrm_rsc_op[@id='ip_last_0']", ""),
			"log 5 Transition 3 aborted by deletion of lrm_rsc_op[@id='ip_last_0']: Resource operation removal | cib=0.4.8 source=process_op_deletion path=" + path + "/lrm[@id='2']/lrm_resources/lrm_resource[@id='ip']/lrm_rsc_op[@id='ip_last_0'] complete=false"},
		"cancelled operation": {change("delete", "/cib/status/node_state[@id='1']/lrm[@id='1']/lrm_resources/lrm_resource[@id='ip']/lrm_rsc_op[@id='ip_monitor_10000']", ""),
			"log 6 Cancellation of ip_monitor_10000 on node1 confirmed (action 9)"},
		"node state": {change("modify", path, `<change-list/><change-result><node_state id="2" uname="node2" crmd="online"/></change-result>`), ""},
		"version":    {change("modify", "", ""), ""},
		"comment":    {change("create", "/cib/configuration", `<!-- x -->`), ""},
		"move":       {change("move", "/cib/status/node_state[@id='2']", ""), ""},
		"moved resource": {change("move", "/cib/configuration/resources/primitive[@id='ip']", ""),
			"log 5 Transition 3 aborted by . 'move': Configuration change | cib=0.4.8 source=te_update_diff_v2 path=/cib/configuration/resources/primitive[@id='ip'] complete=false"},
		"malformed": {change("create", path, ""), "log 4 Ignoring malformed CIB update (create at " + path + " has no result)"},
		"unknown":   {change("swap", path, ""), "log 4 Ignoring malformed CIB update (swap operation on " + path + " is unrecognized)"},
		"shutdown lock": {change("modify", path+"/lrm[@id='2']/lrm_resources/lrm_resource[@id='ip']", `<change-list/><change-result><lrm_resource id="ip" shutdown-lock="0"/></change-result>`),
			"log 5 Transition 3 aborted by lrm_resource.ip 'modify': Shutdown lock cleared | cib=0.4.8 source=process_lrm_resource_diff path=" + path + "/lrm[@id='2']/lrm_resources/lrm_resource[@id='ip'] complete=false"},
		"foreign": {change("create", path+"/lrm[@id='2']/lrm_resources/lrm_resource[@id='ip']", strings.ReplaceAll(entry("start", "5", "0", "0", "node2"), theID, "somebody")),
			"log 5 Transition 3 aborted by operation ip_start_0 'create' on node2: Foreign event | magic=0:0;x cib=0.4.8 source=process_graph_event complete=false\n" +
				"log 6 Transition 3 action 5 (ip_start_0 on node2): initiated by a different DC | rc=0 target-rc=0 call-id=12"},
		"format 1": {`<diff><diff-removed/><diff-added><cib admin_epoch="0" epoch="4" num_updates="8"><status><node_state id="1"><lrm id="1"><lrm_resources><lrm_resource id="ip">` + entry("start", "5", "0", "0", "node1") + `</lrm_resource></lrm_resources></lrm></node_state></status></cib></diff-added></diff>`,
			"log 6 Transition 3 action 5 (ip_start_0 on node1) confirmed: ok | rc=0 call-id=12"},
		"format 1, configuration": {`<diff><diff-removed><cib><configuration/></cib></diff-removed></diff>`,
			"log 5 Transition 3 aborted by configuration.: Non-status change | cib=0.0.0 source=te_update_diff_v1 path=/diff/diff-removed/cib/configuration complete=false"},
		"format 1, removed": {`<diff><diff-removed><cib><status><node_state id="1"><lrm_rsc_op id="ip_last_0"/></node_state></status></cib></diff-removed></diff>`,
			"log 5 Transition 3 aborted by lrm_rsc_op.ip_last_0: Resource op removal | cib=0.0.0 source=te_update_diff_v1 path=/diff/diff-removed/cib/status/node_state[@id='1']/lrm_rsc_op[@id='ip_last_0'] complete=false"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "node1", "node2")
			cancel := `<rsc_op id="9" operation="cancel" operation_key="ip_monitor_10000" on_node="node1" on_node_uuid="1">` + strings.ReplaceAll(ipOn, "%", "node1")
			w.start(synapse("0", operation("5", "start", "node1", "1"), ""), synapse("1", cancel, ""), synapse("2", fenceNode2, ""))
			w.take()
			w.te.CIBChanged(w.now, "cib_modify", parse(t, tt.diff))
			w.expect(tt.want)
		})
	}
}

// A whole history is not looked at while nothing is awaited.
func TestRefresh(t *testing.T) {
	w := newWorld(t, "node1")
	w.state = fsa.SIdle
	lrm := `<diff format="2"><change operation="create" path="/cib/status/node_state[@id='1']"><lrm id="1"><lrm_resources><lrm_resource id="a"/><lrm_resource id="b"/></lrm_resources></lrm></change></diff>`
	w.te.CIBChanged(w.now, "cib_modify", parse(t, lrm))
	w.expect(`
log 6 Transition -1 aborted: History refresh | source=process_resource_updates complete=true
input C_FSA_INTERNAL I_PE_CALC
`)
	w.state = fsa.SElection
	w.te.CIBChanged(w.now, "cib_modify", parse(t, lrm))
	w.expect("")
}

// Aborts that wait: for more to happen, and for nothing else to have come.
func TestDelays(t *testing.T) {
	w := newWorld(t, "node1")
	w.te.StopThrottling()
	w.te.AbortLater(w.now, transition.Infinity, transition.Restart, "Quorum gained", 2*time.Second)
	w.after(2 * time.Second)
	w.expect(`
log 6 Transition -1 aborted: Quorum gained | source=abort_timer_popped complete=true
input C_FSA_INTERNAL I_PE_CALC
`)
	w.te.AbortLater(w.now, transition.Infinity, transition.Restart, "Quorum gained", 2*time.Second)
	w.te.Abort(w.now, transition.Infinity, transition.Restart, "Node join", nil, "f")
	w.take()
	w.after(time.Minute)
	w.expect("")
	w.te.SetOptions(te.Options{TransitionDelay: 3 * time.Second, FenceReaction: "stop"})
	w.te.Abort(w.now, transition.Infinity, transition.Restart, "Node join", nil, "f")
	w.after(2 * time.Second)
	w.start()
	w.te.Abort(w.now, transition.Infinity, transition.Restart, "Node join", nil, "f")
	w.after(3 * time.Second)
	w.expect(`
log 6 Transition -1 aborted: Node join | source=f complete=true
log 6 Transition -1 aborted: Node join | source=f complete=true
log 6 New Transition Timer just popped | input=I_PE_CALC time=3000ms
input C_TIMER_POPPED I_PE_CALC
`)
	w.state = fsa.SNotDC
	w.te.Abort(w.now, transition.Infinity, transition.Restart, "Node join", nil, "f")
	w.expect("log 6 Abort Node join suppressed: state=S_NOT_DC (complete)")
}

// A node that is lost takes its actions with it.
func TestPeerLost(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	w.start(
		synapse("0", operation("5", "start", "node2", "2"), ""),
		synapse("1", operation("6", "monitor", "node2", "2"), `<trigger><rsc_op id="5" operation="start" operation_key="ip_start_0"/></trigger>`),
	)
	w.take()
	if !w.te.PeerLost(w.now, w.peers.Find(2, "")) || w.te.PeerLost(w.now, w.peers.Find(1, "")) {
		t.Error("whose actions they are is not known")
	}
	w.after(0)
	w.expect(`
log 5 Action 5 (ip_start_0) was pending on 2 (offline)
log 6 Action 6 (ip_monitor_0) is scheduled for 2 (offline)
log 6 Node 2 shutdown resulted in un-runnable actions
log 5 Transition 3 aborted by rsc_op.6: Node failure | cib=0.0.0 source=fail_incompletable_actions path=/rsc_op[@id='6'] complete=false
log 5 Transition 3 (Complete=0, Pending=0, Fired=0, Skipped=2, Incomplete=0, Source=pe-input-1.bz2): Stopped
input C_FSA_INTERNAL I_PE_CALC
`)
}

// Nodes tell how busy they are, and get as much to do as that allows.
func TestThrottle(t *testing.T) {
	w := newWorld(t, "node1", "node2")
	w.te.SetOptions(te.Options{NodeActionLimit: "4", LoadThreshold: 0.8, FenceReaction: "stop"})
	say := func(average float64, used time.Duration) {
		w.load = te.Load{Cores: 2, Average: average, CIB: used}
		w.after(30 * time.Second)
	}
	say(0.1, 0)
	say(0.1, time.Second)
	say(2.1, 2*time.Second)  // above 0.8*2*1.2
	say(3.5, 3*time.Second)  // above 0.8*2*2
	say(0.1, 28*time.Second) // 25 of 30 seconds
	w.expect(`
log 6 New throttle mode: negligible load (was undetermined)
send  crmd <create_request_adv origin="throttle_send_command" t="crmd" version="3.16.1" subt="request" reference="throttle-crmd-1700000030-0" crm_task="throttle" crm_sys_to="crmd" crm_sys_from="crmd" crm-limit-mode="0" crm-limit-max="4"/>
log 6 New throttle mode: low load (was negligible)
send  crmd <create_request_adv origin="throttle_send_command" t="crmd" version="3.16.1" subt="request" reference="throttle-crmd-1700000090-1" crm_task="throttle" crm_sys_to="crmd" crm_sys_from="crmd" crm-limit-mode="1" crm-limit-max="4"/>
log 5 High CPU load detected: 3.500000
log 6 New throttle mode: high load (was low)
send  crmd <create_request_adv origin="throttle_send_command" t="crmd" version="3.16.1" subt="request" reference="throttle-crmd-1700000120-2" crm_task="throttle" crm_sys_to="crmd" crm_sys_from="crmd" crm-limit-mode="256" crm-limit-max="4"/>
log 5 High CIB load detected: 0.833333
`)
	started := func(mode string) int {
		w.te.Throttle(w.now, parse(t, `<m src="node2" crm-limit-mode="`+mode+`" crm-limit-max="8"/>`))
		w.te.Stop(w.now)
		w.te.Start(w.now)
		var all []string
		for _, id := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"} {
			all = append(all, synapse(id, operation(id, "start", "node2", "2"), ""))
		}
		w.start(all...)
		return strings.Count(w.take(), "Initiating")
	}
	for mode, want := range map[string]int{"0": 8, "1": 4, "16": 2, "256": 1, "4096": 1, "": 8} {
		if got := started(mode); got != want {
			t.Errorf("mode %q: %d actions at a time, want %d", mode, got, want)
		}
	}
}

// What has failed at this node is known to it as an outside event.
func TestMessages(t *testing.T) {
	w := newWorld(t, "node1")
	w.peers.SetState(w.peers.Get(2, "node2"), peers.Member, 1)
	w.take()
	w.te.Message(w.now, parse(t, `<m crm_sys_to="crmd"/>`))
	w.te.Message(w.now, parse(t, `<m crm_sys_to="tengine" crm_task="x"/>`))
	w.te.Message(w.now, parse(t, `<m crm_sys_to="tengine" crm_task="lrm_invoke" crm_sys_from="y"/>`))
	w.te.Message(w.now, parse(t, `<m crm_sys_to="tengine" crm_task="lrm_invoke" crm_sys_from="lrmd"/>`))
	outside := strings.Replace(entry("asyncmon", "12", "0", "1", "node2"), "12:3:0", "12:-1:0", 1)
	w.te.Message(w.now, acknowledge("2", parse(t, outside)))
	w.te.Message(w.now, acknowledge("2", parse(t, `<lrm_rsc_op operation_key="ip_start_0" transition-key="nonsense" call-id="3" op-status="0"/>`)))
	w.expect(`
log 6 Received invalid transition request: subsystem 'crmd' not 'tengine'
log 6 Received invalid transition request: command 'x' not 'lrm_invoke'
log 6 Received invalid transition request: from 'y' not 'lrmd'
log 3 Received transition request with no results (bug?)
log 6 Transition -1 aborted by lrm_rsc_op.ip_last_0: Unexpected event | cib=0.0.0 source=process_graph_event path=/create_request_adv/crm_xml/node_state[@id='2']/lrm/lrm_resources/lrm_resource/lrm_rsc_op[@id='ip_last_0'] complete=true
input C_FSA_INTERNAL I_PE_CALC
log 6 Updating failcount for ip on node2 after failed asyncmon: rc=1 (update=value++, time=1700000000)
attrd <create_attrd_op t="attrd" src="pacemaker-controld" task="update"><op attr_name="last-failure-ip#asyncmon_0" task="update" attr_value="1700000000" attr_host="node2" attr_is_remote="0" attr_is_private="0"/><op attr_name="fail-count-ip#asyncmon_0" task="update" attr_value="value++" attr_host="node2" attr_is_remote="0" attr_is_private="0"/></create_attrd_op>
log 5 Transition -1 action 12 (ip_asyncmon_0 on node2): expected 'ok' but got 'error' | target-rc=0 rc=1 call-id=12 event='initiated outside of the cluster'
log 3 Can't process action ip_start_0 result: Incompatible versions? | call-id=3
log 6 Transition -1 aborted by lrm_rsc_op.: Bad event | cib=0.0.0 source=process_graph_event path=/create_request_adv/crm_xml/node_state[@id='2']/lrm/lrm_resources/lrm_resource/lrm_rsc_op complete=true
input C_FSA_INTERNAL I_PE_CALC
`)
}
