package engine

import (
	"fmt"
	"strconv"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// handle does what a request asks for; the input that may come of it gets the message
// (handle_request).
func (c *Controller) handle(e *etree.Element, cause fsa.Cause) fsa.Input {
	const function = "handle_request"
	task := e.SelectAttrValue(crmmsg.Task, "")
	if task == "" {
		c.logf(loglevel.Warning, function, "request without %s", crmmsg.Task)
		return fsa.INull
	}
	if task == taskShutdownReq {
		if p := c.find(e.SelectAttrValue(crmmsg.HostFrom, "")); p != nil {
			c.cluster.Peers.SetExpected(p, expectDown)
		}
		if !c.IsDC() {
			return fsa.INull
		}
	}
	if c.IsDC() {
		if input, done := c.handleAsDC(task, e); done {
			return input
		}
	}
	switch task {
	case election.OpVote, election.OpNoVote:
		c.put(&event{cause: fsa.CHAMessage, input: fsa.INull, actions: fsa.AElectionCount | fsa.AElectionCheck, message: e, origin: function})
		if task == election.OpVote && c.state == fsa.SHalt {
			c.logf(loglevel.Debug, function, "Forcing an election from S_HALT")
			return fsa.IElection
		}
	case taskThrottle:
		c.te.Throttle(c.now, e)
	case taskClearFail:
		c.clearFailures(e)
	case taskJoinOffer:
		if !c.verifyFeatureSet(e) {
			return fsa.INull
		}
		c.logf(loglevel.Debug, function, "Raising I_JOIN_OFFER: join-%s", e.SelectAttrValue(joinID, ""))
		return fsa.IJoinOffer
	case taskJoinAckNak:
		c.logf(loglevel.Debug, function, "Raising I_JOIN_RESULT: join-%s", e.SelectAttrValue(joinID, ""))
		return fsa.IJoinResult
	case taskDelete:
		return c.deleteHistory(e)
	case taskFail, taskRefresh, taskReprobe:
		e.CreateAttr(crmmsg.SystemTo, crmmsg.Executor)
		return fsa.IRouter
	case taskNoop:
	case taskLocalShutdown:
		c.shutdown()
	case crmmsg.TaskPing:
		c.ping(e)
	case taskNodeInfo:
		c.nodeInfo(e)
	case taskNodes:
		c.listNodes(e)
	case taskForgetNode:
		c.forgetNode(e, cause)
	case taskMaintenance: // of remote nodes, which there are none of yet
	case taskShutdown:
		if !c.IsDC() {
			return c.shutdownConfirmed(e)
		}
	default:
		if c.IsDC() {
			c.logf(loglevel.Error, function, "Unexpected request (%s) sent to the DC", task)
		}
	}
	return fsa.INull
}

// handleAsDC does what only a DC does.
func (c *Controller) handleAsDC(task string, e *etree.Element) (input fsa.Input, done bool) {
	switch task {
	case taskJoinAnnounce:
		return fsa.INodeJoin, true
	case taskJoinRequest:
		return fsa.IJoinRequest, true
	case taskJoinConfirm:
		return fsa.IJoinResult, true
	case taskShutdown:
		return c.ownShutdownConfirmed(e), true
	case taskShutdownReq:
		c.shutDown(e)
		return fsa.INull, true
	case taskRemoteState:
		c.remoteState(e)
		return fsa.INull, true
	}
	return fsa.INull, false
}

// handleResponse takes the answer to a request of this controller's (handle_response).
func (c *Controller) handleResponse(e *etree.Element) {
	const function = "handle_response"
	switch task := e.SelectAttrValue(crmmsg.Task, ""); task {
	case "":
		c.logf(loglevel.Error, function, "Bad message")
	case election.OpVote, taskShutdownReq, taskShutdown:
	case crmmsg.TaskPECalc:
		if c.IsDC() {
			c.scheduled(e)
			return
		}
		fallthrough
	default:
		c.logf(loglevel.Error, function, "Unexpected response (op=%s, src=%s) sent to the %s", task, e.SelectAttrValue(crmmsg.HostFrom, "(null)"), choose(c.IsDC(), "DC", "controller"))
	}
}

// shutDown has a node's resources leave it, which ends with its shutdown (handle_shutdown_request).
func (c *Controller) shutDown(e *etree.Element) {
	from := orElse(e.SelectAttrValue(crmmsg.HostFrom, ""), c.cluster.Name)
	c.logf(loglevel.Info, "handle_shutdown_request", "Creating shutdown request for %s (state=%v)", from, c.state)
	c.SetAttribute(from, attrdwire.ShutdownName, strconv.FormatInt(c.now.Unix(), 10))
}

// ownShutdownConfirmed is that the DC itself may leave (handle_shutdown_self_ack).
func (c *Controller) ownShutdownConfirmed(e *etree.Element) fsa.Input {
	const function = "handle_shutdown_self_ack"
	from := e.SelectAttrValue(crmmsg.HostFrom, "")
	switch {
	case c.has(shuttingDown):
		c.logf(loglevel.Info, function, "Shutting down controller")
		return fsa.IStop
	case c.isDC(from):
		c.logf(loglevel.Error, function, "Shutting down controller immediately due to unexpected shutdown confirmation")
		return fsa.ITerminate
	case c.state != fsa.SStopping:
		c.logf(loglevel.Error, function, "Starting new DC election because %s is confirming shutdown we did not request", orElse(from, "another node"))
		return fsa.IElection
	}
	c.logf(loglevel.Debug, function, "Ignoring unexpected shutdown confirmation from %s", orElse(from, "another node"))
	return fsa.INull
}

// shutdownConfirmed is that a node may leave (handle_shutdown_ack).
func (c *Controller) shutdownConfirmed(e *etree.Element) fsa.Input {
	const function = "handle_shutdown_ack"
	from := e.SelectAttrValue(crmmsg.HostFrom, "")
	switch {
	case from == "":
		c.logf(loglevel.Warning, function, "Ignoring shutdown request without origin specified")
		return fsa.INull
	case c.dc != "" && from != c.dc:
		c.logf(loglevel.Warning, function, "Ignoring shutdown request from %s because DC is %s", from, c.dc)
		return fsa.INull
	case c.has(shuttingDown):
		c.logf(loglevel.Info, function, "Shutting down controller after confirmation from %s", from)
	default:
		c.logf(loglevel.Error, function, "Shutting down controller after unexpected shutdown request from %s", from)
		c.set(stayDown)
	}
	return fsa.IStop
}

// remoteState is what a node that has the connection to a remote one says about it
// (handle_remote_state).
func (c *Controller) remoteState(e *etree.Element) {
	name, up := e.SelectAttrValue("id", ""), e.SelectAttr("in_ccm")
	if name == "" || up == nil {
		return
	}
	state := peers.Lost
	if isTrue(up.Value) {
		state = peers.Member
	}
	if p := c.cluster.Peers.Remote(name); p != nil {
		c.cluster.Peers.SetState(p, state, 0)
	}
}

// ping says how this controller is (handle_ping).
func (c *Controller) ping(e *etree.Element) {
	r := etree.NewElement("ping_response")
	r.CreateAttr("crm_subsystem", e.SelectAttrValue(crmmsg.SystemTo, ""))
	r.CreateAttr("crmd_state", c.state.String())
	c.logf(loglevel.Notice, "handle_ping", "Current ping state: %v", c.state)
	r.CreateAttr("result", "ok")
	c.reply(e, "handle_ping", r)
}

// listNodes tells of all nodes (handle_node_list).
func (c *Controller) listNodes(e *etree.Element) {
	list := etree.NewElement("nodes")
	for _, p := range c.peers() {
		n := list.CreateElement("node")
		n.CreateAttr("id", fmt.Sprint(p.ID))
		setSome(n, "uname", p.Name)
		setSome(n, "in_ccm", string(p.State))
	}
	c.reply(e, "handle_node_list", list)
}

func setSome(e *etree.Element, name, value string) {
	if value != "" {
		e.CreateAttr(name, value)
	}
}

// nodeInfo tells of one node, this one if the request names none (handle_node_info_request).
func (c *Controller) nodeInfo(e *etree.Element) {
	n := etree.NewElement("node")
	n.CreateAttr("crm_subsystem", crmmsg.Controller)
	n.CreateAttr("have-quorum", yesNo(c.hasQuorum))
	id, name := uint32(max(integer(e, "id", 0), 0)), e.SelectAttrValue("uname", "")
	if id == 0 && e.SelectAttr("uname") == nil {
		name = c.cluster.Name
	}
	if c.cluster.Peers != nil {
		if p := c.cluster.Peers.FindAny(id, name); p != nil {
			n.CreateAttr("id", fmt.Sprint(p.ID))
			setSome(n, "uuid", p.UUID)
			setSome(n, "uname", p.Name)
			setSome(n, "crmd", string(p.State))
			n.CreateAttr("remote_node", yesNo(p.Remote))
		}
	}
	c.reply(e, "handle_node_info_request", n)
}

// forgetNode has all controllers forget a node; what they are told does not name it, as in the
// reference, so that only nodes without a name go.
func (c *Controller) forgetNode(e *etree.Element, cause fsa.Cause) {
	const function = "handle_request"
	id, name := uint32(max(integer(e, "id", 0), 0)), e.SelectAttrValue("uname", "")
	if cause == fsa.CIPCMessage {
		if c.host.Send("", cpgmsg.CRMD, c.request(function, taskForgetNode, "", crmmsg.Controller, crmmsg.Controller, nil)) {
			c.logf(loglevel.Notice, function, "Instructing peers to remove references to node %s/%d", orElse(name, "(null)"), id)
		} else {
			c.logf(loglevel.Error, function, "Could not instruct peers to remove references to node %s/%d", orElse(name, "(null)"), id)
		}
		return
	}
	c.cluster.Peers.Reap(id, name)
	c.te.ForgetFencingFailures(name) // or a node that gets the name later would inherit them
}

// clearFailures forgets that an operation of a resource has failed (handle_failcount_op).
func (c *Controller) clearFailures(e *etree.Element) {
	const function = "handle_failcount_op"
	op := crmmsg.ContentsOf(e)
	if op == nil {
		return
	}
	var rsc, operation string
	var ms int64
	if r := op.SelectElement("primitive"); r != nil {
		rsc = r.SelectAttrValue("id", "")
	}
	if a := op.SelectElement("attributes"); a != nil {
		operation = a.SelectAttrValue("CRM_meta_clear_failure_op", "")
		ms = integer(a, "CRM_meta_clear_failure_interval", 0)
	}
	node := op.SelectAttrValue("on_node", "")
	if rsc == "" || node == "" {
		c.logf(loglevel.Warning, function, "invalid failcount op")
		return
	}
	a := attrdwire.Attribute{Host: &node, Resource: &rsc, Remote: attrdwire.FlagOf(op.SelectAttr("router_node") != nil)}
	shown := "all"
	if operation != "" {
		a.Operation, shown = &operation, "nonrecurring"
	}
	if ms > 0 {
		interval := fmt.Sprintf("%dms", ms)
		a.Interval = &interval
		if operation != "" {
			shown = interval
		}
	}
	c.logf(loglevel.Info, "update_attrd_clear_failures", "Asking attribute manager to clear failure of %s %s for %s on %s node %s",
		shown, orElse(operation, "operations"), rsc, choose(a.Remote.True(), "Pacemaker Remote", "cluster"), node)
	program := c.config.Program
	c.host.Attribute(&attrdwire.Message{Origin: &program, Task: attrdwire.ClearFailure, Attribute: a})
	c.lrm.ClearLastFailure(rsc, operation, uint(max(ms, 0)))
}

// deleteHistory has a resource's history on a node deleted: by the node, or in the CIB alone if
// that is what the request wants (handle_lrm_delete).
func (c *Controller) deleteHistory(e *etree.Element) fsa.Input {
	contents := crmmsg.ContentsOf(e)
	if contents == nil {
		return fsa.INull
	}
	if contents.SelectAttrValue("mode", "") != "cib" {
		e.CreateAttr(crmmsg.SystemTo, crmmsg.Executor)
		return fsa.IRouter
	}
	c.lrm.DeleteHistory(c.now, e)
	return fsa.INull
}
