package engine

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/lrm"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Config of New.
type Config struct {
	Host Host
	Log  loglevel.Logger
	// Program is what the daemon calls itself to others: pacemaker-controld.
	Program string
	// DCVersion is the option dc-version that this node sets as DC: the version and the build.
	DCVersion string
	// StartState is PCMK_node_start_state: "", "default", "standby" or "online".
	StartState string
	// CIBTimeout is PCMK_cib_timeout in seconds, the least that a call of the CIB waits for; 0 for 30.
	CIBTimeout int
	// FencerClient is what the fencer calls this daemon: its program, a dot, and its process id.
	FencerClient string
	// NodeActionLimit is PCMK_node_action_limit, "" if it is not set.
	NodeActionLimit string
}

// Controller is one node's controller.
type Controller struct {
	host   Host
	log    loglevel.Logger
	config Config
	now    time.Time
	maker  crmmsg.Maker

	state    fsa.State
	register register
	queue    []*event
	actions  fsa.Actions
	stalled  bool
	// triggered and rereads are what is to be done before the Controller waits for the next event.
	triggered, rereads bool
	busy, exited       bool

	links   [numSubsystems]link
	cluster Cluster
	dc      string
	// dcVersion is the feature set of the DC.
	dcVersion string

	// patient is that a DC has all of dc-deadtime to answer.
	patient bool

	options options
	alerts  alert.List
	timers  timers

	election   *election.Election
	electionAt time.Time // its timer, zero if it does not run
	// early are votes of nodes in the process group that quorum has not told of yet.
	early []*etree.Element

	join joinRound
	// ring is the number of the membership that quorum has told of last.
	ring uint64
	// quorate is what quorum has said last, hasQuorum what was made of it, hadQuorum whether it ever was.
	quorate, hasQuorum, hadQuorum bool

	scheduling scheduling
	// calls is how many calls of the CIB have no answer yet.
	calls int

	te  *te.Transitioner
	lrm *lrm.Local
}

// link is the connection to a subsystem.
type link struct {
	trying, up bool
	failures   int
	err        error // of the last attempt
}

// New is a Controller that does nothing. Start is its first call.
func New(c Config) *Controller {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	e := &Controller{host: c.Host, log: c.Log, config: c, state: fsa.SStarting}
	e.options = defaultOptions()
	e.join.phases = map[*peers.Peer]phase{}
	h := hosted{e.host, e}
	e.te = te.New(te.Config{
		Controller: forTransitions{parts{e}}, Host: h, Log: c.Log, Requests: &e.maker,
		Program: c.Program, Client: c.FencerClient, NodeActionLimit: c.NodeActionLimit,
	})
	e.lrm = lrm.New(lrm.Config{Controller: forResources{parts{e}}, Host: h, Log: c.Log, Requests: &e.maker})
	return e
}

func (c *Controller) logf(level loglevel.Level, function, format string, args ...any) {
	if c.log.Enabled(level) {
		loglevel.LogfAt(c.log, level, function, format, args...)
	}
}

// event does what an event brings, and all that follows from it. Events after the end change
// nothing, and those that a Controller brings about itself, by changing a node in the cache, are
// part of the one under way.
func (c *Controller) event(now time.Time, f func()) {
	if c.exited {
		return
	}
	c.now = now
	if c.busy {
		f()
		return
	}
	c.busy = true
	f()
	c.settle()
	c.busy = false
}

// settle does what is due until nothing is left that could be done now.
func (c *Controller) settle() {
	for !c.exited {
		switch {
		case c.triggered:
			c.triggered = false
			c.run()
		case c.rereads:
			c.rereads = false
			c.readOptions()
		default:
			return
		}
	}
}

// trigger has the state machine run before the next event (trigger_fsa).
func (c *Controller) trigger() { c.triggered = true }

// Start begins to work: the controller connects to what it needs (crmd_init).
func (c *Controller) Start(now time.Time) {
	c.event(now, func() {
		c.set(starting)
		c.put(&event{cause: fsa.CStartup, input: fsa.IStartup, origin: "crmd_init"})
	})
}

// Shutdown is SIGTERM: the cluster is asked to do without this node. A second one is more
// urgent than that (crm_shutdown).
func (c *Controller) Shutdown(now time.Time) {
	c.event(now, c.shutdown)
}

// PeerMessage is a message of a node's controller or of a tool there (crmd_cs_dispatch).
func (c *Controller) PeerMessage(now time.Time, from string, e *etree.Element) {
	c.event(now, func() { c.receive(from, e) })
}

// ClientMessage is the message of an IPC client, whose id it is told by; user is whose program it
// is (dispatch_controller_ipc).
func (c *Controller) ClientMessage(now time.Time, client, user string, e *etree.Element) {
	c.event(now, func() { c.serve(client, user, e) })
}

