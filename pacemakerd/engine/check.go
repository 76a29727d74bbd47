package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// check looks at the next daemon.
func (e *Engine) check() {
	i := e.next
	e.next = (e.next + 1) % len(e.children)
	c := &e.children[i]
	if !c.probing {
		c.probing = true
		e.Host.Probe(i, c.pid)
	}
}

// Probed is the outcome of a look at a daemon, of which that process was known then (check_next_subdaemon,
// child_liveness).
func (e *Engine) Probed(now time.Time, daemon, pid int, f Finding) {
	if e.quit {
		return
	}
	c := &e.children[daemon]
	c.probing = false
	if c.deciding {
		c.deciding = false
		e.decide(now, c, f)
		return
	}
	if c.pid != pid {
		return // it is about one that has ended, or before one was started
	}
	switch l := e.judge(c, f); l {
	case Alive:
		c.checks = 0
		e.progress = now
	case PIDOnly:
		e.silent(now, c)
	case Gone:
		if !c.respawn && c.respawns <= maxRespawn {
			e.progress = now
		}
		if !c.adopted {
			break // that it has ended is told
		}
		level := loglevel.Notice
		if c.respawn {
			level = loglevel.Error
		}
		e.logf(level, "check_next_subdaemon", "%s[%d] terminated", c.Name, c.pid)
		e.ended(now, daemon)
	case Unauthorized:
		e.fatal = true
		e.finish()
	}
}

// silent is a daemon whose process is there and whose service is not.
func (e *Engine) silent(now time.Time, c *child) {
	const function = "check_next_subdaemon"
	c.checks++
	if c.checks >= checkRetries {
		e.logf(loglevel.Error, function, "%s[%d] is unresponsive to ipc after %d tries but we found the pid so have it killed that we can restart", c.Name, c.pid, c.checks)
		e.signal(c, SIGKILL)
		if c.respawn {
			c.checks = 0
		}
		return
	}
	e.logf(loglevel.Notice, function, "%s[%d] is unresponsive to ipc after %d tries", c.Name, c.pid, c.checks)
	if c.respawn {
		e.progress = now
	}
}

// judge is what a finding means to a daemon. If its service is offered by another process, that is
// adopted, and the one that was known is killed.
func (e *Engine) judge(c *child, f Finding) Liveness {
	switch {
	case f.Liveness == Unauthorized:
		return Unauthorized
	case f.Owner != 0 && c.pid == 0:
		c.pid, c.adopted = f.Owner, true
		return Alive
	case f.Owner != 0 && f.Owner == c.pid:
		return Alive
	case f.Owner != 0 && (!f.TrackedIsDaemon || f.OwnerIsDaemon):
		if f.TrackedIsDaemon {
			e.signal(c, SIGKILL)
		}
		c.pid, c.adopted = f.Owner, true
		return Alive
	case f.TrackedIsDaemon:
		return PIDOnly
	}
	return Gone
}

// Exited says that a process that Host.Start has started has ended, by a signal or with a status
// (pcmk_child_exit).
func (e *Engine) Exited(now time.Time, pid int, signal Signal, core bool, code crmexit.Code) {
	const function = "pcmk_child_exit"
	for i := range e.children {
		c := &e.children[i]
		if c.pid != pid || e.quit {
			continue
		}
		switch {
		case signal != 0:
			level, dumped := loglevel.Error, ""
			if signal == SIGKILL {
				level = loglevel.Warning
			}
			if core {
				dumped = " and dumped core"
			}
			e.logf(level, function, "%s[%d] terminated with signal %d (%s)%s", c.Name, pid, int(signal), signal, dumped)
		case code == crmexit.OK:
			e.logf(loglevel.Info, function, "%s[%d] exited with status %d (%s)", c.Name, pid, int(code), code)
		case code == crmexit.Fatal:
			e.logf(loglevel.Warning, function, "Shutting cluster down because %s[%d] had fatal failure", c.Name, pid)
			c.respawn, e.fatal = false, true
		case code == crmexit.Panic:
			e.logf(loglevel.Emerg, function, "%s[%d] instructed the machine to reset", c.Name, pid)
			c.respawn, e.fatal = false, true
			e.Host.Panic()
		default:
			e.logf(loglevel.Error, function, "%s[%d] exited with status %d (%s)", c.Name, pid, int(code), code)
		}
		if signal == 0 && fatalCode(code) {
			e.stopping = true
		}
		e.ended(now, i)
	}
}

// ended is a daemon whose process is gone (pcmk_process_exit).
func (e *Engine) ended(now time.Time, daemon int) {
	const function = "pcmk_process_exit"
	c := &e.children[daemon]
	c.pid, c.adopted, c.checks, c.escalate = 0, false, 0, time.Time{}
	c.respawns++
	if c.respawns > maxRespawn {
		e.logf(loglevel.Error, function, "Child respawn count exceeded by %s", c.Name)
		c.respawn = false
	}
	switch {
	case e.stopping:
		e.work(now)
	case !c.respawn:
	case e.FailFast:
		e.logf(loglevel.Error, function, "Rebooting system because of %s", c.Name)
		e.Host.Panic()
	default:
		c.deciding, c.probing = true, true
		e.Host.Probe(daemon, 0)
	}
}

// decide is whether a daemon that has ended is started again.
func (e *Engine) decide(now time.Time, c *child, f Finding) {
	const function = "pcmk_process_exit"
	switch {
	case e.stopping || c.pid != 0:
	case e.judge(c, f) == Alive:
		e.logf(loglevel.Warning, function, "One-off suppressing strict respawning of a child process %s, appears alright per %s IPC end-point", c.Name, c.Endpoint)
	case c.NeedsCluster && !e.Host.ClusterConnected():
		e.logf(loglevel.Notice, function, "Not respawning %s subdaemon until cluster returns", c.Name)
		c.waits = true
		e.retryAt = now.Add(retryInterval)
	default:
		e.logf(loglevel.Notice, function, "Respawning %s subdaemon after unexpected exit", c.Name)
		if !e.start(c) {
			c.waits = true
			e.retryAt = now.Add(retryInterval)
		}
	}
}
