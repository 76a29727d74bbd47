package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// Shutdown has the node leave (pcmk_shutdown).
func (e *Engine) Shutdown(now time.Time) {
	if e.quit {
		return
	}
	e.stopping = true
	e.work(now)
}

// work stops the next daemon, if the one before has ended (pcmk_shutdown_worker).
func (e *Engine) work(now time.Time) {
	const function = "pcmk_shutdown_worker"
	if e.quit || !e.stopping {
		return
	}
	if e.state != state.ShuttingDown && e.state != state.ShutdownComplete {
		e.logf(loglevel.Notice, function, "Shutting down Pacemaker")
		e.state = state.ShuttingDown
	}
	for ; e.phase >= 0; e.phase-- {
		c := &e.children[e.phase]
		if c.pid == 0 {
			e.logf(loglevel.Debug, function, "%s confirmed stopped", c.Name)
			continue
		}
		switch {
		case c.respawn:
			c.respawn = false
			e.logAt = now.Add(stillWaiting)
			e.signal(c, SIGTERM)
			if e.phase < controller {
				c.escalate = now.Add(escalation)
			}
		case !now.Before(e.logAt):
			e.logAt = now.Add(stillWaiting)
			e.logf(loglevel.Notice, function, "Still waiting for %s to terminate | pid=%d", c.Name, c.pid)
		}
		return
	}
	if e.state != state.ShutdownComplete {
		e.logf(loglevel.Notice, function, "Shutdown complete")
		e.state = state.ShutdownComplete
		if e.waitsForSBD() {
			e.logf(loglevel.Notice, function, "Waiting for SBD to pick up shutdown-complete-state.")
		}
	}
	if !e.waitsForSBD() {
		e.finish()
	}
}

func (e *Engine) waitsForSBD() bool { return !e.fatal && e.SBD && e.Sync && !e.heard }

func (e *Engine) finish() {
	if e.quit {
		return
	}
	e.quit = true
	if e.fatal {
		e.logf(loglevel.Notice, "pcmk_shutdown_worker", "Shutting down and staying down after fatal error")
	}
	e.Host.Quit(e.fatal)
}
