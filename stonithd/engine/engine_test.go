package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// three is a quiet cluster of three nodes.
func three(t *testing.T) *world {
	t.Helper()
	w := newWorld(7, 3)
	w.settle()
	return w
}

// ends lets a request come to its end, and checks its answer: "ok", or a part of the reason, or
// of the execution.
func (w *world) ends(t *testing.T, h *host, client, want string) {
	t.Helper()
	w.wait(200)
	r, err := h.result(client)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Exec.String() + ": " + r.Reason
	if r.OK() {
		got = "ok"
	}
	if !strings.Contains(got, want) {
		t.Errorf("%s: %s, want %s", client, got, want)
	}
}

// called checks what agents were called for since the last time.
func (w *world) called(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.calls, want) {
		t.Errorf("agents were called for\n%s\nwant\n%s", strings.Join(w.calls, "\n"), strings.Join(want, "\n"))
	}
	w.calls = nil
}

// calledAnywhere is called whatever the node.
func (w *world) calledAnywhere(t *testing.T, want ...string) {
	t.Helper()
	for i, c := range w.calls {
		_, w.calls[i], _ = strings.Cut(c, ": ")
	}
	w.called(t, want...)
}

func (h *host) level(target string, index int, devices ...string) {
	l := wire.Level{Node: target, Index: index, Devices: devices}
	h.command("admin", wire.OpLevelAdd, wire.Sync, 0, l.Element(false))
}

func failing(devices ...string) func(*host, string, *agent.Call, int) (wire.Result, time.Duration) {
	return func(_ *host, device string, c *agent.Call, _ int) (wire.Result, time.Duration) {
		if slices.Contains(devices, device) || slices.Contains(devices, device+" "+c.Action) {
			return failed, time.Second
		}
		return wire.Result{}, time.Second
	}
}

// TestPlain: the node that has the device does it, whoever is asked.
func TestPlain(t *testing.T) {
	w := three(t)
	w.nodes[1].device("d", "fence_test", "pcmk_host_list=x y")
	for i, h := range w.nodes {
		client := fmt.Sprint("c", i)
		h.fence(client, "reboot", "x", 20)
		w.ends(t, h, client, "ok")
		w.called(t, "node2: d reboot x")
	}
	w.nodes[0].fence("none", "off", "z", 20)
	w.ends(t, w.nodes[0], "none", "No fence device")
	w.called(t)
	// Whoever was fenced lately need not be again.
	f := wire.Fence{Target: "x", Action: "reboot", Tolerance: 3000}
	w.nodes[2].command("again", wire.OpFence, 0, 20, f.Element())
	w.ends(t, w.nodes[2], "again", "ok")
	w.called(t)
}

// TestRemap: an agent that cannot reboot turns off.
func TestRemap(t *testing.T) {
	w := three(t)
	w.nodes[0].device("d", "fence_off", "pcmk_host_list=x")
	w.nodes[1].fence("c", "reboot", "x", 20)
	w.ends(t, w.nodes[1], "c", "ok")
	w.called(t, "node1: d off x")
	w.nodes[1].fence("on", "on", "x", 20)
	w.ends(t, w.nodes[1], "on", "No fence device")
}

// TestFailover: where one device or peer fails the next does it.
func TestFailover(t *testing.T) {
	w := three(t)
	w.outcome = failing("bad")
	w.nodes[0].device("bad", "fence_test", "pcmk_host_list=x")
	w.nodes[0].device("worse", "fence_test", "pcmk_host_list=x", "pcmk_action_limit=nonsense")
	w.nodes[2].device("good", "fence_test", "pcmk_host_list=x,w")
	w.nodes[1].fence("c", "off", "x", 20)
	w.ends(t, w.nodes[1], "c", "ok")
	w.called(t, "node1: bad off x", "node1: worse off x")
	w.outcome = failing("bad", "worse")
	w.nodes[1].fence("d", "off", "x", 20)
	w.ends(t, w.nodes[1], "d", "ok")
	w.called(t, "node1: bad off x", "node1: worse off x", "node3: good off x")
	w.outcome = failing("bad", "worse", "good")
	w.nodes[1].fence("e", "off", "x", 20)
	w.ends(t, w.nodes[1], "e", "complete") // the agent's own word: it ended, and not well
}

