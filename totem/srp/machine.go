package srp

import (
	"errors"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// State is the membership algorithm's state, with the reference's numbers
// (enum memb_state).
type State int

// The states of the membership algorithm.
const (
	Operational State = iota + 1
	Gather
	Commit
	Recovery
)

func (s State) String() string {
	switch s {
	case Operational:
		return "OPERATIONAL"
	case Gather:
		return "GATHER"
	case Commit:
		return "COMMIT"
	case Recovery:
		return "RECOVERY"
	}
	return "UNKNOWN"
}

// Machine is the protocol of one processor. It is not safe for concurrent use:
// one loop owns it. Every method that returns actions takes the present instant,
// which never goes back, and the slice it returns is valid until the next call.
type Machine struct {
	cfg  Config
	self totem.NodeID
	now  totem.Instant
	out  []Action

	started bool
	left    bool // the leave message is sent, nothing more is done
	state   State

	// ring is the ring that we are on or have agreed to form; oldRing the last
	// one whose messages regular holds. They differ from entering the commit
	// state until the new ring is installed: saved.
	ring, oldRing totem.RingID
	saved         bool
	// ringSeq is the highest ring sequence number that we have heard of.
	ringSeq uint64
	// installed is the ring of the last regular configuration handed up.
	installed    totem.RingID
	waitTransAck bool
	// settling: the token has not come round since the ring was installed, so
	// others may be in recovery still. See meet.
	settling bool

	memb membership
	// regular holds the messages of the last installed ring; recovery those of
	// the ring being formed, which carry the old ring's within.
	regular, recovery *window
	tok               tokenState
	flow              flowControl
	rec               recoveryState
	timers            timers
	pause             pauseState
	heartbeat         time.Duration // 0: not used

	// loop is what we have sent to ourselves: the token of a ring of one.
	loop     []*totem.Packet
	joinDue  bool // a memb_join is to be sent before the present call returns
	joins    joinPace
	mcastSeq int32

	stats  Stats
	visits tokenLog

	// Messages are read into these, so that reading one allocates nothing.
	in struct {
		header wire.Header
		mcast  wire.Mcast
		token  wire.ORFToken
		join   wire.Join
		commit wire.CommitToken
		merge  wire.MergeDetect
		cancel wire.TokenHoldCancel
	}
	commit wire.CommitToken // the one that we work on or sent last
}

// New makes a machine that has not started and logs its configuration.
func New(cfg Config) *Machine {
	cfg.normalise()
	m := &Machine{
		cfg: cfg, self: cfg.NodeID, state: Operational,
		regular: newWindow(), recovery: newWindow(),
		waitTransAck: true,
	}
	m.tok.seq = ^uint32(0)
	m.tok.discard = true
	m.timers.init()
	m.setHeartbeat()
	m.logConfig()
	return m
}

// Start begins to gather, as the reference does when its interface is up. The
// sequence number of the stored ring grows by one, so that a representative
// that restarts before the others have noticed cannot name two rings alike.
func (m *Machine) Start(now totem.Instant) []Action {
	m.begin(now)
	if m.started {
		return m.out
	}
	m.started = true
	m.ring = totem.RingID{Rep: m.self, Seq: m.cfg.RingSeq + 1}
	m.ringSeq = m.ring.Seq
	m.logf(loglevel.Debug, "Created or loaded sequence id %v for this ring.", m.ring)
	m.visits.lastRx = now
	m.stampPause(now)
	m.emit(Action{Kind: WaitTransAck, Ring: m.installed})
	m.enterGather(now, fromInterfaceChange)
	return m.end(now)
}

// InterfaceChanged gathers anew after the interface has come up or gone down.
func (m *Machine) InterfaceChanged(now totem.Instant) []Action {
	m.begin(now)
	if m.idle() {
		return m.out
	}
	m.enterGather(now, fromInterfaceChange)
	return m.end(now)
}

// Receive takes one datagram. The machine retains what it keeps.
func (m *Machine) Receive(now totem.Instant, p *totem.Packet) []Action {
	m.begin(now)
	if m.idle() {
		return m.out
	}
	m.notice(now)
	m.receive(now, p)
	return m.end(now)
}

// Tick runs the timers that are due; it is called once NextDeadline has come.
func (m *Machine) Tick(now totem.Instant) []Action {
	m.begin(now)
	if m.idle() {
		return m.out
	}
	m.notice(now)
	m.runTimers(now)
	m.drainLoop(now)
	return m.end(now)
}

// Drained tells that all that the sockets held when the machine last reported
// Paused has been received: from now on membership messages are news again.
func (m *Machine) Drained(now totem.Instant) []Action {
	m.begin(now)
	m.pause.flushing = false
	m.timers.stop(flushTimer)
	return m.out
}

// MessagesQueued tells that the source has got messages. Where the token is
// being held, all are asked to let it go (totemsrp_event_signal).
func (m *Machine) MessagesQueued(now totem.Instant) []Action {
	m.begin(now)
	if !m.idle() {
		m.cancelHold(now)
	}
	return m.end(now)
}

// TransAck ends the use of the transitional queue that began with ring's
// WaitTransAck; one for an older ring is ignored.
func (m *Machine) TransAck(now totem.Instant, ring totem.RingID) []Action {
	m.begin(now)
	if !m.waitTransAck || ring != m.installed {
		return m.out
	}
	m.waitTransAck = false
	if !m.idle() && m.cfg.Source.Backlog(false) > 0 {
		m.cancelHold(now)
	}
	return m.end(now)
}

// ForceGather acts as if the token timeout had run out (totemsrp_force_gather).
func (m *Machine) ForceGather(now totem.Instant) []Action {
	m.begin(now)
	if m.idle() {
		return m.out
	}
	m.tokenTimeout(now)
	return m.end(now)
}

// Leave says goodbye to the others; after it the machine does nothing more.
func (m *Machine) Leave(now totem.Instant) []Action {
	m.begin(now)
	if m.idle() {
		return m.out
	}
	m.sendLeave()
	m.left = true
	m.timers.init()
	m.dropLoop()
	return m.out
}

// Reconfigure takes over changed values of the totem section. The node id, the
// pool, the source and the logger stay what they were; a timer that runs keeps
// its deadline.
func (m *Machine) Reconfigure(now totem.Instant, cfg Config) []Action {
	m.begin(now)
	cfg.NodeID, cfg.RingSeq = m.cfg.NodeID, m.cfg.RingSeq
	cfg.Pool, cfg.Source, cfg.Rand, cfg.Log = m.cfg.Pool, m.cfg.Source, m.cfg.Rand, m.cfg.Log
	cfg.normalise()
	m.cfg = cfg
	if m.cfg.TokenWarning == 0 {
		m.timers.stop(warningTimer)
	}
	m.setHeartbeat()
	return m.out
}

// NextDeadline is when Tick wants to be called, totem.Never when it need not be.
func (m *Machine) NextDeadline() totem.Instant {
	if len(m.loop) > 0 {
		return m.now
	}
	return m.timers.next()
}

// State tells the membership algorithm's state.
func (m *Machine) State() State { return m.state }

// Resting tells that the token is being held for want of messages: a call of
// MessagesQueued would make it go on. At any other time new messages are fetched
// by the next token visit.
func (m *Machine) Resting() bool { return m.state == Operational && m.tok.held }

// Ring is the ring that the machine is on or tries to form.
func (m *Machine) Ring() totem.RingID { return m.ring }

// Members are those of the last regular configuration; the slice is the caller's.
func (m *Machine) Members() []totem.NodeID { return m.memb.members.sorted() }

// Reachable tells whether a node is in the list of processors that we know of,
// which is all that the plain UDP transports can say of it.
func (m *Machine) Reachable(id totem.NodeID) bool { return m.memb.proc.has(id) }

// idle tells that there is nothing to be done: not started, or left.
func (m *Machine) idle() bool { return !m.started || m.left }

func (m *Machine) begin(now totem.Instant) {
	m.now = now
	m.out = m.out[:0]
}

// end sends the memb_join that the call has made necessary. Its own copy, which
// the reference gets back from its loop socket, may complete the consensus.
func (m *Machine) end(now totem.Instant) []Action {
	for m.joinDue && !m.left {
		m.joinDue = false
		if m.state == Gather {
			m.sendJoin(now)
			m.agreeWith(now, m.self)
		}
	}
	m.check()
	return m.out
}

// drainLoop takes in what we have sent to ourselves before this call; what this
// sends in turn waits for the next, so that a ring of one does not spin here.
func (m *Machine) drainLoop(now totem.Instant) {
	n := len(m.loop)
	for i := range n {
		p := m.loop[i]
		m.loop[i] = nil
		if !m.left {
			m.receive(now, p)
		}
		p.Release()
	}
	m.loop = m.loop[:copy(m.loop, m.loop[n:])]
}

func (m *Machine) dropLoop() {
	for i, p := range m.loop {
		m.loop[i] = nil
		p.Release()
	}
	m.loop = m.loop[:0]
}

// receive looks at the header and hands the message to whom it concerns.
func (m *Machine) receive(now totem.Instant, p *totem.Packet) {
	h := &m.in.header
	if _, err := h.Parse(p.Data); err != nil {
		m.badHeader(p, err)
		return
	}
	var err error
	switch h.Type {
	case wire.TypeORFToken:
		m.stats.ORFTokenRx++
		if _, err = m.in.token.Parse(p.Data); err == nil {
			m.onToken(now, &m.in.token)
		}
	case wire.TypeMcast:
		m.stats.McastRx++
		if _, err = m.in.mcast.Parse(p.Data); err == nil {
			m.onMcast(now, &m.in.mcast, p)
		}
	case wire.TypeMergeDetect:
		m.stats.MembMergeDetectRx++
		if _, err = m.in.merge.Parse(p.Data); err == nil {
			m.onMergeDetect(now, &m.in.merge)
		}
	case wire.TypeJoin:
		m.stats.MembJoinRx++
		if _, err = m.in.join.Parse(p.Data); err == nil {
			m.onJoin(now, &m.in.join)
		}
	case wire.TypeCommitToken:
		m.stats.MembCommitTokenRx++
		m.logf(loglevel.Debug, "got commit token")
		if _, err = m.in.commit.Parse(p.Data); err == nil {
			m.onCommitToken(now, &m.in.commit)
		}
	case wire.TypeTokenHoldCancel:
		m.stats.TokenHoldCancelRx++
		if _, err = m.in.cancel.Parse(p.Data); err == nil {
			m.onHoldCancel(now, &m.in.cancel)
		}
	}
	if err != nil {
		m.stats.RxMsgDropped++
		if errors.Is(err, wire.ErrShort) {
			m.logf(loglevel.Warning, "Received %v message is too short...  ignoring.", h.Type)
		} else {
			m.logf(loglevel.Warning, "Received %v message is corrupted (%v)...  ignoring.", h.Type, err)
		}
	}
}

func (m *Machine) badHeader(p *totem.Packet, err error) {
	m.stats.RxMsgDropped++
	if !m.logs(loglevel.Warning) {
		return
	}
	from := "(unknown)"
	if p.From.IsValid() {
		from = p.From.Addr().Unmap().String()
	}
	var magic *wire.MagicError
	var version *wire.VersionError
	var kind *wire.TypeError
	switch {
	case errors.As(err, &magic):
		m.logf(loglevel.Warning, "Message received from %s has bad magic number (probably sent by %s).. Ignoring", from, magic.Guess)
	case errors.As(err, &version):
		m.logf(loglevel.Warning, "Message received from %s has unsupported version %d... Ignoring", from, version.Version)
	case errors.As(err, &kind):
		m.logf(loglevel.Warning, "Message received from %s has wrong type...  ignoring %d.", from, kind.Type)
	default:
		m.logf(loglevel.Warning, "Message received from %s is too short...  Ignoring %d.", from, len(p.Data))
	}
}

func (m *Machine) logs(l loglevel.Level) bool { return m.cfg.Log.Enabled(l) }

// logf logs a line. Callers on the token's path ask logs first, because the
// arguments are allocated whether or not the line goes anywhere.
func (m *Machine) logf(l loglevel.Level, format string, args ...any) {
	if m.cfg.Log.Enabled(l) {
		m.cfg.Log.Logf(l, format, args...)
	}
}
