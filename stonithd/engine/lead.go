package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/device"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// failure is a result that something did not come to pass.
func failure(reason string) wire.Result {
	return wire.Result{Exit: crmexit.Error, Exec: wire.ExecError, Reason: reason}
}

func timeout(reason string) wire.Result {
	return wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: reason}
}

// undoRemap makes an operation the reboot again that it was (undo_op_remap).
func (e *Engine) undoRemap(op *operation) {
	if op.phase > requested {
		e.logf(loglevel.Info, "undo_op_remap", "Undoing remap of reboot targeting %s for %s | id=%.8s", op.target, op.clientName, op.id)
		op.phase, op.action = requested, "reboot"
	}
}

// remapOff makes a reboot by several devices begin with off (op_phase_off).
func (e *Engine) remapOff(op *operation) {
	e.logf(loglevel.Info, "op_phase_off", "Remapping multiple-device reboot targeting %s to 'off' | id=%.8s", op.target, op.id)
	op.phase, op.action = turnOff, "off"
}

// remapOn goes on with on, but for devices by which the cluster turns nodes on when they come
// back (op_phase_on).
func (e *Engine) remapOn(op *operation) {
	e.logf(loglevel.Info, "op_phase_on", "Remapped 'off' targeting %s complete, remapping to 'on' for %s | id=%.8s", op.target, op.clientName, op.id)
	op.phase, op.action = turnOn, "on"
	op.levelDevices = slices.DeleteFunc(op.levelDevices, func(id string) bool { return slices.Contains(op.automatic, id) })
	op.automatic = nil
	op.devices = op.levelDevices
}

// advanceLevel goes on to the next level of the target's topology; emptyOK tells whether it is
// well that there is none at all (advance_topology_level).
func (e *Engine) advanceLevel(op *operation, emptyOK bool) bool {
	var t *levels
	if op.target != "" {
		t = e.levelsFor(op.target)
	}
	if t == nil || t.active() == 0 {
		return emptyOK
	}
	op.options |= wire.UseTopology
	e.undoRemap(op)
	for op.level++; op.level < maxLevels && len(t.devices[op.level]) == 0; op.level++ {
	}
	if op.level >= maxLevels {
		e.logf(loglevel.Info, "advance_topology_level", "All fencing options targeting %s for client %s@%s failed | id=%.8s", op.target, op.clientName, op.originator, op.id)
		return false
	}
	e.logf(loglevel.Trace, "advance_topology_level", "Attempting fencing level %d targeting %s (%d devices) for client %s@%s (id=%.8s)", op.level, op.target, len(t.devices[op.level]), op.clientName, op.originator, op.id)
	op.levelDevices = slices.Clone(t.devices[op.level])
	op.devices = op.levelDevices
	if op.level > 1 && op.delay > 0 {
		op.delay = 0 // it was that of the first level
	}
	if len(op.levelDevices) > 1 && op.action == "reboot" {
		e.remapOff(op)
	}
	return true
}

// deviceDone goes on after a device of a level has done its part
// (advance_topology_device_in_level).
func (e *Engine) deviceDone(op *operation, id string, f *wire.Finished) {
	if len(op.devices) > 0 {
		op.devices = op.devices[1:]
	}
	if op.phase == requested && op.action == "on" {
		op.automatic = slices.DeleteFunc(op.automatic, func(a string) bool { return a == id })
		if len(op.devices) == 0 {
			op.devices = slices.Clone(op.automatic)
		}
	}
	if len(op.devices) == 0 && op.phase == turnOff {
		e.remapOn(op)
	}
	op.result = wire.Result{}
	if len(op.devices) == 0 {
		op.state = wire.StateDone
		e.finish(op, f, false)
		return
	}
	if op.delay > 0 {
		op.delay = 0 // it was that of the first device
	}
	e.request(op, nil)
}

// awaitReset waits until the target has reset itself, if it does so
// (check_watchdog_fencing_and_wait).
func (e *Engine) awaitReset(op *operation) bool {
	const where = "check_watchdog_fencing_and_wait"
	if !e.resetsItself(op.target) {
		e.logf(loglevel.Debug, where, "Skipping fallback to watchdog-fencing as %s is not in host-list", op.target)
		return false
	}
	e.logf(loglevel.Notice, where, "Waiting %ds for %s to self-fence (%s) for client %s | id=%.8s", int(e.watchdog/time.Second), op.target, op.action, op.clientName, op.id)
	op.oneAt, op.resetting = e.now.Add(e.watchdog), true
	return true
}

