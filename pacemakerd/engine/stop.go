package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// Shutdown stops all daemons, and then the program (pcmk_shutdown). It may be asked for
// again.
func (e *Engine) Shutdown(now time.Time) {
	if e.done {
		return
	}
	if e.find.asked != 0 {
		e.find.stop = true
		return
	}
	e.stop.on = true
	e.shutdown(now)
}

// shutdown goes on with the shutdown as far as it can (pcmk_shutdown_worker).
func (e *Engine) shutdown(now time.Time) {
	const function = "pcmk_shutdown_worker"
	if e.done {
		return
	}
	if e.stop.phase == controller {
		e.logf(loglevel.Notice, function, "Shutting down Pacemaker")
		e.state = state.ShuttingDown
	}
	for ; e.stop.phase >= 0; e.stop.phase-- {
		c := e.children[e.stop.phase]
		if c.pid == 0 {
			e.logf(loglevel.Debug, function, "%s confirmed stopped", c.Name)
			continue
		}
		switch {
		case !c.told:
			e.stop.nextLog = now.Add(StillWaiting)
			c.respawn, c.told = false, true
			e.signal(c, SIGTERM)
			if e.stop.phase < controller {
				c.forceAt = now.Add(Escalation)
			}
		case !now.Before(e.stop.nextLog):
			e.stop.nextLog = now.Add(StillWaiting)
			e.logf(loglevel.Notice, function, "Still waiting for %s to terminate | pid=%d", c.Name, c.pid)
		}
		return
	}
	e.logf(loglevel.Notice, function, "Shutdown complete")
	e.state = state.ShutdownComplete
	if !e.fatal && e.c.SBD && e.c.SyncStartup && !e.stop.heard {
		e.logf(loglevel.Notice, function, "Waiting for SBD to pick up shutdown-complete-state.")
		return
	}
	if e.fatal {
		e.logf(loglevel.Notice, function, "Shutting down and staying down after fatal error")
		e.end(crmexit.Fatal, StayDown)
		return
	}
	e.end(crmexit.OK, Orderly)
}
