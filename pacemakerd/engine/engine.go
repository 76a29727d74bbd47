package engine

import (
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// child is a daemon as it is now.
type child struct {
	*Daemon
	index    int
	pid      int  // 0: none
	adopted  bool // not our child: its end is seen by looking only
	respawn  bool // start it again when it ends
	told     bool // to stop
	respawns int
	checks   int       // how often in a row it has not answered
	asked    uint64    // the question whose answer decides on a start, 0 for none
	retryAt  time.Time // when to try again to start it, if not zero
	waiting  bool      // retryAt is because of corosync
	forceAt  time.Time // when to end it by force, if not zero
}

// Engine is pacemakerd.
type Engine struct {
	c        Config
	state    state.State
	progress time.Time // when all was last seen to be well
	children [len(Daemons)]*child

	question uint64 // number of the last
	find     findings
	check    checks
	stop     stopping
	fatal    bool // the node is to stay down
	done     bool
}

// findings is the look for daemons that run before any is started.
type findings struct {
	next  int
	asked uint64
	stop  bool // what is found: a shutdown is wanted already
}

// checks is the look at one daemon after the other.
type checks struct {
	next  int
	asked uint64
	at    time.Time // of the next, zero before there are any
}

// stopping is the shutdown.
type stopping struct {
	on      bool
	phase   int       // the daemon that is to stop
	nextLog time.Time // when to say that it is waited for
	toldTo  int       // SBD's process, which knows that all is down
	heard   bool      // and has gone
}

// New makes an Engine; the time is when the program began.
func New(now time.Time, c Config) *Engine {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	e := &Engine{c: c, state: state.Initializing, progress: now}
	e.stop.phase = controller
	for i := range e.children {
		e.children[i] = &child{Daemon: &Daemons[i], index: i, respawn: true}
	}
	return e
}

// State is what clients are told.
func (e *Engine) State() state.State { return e.state }

// Progress is when daemons were last seen to be well.
func (e *Engine) Progress() time.Time { return e.progress }

// ShuttingDown tells whether a shutdown has begun.
func (e *Engine) ShuttingDown() bool { return e.stop.on }

func (e *Engine) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(e.c.Log, level, function, format, args...)
}

// ask has the host look at a daemon.
func (e *Engine) ask(c *child, cluster bool) uint64 {
	e.question++
	e.c.Host.Probe(Question{ID: e.question, Daemon: c.index, PID: c.pid, Cluster: cluster})
	return e.question
}

// end ends everything.
func (e *Engine) end(code crmexit.Code, o Outcome) {
	if !e.done {
		e.done = true
		e.c.Host.Done(code, o)
	}
}

// Begin looks for daemons that run already, and starts the others.
func (e *Engine) Begin(now time.Time) {
	if !e.done && !e.stop.on {
		e.find.asked = e.ask(e.children[0], false)
	}
}

// found goes on with the look for daemons (find_and_track_existing_processes).
func (e *Engine) found(now time.Time, a *Answer) {
	const function = "find_and_track_existing_processes"
	e.find.asked = 0
	c := e.children[e.find.next]
	switch l := e.judge(c, a); l {
	case dead:
	case well:
		e.logf(loglevel.Notice, function, "Tracking existing %s process (pid=%d)", c.Name, c.pid)
		c.adopted = true
	default:
		rc := "IPC authentication failed"
		code := crmexit.CantCreat
		if l != blocked {
			rc, code = "Unknown error", crmexit.Fatal
		}
		e.logf(loglevel.Crit, function, "Checked liveness of %s: %s", c.Name, rc)
		e.end(code, AtOnce)
		return
	}
	if e.find.next++; e.find.next < len(e.children) {
		e.find.asked = e.ask(e.children[e.find.next], false)
		return
	}
	e.check.at = now.Add(CheckInterval)
	if e.find.stop {
		e.Shutdown(now)
		return
	}
	if e.c.SBD && e.c.SyncStartup {
		e.logf(loglevel.Notice, "main", "Waiting for startup-trigger from SBD.")
		e.state = state.WaitingForPing
	} else {
		if e.c.SBD {
			e.logf(loglevel.Warning, "main", "Enabling SBD_SYNC_RESOURCE_STARTUP would (if supported by your SBD version) improve reliability of interworking between SBD & pacemaker.")
		}
		e.startAll(now)
	}
	e.logf(loglevel.Notice, "main", "Pacemaker daemon successfully started and accepting connections")
}

// startAll starts the daemons that do not run (init_children_processes).
func (e *Engine) startAll(now time.Time) {
	e.state = state.StartingDaemons
	for _, c := range e.children {
		// One that cannot be executed begins a shutdown.
		if c.pid == 0 && !e.stop.on {
			e.start(now, c)
		}
	}
	e.c.Host.Respawning()
	if !e.stop.on {
		e.state = state.Running
	}
}