// request has a peer do what is to be done next; chosen is one that fits, if it is known
// already (request_peer_fencing).
func (e *Engine) request(op *operation, chosen *offer) {
	const where = "request_peer_fencing"
	topology := op.options.Has(wire.UseTopology)
	id := ""
	if op.phase == turnOn && len(op.devices) > 0 {
		// What this node knows of the device has to do, for no peer is chosen yet.
		id = op.devices[0]
		d := e.devices[id]
		switch {
		case d != nil && d.RebootAction() == "off":
			e.logf(loglevel.Info, where, "Not turning %s back on using %s because the device is configured to stay off (pcmk_reboot_action='off')", op.target, id)
			e.deviceDone(op, id, nil)
			return
		case d == nil || d.Flags&device.On == 0:
			e.logf(loglevel.Info, where, "Not turning %s back on using %s because the agent doesn't support 'on'", op.target, id)
			e.deviceDone(op, id, nil)
			return
		}
	}
	limit := op.base
	if chosen == nil && !topology {
		chosen = e.choose(op)
	}
	if op.totalAt.IsZero() {
		op.total = longer(e.totalTimeout(op, chosen))
		op.totalAt = e.now.Add(time.Duration(op.total) * time.Second)
		e.reportTimeout(op, op.total)
		e.logf(loglevel.Info, where, "Total timeout set to %d for peer's fencing targeting %s for %s|id=%.8s", op.total, op.target, op.clientName, op.id)
	}
	if topology && len(op.devices) > 0 {
		chosen = e.choose(op)
		id = op.devices[0]
		limit = op.deviceTimeout(chosen, id)
	}
	switch {
	case chosen != nil:
		e.ask1(op, chosen, id, limit)
	case op.phase == turnOn:
		e.logf(loglevel.Warning, where, "Ignoring %s 'on' failure (no capable peers) targeting %s after successful 'off'", id, op.target)
		e.deviceDone(op, id, nil)
	case !op.owner:
		e.logf(loglevel.Error, where, "Fencing (%s) targeting %s for client %s is not ours to control", op.action, op.target, op.clientName)
	case op.queryAt.IsZero():
		e.logf(loglevel.Info, where, "No remaining peers capable of fencing (%s) %s for client %s | state=%s", op.action, op.target, op.clientName, stateText(op.state))
		if op.inProgress() {
			e.timedOut(op, "All nodes failed, or are unable, to fence target")
		}
	case op.replies >= op.expected || op.replies >= len(e.Peers.Active()):
		e.nobody(op, id)
	default:
		using := ""
		if id != "" {
			using = " using " + id
		}
		e.logf(loglevel.Info, where, "Waiting for additional peers capable of fencing (%s) %s%s for client %s | id=%.8s", op.action, op.target, using, op.clientName, op.id)
	}
}

// ask1 asks a peer to do it, by a device if that is not empty.
func (e *Engine) ask1(op *operation, o *offer, id string, limit int) {
	const where = "request_peer_fencing"
	one := 0
	if id != "" {
		one = longer(op.deviceTimeout(o, id))
		e.logf(loglevel.Notice, where, "Requesting that %s perform '%s' action targeting %s using %s | for client %s (%ds)", o.host, op.action, op.target, id, op.clientName, one)
	} else {
		one = longer(op.peerTimeout(o))
		e.logf(loglevel.Notice, where, "Requesting that %s perform '%s' action targeting %s | for client %s (%ds, %ds)", o.host, op.action, op.target, op.clientName, one, int(e.watchdog/time.Second))
	}
	message := op.describe().Fence(limit, op.delay, id)
	op.state = wire.StateExec
	itself := strings.EqualFold(o.host, op.target) && op.action != "on"
	if !(e.watchdog > 0 && (id == watchdogID || itself) && e.awaitReset(op)) {
		op.oneAt, op.resetting = e.now.Add(time.Duration(one)*time.Second), false
	}
	e.Host.Send(o.host, message)
	o.tried = true
}

// nobody ends an operation that no peer can do, unless the target resets itself.
func (e *Engine) nobody(op *operation, id string) {
	const where = "request_peer_fencing"
	if e.watchdog > 0 && (id == "" || id == watchdogID) && e.awaitReset(op) {
		return
	}
	devices := ""
	if op.state == wire.StateQuery {
		devices = " have devices capable"
	} else {
		devices = " are capable"
	}
	e.logf(loglevel.Info, where, "No peers (out of %d)%s of fencing (%s) %s for client %s | state=%s", op.replies, devices, op.action, op.target, op.clientName, stateText(op.state))
	if op.state == wire.StateQuery || op.options.Has(wire.UseTopology) {
		op.result = wire.Result{Exit: crmexit.Error, Exec: wire.ExecNoFenceDevice}
	}
	op.state = wire.StateFailed
	e.finish(op, nil, false)
}

