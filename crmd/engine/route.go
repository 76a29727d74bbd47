package engine

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// Tasks of messages.
const (
	taskNoop          = "noop"
	taskJoinAnnounce  = "join_announce"
	taskJoinOffer     = "join_offer"
	taskJoinRequest   = "join_request"
	taskJoinAckNak    = "join_ack_nack"
	taskJoinConfirm   = "join_confirm"
	taskNodeInfo      = "node-info"
	taskNodes         = "list-nodes"
	taskThrottle      = "throttle"
	taskLocalShutdown = "start_shutdown"
	taskShutdownReq   = "req_shutdown"
	taskShutdown      = "do_shutdown"
	taskDelete        = "lrm_delete"
	taskFail          = "lrm_fail"
	taskRefresh       = "lrm_refresh"
	taskReprobe       = "probe_again"
	taskClearFail     = "clear_failcount"
	taskRemoteState   = "remote_state"
	taskForgetNode    = "rm_node_cache"
	taskMaintenance   = "maintenance_nodes"
)

// dcCIB is the subsystem "the DC's CIB manager" of old.
const dcCIB = "dcib"

func fold(a, b string) bool { return strings.EqualFold(a, b) }

func isTrue(s string) bool {
	for _, yes := range [...]string{"true", "on", "yes", "y", "1"} {
		if fold(s, yes) {
			return true
		}
	}
	return false
}

// receive takes the message of a peer (crmd_cs_dispatch, crmd_ha_msg_filter).
func (c *Controller) receive(from string, e *etree.Element) {
	if c.cluster.Peers == nil {
		return
	}
	e.CreateAttr(crmmsg.HostFrom, from)
	p := c.cluster.Peers.Get(0, from)
	if p == nil {
		return
	}
	if p.Processes&peers.CPG == 0 {
		c.logf(loglevel.Warning, "crmd_cs_dispatch", "Receiving messages from a node we think is dead: %s[%d]", p.Name, p.ID)
		c.cluster.Peers.SetProcess(p, peers.CPG, true)
	}
	const function = "crmd_ha_msg_filter"
	switch {
	case c.IsDC() && fold(e.SelectAttrValue(crmmsg.SystemFrom, ""), crmmsg.DC) && !c.isSelf(from):
		level := loglevel.Info
		if c.state != fsa.SElection { // there can be only one
			level = loglevel.Warning
			c.failWith(fsa.IElection, nil, e, function)
		}
		c.logf(level, function, "Another DC detected: %s (op=%s)", from, e.SelectAttrValue(crmmsg.Task, ""))
	case !c.IsDC() && fold(e.SelectAttrValue(crmmsg.SystemTo, ""), crmmsg.DC):
		return
	default:
		c.route(fsa.CHAMessage, e)
	}
	c.trigger()
}

// serve takes the message of a client (dispatch_controller_ipc).
func (c *Controller) serve(client, user string, e *etree.Element) {
	if user != "" {
		e.CreateAttr(crmmsg.User, user)
	}
	e.CreateAttr(crmmsg.SystemFrom, client)
	if c.authorize(client, e) {
		c.route(fsa.CIPCMessage, e)
	}
	c.trigger()
}

// authorize tells whether a client's message is to be looked at further: a greeting is not, and
// ends the connection if it is none (controld_authorize_ipc_message).
func (c *Controller) authorize(client string, e *etree.Element) bool {
	const function = "controld_authorize_ipc_message"
	if !fold(e.SelectAttrValue(crmmsg.Task, ""), crmmsg.TaskHello) {
		return true
	}
	ref, hello := e.SelectAttrValue(crmmsg.Reference, "none"), crmmsg.ContentsOf(e)
	name := ""
	if hello != nil {
		name = hello.SelectAttrValue("client_name", "")
	}
	if name == "" {
		c.logf(loglevel.Warning, function, "IPC hello from client rejected: No client name | ref=%s uuid=%s", ref, client)
		c.host.Dismiss(client)
		return false
	}
	for _, field := range []string{"major_version", "minor_version"} {
		if integer(hello, field, -1) < 0 {
			c.logf(loglevel.Warning, "authorize_version", "Rejected IPC hello from %s: '%s' is not a valid protocol %s | ref=%s uuid=%s",
				name, hello.SelectAttrValue(field, ""), field, ref, client)
			c.host.Dismiss(client)
			return false
		}
	}
	return false
}

