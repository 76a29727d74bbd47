package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// ForgetNode is the operation that has all fencers forget a node (CRM_OP_RM_NODE_CACHE).
const ForgetNode = "rm_node_cache"

var (
	// pending is the result of what will be answered later.
	pending = wire.Result{Exec: wire.ExecPending}
	// protocolError is that of what lacks something.
	protocolError = wire.Result{Exit: crmexit.Protocol, Exec: wire.ExecInvalid, Reason: "Fencer API request missing required information (bug?)"}
)

// Request carries out a client's request, whose element has the client's id and name
// (stonith_command).
func (e *Engine) Request(now time.Time, c Client, m *etree.Element) {
	e.now = now
	r, err := wire.ParseRequest(m)
	if err != nil {
		e.logf(loglevel.Warning, "stonith_command", "Ignoring request from client %s: %v", c.Name, err)
		e.Host.Reply(c.ID, r.Answer(nil, &protocolError), r.Options.Has(wire.Sync))
		return
	}
	e.handle(&c, r)
	e.dispatch()
}

// Message takes a peer's message (stonith_peer_callback).
func (e *Engine) Message(now time.Time, from string, m *etree.Element) {
	e.now = now
	m.CreateAttr("src", from)
	const where = "handle_reply"
	op := m.SelectAttrValue("st_op", "")
	switch {
	case op == wire.OpPoke:
		return
	case !wire.IsReply(m):
		r, err := wire.ParseRequest(m)
		if err != nil {
			e.logf(loglevel.Warning, "stonith_command", "Ignoring request from peer %s: %v", from, err)
			return
		}
		e.handle(nil, r)
	case op == wire.OpQuery:
		o, err := wire.ParseOffer(m)
		if err != nil {
			e.logf(loglevel.Error, where, "Ignoring query reply from peer %s: %v", from, err)
			return
		}
		e.offered(o)
	case op == wire.OpNotify || op == wire.OpFence:
		f, err := wire.ParseFinished(m)
		if err != nil {
			e.logf(loglevel.Error, where, "Ignoring fencing reply from peer %s: %v", from, err)
			return
		}
		e.reported(f)
	default:
		e.logf(loglevel.Error, where, "Ignoring unknown %s reply from peer %s", or(op, "untyped"), from)
		return
	}
	e.dispatch()
}

// PeerLost says that the fencer of a node is gone. Requests of this node that were waiting for
// an operation that it led have failed: nobody will tell how that ends.
func (e *Engine) PeerLost(now time.Time, name string) {
	e.now = now
	for _, op := range e.opOrder {
		if op.owner || op.state.Ended() || !strings.EqualFold(op.originator, name) {
			continue
		}
		op.orphan = true // even if a new fencer comes up there
		waiting := op.duplicates
		op.duplicates = nil
		for _, d := range waiting {
			if d.state != wire.StateDuplicate || !d.owner {
				continue
			}
			if slices.ContainsFunc(e.opOrder, func(o *operation) bool { return slices.Contains(o.duplicates, d) }) {
				continue // it waits for another as well
			}
			e.logf(loglevel.Notice, "merge_duplicates", "Failing action '%s' targeting %s originating from client %s: Originator %s of the identical request is dead | id=%.8s", d.action, d.target, d.clientName, name, d.id)
			d.state = wire.StateFailed
			d.result = failure("Node that led the identical request was lost")
			e.finish(d, nil, false)
		}
	}
	e.dispatch()
}

// respond answers a request of a client or a peer (stonith_send_reply).
func (e *Engine) respond(r *wire.Request, reply *etree.Element) {
	if r.From != "" {
		e.Host.Send(r.From, reply)
		return
	}
	e.Host.Reply(r.Client, reply, r.Options.Has(wire.Sync))
}

