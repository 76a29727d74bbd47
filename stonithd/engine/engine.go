package engine

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Peers is what is known of nodes.
type Peers interface {
	// Active are the names of the nodes whose fencers are there, this one too.
	Active() []string
	// NameOf is the name of the node with a number, empty if nobody knows it.
	NameOf(id uint32) string
	// ID is corosync's number of a node, 0 if it is not known.
	ID(name string) uint32
	// Refresh takes the remote, guest and known nodes from a CIB.
	Refresh(cib *etree.Element)
	// Forget forgets a node that is not active.
	Forget(id uint32, name string)
}

// Host is what the Engine acts through.
type Host interface {
	// Send sends a message to a node's fencer, or all if to is empty.
	Send(to string, e *etree.Element)
	// Reply answers a client: the request that it waits for if wait is set, by an event
	// otherwise. One that has gone hears nothing.
	Reply(client string, e *etree.Element, wait bool)
	// Event tells a client something.
	Event(client string, e *etree.Element)
	// Notify tells all clients that have subscribed to a kind.
	Notify(kind string, e *etree.Element)
	// Run runs an agent for a device within a time in seconds. The number comes back with
	// Engine.Ran, which nothing may call before Run has returned.
	Run(number int, device string, c *agent.Call, timeout int)
	// Panic resets this node at once.
	Panic()
}

// Config of New.
type Config struct {
	Node   string // this node's name
	System string // the daemon's name: pacemaker-fenced
	PID    int
	// StandAlone says that there is no cluster: requests are carried out here.
	StandAlone bool
	Peers      Peers
	Host       Host
	Log        loglevel.Logger
	// Metadata is what an agent says of itself; retry says that it may do so later.
	Metadata func(agent string) (metadata *etree.Element, retry bool)
	// Namespace is what kind an agent is of, empty if nobody knows it.
	Namespace func(agent string) string
	// Random is a number from 0 to below n.
	Random func(n int) int
	// NewID is an id that no other operation has.
	NewID func() string
	// WatchdogTimeout is how long a node certainly takes to reset itself where the
	// configuration leaves that to be computed (pcmk__auto_watchdog_timeout).
	WatchdogTimeout func() time.Duration
}

// Client is who asks for something.
type Client struct {
	ID         string
	Name       string
	Privileged bool // is root or the cluster's user
}

// Engine is one node's fencer.
type Engine struct {
	Config
	now time.Time

	devices  map[string]*registered
	order    []string // of registration
	topology map[string]*levels
	targets  []string // of topology, in the order of their coming

	commands []*command
	running  map[int]*command
	runs     int // numbers them

	ops     map[string]*operation
	opOrder []*operation
	count   int // of broadcasts

	cib             *etree.Element
	watchdog        time.Duration // stonith-watchdog-timeout
	watchdogTargets []string      // nodes that reset themselves; none for all
}

// New is an Engine without devices.
func New(c Config) *Engine {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	return &Engine{
		Config: c, devices: map[string]*registered{}, topology: map[string]*levels{},
		running: map[int]*command{}, ops: map[string]*operation{},
	}
}

func (e *Engine) logf(level loglevel.Level, where, format string, args ...any) {
	if e.Log.Enabled(level) {
		loglevel.LogfAt(e.Log, level, where, format, args...)
	}
}

// earliest is the earlier of two times, of which zero ones are none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// NextDeadline is when Tick is due; zero if never.
func (e *Engine) NextDeadline() (next time.Time) {
	for _, op := range e.opOrder {
		next = earliest(earliest(next, op.queryAt), earliest(op.totalAt, op.oneAt))
	}
	for _, c := range e.commands {
		next = earliest(next, c.delayedTo)
	}
	for _, d := range e.devices {
		next = earliest(next, d.metadataAt)
	}
	return next
}

// Tick does what is due at a time.
func (e *Engine) Tick(now time.Time) {
	e.now = now
	due := func(t *time.Time) bool {
		if t.IsZero() || now.Before(*t) {
			return false
		}
		*t = time.Time{}
		return true
	}
	for _, op := range append([]*operation(nil), e.opOrder...) {
		if e.ops[op.id] != op {
			continue
		}
		if due(&op.queryAt) {
			e.queryOver(op)
		}
		// Of two that are over at the same time the total counts, which the reference arms first.
		if due(&op.totalAt) {
			e.totalOver(op)
		}
		if due(&op.oneAt) {
			e.oneOver(op)
		}
	}
	for _, c := range append([]*command(nil), e.commands...) {
		if due(&c.delayedTo) {
			if d := e.devices[c.device]; d != nil {
				d.work = true
			}
		}
	}
	for _, d := range e.walk() {
		if due(&d.metadataAt) {
			e.askAgain(d)
		}
	}
	e.dispatch()
}

// Ran takes the result of a run.
func (e *Engine) Ran(now time.Time, number int, r *wire.Result) {
	e.now = now
	c := e.running[number]
	if c == nil {
		return
	}
	delete(e.running, number)
	e.done(c, number, r)
	e.dispatch()
}

// PeerChanged says that a node came or went, or got a name: this one's has to become known to
// it (st_peer_update_callback).
func (e *Engine) PeerChanged(id uint32) {
	e.logf(loglevel.Debug, "st_peer_update_callback", "Broadcasting our uname because of node %d", id)
	e.Host.Send("", wire.Poke())
}

// dispatch has devices do what waits for them.
func (e *Engine) dispatch() {
	for again := true; again; {
		again = false
		for _, d := range e.walk() {
			if d.work {
				d.work = false
				again = true
				e.execute(d)
			}
		}
	}
}