// route sends a message to whom it is for, or does what it asks for (route_message).
func (c *Controller) route(cause fsa.Cause, e *etree.Element) {
	if e == nil || c.relay(e, cause == fsa.CIPCMessage) {
		return
	}
	switch kind := e.SelectAttrValue(crmmsg.Subtype, ""); kind {
	case crmmsg.SubtypeRequest:
		if i := c.handle(e, cause); i != fsa.INull {
			c.put(&event{cause: cause, input: i, message: e, origin: "route_message"})
		}
	case crmmsg.SubtypeResponse:
		c.handleResponse(e)
	default:
		c.logf(loglevel.Error, "handle_message", "Unknown message type: %s", orElse(kind, "(null)"))
	}
}

// relay sends a message on, and is false if it is for this controller itself (relay_message).
func (c *Controller) relay(e *etree.Element, ownNode bool) bool {
	const function = "relay_message"
	ref, task := e.SelectAttrValue(crmmsg.Reference, "without reference ID"), e.SelectAttrValue(crmmsg.Task, "")
	if fold(task, crmmsg.TaskHello) {
		return true
	}
	if kind := e.SelectAttrValue(crmmsg.Type, ""); !fold(kind, crmmsg.TypeCRM) {
		c.logf(loglevel.Warning, function, "Received invalid message %s: type '%s' not 'crmd'", ref, kind)
		return true
	}
	to := e.SelectAttrValue(crmmsg.SystemTo, "")
	if e.SelectAttr(crmmsg.SystemTo) == nil {
		c.logf(loglevel.Warning, function, "Received invalid message %s: no subsystem", ref)
		return true
	}
	host := e.SelectAttrValue(crmmsg.HostTo, "")
	forDC, forTE, forController := fold(to, crmmsg.DC), fold(to, crmmsg.Transition), fold(to, crmmsg.Controller)
	here := c.isHere(e, host, to, task, ownNode)
	switch {
	case forDC || forTE || fold(to, dcCIB):
		from := e.SelectAttrValue(crmmsg.SystemFrom, "")
		switch {
		case c.IsDC() && forTE:
			c.deliver(e, to)
		case c.IsDC():
			return false
		case ownNode && !fold(from, crmmsg.Scheduler) && !fold(from, crmmsg.Transition):
			c.host.Send(host, cpgmsg.ServiceOf(to), e)
		default: // what scheduler and transitioner say counts on the DC only
			c.logf(loglevel.Trace, function, "Discard message %s because we are not DC", ref)
		}
	case here && (forController || fold(to, crmmsg.CIB)):
		return false
	case here:
		c.deliver(e, to)
	default:
		s := cpgmsg.ServiceOf(to)
		if s == cpgmsg.None || s > cpgmsg.StonithNG {
			s = cpgmsg.CRMD
		}
		if host != "" && c.find(host) == nil {
			c.logf(loglevel.Warning, function, "Cannot route message %s: Unknown node %s", ref, host)
			return true
		}
		c.host.Send(host, s, e)
	}
	return true
}

// find is a node of the cluster, nil if it is not known.
func (c *Controller) find(name string) *peers.Peer {
	if c.cluster.Peers == nil {
		return nil
	}
	return c.cluster.Peers.Find(0, name)
}

// isHere tells whether a message is for this node.
func (c *Controller) isHere(e *etree.Element, host, to, task string, ownNode bool) bool {
	forController := fold(to, crmmsg.Controller)
	switch {
	case host == "" && (fold(to, crmmsg.DC) || fold(to, crmmsg.Transition)):
		return false
	case host == "" && forController:
		// Who asks that way may not know the node's name.
		return fold(task, taskNodeInfo) || fold(task, taskNodes) || !ownNode
	case host == "" || c.isSelf(host):
		return true
	case forController && fold(task, taskDelete):
		contents := crmmsg.ContentsOf(e) // a node that is away has its history deleted from here
		return contents != nil && fold(contents.SelectAttrValue("mode", ""), "cib")
	}
	return false
}

// deliver gives a message to a client or a part of this node's (send_msg_via_ipc).
func (c *Controller) deliver(e *etree.Element, to string) {
	if e.SelectAttr(crmmsg.HostFrom) == nil {
		e.CreateAttr(crmmsg.HostFrom, c.cluster.Name)
	}
	switch {
	case c.host.Reply(to, e):
	case to == crmmsg.Transition:
		c.te.Message(c.now, e)
	case to == crmmsg.Executor:
		c.lrm.Invoke(c.now, e)
	default:
		c.logf(loglevel.Info, "send_msg_via_ipc", "Received invalid request: unknown subsystem '%s'", to)
	}
}

// reply answers a request (create_reply).
func (c *Controller) reply(to *etree.Element, function string, contents *etree.Element) {
	if e, err := crmmsg.Reply(to, function, contents); err == nil {
		c.relay(e, true)
	}
}
