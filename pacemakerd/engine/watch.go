package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// liveness is what an answer means for a daemon.
type liveness uint8

const (
	dead    liveness = iota // neither process nor service (pcmk_rc_ipc_unresponsive)
	well                    // it serves
	mute                    // it runs and does not serve (pcmk_rc_ipc_pid_only)
	blocked                 // another account's process serves, or it may not be looked at
	strange                 // it could not be found out
)

// judge says what an answer means (child_liveness). A process that serves where another was
// expected is adopted, and the other killed: it has no use any more.
func (e *Engine) judge(c *child, a *Answer) liveness {
	switch a.Service {
	case Intruder:
		return blocked
	case Unknown:
		return strange
	case Serving:
		if c.pid == 0 {
			c.pid = a.Server
			return well
		}
		if c.pid == a.Server {
			return well
		}
		if a.Known != Alive || a.Other == Alive {
			if a.Known == Alive {
				e.signal(c, SIGKILL)
			}
			c.pid, c.adopted = a.Server, true
			return well
		}
	case Silent:
	}
	switch {
	case c.pid == 0:
		return dead
	case a.Known == Alive:
		return mute
	case a.Known == Hidden:
		return blocked
	}
	return dead
}

// look asks for one daemon (check_next_subdaemon).
func (e *Engine) look(now time.Time) {
	// One that is to stop, and is not our child, is looked at until it is gone.
	if e.stop.on && e.stop.phase >= 0 && e.children[e.stop.phase].adopted {
		e.check.next = e.stop.phase
	}
	e.check.at = now.Add(CheckInterval)
	e.check.asked = e.ask(e.children[e.check.next], false)
}

// checked is what the look at a daemon has shown.
func (e *Engine) checked(now time.Time, a *Answer) {
	const function = "check_next_subdaemon"
	c := e.children[e.check.next]
	e.check.asked = 0
	e.check.next = (e.check.next + 1) % len(e.children)
	if c.pid != a.PID {
		return // it has ended meanwhile, or another has begun
	}
	if e.stop.on && c.pid == 0 && c.index >= e.stop.phase {
		e.progress = now // it is to be down
		return
	}
	switch e.judge(c, a) {
	case well:
		c.checks = 0
		e.progress = now
		if a.PID == 0 {
			c.adopted = true // nobody has started it, but it is there
			c.asked, c.retryAt, c.waiting = 0, time.Time{}, false
		}
	case mute:
		c.checks++
		if c.checks >= CheckRetries {
			e.logf(loglevel.Error, function, "%s[%d] is unresponsive to ipc after %d tries but we found the pid so have it killed that we can restart", c.Name, c.pid, c.checks)
			e.signal(c, SIGKILL)
			if c.respawn {
				c.checks = 0
			}
			return
		}
		e.logf(loglevel.Notice, function, "%s[%d] is unresponsive to ipc after %d tries", c.Name, c.pid, c.checks)
		if c.respawn {
			// Progress enough for SBD, as long as there are tries left.
			e.progress = now
		}
	case dead:
		if !c.respawn && c.respawns <= MaxRespawn {
			e.progress = now // it is to be down
		}
		if !c.adopted {
			return // its end will be told
		}
		level := loglevel.Error
		if !c.respawn {
			level = loglevel.Notice
		}
		e.logf(level, function, "%s[%d] terminated", c.Name, c.pid)
		e.ended(now, c)
	default:
		e.end(crmexit.Fatal, AtOnce)
	}
}

// Exited says that a process that was started for a daemon has ended (pcmk_child_exit).
func (e *Engine) Exited(now time.Time, daemon, pid int, x Exit) {
	if e.done {
		return
	}
	const function = "pcmk_child_exit"
	c := e.children[daemon]
	switch {
	case x.Signal != 0:
		level := loglevel.Error
		if Signal(x.Signal) == SIGKILL {
			level = loglevel.Warning
		}
		core := ""
		if x.Core {
			core = " and dumped core"
		}
		e.logf(level, function, "%s[%d] terminated with signal %d (%s)%s", c.Name, pid, x.Signal, x.Name, core)
	case x.Code == int(crmexit.OK):
		e.logf(loglevel.Info, function, "%s[%d] exited with status %d (%s)", c.Name, pid, x.Code, crmexit.OK)
	case x.Code == int(crmexit.Fatal):
		e.gone(c, pid)
		e.mustStayDown(now, c, pid)
	case x.Code == int(crmexit.Panic):
		e.logf(loglevel.Emerg, function, "%s[%d] instructed the machine to reset", c.Name, pid)
		c.respawn, e.fatal = false, true
		e.gone(c, pid)
		e.c.Host.Panic(function)
		e.Shutdown(now)
	default:
		e.logf(loglevel.Error, function, "%s[%d] exited with status %d (%s)", c.Name, pid, x.Code, crmexit.Code(x.Code))
	}
	// One that was given up for another that serves in its place is nobody any more.
	if c.pid == pid && !e.done {
		e.ended(now, c)
	}
}

// gone forgets the process of a daemon whose end begins a shutdown, which is not to wait for
// it.
func (e *Engine) gone(c *child, pid int) {
	if c.pid == pid {
		c.pid, c.adopted, c.checks, c.forceAt = 0, false, 0, time.Time{}
		c.respawns++
	}
}

// ended is that a daemon is no more (pcmk_process_exit).
func (e *Engine) ended(now time.Time, c *child) {
	const function = "pcmk_process_exit"
	e.gone(c, c.pid)
	if c.respawns > MaxRespawn {
		e.logf(loglevel.Error, function, "Child respawn count exceeded by %s", c.Name)
		c.respawn = false
	}
	switch {
	case e.stop.on:
		e.shutdown(now)
	case !c.respawn:
	case e.c.FailFast:
		e.logf(loglevel.Error, function, "Rebooting system because of %s", c.Name)
		e.c.Host.Panic(function)
	default:
		c.asked = e.ask(c, c.Cluster)
	}
}

// decide starts a daemon that has ended again, if nothing is against it.
func (e *Engine) decide(now time.Time, c *child, a *Answer) {
	const function = "pcmk_process_exit"
	if c.pid != 0 || e.stop.on {
		return
	}
	if e.judge(c, a) == well {
		e.logf(loglevel.Warning, function, "One-off suppressing strict respawning of a child process %s, appears alright per %s IPC end-point", c.Name, c.Endpoint)
		c.adopted, c.waiting = true, false
		return
	}
	switch {
	case c.Cluster && a.Cluster && !a.Joined:
		if !c.waiting {
			e.logf(loglevel.Notice, function, "Not respawning %s subdaemon until cluster returns", c.Name)
		}
		c.waiting = true
		c.retryAt = now.Add(RetryInterval)
	case c.waiting:
		e.comeBack(now, c)
	default:
		e.logf(loglevel.Notice, function, "Respawning %s subdaemon after unexpected exit", c.Name)
		e.start(now, c)
	}
}
