package engine

import (
	"strconv"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// Attributes of the messages of the join.
const (
	joinID    = "join_id"
	dcLeaving = "dc-leaving"
	featureAt = "crm_feature_set"
)

// queryDC asks whether there is a DC (do_cl_join_query).
func (c *Controller) queryDC() {
	const function = "do_cl_join_query"
	c.setDC("", "") // or the answer may be dropped
	c.logf(loglevel.Debug, function, "Querying for a DC")
	c.host.Send("", cpgmsg.CRMD, c.request(function, taskJoinAnnounce, "", crmmsg.DC, crmmsg.Controller, nil))
}

// announce says that this node is here, for a DC whose offer it may have missed
// (do_cl_join_announce).
func (c *Controller) announce() {
	const function = "do_cl_join_announce"
	switch {
	case c.state != fsa.SPending:
		c.logf(loglevel.Warning, function, "Not announcing cluster join because in state %v", c.state)
	case c.has(starting):
		c.logf(loglevel.Warning, function, "Delaying announce of cluster join until local startup is complete")
	default:
		c.logf(loglevel.Debug, function, "Announcing availability")
		c.setDC("", "")
		c.host.Send("", cpgmsg.CRMD, c.request(function, taskJoinAnnounce, "", crmmsg.DC, crmmsg.Controller, nil))
	}
}

// expectLeaving notes that the DC is about to leave: this node was no peer when it said so
// (update_dc_expected).
func (c *Controller) expectLeaving(e *etree.Element) {
	if c.dc != "" && isTrue(e.SelectAttrValue(dcLeaving, "")) {
		if p := c.cluster.Peers.Get(0, c.dc); p != nil {
			c.cluster.Peers.SetExpected(p, expectDown)
		}
	}
}

// acceptOffer answers the offer of a DC with the version of the CIB here
// (do_cl_join_offer_respond).
func (c *Controller) acceptOffer(e *event) {
	const function = "do_cl_join_offer_respond"
	if e.message == nil {
		return
	}
	from, id := e.message.SelectAttrValue(crmmsg.HostFrom, ""), e.message.SelectAttrValue(joinID, "")
	c.join.query = 0 // only the last one counts
	if !c.welcomedBy(e.message) {
		c.logf(loglevel.Warning, function, "Discarding cluster join offer from node %s (expected %s)", from, orElse(c.dc, "(null)"))
		return
	}
	c.expectLeaving(e.message)
	var n int
	n = c.ask(call.Request{Op: ops.Query, Options: call.ScopeLocal | call.NoChildren}, func(answer *etree.Element, err error) {
		if n == c.join.query {
			c.join.query = 0
			c.requestJoin(id, answer, err)
		}
	})
	c.join.query = n
	c.actions |= fsa.ADCTimerStop
	c.trigger()
}

// requestJoin asks the DC to be let in (join_query_callback).
func (c *Controller) requestJoin(id string, cib *etree.Element, err error) {
	const function = "join_query_callback"
	switch {
	case err != nil || cib == nil:
		c.logf(loglevel.Error, function, "Could not retrieve version details for join-%s: %v (%d)", id, rcOf(err), rcOf(err))
		c.fail(fsa.IError, nil, function)
	case c.dc == "":
		c.logf(loglevel.Debug, function, "Membership is in flux, not continuing join-%s", id)
	default:
		c.logf(loglevel.Debug, function, "Respond to join offer join-%s from %s", id, c.dc)
		generation := etree.NewElement("generation_tuple")
		for _, a := range cib.Attr {
			generation.CreateAttr(a.FullKey(), a.Value)
		}
		m := c.request(function, taskJoinRequest, c.dc, crmmsg.DC, crmmsg.Controller, generation)
		m.CreateAttr(joinID, id)
		m.CreateAttr(featureAt, featureset.Current)
		c.host.Send(c.dc, cpgmsg.CRMD, m)
	}
}

// acceptResult takes what the DC makes of the request, and tells it the history of this node
// (do_cl_join_finalize_respond).
func (c *Controller) acceptResult(e *event) {
	const function = "do_cl_join_finalize_respond"
	m := e.message
	if m == nil || m.SelectAttrValue(crmmsg.Task, "") != taskJoinAckNak {
		return
	}
	from := m.SelectAttrValue(crmmsg.HostFrom, "")
	id, err := strconv.Atoi(m.SelectAttrValue(joinID, ""))
	if err != nil {
		id = -1
	}
	switch {
	case !isTrue(m.SelectAttrValue(taskJoinAckNak, "")):
		c.logf(loglevel.Error, function, "Shutting down because cluster join with leader %s failed | join-%d NACK'd", from, id)
		c.fail(fsa.IError, e, function)
		return
	case !c.IsDC() && c.isSelf(from):
		c.logf(loglevel.Warning, function, "Discarding our own welcome - we're no longer the DC")
		return
	case !c.welcomedBy(m):
		c.logf(loglevel.Warning, function, "Discarding %s from node %s (expected from %s)", taskJoinAckNak, from, c.dc)
		return
	}
	c.expectLeaving(m)
	c.SetAttribute(c.cluster.Name, "#feature-set", featureset.Current)

	history := c.lrm.State(c.now)
	if history == nil {
		c.logf(loglevel.Error, function, "Could not confirm join-%d with %s: Local operation history failed", id, c.dc)
		c.fail(fsa.IFail, e, function)
		return
	}
	confirm := c.request(function, taskJoinConfirm, c.dc, crmmsg.DC, crmmsg.Controller, history)
	confirm.CreateAttr(joinID, strconv.Itoa(id))
	c.logf(loglevel.Debug, function, "Confirming join-%d: sending local operation history to %s", id, c.dc)
	if !c.join.joined && !c.has(shuttingDown) {
		c.join.joined = true
		c.startState()
	}
	c.host.Send(c.dc, cpgmsg.CRMD, confirm)
	if !c.IsDC() {
		c.push(&event{cause: e.cause, input: fsa.INotDC, origin: function})
	}
}

// startState is what the node's environment wants it to start as (set_join_state).
func (c *Controller) startState() {
	const function = "set_join_state"
	standby := "on"
	switch s := c.config.StartState; {
	case s == "":
		return
	case fold(s, "standby"):
	case fold(s, "online"):
		standby = "off"
	case fold(s, "default"):
		c.logf(loglevel.Debug, function, "Not forcing a starting state on node %s", c.cluster.Name)
		return
	default:
		c.logf(loglevel.Warning, function, "Unrecognized start state '%s', using 'default' (%s)", s, c.cluster.Name)
		return
	}
	c.logf(loglevel.Notice, function, "Forcing node %s to join in %s state per configured environment", c.cluster.Name, c.config.StartState)
	c.setNodeAttribute(pair{"standby", standby})
}

// SetAttribute sets a transient attribute of a node of the cluster (update_attrd).
func (c *Controller) SetAttribute(node, name, value string) {
	program := c.config.Program
	c.host.Attribute(&attrdwire.Message{Origin: &program, Task: attrdwire.Update, Attribute: attrdwire.Attribute{
		Host: &node, Name: &name, Value: &value, Remote: attrdwire.No, Private: attrdwire.No,
	}})
}