// offered takes a peer's answer to a query (process_remote_stonith_query).
func (e *Engine) offered(w *wire.Offer) {
	const where = "process_remote_stonith_query"
	op := e.ops[w.RemoteOp]
	if op == nil {
		e.logf(loglevel.Debug, where, "Received query reply for unknown or expired operation %s", w.RemoteOp)
		return
	}
	expected := min(len(e.Peers.Active()), op.expected)
	op.replies++
	all := op.replies >= expected && op.state == wire.StateQuery
	n := w.Claimed
	e.logf(loglevel.Info, where, "Query result %d of %d from %s for %s/%s (%d device%s) %s", op.replies, expected, w.From, op.target, op.action, n, plural(n), w.RemoteOp)
	var o *offer
	if n > 0 {
		o = e.newOffer(op, w)
	}
	if op.inProgress() {
		op.result = wire.Result{}
	}
	switch {
	case op.options.Has(wire.UseTopology):
		if op.state == wire.StateQuery && e.complete(op) {
			e.request(op, o)
		} else if all {
			e.logf(loglevel.Info, where, "All topology query replies have arrived, continuing (%d expected/%d received) ", expected, op.replies)
			e.request(op, nil)
		}
	case op.state == wire.StateQuery:
		switch {
		case o != nil && !strings.EqualFold(w.From, op.target) && op.count(o, true, needs(op.action)) > 0:
			e.request(op, o)
		case all:
			e.logf(loglevel.Info, where, "All query replies have arrived, continuing (%d expected/%d received) ", expected, op.replies)
			e.request(op, nil)
		}
	case o != nil && op.state == wire.StateDone:
		e.logf(loglevel.Info, where, "Discarding query result from %s (%d device%s): Operation is %s", o.host, len(o.devices), plural(len(o.devices)), stateText(op.state))
	}
}

// reported takes the result of a peer's device, or the news that an operation is over
// (fenced_process_fencing_reply).
func (e *Engine) reported(f *wire.Finished) {
	const where = "fenced_process_fencing_reply"
	op := e.ops[f.RemoteOp]
	if op == nil && f.Result.OK() && !f.Part {
		r := &wire.Request{ClientName: f.Name, Element: f.Element}
		op = e.create(f.Client, r, f.Task, true)
	}
	if op == nil {
		e.logf(loglevel.Info, where, "Received peer result of unknown or expired operation %s", f.RemoteOp)
		return
	}
	if len(op.devices) > 0 && f.Device != "" && !strings.EqualFold(op.devices[0], f.Device) {
		e.logf(loglevel.Error, where, "Received outdated reply for device %s (instead of %s) to fence (%s) %s. Operation already timed out at peer level.", f.Device, op.devices[0], op.action, op.target)
		return
	}
	if op.notified || !f.ForAll && op.state.Ended() {
		e.late(op)
		return
	}
	if f.ForAll && f.Part && f.Result.OK() {
		e.logf(loglevel.Warning, where, "Ignoring that %s is fenced: %s has used one device of a topology | id=%.8s", op.target, f.From, op.id)
		return
	}
	op.result = f.Result
	switch {
	case f.ForAll:
		op.state = wire.StateFailed
		if f.Result.OK() {
			op.state = wire.StateDone
		}
		e.finish(op, f, false)
		return
	case !strings.EqualFold(op.originator, e.Node):
		e.logf(loglevel.Error, where, "Received non-broadcast fencing result for operation %.8s we do not own (device %s targeting %s)", op.id, f.Device, op.target)
		return
	case op.options.Has(wire.UseTopology):
		e.levelReported(op, f)
		return
	case f.Result.OK() && len(op.devices) == 0:
		op.state = wire.StateDone
		e.finish(op, f, false)
		return
	case f.Result.Exec == wire.ExecTimeout && len(op.devices) == 0:
		op.state = wire.StateFailed // trying others would take longer than anybody waits
		e.finish(op, f, false)
		return
	}
	e.request(op, nil)
}