// ClientGone says that an IPC client has gone (ipc_client_disconnected).
func (c *Controller) ClientGone(now time.Time, client string) {
	c.event(now, func() { c.trigger() })
}

// PeerChanged is a change of a node in the cache (peer_update_callback).
func (c *Controller) PeerChanged(now time.Time, change peers.Change) {
	c.event(now, func() { c.peerChanged(change) })
}

// Quorate is news of quorum, whose members the cache has already (crmd_quorum_callback).
func (c *Controller) Quorate(now time.Time, ring uint64, quorate bool) {
	c.event(now, func() {
		c.quorate = quorate
		c.updateQuorum(quorate, false)
		c.membersChanged(ring)
	})
}

// CIBDiff is a change of the CIB: a patchset, and what operation it comes from (do_cib_updated,
// te_update_diff).
func (c *Controller) CIBDiff(now time.Time, operation string, patchset *etree.Element) {
	c.event(now, func() { c.cibChanged(operation, patchset) })
}

// CIBReplaced is the notification that the CIB was replaced (do_cib_replaced).
func (c *Controller) CIBReplaced(now time.Time, notification *etree.Element) {
	c.event(now, func() { c.cibReplaced(notification) })
}

// ExecutorEvent is what the executor tells by itself (lrm_op_callback).
func (c *Controller) ExecutorEvent(now time.Time, e *etree.Element) {
	c.event(now, func() {
		if err := c.lrm.Event(now, e); err != nil {
			c.logf(loglevel.Error, "lrm_op_callback", "Cannot understand the executor: %v", err)
		}
		c.trigger()
	})
}

// FencerEvent is what the fencer tells all who want to know (handle_fence_notification).
func (c *Controller) FencerEvent(now time.Time, n *stonithwire.Notification) {
	c.event(now, func() { c.te.FencerEvent(now, n) })
}

// FencingTimeout is how many seconds the fencer may need for a call after all.
func (c *Controller) FencingTimeout(now time.Time, call, seconds int) {
	c.event(now, func() { c.te.FencingTimeout(now, call, seconds) })
}

// Scheduled is a message of the scheduler (scheduler_event_callback).
func (c *Controller) Scheduled(now time.Time, e *etree.Element) {
	c.event(now, func() { c.scheduled(e) })
}

// Connected is the outcome of Host.Connect; for ClusterLayer only that it failed.
func (c *Controller) Connected(now time.Time, s Subsystem, err error) {
	c.event(now, func() { c.connected(s, err) })
}

// Joined is that the connection to the cluster layer has been made.
func (c *Controller) Joined(now time.Time, cluster Cluster) {
	c.event(now, func() {
		c.cluster = cluster
		c.connected(ClusterLayer, nil)
	})
}

// Lost is that a connection has ended from the other side.
func (c *Controller) Lost(now time.Time, s Subsystem) {
	c.event(now, func() { c.lost(s) })
}

// CIBTimeout is how long the answer of the CIB manager is waited for (cib_op_timeout).
func (c *Controller) CIBTimeout() time.Duration {
	seconds := 1
	if p := c.cluster.Peers; p != nil {
		seconds += p.ActiveNodes() + len(p.Remotes())
	}
	return time.Duration(max(10*seconds, c.config.CIBTimeout, 30)) * time.Second
}

// exit leaves, now and whatever is under way (crmd_exit). What ends otherwise than well ends at once.
func (c *Controller) exit(code crmexit.Code) {
	const function = "crmd_exit"
	if c.exited {
		return
	}
	c.set(clusterGone) // what follows from the connections' end is no error
	_ = c.host.Serve(false)
	c.clear(schedulerNeeded)
	c.stopScheduler()
	c.disconnectFencer()
	c.te.StopThrottling()
	if code != crmexit.OK {
		c.logf(loglevel.Notice, function, "Forcing immediate exit with status %d (%v)", code, code)
	} else {
		for _, e := range c.queue {
			c.logf(loglevel.Info, function, "Dropping %v: [ state=%v cause=%v origin=%s ]", e.input, c.state, e.cause, e.origin)
		}
		c.queue = nil
		c.disconnectCIB()
	}
	c.exited = true
	c.host.Exit(c.exitCode(code))
}

// exitCode is with what the process ends: a node that shall stay down says so to who started it
// (crmd_fast_exit).
func (c *Controller) exitCode(code crmexit.Code) crmexit.Code {
	const function = "crmd_fast_exit"
	switch {
	case c.has(stayDown):
		c.logf(loglevel.Warning, function, "Inhibiting respawn | remapping exit code %d to %d", code, crmexit.Fatal)
		return crmexit.Fatal
	case code == crmexit.OK && c.has(inRecovery):
		c.logf(loglevel.Error, function, "Could not recover from internal error")
		return crmexit.Error
	}
	return code
}
