package link

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// ActionKind says what an Action asks for.
type ActionKind uint8

const (
	// Send: the datagram Packet, over the link Ref. Tell Failed if it cannot be.
	Send ActionKind = iota + 1
	// Probe: the same, at once and by itself, without the kernel cutting it. Tell
	// ProbeSent how it went.
	Probe
	// Deliver: the message Packet.
	Deliver
	// HostChanged: Host can be reached, or no longer.
	HostChanged
	// MTUChanged: messages are cut to MTU bytes.
	MTUChanged
)

// Action is one thing to do. Whoever takes it releases Packet, if there is one.
type Action struct {
	Kind      ActionKind
	What      Kind // of datagram, with Send
	Reachable bool
	Ref       int
	Packet    *totem.Packet
	Host      totem.NodeID
	MTU       int
}

// Core is this node's side of all its links. See the package comment.
type Core struct {
	cfg   Config
	log   loglevel.Logger
	self  *host // the loopback, which carries nothing
	hosts []*host
	byID  map[wire.HostID]*host

	out  []Action
	head int // of out: what Next has given

	seq   uint16 // of the message last sent
	mtu   int    // user data that a datagram may hold
	sec   wire.Security
	frags []*totem.Packet // of the message being sent
	// filled is the fragments while they are sealed.
	filled [][]byte
	// scratch is where a ping or an answer is written before it is sealed.
	scratch []byte

	pack   *compress.Packer // nil: messages are sent as they are
	unpack *compress.Unpacker

	heartbeatAt totem.Instant // when the links are looked at next
	backoffAt   totem.Instant // when the pong timeouts become shorter
	mtuPending  bool          // links' MTUs have been searched for and not yet taken over

	stats   Stats
	dropped Dropped
	quiet   [muteKinds]mute
}

// backoffEvery is how often the pong timeouts of new links become shorter.
const backoffEvery = time.Second

// New makes a Core without hosts.
func New(cfg Config) *Core {
	if cfg.Log == nil {
		cfg.Log = loglevel.Discard
	}
	c := &Core{
		cfg: cfg, log: cfg.Log,
		byID:        map[wire.HostID]*host{},
		unpack:      compress.NewUnpacker(wire.MaxUserData),
		heartbeatAt: totem.Never, backoffAt: totem.Never,
	}
	c.stats.init()
	c.sec = cfg.Keys.Sizes()
	c.mtu = c.sec.MinData()
	return c
}

// Next takes the next action; false when there is none.
func (c *Core) Next() (Action, bool) {
	if c.head == len(c.out) {
		c.out, c.head = c.out[:0], 0
		return Action{}, false
	}
	a := c.out[c.head]
	c.out[c.head] = Action{}
	c.head++
	return a, true
}

func (c *Core) do(a Action) { c.out = append(c.out, a) }

// Close releases what the Core holds.
func (c *Core) Close() {
	for a, ok := c.Next(); ok; a, ok = c.Next() {
		if a.Packet != nil {
			a.Packet.Release()
		}
	}
	for _, h := range c.hosts {
		h.forget(0)
	}
}

// NextDeadline is when Tick wants to be called.
func (c *Core) NextDeadline() totem.Instant { return min(c.heartbeatAt, c.backoffAt) }

// Tick does what is due.
func (c *Core) Tick(now totem.Instant) {
	if now >= c.backoffAt {
		c.backoffAt = now.Add(backoffEvery)
		for _, h := range c.hosts {
			for _, l := range h.links {
				if l != nil {
					l.shorten()
				}
			}
		}
	}
	if now < c.heartbeatAt {
		return
	}
	if late := now.Sub(c.heartbeatAt); c.heartbeatAt != 0 && late > pauseLeast {
		c.forgive(now, late)
	}
	next := totem.Never
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l != nil {
				c.heartbeat(now, l)
				c.tickMTU(now, l)
				next = min(next, c.due(l))
			}
		}
	}
	c.takeMTU()
	c.heartbeatAt = max(next, now.Add(grain))
	if len(c.hosts) == 0 {
		c.heartbeatAt, c.backoffAt = totem.Never, totem.Never
	}
}

// pauseLeast is how late a Tick must be for it to be a pause of our own, after
// which pongs may wait to be read.
const pauseLeast = 100 * time.Millisecond

// forgive gives pongs the time of a pause of our own, and one ping interval at
// least from now on.
func (c *Core) forgive(now totem.Instant, pause time.Duration) {
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l != nil && l.lastPong != 0 {
				l.lastPong = max(l.lastPong.Add(pause), now.Add(l.PingInterval-l.timeout))
			}
		}
	}
}

// grain is the least time between two looks at all links: what is due in
// between waits for it.
const grain = 5 * time.Millisecond

// soon has the links looked at by the next Tick.
func (c *Core) soon() { c.heartbeatAt = 0 }

// Configure changes the options of all links.
func (c *Core) Configure(now totem.Instant, o Options) {
	old := c.cfg.Options
	c.cfg.Options = o
	if o.PMTUDInterval != old.PMTUDInterval {
		c.debugf("handle: PMTUd interval set to: %d seconds", int(o.PMTUDInterval/time.Second))
	}
	if o.MTU != old.MTU {
		c.log.Logf(loglevel.Info, "pmtud: MTU manually set to: %d", o.MTU)
		c.searchAll(now, false)
	}
}

// Reachable tells whether a host can be sent to.
func (c *Core) Reachable(id totem.NodeID) bool {
	if c.isSelf(id) {
		return true
	}
	h := c.byID[wire.HostID(id)]
	return h != nil && h.reachable
}

// MTU is how many bytes of user data a datagram may hold now.
func (c *Core) MTU() int { return c.mtu }

func (c *Core) isSelf(id totem.NodeID) bool { return id == c.cfg.NodeID }

func (c *Core) debugf(format string, args ...any) {
	if c.log.Enabled(loglevel.Debug) {
		c.log.Logf(loglevel.Debug, format, args...)
	}
}

// Rekeyed tells that the keyring seals otherwise than before: all MTUs are
// searched for again.
func (c *Core) Rekeyed(now totem.Instant) {
	c.sec = c.cfg.Keys.Sizes()
	c.searchAll(now, true)
}

// meter reads the clock that measures; it stands still where there is none.
func (c *Core) meter() totem.Instant {
	if c.cfg.Meter == nil {
		return 0
	}
	return c.cfg.Meter()
}
