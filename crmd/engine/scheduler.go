package engine

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// scheduling is what is under way with the scheduler.
type scheduling struct {
	query     int       // the call that asks for the CIB
	reference string    // of the request whose answer is awaited, "" for none
	replyBy   time.Time // when that has taken too long
	askAt     time.Time // when the CIB is asked for again, while other updates are awaited
}

// controlScheduler connects to the scheduler, or disconnects (do_pe_control).
func (c *Controller) controlScheduler(a fsa.Actions, e *event) {
	const function = "do_pe_control"
	if a.Has(fsa.APEStop) {
		c.clear(schedulerNeeded)
		c.stopScheduler()
	}
	if !a.Has(fsa.APEStart) || c.has(schedulerUp) {
		return
	}
	if c.state == fsa.SStopping {
		c.logf(loglevel.Info, function, "Ignoring request to connect to scheduler while shutting down")
		return
	}
	c.set(schedulerNeeded)
	if l := &c.links[Scheduler]; !l.trying {
		l.trying = true
		c.host.Connect(Scheduler)
	}
}

// schedulerConnected is the outcome of that.
func (c *Controller) schedulerConnected(err error) {
	if err == nil {
		c.set(schedulerUp)
		return
	}
	c.logf(loglevel.Error, "new_schedulerd_ipc_connection", "Error connecting to the scheduler: %v", err)
	c.logf(loglevel.Warning, "do_pe_control", "Could not connect to scheduler")
	c.links[Scheduler] = link{}
	c.fail(fsa.IFail, nil, "do_pe_control")
}

// stopScheduler ends the connection.
func (c *Controller) stopScheduler() {
	if c.links[Scheduler] != (link{}) {
		c.host.Disconnect(Scheduler)
		c.links[Scheduler] = link{}
	}
	c.schedulerGone()
}

// schedulerGone is the end of the connection (handle_disconnect): if it is needed, that of the
// daemon, with the CIB kept that the scheduler may have failed on.
func (c *Controller) schedulerGone() {
	const function = "handle_disconnect"
	c.expect("")
	c.clear(schedulerUp)
	c.trigger()
	if !c.has(schedulerNeeded) {
		c.logf(loglevel.Info, function, "Connection to the scheduler released")
		return
	}
	id := c.host.NewID()
	c.logf(loglevel.Crit, function, "Connection to the scheduler failed | uuid=%s", id)
	c.ask(call.Request{Op: ops.Query, Options: call.ScopeLocal}, func(cib *etree.Element, err error) {
		c.fail(fsa.IError, nil, "save_cib_contents")
		if err == nil && cib != nil {
			c.host.SaveCIB(id, cib)
		}
	})
}

// expect awaits the answer to a request, or none (controld_expect_sched_reply).
func (c *Controller) expect(reference string) {
	c.scheduling.reference = reference
	c.scheduling.replyBy = c.never()
	if reference != "" {
		c.scheduling.replyBy = c.now.Add(schedulerTimeout)
	}
}

// invokeScheduler asks for the CIB, for the scheduler to get it (do_pe_invoke).
func (c *Controller) invokeScheduler(e *event) {
	const function = "do_pe_invoke"
	switch {
	case !c.IsDC():
		c.logf(loglevel.Error, function, "Not invoking scheduler because not DC: %v", fsa.APEInvoke)
	case !c.has(schedulerUp) && c.has(shuttingDown):
		c.logf(loglevel.Error, function, "Cannot shut down gracefully without the scheduler")
		c.push(&event{cause: fsa.CFSAInternal, input: fsa.ITerminate, origin: function})
	case !c.has(schedulerUp):
		c.logf(loglevel.Info, function, "Waiting for the scheduler to connect")
		c.stall(fsa.APEInvoke, e, function)
		if !c.links[Scheduler].trying {
			c.actions |= fsa.APEStart
			c.trigger()
		}
	case c.state != fsa.SPolicyEngine:
		c.logf(loglevel.Notice, function, "Not invoking scheduler because in state %v", c.state)
	case !c.has(haveCIB):
		c.logf(loglevel.Error, function, "Attempted to invoke scheduler without consistent Cluster Information Base!")
		c.push(&event{cause: fsa.CFSAInternal, input: fsa.IElection, origin: function})
	default:
		c.expect("")
		c.scheduling.askAt = c.never()
		var n int
		n = c.ask(call.Request{Op: ops.Query, Options: call.ScopeLocal}, func(cib *etree.Element, err error) { c.schedule(n, cib, err) })
		c.scheduling.query = n
		c.logf(loglevel.Debug, function, "Query %d: Requesting the current CIB: %v", n, c.state)
	}
}

