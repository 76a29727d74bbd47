package engine

import (
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// event is an input of the machine that waits (fsa_data_t).
type event struct {
	input   fsa.Input
	cause   fsa.Cause
	actions fsa.Actions // that are left to do about it
	message *etree.Element
	origin  string // the reference's function that it comes from, for the log
}

// put queues an event behind all others, push before them (register_fsa_input).
func (c *Controller) put(e *event) {
	c.queue = append(c.queue, e)
	c.trigger()
}

func (c *Controller) push(e *event) {
	c.queue = slices.Insert(c.queue, 0, e)
	c.trigger()
}

// Input queues an input without a message.
func (c *Controller) Input(cause fsa.Cause, i fsa.Input, origin string) {
	c.put(&event{cause: cause, input: i, origin: origin})
}

// fail has an error dealt with before all else: what is left of the actions at hand goes back to
// the queue (register_fsa_error). during is the event at hand, nil if there is none.
func (c *Controller) fail(i fsa.Input, during *event, origin string) {
	c.failWith(i, during, nil, origin)
}

func (c *Controller) failWith(i fsa.Input, during *event, message *etree.Element, origin string) {
	if c.actions != fsa.ANothing {
		rest := &event{input: fsa.INull, cause: fsa.CFSAInternal, actions: c.actions, origin: "register_fsa_error_adv"}
		if during != nil {
			rest.cause, rest.message = during.cause, during.message
		}
		c.push(rest)
	}
	c.logf(loglevel.Info, "register_fsa_error_adv", "Resetting the current action list")
	c.actions = fsa.ANothing
	c.push(&event{input: i, cause: fsa.CFSAInternal, message: message, origin: origin})
}

// stall has the machine wait for another event with an action still to do (crmd_fsa_stall). Actions
// about a message go back to the queue with it.
func (c *Controller) stall(action fsa.Actions, during *event, origin string) {
	c.logf(loglevel.Debug, "register_fsa_input_adv", "Stalling the FSA pending further input: source=%s cause=%v queue=%d", origin, fsa.CFSAInternal, len(c.queue))
	c.stalled = true
	if during == nil || during.message == nil {
		c.actions |= action
		return
	}
	rest := &event{input: fsa.IWaitForEvent, cause: during.cause, actions: action | c.actions, message: during.message, origin: origin}
	c.actions = fsa.ANothing
	if len(c.queue) > 0 {
		c.queue = append(c.queue, rest)
	} else {
		c.queue = []*event{rest}
	}
}

// run works off the queue until it is empty or an action has to wait (s_crmd_fsa).
func (c *Controller) run() {
	const function = "s_crmd_fsa"
	c.stalled = false
	if len(c.queue) == 0 && c.actions != fsa.ANothing {
		c.queue = append(c.queue, &event{input: fsa.INull, cause: fsa.CFSAInternal, origin: function})
	}
	for len(c.queue) > 0 && !c.stalled && !c.exited {
		e := c.queue[0]
		c.queue = c.queue[1:]
		c.actions |= e.actions
		next, todo := fsa.Next(c.state, e.input)
		c.actions |= todo
		if e.input != fsa.INull && e.input != fsa.IRouter {
			c.logf(loglevel.Debug, function, "Processing %v: [ state=%v cause=%v origin=%s ]", e.input, c.state, e.cause, e.origin)
		}
		for _, level := range []fsa.Actions{fsa.AError, fsa.AWarn, fsa.ALog} { // before the state changes
			if c.actions.Has(level) {
				c.say(level, e)
			}
		}
		last := c.state
		c.state = next
		if c.state == fsa.SStopping || c.has(shuttingDown) {
			c.actions &^= fsa.StartupActions
		}
		if last != c.state {
			c.entered(last, e)
		}
		for c.actions != fsa.ANothing && !c.stalled && !c.exited {
			c.perform(c.actions.First(), e)
		}
	}
	if len(c.queue) > 0 || c.actions != fsa.ANothing || c.stalled {
		c.logf(loglevel.Debug, function, "Exiting the FSA: queue=%d, fsa_actions=%v, stalled=%t", len(c.queue), c.actions, c.stalled)
	}
}

// say logs an input that is out of the ordinary (do_log).
func (c *Controller) say(level fsa.Actions, e *event) {
	c.actions &^= level
	l := loglevel.Info
	switch level {
	case fsa.AError:
		l = loglevel.Error
	case fsa.AWarn:
		l = loglevel.Warning
	}
	c.logf(l, "do_log", "Input %v received in state %v from %s", e.input, c.state, e.origin)
}

// perform does an action, which is no longer to be done then, unless it stalls the machine.
func (c *Controller) perform(a fsa.Actions, e *event) {
	c.actions &^= a
	switch a {
	case fsa.AError, fsa.AWarn, fsa.ALog:
		c.say(a, e)
	case fsa.AExit1:
		c.leave(crmexit.Error)
	case fsa.AExit0:
		c.leave(crmexit.OK)
	case fsa.OLRMReconnect, fsa.ALRMConnect, fsa.ALRMDisconnect:
		c.controlExecutor(a, e)
	case fsa.OCIBRestart, fsa.ACIBStart, fsa.ACIBStop:
		c.controlCIB(a, e)
	case fsa.OPERestart, fsa.APEStart, fsa.APEStop:
		c.controlScheduler(a, e)
	case fsa.OTERestart, fsa.ATEStart, fsa.ATEStop:
		c.controlTransitioner(a)
	case fsa.AStartup: // there is nothing to prepare
	case fsa.AHAConnect:
		c.connectCluster(e)
	case fsa.AHADisconnect:
		c.disconnectCluster()
	case fsa.AReadConfig:
		c.te.StartThrottling(c.now)
		c.rereads = true
	case fsa.ADCTimerStop, fsa.ADCTimerStart, fsa.AIntegrateTimerStop, fsa.AIntegrateTimerStart, fsa.AFinalizeTimerStop, fsa.AFinalizeTimerStart:
		c.controlTimer(a, e)
	case fsa.AMsgRoute:
		c.route(e.cause, e.message)
	case fsa.ARecover:
		c.recover()
	case fsa.AShutdownReq:
		c.requestShutdown(e)
	case fsa.AElectionVote, fsa.AElectionStart:
		c.vote()
	case fsa.AElectionCount:
		c.countVote(e)
	case fsa.AElectionCheck:
		c.checkElection()
	case fsa.ALRMEvent: // the executor's events do not pass through here
	case fsa.ALRMInvoke:
		c.lrm.Invoke(c.now, e.message)
	case fsa.AStarted:
		c.started(e)
	case fsa.ADCTakeover:
		c.takeOver()
	case fsa.ADCRelease, fsa.ADCReleased:
		c.release(a)
	case fsa.ATEHalt, fsa.ATECancel, fsa.ATEInvoke:
		c.controlTransition(a, e)
	case fsa.APEInvoke:
		c.invokeScheduler(e)
	case fsa.AShutdown:
		c.set(shuttingDown)
		c.disconnectFencer()
	case fsa.AStop:
		_ = c.host.Serve(false)
		c.Input(fsa.CFSAInternal, fsa.ITerminate, "do_stop")
	default:
		c.performJoin(a, e)
	}
}

// performJoin does what belongs to the join of nodes.
func (c *Controller) performJoin(a fsa.Actions, e *event) {
	switch a {
	case fsa.ACLJoinQuery:
		c.queryDC()
	case fsa.ACLJoinAnnounce:
		c.announce()
	case fsa.ACLJoinRequest:
		c.acceptOffer(e)
	case fsa.ACLJoinResult:
		c.acceptResult(e)
	case fsa.ADCJoinOfferAll:
		c.offerAll(e)
	case fsa.ADCJoinOfferOne:
		c.offerOne(e)
	case fsa.ADCJoinProcessReq:
		c.filterRequest(e)
	case fsa.ADCJoinProcessAck:
		c.confirmJoin(e)
	case fsa.ADCJoinFinalize:
		c.finalizeJoin()
	case fsa.ADCJoinFinal:
		c.logf(loglevel.Debug, "do_dc_join_final", "Ensuring DC, quorum and node attributes are up-to-date")
		c.updateQuorum(c.quorate, true)
	default:
		c.logf(loglevel.Error, "s_crmd_fsa_actions", "Action %v not supported", a)
		c.fail(fsa.IError, e, "s_crmd_fsa_actions")
	}
}

// entered is what goes with a change of the state, before its actions (do_state_transition).
func (c *Controller) entered(from fsa.State, e *event) {
	const function = "do_state_transition"
	to := c.state
	level := loglevel.Info
	switch {
	case from == fsa.SIdle, to == fsa.SIdle, from == fsa.SNotDC, to == fsa.SNotDC, from == fsa.SElection, from == fsa.SStarting:
		level = loglevel.Notice
	case to == fsa.SRecovery:
		level = loglevel.Warning
	}
	c.logf(level, function, "State transition %v -> %v | input=%v cause=%v origin=%s", from, to, e.input, e.cause, e.origin)

	if to != fsa.SElection && from != fsa.SReleaseDC {
		c.electionAt = c.never()
	}
	c.actions |= pick(to == fsa.SIntegration, fsa.AIntegrateTimerStart, fsa.AIntegrateTimerStop) |
		pick(to == fsa.SFinalizeJoin, fsa.AFinalizeTimerStart, fsa.AFinalizeTimerStop)
	if to != fsa.SPending {
		c.actions |= fsa.ADCTimerStop
	}
	if to != fsa.SIdle {
		c.timers.stop(recheckTimer)
	}
	if from == fsa.SFinalizeJoin && to == fsa.SPolicyEngine {
		c.populate(allParts, function)
	}
	c.entering(to, e)
	switch {
	case to == fsa.SRecovery:
		c.actions |= fsa.ARecover
	case to != fsa.SPending:
		c.actions &^= fsa.ARecover
	}
}

func pick(yes bool, a, b fsa.Actions) fsa.Actions {
	if yes {
		return a
	}
	return b
}

func (c *Controller) entering(to fsa.State, e *event) {
	const function = "do_state_transition"
	switch to {
	case fsa.SPending:
		c.setPrimary(false)
		c.setDC("", "")
	case fsa.SElection:
		c.setDC("", "")
	case fsa.SNotDC:
		c.timers[dcTimer].pops = 0
		c.te.PurgeCleanup()
		if c.has(shuttingDown) {
			c.logf(loglevel.Info, function, "(Re)Issuing shutdown request now that we have a new DC")
			c.actions |= fsa.AShutdownReq
		}
		if c.dc == "" {
			c.logf(loglevel.Error, function, "Reached S_NOT_DC without a DC being recorded")
		}
	case fsa.SFinalizeJoin:
		if e.cause == fsa.CTimerPopped {
			c.logf(loglevel.Warning, function, "Progressed to state %v after %v", to, e.cause)
		}
		if n := c.join.count(c, welcomed); n > 0 {
			c.logf(loglevel.Warning, function, "%d cluster node%s failed to respond to join offer", n, plural(n))
			c.join.log(c, loglevel.Notice)
		} else {
			c.logf(loglevel.Debug, function, "All cluster nodes (%d) responded to join offer", c.join.count(c, integrated))
		}
	case fsa.SPolicyEngine:
		c.timers[dcTimer].pops = 0
		if e.cause == fsa.CTimerPopped {
			c.logf(loglevel.Info, function, "Progressed to state %v after %v", to, e.cause)
		}
		c.checkJoinCounts()
	case fsa.SStopping, fsa.STerminate:
		c.set(shuttingDown)
	case fsa.SIdle:
		if c.has(shuttingDown) {
			c.logf(loglevel.Info, function, "(Re)Issuing shutdown request now that we are the DC")
			c.actions |= fsa.AShutdownReq
		}
		c.startRecheck()
	}
}

// request makes a message of this controller's (create_request).
func (c *Controller) request(function, task, host, to, from string, contents *etree.Element) *etree.Element {
	return c.maker.Request(&crmmsg.Request{Function: function, Task: task, HostTo: host, SystemTo: to, From: from, Contents: contents}, c.now)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