// TestTopology: levels in order; a reboot by several devices is off by all, then on.
func TestTopology(t *testing.T) {
	w := three(t)
	w.nodes[0].device("a", "fence_test", "pcmk_host_list=x")
	for _, h := range w.nodes {
		h.level("x", 1, "a")
		// To turn on, who leads has to know the devices itself.
		h.device("b", "fence_test", "pcmk_host_list=x")
		h.device("c", "fence_test", "pcmk_host_list=x")
		h.level("x", 3, "b", "c")
		h.device("stay", "fence_test", "pcmk_host_list=y", "pcmk_reboot_action=off")
		h.device("turn", "fence_test", "pcmk_host_list=y")
		h.level("y", 2, "stay", "turn")
	}
	w.outcome = failing("a")
	w.nodes[0].fence("c1", "reboot", "x", 20)
	w.ends(t, w.nodes[0], "c1", "ok")
	w.calledAnywhere(t, "a reboot x", "b off x", "c off x", "b on x", "c on x")
	// What cannot be turned on again is fenced all the same.
	w.outcome = failing("a", "b on")
	w.nodes[1].fence("c2", "reboot", "x", 20)
	w.ends(t, w.nodes[1], "c2", "ok")
	w.calledAnywhere(t, "a reboot x", "b off x", "c off x", "b on x", "c on x")
	// One that cannot be turned off is not.
	w.outcome = failing("a", "c off")
	w.nodes[2].fence("c3", "reboot", "x", 20)
	w.ends(t, w.nodes[2], "c3", "complete")
	w.calledAnywhere(t, "a reboot x", "b off x", "c off x")
	if n := len(w.nodes[0].engine.opOrder); n != 3 || w.nodes[0].engine.opOrder[2].state != wire.StateFailed {
		t.Errorf("%d operations, the last %+v", n, w.nodes[0].engine.opOrder[n-1])
	}
	w.outcome = failing()
	w.nodes[0].fence("c4", "reboot", "y", 20)
	w.ends(t, w.nodes[0], "c4", "ok")
	if got := fmt.Sprint(w.calls); !strings.Contains(got, "stay off y") || !strings.Contains(got, "turn on y") || strings.Contains(got, "stay on y") {
		t.Errorf("called for %s", got)
	}
}

// TestUnfencing: all devices that require it turn a node on.
func TestUnfencing(t *testing.T) {
	w := three(t)
	for _, h := range w.nodes[:2] {
		h.device("a", "fence_unfence", "pcmk_host_list=x")
		h.device("b", "fence_unfence", "pcmk_host_list=x")
		h.device("c", "fence_test", "pcmk_host_list=x")
	}
	w.nodes[2].fence("on", "on", "x", 20)
	w.ends(t, w.nodes[2], "on", "ok")
	if got := strings.Join(w.calls, ", "); len(w.calls) < 2 || !strings.Contains(got, ": a on x") || !strings.Contains(got, ": b on x") {
		t.Errorf("called for %s", got)
	}
}

// TestHostLists: whom a device can fence is what it lists, or of whom it knows the status.
func TestHostLists(t *testing.T) {
	w := three(t)
	w.outcome = func(_ *host, device string, c *agent.Call, _ int) (wire.Result, time.Duration) {
		switch {
		case c.Action == "list":
			return wire.Result{Output: "x,\ny,on\n"}, time.Second
		case c.Action == "status" && c.Target != "z":
			return wire.Result{Exit: 1}, time.Second
		}
		return wire.Result{}, time.Second
	}
	w.nodes[0].device("lists", "fence_test")
	w.nodes[1].device("asks", "fence_test", "pcmk_host_check=status")
	w.nodes[2].fence("c1", "off", "y", 20)
	w.ends(t, w.nodes[2], "c1", "ok")
	w.nodes[2].fence("c2", "off", "z", 20)
	w.ends(t, w.nodes[2], "c2", "ok")
	w.nodes[2].fence("c3", "off", "nobody", 20)
	w.ends(t, w.nodes[2], "c3", "No fence device")
	for _, want := range []string{"node1: lists list ", "node1: lists off y", "node2: asks status y", "node2: asks off z"} {
		if !slices.Contains(w.calls, want) {
			t.Errorf("nobody was called for %q: %q", want, w.calls)
		}
	}
}