// start starts a daemon (start_child).
func (e *Engine) start(now time.Time, c *child) {
	c.adopted, c.checks, c.asked = false, 0, 0
	c.retryAt, c.waiting, c.forceAt = time.Time{}, false, time.Time{}
	pid, result := e.c.Host.Start(c.index)
	switch result {
	case Started:
		c.pid = pid
		e.logf(loglevel.Info, "start_child", "Forked child %d for process %s", pid, c.Name)
	case NotNow:
		c.retryAt = now.Add(RetryInterval)
	case Unexecutable:
		e.mustStayDown(now, c, 0)
	case NoUser:
	}
}

// mustStayDown begins a shutdown because of a daemon that will not run.
func (e *Engine) mustStayDown(now time.Time, c *child, pid int) {
	e.logf(loglevel.Warning, "pcmk_child_exit", "Shutting cluster down because %s[%d] had fatal failure", c.Name, pid)
	c.respawn, e.fatal = false, true
	e.Shutdown(now)
}

// Ping is a client's question for the state, by the name that it gives itself. That of SBD is
// the word that it may begin, and, at the end, that SBD knows.
func (e *Engine) Ping(now time.Time, from string, pid int) (state.State, time.Time) {
	was, progress := e.state, e.progress
	if e.done || !strings.Contains(from, "sbd") {
		return was, progress
	}
	const function = "handle_ping_request"
	switch was {
	case state.ShutdownComplete:
		if e.c.SyncStartup {
			e.logf(loglevel.Notice, function, "Shutdown-complete-state passed to SBD.")
		}
		e.stop.toldTo = pid
	case state.WaitingForPing:
		e.logf(loglevel.Notice, function, "Received startup-trigger from SBD.")
		e.startAll(now)
	}
	return was, progress
}

// ClientClosed says that a client has gone.
func (e *Engine) ClientClosed(now time.Time, pid int) {
	if pid != 0 && e.stop.toldTo == pid {
		e.stop.heard = true
		if e.stop.on {
			e.shutdown(now)
		}
	}
}

// ClusterReturned says that the connection to corosync, which was lost, is there again
// (restart_cluster_subdaemons).
func (e *Engine) ClusterReturned(now time.Time) {
	for _, c := range e.children {
		if c.waiting && c.pid == 0 && !e.stop.on {
			e.comeBack(now, c)
		}
	}
}

func (e *Engine) comeBack(now time.Time, c *child) {
	e.logf(loglevel.Notice, "restart_cluster_subdaemons", "Respawning cluster-based subdaemon: %s", c.Name)
	e.start(now, c)
}

// Answer is what Host.Probe has found.
func (e *Engine) Answer(now time.Time, a *Answer) {
	if e.done {
		return
	}
	switch a.ID {
	case e.find.asked:
		e.found(now, a)
		return
	case e.check.asked:
		e.checked(now, a)
		return
	}
	if c := e.children[a.Daemon]; a.ID == c.asked {
		c.asked = 0
		e.decide(now, c, a)
	}
}

// NextDeadline is when Tick is due, zero for never.
func (e *Engine) NextDeadline() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if e.done {
		return next
	}
	if e.check.asked == 0 {
		sooner(e.check.at)
	}
	for _, c := range e.children {
		sooner(c.forceAt)
		if !e.stop.on {
			sooner(c.retryAt)
		}
	}
	return next
}

// Tick does what is due.
func (e *Engine) Tick(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	for _, c := range e.children {
		if e.done {
			return
		}
		if due(c.forceAt) {
			c.forceAt = time.Time{}
			if c.pid != 0 {
				e.logf(loglevel.Error, "escalate_shutdown", "Child %s not terminating in a timely manner, forcing", c.Name)
				e.signal(c, SIGSEGV)
			}
		}
		if due(c.retryAt) && !e.stop.on {
			c.retryAt = time.Time{}
			c.asked = e.ask(c, c.waiting)
		}
	}
	if !e.done && e.check.asked == 0 && due(e.check.at) {
		e.look(now)
	}
}

// signal sends a daemon a signal (stop_child).
func (e *Engine) signal(c *child, s Signal) {
	const function = "stop_child"
	if err := e.c.Host.Signal(c.pid, s); err != nil {
		e.logf(loglevel.Error, function, "Could not stop %s (process %d) with signal %d: %v", c.Name, c.pid, s, err)
		return
	}
	e.logf(loglevel.Notice, function, "Stopping %s | sent signal %d to process %d", c.Name, s, c.pid)
}