// levelReported goes on with a level after the result of one of its devices.
func (e *Engine) levelReported(op *operation, f *wire.Finished) {
	const where = "fenced_process_fencing_reply"
	if op.phase == turnOn && !f.Result.OK() {
		reason := ""
		if f.Result.Reason != "" {
			reason = ": " + f.Result.Reason
		}
		e.logf(loglevel.Warning, where, "Ignoring %s 'on' failure (%s%s) targeting %s after successful 'off'", f.Device, f.Result.Exec, reason, op.target)
		op.result = wire.Result{}
	} else {
		using, reason := "", ""
		if f.Device != "" {
			using = " using " + f.Device
		}
		if f.Result.Reason != "" {
			reason = " (" + f.Result.Reason + ")"
		}
		e.logf(loglevel.Notice, where, "Action '%s' targeting %s%s on behalf of %s@%s: %s%s", op.action, op.target, using, op.clientName, op.originator, f.Result.Exec, reason)
	}
	switch {
	case op.result.OK():
		e.deviceDone(op, f.Device, f)
	case !e.advanceLevel(op, false):
		op.state = wire.StateFailed
		e.finish(op, f, false)
	default:
		e.request(op, nil)
	}
}

// queryOver is when no more answers to a query are waited for (remote_op_query_timeout).
func (e *Engine) queryOver(op *operation) {
	const where = "remote_op_query_timeout"
	switch {
	case op.state == wire.StateDone:
		e.logf(loglevel.Debug, where, "Operation %.8s targeting %s already completed", op.id, op.target)
	case op.state == wire.StateExec:
		e.logf(loglevel.Debug, where, "Operation %.8s targeting %s already in progress", op.id, op.target)
	case len(op.offers) > 0:
		e.logf(loglevel.Debug, where, "Query %.8s targeting %s complete (state=%s)", op.id, op.target, stateText(op.state))
		e.request(op, nil)
	default:
		e.logf(loglevel.Debug, where, "Query %.8s targeting %s timed out (state=%s)", op.id, op.target, stateText(op.state))
		e.timedOut(op, "No capable peers replied to device query within timeout")
	}
}

// oneOver is when a peer has had its time, or a watchdog has (remote_op_timeout_one,
// remote_op_watchdog_done).
func (e *Engine) oneOver(op *operation) {
	if op.resetting {
		op.resetting = false
		e.logf(loglevel.Notice, "remote_op_watchdog_done", "Self-fencing (%s) by %s for %s assumed complete | id=%.8s", op.action, op.target, op.clientName, op.id)
		op.state, op.result = wire.StateDone, wire.Result{}
		e.finish(op, nil, false)
		return
	}
	e.logf(loglevel.Notice, "remote_op_timeout_one", "Peer's '%s' action targeting %s for client %s timed out | id=%.8s", op.action, op.target, op.clientName, op.id)
	op.result = timeout("Peer did not return fence result within timeout")
	e.request(op, nil)
}

// totalOver is when the operation has had its time (remote_op_timeout).
func (e *Engine) totalOver(op *operation) {
	if op.state == wire.StateDone {
		e.logf(loglevel.Debug, "remote_op_timeout", "Action '%s' targeting %s for client %s already completed | id=%.8s", op.action, op.target, op.clientName, op.id)
		return
	}
	e.timedOut(op, "Fencing did not complete within a total timeout based on the configured timeout and retries for any devices attempted")
}

// timedOut ends an operation whose time is over: a failure, unless only turning on again was
// left (finalize_timed_out_op).
func (e *Engine) timedOut(op *operation, reason string) {
	op.totalAt = time.Time{}
	e.logf(loglevel.Debug, "finalize_timed_out_op", "Action '%s' targeting %s for client %s timed out | id=%.8s", op.action, op.target, op.clientName, op.id)
	if op.phase == turnOn {
		op.state, op.result = wire.StateDone, wire.Result{}
	} else {
		op.state, op.result = wire.StateFailed, timeout(reason)
	}
	e.finish(op, nil, false)
}

// reportTimeout tells the client of an operation how long it may take
// (report_timeout_period).
func (e *Engine) reportTimeout(op *operation, seconds int) {
	r := op.request
	if op.options.Has(wire.Sync) || r == nil || r.ClientNode == "" || r.CallID == "" || r.Client == "" {
		return
	}
	if strings.EqualFold(r.ClientNode, e.Node) {
		e.tellTimeout(r.Client, r.CallID, seconds)
		return
	}
	e.Host.Send(r.ClientNode, op.describe().TimeoutUpdate(r.Client, r.CallID, seconds))
	for _, d := range op.duplicates {
		e.reportTimeout(d, seconds)
	}
}

// tellTimeout tells a client of this node (do_stonith_async_timeout_update).
func (e *Engine) tellTimeout(client, call string, seconds int) {
	if seconds != 0 && call != "" && client != "" {
		e.Host.Event(client, (&wire.Timeout{Seconds: seconds}).Element(call))
	}
}