// TestAgentLost: a node is lost whose agent is at work. That its time and that of all are over at once is the latter's end.
func TestAgentLost(t *testing.T) {
	w := three(t)
	w.outcome = func(*host, string, *agent.Call, int) (wire.Result, time.Duration) { return wire.Result{}, time.Hour }
	w.nodes[1].device("d", "fence_test", "pcmk_host_list=x")
	w.nodes[0].fence("c", "off", "x", 20)
	w.wait(1)
	w.called(t, "node2: d off x")
	w.nodes[1].crash()
	w.ends(t, w.nodes[0], "c", "Fencing did not complete within a total timeout")
}

// TestRelay: a node leaves its own fencing to a peer, which tells everybody.
func TestRelay(t *testing.T) {
	w := three(t)
	w.nodes[1].device("d", "fence_test", "pcmk_host_list=node1")
	w.nodes[0].fence("c", "reboot", "node1", 20)
	w.ends(t, w.nodes[0], "c", "ok") // the test's node survives it
	w.called(t, "node2: d reboot node1")
	for _, h := range w.nodes {
		ops := h.engine.opOrder
		if len(ops) != 1 || ops[0].originator == "node1" || ops[0].clientName != "pacemaker-fenced.1" || ops[0].state != wire.StateDone {
			t.Errorf("%s: %+v", h.name, ops)
		}
	}
}

// TestDuplicates: what is asked for twice is done once, and both are told.
func TestDuplicates(t *testing.T) {
	w := three(t)
	w.nodes[0].device("d", "fence_test", "pcmk_host_list=x")
	w.outcome = func(*host, string, *agent.Call, int) (wire.Result, time.Duration) {
		return wire.Result{}, 5 * time.Second
	}
	w.nodes[1].fence("first", "off", "x", 20)
	w.wait(1)
	w.nodes[2].fence("second", "off", "x", 20)
	w.ends(t, w.nodes[1], "first", "ok")
	w.ends(t, w.nodes[2], "second", "ok")
	w.called(t, "node1: d off x")
	// One that waits for a node that is lost is told so.
	w.nodes[1].fence("third", "off", "x", 20)
	w.wait(1)
	w.nodes[2].fence("fourth", "off", "x", 20)
	w.nodes[1].crash()
	w.ends(t, w.nodes[2], "fourth", "Node that led the identical request was lost")
}

// TestTimeouts: a device that takes too long is a failure, and so is one that is late.
func TestTimeouts(t *testing.T) {
	w := three(t)
	w.nodes[0].device("d", "fence_test", "pcmk_host_list=x", "pcmk_off_timeout=10")
	w.outcome = func(*host, string, *agent.Call, int) (wire.Result, time.Duration) { return wire.Result{}, time.Hour }
	w.nodes[1].fence("c", "off", "x", 20)
	start := w.now
	w.advance(start.Add(10 * time.Second))
	w.ends(t, w.nodes[1], "c", "it took too long")
	// The peer is gone: nobody knows, so it is not fenced.
	w.nodes[1].fence("d", "off", "x", 20)
	w.wait(1)
	w.nodes[0].crash()
	w.ends(t, w.nodes[1], "d", "Timed Out")
}

// TestDelays: devices wait before they take a node down, unless nobody is to wait.
func TestDelays(t *testing.T) {
	w := three(t)
	w.nodes[0].device("d", "fence_test", "pcmk_host_list=x", "pcmk_delay_base=4s", "pcmk_delay_max=10s")
	took := func(delay int, action string) time.Duration {
		client := fmt.Sprint("c", len(w.nodes[1].replies))
		f := wire.Fence{Target: "x", Action: action, Timeout: 60}
		cmd := wire.Command{Op: wire.OpFence, CallID: 2, Timeout: 60, Delay: &delay, Data: f.Element()}
		start := w.now
		w.nodes[1].ask(client, cmd.Element())
		for len(w.nodes[1].replies[client]) == 0 {
			w.wait(1)
		}
		return w.now.Sub(start)
	}
	if d := took(0, "off"); d < 4*time.Second || d > 12*time.Second {
		t.Errorf("off took %v", d)
	}
	if d := took(20, "off"); d < 24*time.Second || d > 32*time.Second {
		t.Errorf("off with a delay of 20 s took %v", d)
	}
	if d := took(-1, "off"); d > 2*time.Second {
		t.Errorf("off without any delay took %v", d)
	}
	if d := took(0, "on"); d > 2*time.Second {
		t.Errorf("on took %v", d)
	}
}