// handle carries out a request; c is nil if it is a peer's.
func (e *Engine) handle(c *Client, r *wire.Request) {
	var result wire.Result
	var data *etree.Element
	answer := true
	switch r.Op {
	case wire.OpExec:
		result = e.exec(r)
	case wire.OpTimeoutUpdate:
		e.tellTimeout(r.Client, r.CallID, r.Timeout)
		answer = false
	case wire.OpQuery:
		if r.From != "" {
			e.create(r.Client, r, r.TargetTask(), true)
		}
		e.dropRelayed(r)
		e.query(r)
		answer = false
	case wire.OpRelay:
		result = e.relayed(c, r)
	case wire.OpFence:
		result = e.fence(c, r)
	case wire.OpHistory:
		data = e.history(r)
		answer = !r.Options.Has(wire.DiscardReply)
	case wire.OpDeviceAdd, wire.OpDeviceDel:
		result = e.configureDevice(c, r)
	case wire.OpLevelAdd, wire.OpLevelDel:
		result = e.configureLevel(c, r)
	case ForgetNode:
		id := 0
		fmt.Sscanf(r.Element.SelectAttrValue("id", ""), "%d", &id)
		e.Peers.Forget(uint32(max(id, 0)), r.Element.SelectAttrValue("uname", ""))
		answer = false
	default:
		e.logf(loglevel.Error, "handle_unknown_request", "Unknown IPC request %s from %s", r.Op, origin(c, r))
		result = wire.Result{Exit: crmexit.Protocol, Exec: wire.ExecInvalid, Reason: "Unknown IPC request type '" + r.Op + "' (bug?)"}
	}
	if answer && result.Exec != wire.ExecPending {
		e.respond(r, r.Answer(data, &result))
	}
	reason := ""
	if result.Reason != "" {
		reason = " (" + result.Reason + ")"
	}
	e.logf(loglevel.Debug, "handle_request", "Processed %s request from %s: %s%s", r.Op, origin(c, r), result.Exec, reason)
}

// origin is who sent a request, as lines have it.
func origin(c *Client, r *wire.Request) string {
	if c == nil {
		return "peer " + r.From
	}
	return "client " + or(c.Name, c.ID)
}

// exec has a device of this node do an action (execute_agent_action).
func (e *Engine) exec(r *wire.Request) wire.Result {
	const where = "execute_agent_action"
	id, action := "", ""
	if d := r.Device(); d != nil {
		id = d.SelectAttrValue("st_device_id", "")
	}
	if t := r.ActionTask(); t != nil {
		action = t.Action
	}
	if id == "" || action == "" {
		e.logf(loglevel.Info, where, "Malformed API action request: device %s, action %s", or(id, "not specified"), or(action, "not specified"))
		return protocolError
	}
	if id == watchdogID {
		switch {
		case e.watchdog <= 0:
			return noDevice("Watchdog fence device not configured")
		case action == "list":
			var list strings.Builder
			for _, t := range e.watchdogTargets {
				list.WriteString(t + "\n")
			}
			return wire.Result{Output: list.String(), Blank: list.Len() == 0} // which the controller takes for all nodes
		case action == "monitor":
			return wire.Result{}
		}
	}
	d := e.devices[id]
	switch {
	case d == nil:
		e.logf(loglevel.Info, where, "Ignoring API '%s' action request because device %s not found", action, id)
		return noDevice("'%s' not found", id)
	case !d.fromAPI && action == "monitor":
		e.logf(loglevel.Info, where, "Ignoring API '%s' action request because device %s not active", action, id)
		return noDevice("'%s' not active", id)
	}
	c := e.newCommand(r)
	if c == nil {
		e.logf(loglevel.Warning, where, "Invalid request: %s", r.Op)
		return protocolError
	}
	e.schedule(c, d)
	return pending
}

// relayed leads an operation for a node that is its target (handle_relay_request).
func (e *Engine) relayed(c *Client, r *wire.Request) wire.Result {
	t := r.TargetTask()
	if t == nil {
		t = &wire.Task{}
	}
	e.logf(loglevel.Notice, "handle_relay_request", "Received forwarded fencing request from %s to fence (%s) peer %s", origin(c, r), t.Action, t.Target)
	if e.begin(r.Client, r, false) == nil {
		return protocolError
	}
	return pending
}

