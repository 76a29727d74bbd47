package engine

import (
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// maxFailures is how often in a row a connection may fail before that is an error.
const maxFailures = 30

// connect has a link made that is not there, and tells whether it is. While it is tried, or after
// it has failed and until the timer has it tried again, the action has to wait.
func (c *Controller) connect(s Subsystem) (up bool, err error) {
	l := &c.links[s]
	if l.up {
		return true, nil
	}
	if err, l.err = l.err, nil; err != nil {
		return false, err
	}
	if !l.trying {
		l.trying = true
		c.host.Connect(s)
	}
	return false, nil
}

// connected is the outcome of an attempt.
func (c *Controller) connected(s Subsystem, err error) {
	l := &c.links[s]
	if !l.trying {
		return // given up meanwhile
	}
	l.trying, l.up, l.err = false, err == nil, err
	switch {
	case s == Fencer && err == nil:
		c.te.FencerConnected(c.now)
	case s == Scheduler:
		c.schedulerConnected(err)
	}
	c.trigger()
}

// lost is the end of a connection from the other side.
func (c *Controller) lost(s Subsystem) {
	c.links[s] = link{}
	switch s {
	case CIB:
		c.calls = 0
		if !c.has(cibConnected) {
			c.logf(loglevel.Info, "crmd_cib_connection_destroy", "Connection to the CIB manager terminated")
			break
		}
		c.logf(loglevel.Crit, "crmd_cib_connection_destroy", "Lost connection to the CIB manager, shutting down")
		c.Input(fsa.CFSAInternal, fsa.IError, "crmd_cib_connection_destroy")
		c.clear(cibConnected)
	case ClusterLayer:
		if c.has(clusterGone) {
			c.logf(loglevel.Info, "crmd_cs_destroy", "Corosync connection closed")
			break
		}
		c.logf(loglevel.Crit, "crmd_cs_destroy", "Lost connection to cluster layer, shutting down")
		c.exit(crmexit.Disconnect)
		return
	case Executor:
		c.lrm.Lost(c.now)
		c.clear(executorUp)
	case Scheduler:
		c.schedulerGone()
	case Fencer:
		c.te.FencerLost(c.now, true)
		c.connectFencer()
	}
	c.trigger()
}

// controlCIB connects to the CIB manager, or disconnects (do_cib_control).
func (c *Controller) controlCIB(a fsa.Actions, e *event) {
	const function = "do_cib_control"
	if a.Has(fsa.ACIBStop) {
		if c.lrm.Updating() && c.links[CIB].up {
			c.logf(loglevel.Info, function, "Waiting for resource update to complete")
			c.stall(a, e, function)
			return
		}
		c.disconnectCIB()
	}
	if !a.Has(fsa.ACIBStart) {
		return
	}
	if c.state == fsa.SStopping {
		c.logf(loglevel.Error, function, "Ignoring request to connect to the CIB manager after shutdown")
		return
	}
	l := &c.links[CIB]
	up, err := c.connect(CIB)
	switch {
	case up:
		c.set(cibConnected)
		l.failures = 0
	case err != nil:
		c.logf(loglevel.Info, function, "Could not connect to the CIB manager: %v", err)
		l.failures++
		c.logf(loglevel.Warning, function, "Couldn't complete CIB registration %d times... pause and retry", l.failures)
		if l.failures >= maxFailures {
			c.logf(loglevel.Error, function, "Could not complete CIB registration  %d times... hard error", l.failures)
			c.fail(fsa.IError, e, function)
			return
		}
		c.retry(a, e, function)
	default:
		c.stall(fsa.ACIBStart, e, function)
	}
}

// retry has an action wait until a connection is tried again.
func (c *Controller) retry(a fsa.Actions, e *event, function string) {
	c.timers[waitTimer].period = retryDelay
	c.timers.start(waitTimer, c.now)
	c.stall(a, e, function)
}

func (c *Controller) disconnectCIB() {
	const function = "controld_disconnect_cib_manager"
	c.logf(loglevel.Info, function, "Disconnecting from the CIB manager")
	c.clear(cibConnected)
	if c.links[CIB].up {
		c.host.CIB(call.Request{Op: call.SetSecondary, Options: call.ScopeLocal | call.DiscardReply}, nil)
	}
	if c.links[CIB] != (link{}) {
		c.host.Disconnect(CIB)
	}
	c.links[CIB], c.calls = link{}, 0
	c.logf(loglevel.Notice, function, "Disconnected from the CIB manager")
}

// connectCluster joins the process group (do_ha_control).
func (c *Controller) connectCluster(e *event) {
	const function = "do_ha_control"
	up, err := c.connect(ClusterLayer)
	switch {
	case err != nil || up && c.cluster.UUID == "":
		if up {
			c.logf(loglevel.Error, function, "Could not obtain local uuid")
		}
		c.set(clusterGone)
		c.fail(fsa.IError, e, function)
	case !up:
		c.stall(fsa.AHAConnect, e, function)
	default:
		if c.election == nil {
			c.election = election.New("DC", c.cluster.Name, voters{c.cluster.Peers}, c.log)
		}
		c.populate(0, function)
		c.clear(clusterGone)
		c.logf(loglevel.Info, function, "Connected to the cluster")
	}
}

func (c *Controller) disconnectCluster() {
	c.set(clusterGone)
	c.host.Disconnect(ClusterLayer)
	c.links[ClusterLayer] = link{}
	c.logf(loglevel.Info, "do_ha_control", "Disconnected from the cluster")
}

// controlExecutor connects to the executor, or disconnects once nothing runs that must not
// (do_lrm_control).
func (c *Controller) controlExecutor(a fsa.Actions, e *event) {
	const function = "do_lrm_control"
	if c.cluster.Name == "" {
		return // there is nothing to connect for
	}
	if a.Has(fsa.ALRMDisconnect) {
		if !c.lrm.Disconnect(c.now, a != fsa.ALRMDisconnect) {
			c.stall(a, e, function)
			return
		}
		c.clear(executorUp)
		c.host.Disconnect(Executor)
		c.links[Executor] = link{}
	}
	if !a.Has(fsa.ALRMConnect) {
		return
	}
	c.logf(loglevel.Debug, function, "Connecting to the executor")
	up, err := c.connect(Executor)
	switch {
	case up:
		c.set(executorUp)
		c.lrm.Connected(c.now, nil)
	case err == nil:
		c.stall(fsa.ALRMConnect, e, function)
	case c.lrm.Connected(c.now, err):
		c.retry(fsa.ALRMConnect, e, function)
	}
}

// connectFencer has the host look for the fencer until it is there.
func (c *Controller) connectFencer() {
	c.links[Fencer].trying = true
	c.host.Connect(Fencer)
}

// disconnectFencer ends the connection for good (controld_disconnect_fencer).
func (c *Controller) disconnectFencer() {
	if c.links[Fencer] == (link{}) {
		return
	}
	c.links[Fencer] = link{}
	c.host.Disconnect(Fencer)
	c.te.FencerLost(c.now, false)
}

// started completes the start once everything is there (do_started).
func (c *Controller) started(e *event) {
	const function = "do_started"
	if c.state != fsa.SStarting {
		c.logf(loglevel.Error, function, "Start cancelled... %v", c.state)
		return
	}
	for _, need := range []struct {
		register
		text string
	}{
		{membership, "no membership data"}, {executorUp, "not connected to executor"}, {cibConnected, "CIB not connected"},
		{configRead, "Config not read"}, {peerData, "No peer data"},
	} {
		if !c.has(need.register) {
			c.logf(loglevel.Info, function, "Delaying start, %s", need.text)
			c.stall(fsa.AStarted, nil, function)
			return
		}
	}
	// A controller of the reference takes so long to join that its manager of attributes is there. Here it is
	// waited for: agents that start earlier would set promotion scores behind its back, in the CIB, and it begins by
	// erasing what the CIB has of its node.
	if up, err := c.connect(Attributes); err != nil {
		c.logf(loglevel.Warning, function, "Starting without the attribute manager: %v", err)
	} else if !up {
		c.logf(loglevel.Info, function, "Delaying start, no attribute manager")
		c.stall(fsa.AStarted, nil, function)
		return
	}
	if err := c.host.Serve(true); err != nil {
		c.logf(loglevel.Error, function, "Failed to create IPC server: shutting down and inhibiting respawn")
		c.fail(fsa.IError, e, function)
	} else {
		c.logf(loglevel.Notice, function, "Pacemaker controller successfully started and accepting connections")
	}
	c.connectFencer()
	c.clear(starting)
	c.Input(e.cause, fsa.IPending, function)
}

func (c *Controller) recover() {
	c.set(inRecovery)
	c.logf(loglevel.Warning, "do_recover", "Fast-tracking shutdown in response to errors")
	c.Input(fsa.CFSAInternal, fsa.ITerminate, "do_recover")
}

// leave is the last thing to do (do_exit).
func (c *Controller) leave(code crmexit.Code) {
	const function = "do_exit"
	c.lrm.VerifyStopped(c.now, c.state, loglevel.Error)
	level, action, how := loglevel.Info, fsa.AExit0, "gracefully"
	if code != crmexit.OK {
		level, action, how = loglevel.Error, fsa.AExit1, "forcefully"
	}
	c.logf(level, function, "Performing %v - %s exiting the controller", action, how)
	c.logf(loglevel.Info, function, "[%s] stopped (%d)", c.config.Program, code)
	c.exit(code)
}