// schedule gives the CIB to the scheduler, once nothing is about to change it any more
// (do_pe_invoke_callback).
func (c *Controller) schedule(query int, cib *etree.Element, err error) {
	const function = "do_pe_invoke_callback"
	switch {
	case err != nil || cib == nil:
		c.logf(loglevel.Error, function, "Could not retrieve the Cluster Information Base: %v | rc=%d call=%d", rcOf(err), rcOf(err), query)
		c.fail(fsa.IError, nil, function)
		return
	case query != c.scheduling.query:
		c.logf(loglevel.Trace, function, "Skipping superseded CIB query: %d (current=%d)", query, c.scheduling.query)
		return
	case !c.IsDC() || !c.has(schedulerUp):
		c.logf(loglevel.Debug, function, "No need to invoke the scheduler anymore")
		return
	case c.state != fsa.SPolicyEngine:
		c.logf(loglevel.Debug, function, "Discarding scheduler request in state: %v", c.state)
		return
	case c.calls > 1: // this one still counts
		c.logf(loglevel.Debug, function, "Re-asking for the CIB: %d other peer updates still pending", c.calls-1)
		c.scheduling.askAt = c.now.Add(askAgain)
		return
	}
	c.cluster.Peers.Refresh(cib)
	cib.CreateAttr("dc-uuid", c.cluster.UUID)
	cib.CreateAttr("have-quorum", choose(c.hasQuorum, "1", "0"))
	forceOption(cib, "have-watchdog", yesNo(c.host.Watchdog()))
	if c.hadQuorum && !c.quorate {
		cib.CreateAttr("no-quorum-panic", "1")
	}
	m := c.maker.Request(&crmmsg.Request{
		Function: "pcmk_schedulerd_api_graph", Task: crmmsg.TaskPECalc, SystemTo: crmmsg.Scheduler, From: crmmsg.Controller,
		Contents: cib, GivenAway: true,
	}, c.now)
	reference := m.SelectAttrValue(crmmsg.Reference, "")
	if !c.host.Schedule(m) {
		c.logf(loglevel.Error, function, "Could not contact the scheduler")
		c.fail(fsa.IError, nil, function)
		return
	}
	c.expect(reference)
	c.logf(loglevel.Debug, function, "Invoking the scheduler: query=%d, ref=%s, seq=%d, quorate=%t", query, reference, c.ring, c.hasQuorum)
}

// askAgain asks for the CIB again after other updates.
func (c *Controller) askAgain() {
	c.scheduling.askAt = c.never()
	c.actions |= fsa.APEInvoke
	c.trigger()
}

// forceOption sets an option of the cluster wherever a CIB has it, or in the first set
// (force_local_option).
func forceOption(cib *etree.Element, name, value string) {
	done := false
	for _, set := range cib.FindElements("./configuration/crm_config//cluster_property_set") {
		for _, p := range set.FindElements(".//nvpair[@name='" + name + "']") {
			p.CreateAttr("value", value)
			done = true
		}
	}
	if done {
		return
	}
	at := cib
	for _, tag := range []string{"configuration", "crm_config", "cluster_property_set"} {
		next := at.SelectElement(tag)
		if next == nil {
			next = at.CreateElement(tag)
			if tag == "cluster_property_set" {
				next.CreateAttr("id", firstSet)
			}
		}
		at = next
	}
	p := at.CreateElement("nvpair")
	p.CreateAttr("id", firstSet+"-"+name)
	p.CreateAttr("name", name)
	p.CreateAttr("value", value)
}

// scheduled takes the scheduler's answer (handle_reply).
func (c *Controller) scheduled(e *etree.Element) {
	const function = "handle_reply"
	if !c.IsDC() || e.SelectAttrValue(crmmsg.Subtype, "") != crmmsg.SubtypeResponse {
		return
	}
	switch ref := e.SelectAttrValue(crmmsg.Reference, ""); {
	case ref == "":
		c.logf(loglevel.Error, function, "%s - Ignoring calculation with no reference", crmmsg.TaskPECalc)
	case ref == c.scheduling.reference:
		c.scheduling.replyBy = c.never()
		c.put(&event{cause: fsa.CIPCMessage, input: fsa.IPESuccess, message: e, origin: function})
	default:
		c.logf(loglevel.Info, function, "%s calculation %s is obsolete", crmmsg.TaskPECalc, ref)
	}
}