// fence carries out a request to fence: one of a peer by a device of this node, one of a client
// by whoever can (handle_fence_request).
func (e *Engine) fence(c *Client, r *wire.Request) wire.Result {
	const where = "handle_fence_request"
	if c == nil || e.StandAlone {
		return e.fenceLocally(r)
	}
	t := r.TargetTask()
	if t == nil {
		return protocolError
	}
	if r.Options.Has(wire.ManualAck) {
		return e.confirmed(c, r, t)
	}
	e.logf(loglevel.Notice, where, "Client %s wants to fence (%s) %s using %s", or(c.Name, c.ID), t.Action, t.Target, or(t.Device, "any device"))
	if e.fencedLately(t.Tolerance, t.Target, t.Action) {
		return wire.Result{}
	}
	if other := e.alternate(t.Target); other != "" {
		op := e.create(c.ID, r, t, false)
		e.Host.Send(other, r.Relay(c.ID, op.id))
		return pending
	}
	if e.begin(c.ID, r, false) == nil {
		return protocolError
	}
	return pending
}

// confirmed ends an operation that a human has carried out
// (fenced_handle_manual_confirmation).
func (e *Engine) confirmed(c *Client, r *wire.Request, t *wire.Task) wire.Result {
	e.logf(loglevel.Notice, "fenced_handle_manual_confirmation", "Received manual confirmation that %s has been fenced", or(t.Target, "unknown target"))
	op := e.begin(c.ID, r, true)
	if op == nil {
		return protocolError
	}
	op.state, op.result, op.delegate = wire.StateDone, wire.Result{}, "a human"
	op.complete(e.now)
	e.finish(op, nil, false)
	return pending
}

// alternate is who shall fence this node if that is what is asked for, empty if this node may
// lead the operation, or nobody else is there (check_alternate_host).
func (e *Engine) alternate(target string) string {
	if !strings.EqualFold(target, e.Node) {
		return ""
	}
	for _, name := range e.Peers.Active() {
		if !strings.EqualFold(name, target) {
			e.logf(loglevel.Notice, "check_alternate_host", "Forwarding self-fencing request to %s", name)
			return name
		}
	}
	e.logf(loglevel.Warning, "check_alternate_host", "Will handle own fencing because no peer can")
	return ""
}

// allowed tells whether who asks may change the configuration of fencing: others have to do so
// by the CIB, which knows about permissions (is_privileged).
func (e *Engine) allowed(c *Client, op string) bool {
	if c == nil || c.Privileged {
		return true
	}
	e.logf(loglevel.Warning, "is_privileged", "Rejecting IPC request '%s' from unprivileged client %s", op, or(c.Name, c.ID))
	return false
}

func unprivileged(what string) wire.Result {
	return wire.Result{Exit: crmexit.InsufficientPriv, Exec: wire.ExecInvalid, Reason: "Unprivileged users must " + what + " via CIB"}
}

func (e *Engine) configureDevice(c *Client, r *wire.Request) (result wire.Result) {
	element := r.Device()
	id := ""
	if element != nil {
		id = element.SelectAttrValue("id", "")
	}
	switch {
	case !e.allowed(c, r.Op) && r.Op == wire.OpDeviceAdd:
		result = unprivileged("register device")
	case !e.allowed(c, r.Op):
		result = unprivileged("delete device")
	case r.Op == wire.OpDeviceDel:
		e.remove(id, false)
	case element == nil:
		result = protocolError
	default:
		d, err := wire.ParseDevice(element)
		if err != nil {
			e.logf(loglevel.Error, "build_device_from_xml", "%v", err)
			result = protocolError
			break
		}
		result = e.register(d, false)
	}
	e.Host.Notify(r.Op, wire.Notice(r.Op, &result, wire.Configured(r.Op, id, len(e.devices))))
	return result
}

func (e *Engine) configureLevel(c *Client, r *wire.Request) (result wire.Result) {
	level := r.Level()
	switch {
	case !e.allowed(c, r.Op) && r.Op == wire.OpLevelAdd:
		result = unprivileged("add level")
	case !e.allowed(c, r.Op):
		result = unprivileged("delete level")
	case r.Op == wire.OpLevelAdd:
		result = e.addLevel(level)
	default:
		result = e.removeLevel(level)
	}
	e.notifyLevel(r.Op, level, &result)
	return result
}

func (e *Engine) notifyLevel(op string, level *etree.Element, result *wire.Result) {
	e.Host.Notify(op, wire.Notice(op, result, wire.Configured(op, e.describeLevel(level), len(e.topology))))
}