// TestWatchdog: a node that resets itself is fenced when it certainly has, and not before.
func TestWatchdog(t *testing.T) {
	w := three(t)
	cib := parse(`<cib><configuration><crm_config><cluster_property_set id="p"><nvpair id="w" name="stonith-watchdog-timeout" value="10s"/></cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/></cib>`)
	for _, h := range w.nodes {
		h.engine.Configured(w.now, cib)
	}
	// All nodes do, which controllers know by a list that is there and empty.
	w.nodes[0].command("controller", wire.OpExec, 0, 20, (&wire.ExecRequest{Device: "watchdog", Action: "list"}).Element())
	if r, err := w.nodes[0].result("controller"); err != nil || !r.OK() || !r.Blank {
		t.Errorf("the watchdog's list: %+v, %v", r, err)
	}
	w.nodes[0].fence("c", "reboot", "node9", 20)
	w.wait(9)
	if n := len(w.nodes[0].replies["c"]); n != 0 {
		t.Fatal("told too early")
	}
	w.ends(t, w.nodes[0], "c", "ok")
	w.called(t)
	// A node that is there resets itself.
	w.nodes[1].fence("d", "off", "node3", 20)
	w.wait(1)
	if w.nodes[2].panics != 1 {
		t.Errorf("node3 was reset %d times", w.nodes[2].panics)
	}
	w.ends(t, w.nodes[1], "d", "ok")
}

// TestConfirm: a human has done it.
func TestConfirm(t *testing.T) {
	w := three(t)
	f := wire.Fence{Target: "x", Action: "off"}
	w.nodes[0].command("c", wire.OpFence, wire.Sync|wire.ManualAck, 20, f.Element())
	w.ends(t, w.nodes[0], "c", "ok")
	for _, h := range w.nodes {
		if ops := h.engine.opOrder; len(ops) != 1 || ops[0].state != wire.StateDone || ops[0].delegate != "a human" {
			t.Errorf("%s: %+v", h.name, ops)
		}
	}
}

// TestOnePartIsNotAll: a fencer that has lost its memory does not take one device of a level
// for all of them.
func TestOnePartIsNotAll(t *testing.T) {
	w := three(t)
	w.nodes[1].device("a", "fence_test", "pcmk_host_list=x")
	w.nodes[1].device("b", "fence_test", "pcmk_host_list=x")
	for _, h := range w.nodes {
		h.level("x", 1, "a", "b")
	}
	w.nodes[0].fence("c", "off", "x", 20)
	w.settle()
	w.nodes[0].crash()
	w.nodes[0].boot()
	w.wait(100)
	for _, h := range w.nodes {
		for _, op := range h.engine.opOrder {
			if op.state == wire.StateDone {
				t.Errorf("%s takes %s for fenced", h.name, op.target)
			}
		}
	}
}

