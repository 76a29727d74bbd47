package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// Host is what an Engine acts through. Its calls return at once and do not call back.
type Host interface {
	// Start starts a daemon, and gives its process.
	Start(d *Daemon) (pid int, err error)
	// Signal sends a process a signal.
	Signal(pid int, s Signal) error
	// Probe looks at a daemon, of which that process is known or none if it is 0. Probed has the outcome.
	Probe(daemon, pid int)
	// ClusterConnected tells whether corosync takes clients.
	ClusterConnected() bool
	// Respawning says that what is started from now on is not part of the node's start.
	Respawning()
	// Panic resets the node.
	Panic()
	// Quit ends pacemakerd; fatal says that corosync is to end too.
	Quit(fatal bool)
}

// Config of New.
type Config struct {
	Host Host
	Log  loglevel.Logger
	// FailFast is PCMK_fail_fast: a daemon that ends resets the node.
	FailFast bool
	// SBD says that SBD watches this node, Sync that it wants to be asked before daemons start and told when
	// they have ended (SBD_SYNC_RESOURCE_STARTUP).
	SBD, Sync bool
}

// Engine supervises the daemons of a node.
type Engine struct {
	Config
	children []child
	state    state.State
	// progress is when all was last seen to be well.
	progress time.Time
	next     int // the daemon that is looked at next
	checkAt  time.Time
	retryAt  time.Time // when daemons that wait for corosync are tried

	stopping bool
	phase    int // the daemon that is stopped
	logAt    time.Time
	fatal    bool
	// told is the process of SBD that has heard that the daemons have ended, heard that it has gone.
	told  int
	heard bool
	quit  bool
}

type child struct {
	Daemon
	pid      int
	respawns int
	respawn  bool
	adopted  bool // it ran before pacemakerd did
	checks   int
	waits    bool // for corosync
	escalate time.Time
	probing  bool
	deciding bool // the outcome of a look says whether it is started again
}

// New is an Engine that supervises nothing.
func New(c Config, now time.Time) *Engine {
	e := &Engine{Config: c, progress: now, phase: len(Daemons) - 1}
	for _, d := range Daemons {
		e.children = append(e.children, child{Daemon: d, respawn: true})
	}
	return e
}

func (e *Engine) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(e.Log, level, function, format, args...)
}

// State is what pacemakerd is about, and when all was last seen to be well.
func (e *Engine) State() (state.State, time.Time) { return e.state, e.progress }

// Adopt says that a daemon runs already.
func (e *Engine) Adopt(daemon, pid int) {
	c := &e.children[daemon]
	e.logf(loglevel.Notice, "find_and_track_existing_processes", "Tracking existing %s process (pid=%d)", c.Name, pid)
	c.pid, c.adopted = pid, true
}

// Begin starts the daemons, or waits for SBD's leave.
func (e *Engine) Begin(now time.Time) {
	const function = "main"
	e.checkAt = now.Add(checkInterval)
	if e.SBD && e.Sync {
		e.logf(loglevel.Notice, function, "Waiting for startup-trigger from SBD.")
		e.state = state.WaitingForPing
		return
	}
	if e.SBD {
		e.logf(loglevel.Warning, function, "Enabling SBD_SYNC_RESOURCE_STARTUP would (if supported by your SBD version) improve reliability of interworking between SBD & pacemaker.")
	}
	e.startAll()
}

func (e *Engine) startAll() {
	e.state = state.StartingDaemons
	for i := range e.children {
		if e.children[i].pid == 0 {
			e.start(&e.children[i])
		}
	}
	e.Host.Respawning()
	e.state = state.Running
}

func (e *Engine) start(c *child) bool {
	const function = "start_child"
	c.adopted, c.checks = false, 0
	pid, err := e.Host.Start(&c.Daemon)
	if err != nil {
		e.logf(loglevel.Crit, function, "Could not execute %s: %v", c.Name, err)
		return false
	}
	c.pid, c.waits = pid, false
	e.logf(loglevel.Info, function, "Forked child %d for process %s", pid, c.Name)
	return true
}

// Pinged says that a client has asked for the state; SBD is told apart by its name.
func (e *Engine) Pinged(now time.Time, from string, pid int, isSBD bool) {
	if !isSBD {
		return
	}
	switch e.state {
	case state.ShutdownComplete:
		if e.Sync {
			e.logf(loglevel.Notice, "handle_ping_request", "Shutdown-complete-state passed to SBD.")
		}
		e.told = pid
	case state.WaitingForPing:
		e.logf(loglevel.Notice, "handle_ping_request", "Received startup-trigger from SBD.")
		e.startAll()
	}
}

// ClientGone says that a client has disconnected.
func (e *Engine) ClientGone(now time.Time, pid int) {
	if e.told != 0 && e.told == pid {
		e.heard = true
		e.work(now)
	}
}

// ClusterBack says that corosync can be reached again.
func (e *Engine) ClusterBack(now time.Time) {
	if !e.stopping {
		e.retry(now)
	}
}

func (e *Engine) retry(now time.Time) {
	waiting := false
	for i := range e.children {
		c := &e.children[i]
		if !c.waits || c.pid != 0 {
			continue
		}
		if !e.Host.ClusterConnected() {
			waiting = true
			break
		}
		e.logf(loglevel.Notice, "restart_cluster_subdaemons", "Respawning cluster-based subdaemon: %s", c.Name)
		waiting = !e.start(c) || waiting
	}
	e.retryAt = time.Time{}
	if waiting {
		e.retryAt = now.Add(retryInterval)
	}
}

// NextDeadline is when Tick is due; zero if never.
func (e *Engine) NextDeadline() (next time.Time) {
	if e.quit {
		return next
	}
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	earlier(e.checkAt)
	if !e.stopping {
		earlier(e.retryAt)
	}
	for i := range e.children {
		earlier(e.children[i].escalate)
	}
	return next
}

// Tick does what is due.
func (e *Engine) Tick(now time.Time) {
	if e.quit {
		return
	}
	if !e.checkAt.IsZero() && !now.Before(e.checkAt) {
		e.checkAt = now.Add(checkInterval)
		e.check()
		if e.stopping {
			e.work(now)
		}
	}
	if !e.stopping && !e.retryAt.IsZero() && !now.Before(e.retryAt) {
		e.retry(now)
	}
	for i := range e.children {
		c := &e.children[i]
		if !c.escalate.IsZero() && !now.Before(c.escalate) {
			c.escalate = time.Time{}
			if c.pid != 0 {
				// So that there is something to see what it was about.
				e.logf(loglevel.Error, "escalate_shutdown", "Child %s not terminating in a timely manner, forcing", c.Name)
				e.signal(c, SIGSEGV)
			}
		}
	}
}

func (e *Engine) signal(c *child, s Signal) {
	const function = "stop_child"
	if c.pid <= 1 {
		return
	}
	if err := e.Host.Signal(c.pid, s); err != nil {
		e.logf(loglevel.Error, function, "Could not stop %s (process %d) with signal %d: %v", c.Name, c.pid, int(s), err)
		return
	}
	e.logf(loglevel.Notice, function, "Stopping %s | sent signal %d to process %d", c.Name, int(s), c.pid)
}

// fatalCode is whether an exit status has pacemakerd stay down.
func fatalCode(code crmexit.Code) bool { return code == crmexit.Fatal || code == crmexit.Panic }