// TestRegistration: devices of clients and of the CIB.
func TestRegistration(t *testing.T) {
	w := three(t)
	h := w.nodes[0]
	h.device("d", "fence_test", "pcmk_host_list=x")
	cib := parse(`<cib epoch="1" admin_epoch="0" num_updates="0"><configuration><crm_config/><nodes><node id="1" uname="node1"/><node id="2" uname="node2"/></nodes><resources>
		<primitive id="d" class="stonith" type="fence_test"><instance_attributes id="i"><nvpair id="n" name="pcmk_host_list" value="x y"/></instance_attributes></primitive>
		<primitive id="off" class="stonith" type="fence_test"><meta_attributes id="m"><nvpair id="r" name="target-role" value="Stopped"/></meta_attributes></primitive>
		<primitive id="other" class="stonith" type="fence_test"/><primitive id="r" class="ocf" provider="heartbeat" type="Dummy"/></resources>
		<constraints><rsc_location id="l" rsc="other" node="node1" score="-INFINITY"/></constraints>
		<fencing-topology><fencing-level id="f" target="x" index="1" devices="d,e"/></fencing-topology></configuration><status/></cib>`)
	h.engine.Configured(w.now, cib)
	w.nodes[1].engine.Configured(w.now, cib)
	if got := fmt.Sprint(h.engine.order, w.nodes[1].engine.order); got != "[d] [d other]" {
		t.Errorf("devices %s", got)
	}
	d := h.engine.devices["d"]
	if v, _ := d.Params.Get("pcmk_host_list"); v != "x y" || !d.fromAPI || !d.fromCIB {
		t.Errorf("%+v", d)
	}
	if got := fmt.Sprint(h.engine.topology["x"].devices[1]); got != "[d e]" {
		t.Errorf("level of %s", got)
	}
	patch := parse(`<diff format="2"><change operation="delete" path="/cib/configuration/resources/primitive[@id='d']"/><change operation="delete" path="/cib/configuration/fencing-topology/fencing-level[@id='f']"/></diff>`)
	after := cib.Copy()
	resources := after.FindElement("configuration/resources")
	resources.RemoveChild(resources.SelectElement("primitive"))
	after.FindElement("configuration").RemoveChild(after.FindElement("configuration/fencing-topology"))
	h.engine.Changed(w.now, after, patch)
	if h.engine.devices["d"] == nil || len(h.engine.topology) != 0 {
		t.Error("what the client has registered is gone, or what the CIB had is not")
	}
	h.command("admin", wire.OpDeviceDel, wire.Sync, 0, (&wire.DeviceRef{ID: "d"}).Element())
	if h.engine.devices["d"] != nil {
		t.Error("the device stays")
	}
	// Who may not.
	e := (&wire.Command{Op: wire.OpDeviceAdd, CallID: 3, Data: (&wire.Device{ID: "z", Agent: "fence_test"}).Element()}).Element()
	e.CreateAttr("st_clientid", "joe")
	h.engine.Request(w.now, Client{ID: "joe", Name: "joe.1"}, e)
	if r, err := h.result("joe"); err != nil || r.Exit != crmexit.InsufficientPriv || h.engine.devices["z"] != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestMalformed: a request whose numbers are none is refused as it wants to be answered.
func TestMalformed(t *testing.T) {
	h := three(t).nodes[0]
	for _, tt := range []struct {
		attr, wait string
	}{{"st_delay", "true"}, {"st_timeout", "true"}, {"st_callopt", "false"}} {
		e := (&wire.Command{Op: wire.OpQuery, CallID: 2, Options: wire.Sync}).Element()
		e.CreateAttr(tt.attr, "soon")
		h.ask(tt.attr, e)
		r, err := h.result(tt.attr)
		if err != nil || r.OK() || h.replies[tt.attr][0].SelectAttrValue("wait", "") != tt.wait {
			t.Errorf("%s: %+v, %v", tt.attr, r, err)
		}
	}
}

// TestRemoval: what waits for a device that goes is told so.
func TestRemoval(t *testing.T) {
	w := three(t)
	h := w.nodes[0]
	h.device("d", "fence_test", "pcmk_host_list=x")
	exec := func(client string) {
		x := wire.ExecRequest{Device: "d", Action: "monitor"}
		h.command(client, wire.OpExec, 0, 20, x.Element())
	}
	exec("one")
	exec("two") // waits: one action at a time
	h.command("admin", wire.OpDeviceDel, wire.Sync, 0, (&wire.DeviceRef{ID: "d"}).Element())
	w.ends(t, h, "two", "Device was removed before action could be executed")
	w.ends(t, h, "one", "ok")
	exec("three")
	w.ends(t, h, "three", "'d' not found")
}

// FuzzMessages: whatever a peer or a client sends, a fencer goes on.
func FuzzMessages(f *testing.F) {
	op := wire.Operation{ID: "op", Target: "x", Action: "reboot", Originator: "node2", Client: "c", Name: "n", CallID: 2}
	done := wire.Done{Op: wire.OpFence, RemoteOp: "op", Target: "x", Action: "off", Origin: "node1", Options: wire.UseTopology}
	for _, e := range []string{text(op.Query(20, "r")), text(op.Fence(20, 0, "d")), text(done.Element()), text(wire.Poke()),
		text(wire.HistoryMessage(wire.History([]wire.Entry{{ID: "op", Target: "x", Action: "off", Origin: "node1", State: wire.StateExec}}, false), wire.Broadcast, "")),
		text((&wire.Offer{RemoteOp: "op", Target: "x", Devices: []wire.Found{{ID: "d", Agent: "a"}}}).Element())} {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := read(s)
		if err != nil {
			return // what is no XML never comes this far
		}
		w := newWorld(1, 2)
		w.settle()
		h := w.nodes[0]
		h.device("d", "fence_test", "pcmk_host_list=x")
		h.fence("c", "off", "x", 20)
		h.engine.Message(w.now, "node2", e.Copy())
		h.engine.Request(w.now, Client{ID: "q", Name: "q.1", Privileged: true}, e)
		w.wait(300)
	})
}
