package ring

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// loop is what the ring thread owns.
type loop struct {
	r     *Ring
	clock clock
	now   totem.Instant
	srp   srp.Config
	m     *srp.Machine
	net   Transport
	pack  *pg.Packer
	pause pauseDetector
	stats Stats

	receive func(*totem.Packet) // onPacket, made once
	fds     []unix.PollFd
	until   unix.Timespec // how long a sleep may be
	slept   time.Duration // how long the last one was

	lastToken totem.Instant

	started bool // the machine has
	left    bool // the machine is at its end
	// unexplained is a pause that the machine has noticed.
	unexplained time.Duration
	stale       bool // the machine wants to know when the sockets are empty
	end         bool

	eagerAt totem.Instant // when events may be taken on this thread again
	tries   int           // to take the events that the thread owns
	req     requests

	// lagged: new messages have been kept from the machine.
	lagged bool
	// token waits for the receiver of events to catch up, until holdUntil.
	token     *totem.Packet
	holdUntil totem.Instant
	pacing    bool // that is why it waits
	pin       pin
	stream    stream
	yielded   totem.Instant // when the P was last given away
	passed    totem.Instant // the end of the last pass
}

// gate keeps new messages from the machine while the receiver of events lags;
// what a synchronisation needs passes.
type gate struct{ l *loop }

func (g gate) Backlog(trans bool) int {
	if g.l.behind(1) && !trans {
		return 0
	}
	return g.l.pack.Backlog(trans)
}

func (g gate) Next(trans bool, buf []byte) ([]byte, bool) {
	if g.l.behind(1) && !trans {
		return buf, false
	}
	return g.l.pack.Next(trans, buf)
}

// idleBytes is about how many bytes of unused packets the pool keeps, idleLeast
// the least number of them: a few token visits' worth of the largest.
const (
	idleBytes = 4 << 20
	idleLeast = 128
)

func newLoop(r *Ring, seq uint64) (*loop, error) {
	l := &loop{r: r, clock: newClock(), holdUntil: totem.Never}
	pool := totem.NewPool(r.cfg.PacketSize, max(idleBytes/r.cfg.PacketSize, idleLeast))
	var err error
	if l.net, err = r.cfg.Transport(Attachment{Pool: pool, Wake: r.wake.wake}); err != nil {
		return nil, err
	}
	l.pack = pg.NewPacker(r.cfg.PayloadMTU, r.cfg.Admission)
	l.srp = r.cfg.SRP
	l.srp.RingSeq, l.srp.Pool, l.srp.Source = seq, pool, gate{l}
	l.m = srp.New(l.srp)
	l.receive = l.onPacket
	return l, nil
}

// run is the life of the ring thread.
func (l *loop) run() {
	l.now = l.clock.now()
	l.net.Start(l.now)
	l.pause.start(l.now, l.srp.Token)
	for !l.end {
		l.wait()
		began := l.now
		l.serveRequests()
		l.takeInbox()
		l.interfaceEvent(l.net.Tick(l.now))
		drained := l.net.Receive(l.receive)
		l.catchUp()
		if l.running() {
			l.now = l.clock.now()
			if l.now >= l.m.NextDeadline() {
				l.do(l.m.Tick(l.now))
			}
			if l.stale && drained {
				l.stale = false
				l.do(l.m.Drained(l.now))
			}
		}
		l.watchPause()
		l.handOver()
		l.yield(began)
		l.now = l.clock.now()
		l.stats.LongestBusy = max(l.stats.LongestBusy, l.now.Sub(began))
	}
	if l.token != nil {
		l.token.Release()
	}
	l.net.Close()
}

// running tells whether the machine is to be called.
func (l *loop) running() bool { return l.started && !l.left }

// wait sleeps until a datagram, a note or a deadline is there.
func (l *loop) wait() {
	deadline := min(l.net.Deadline(), l.pause.next, l.holdUntil)
	if l.running() {
		deadline = min(deadline, l.m.NextDeadline())
	}
	if l.running() && l.m.Resting() {
		l.r.sleep.Store(wakeForAll)
	} else {
		l.r.sleep.Store(wakeForCalls)
	}
	timeout := max(deadline.Sub(l.now), 0)
	if !l.r.in.empty() {
		timeout = 0
	}
	l.fds = append(l.fds[:0], unix.PollFd{Fd: int32(l.r.wake.fd), Events: unix.POLLIN})
	l.fds = l.net.Poll(l.fds)
	if l.tries > 0 {
		timeout = min(timeout, busyRetry)
	}
	l.fds, timeout = l.req.poll(l.fds, l.now, timeout, l.stream.on)
	began := l.now
	n, err := l.sleep(timeout)
	l.r.sleep.Store(awake)
	l.now = l.clock.now()
	l.slept = l.now.Sub(began)
	if n > 0 && l.fds[0].Revents != 0 {
		l.r.wake.clear()
	}
	if n == 0 && err == nil && timeout > 0 && l.now >= deadline {
		l.stats.LongestLate = max(l.stats.LongestLate, l.now.Sub(deadline))
	}
}

// takeInbox does what other goroutines have asked for.
func (l *loop) takeInbox() {
	queued := false
	for n := l.r.in.take(); n != nil; {
		next := n.next
		if n.call != nil {
			n.call(l)
		} else {
			l.pack.Add(n.trans, n.msg)
			l.stream.fresh++
			queued = true
		}
		l.r.in.recycle(n)
		n = next
	}
	if queued && l.running() {
		l.do(l.m.MessagesQueued(l.now))
	}
}

// interfaceEvent tells the machine and the receiver what the transport found.
func (l *loop) interfaceEvent(ev totem.InterfaceEvent) {
	switch ev.Change {
	case totem.InterfaceSame:
		return
	case totem.InterfaceFailed:
		l.r.out.push(Event{Kind: Fatal, Err: ev.Err})
		return
	case totem.InterfaceUp:
		l.r.out.push(Event{Kind: InterfaceUp, Addr: ev.Addr})
	case totem.InterfaceDown:
		l.r.out.push(Event{Kind: InterfaceDown, Addr: ev.Addr})
	}
	switch {
	case l.left:
	case !l.started:
		l.started = true
		l.do(l.m.Start(l.now))
	default:
		l.do(l.m.InterfaceChanged(l.now))
	}
}

// Where a packet says what kind of message it is, and the token's kind
// (message_header.type, MESSAGE_TYPE_ORF_TOKEN).
const (
	typeOffset = 3
	typeToken  = 0
)

// onPacket takes one datagram from the transport.
func (l *loop) onPacket(p *totem.Packet) {
	if !l.running() {
		return
	}
	l.now = l.clock.now()
	if len(p.Data) > typeOffset && p.Data[typeOffset] == typeToken {
		since := l.now.Sub(l.lastToken)
		if l.lastToken != 0 {
			l.stats.LongestVisit = max(l.stats.LongestVisit, since)
		}
		l.lastToken = l.now
		switch {
		case l.pinned():
			l.keepToken(p, l.pin.until)
		case l.behind(2):
			if l.token == nil {
				l.stats.HeldBack++
			}
			l.keepToken(p, l.now.Add(l.srp.TokenRetransmit/holdShare))
		case l.stream.on && since < paceRotation && l.pack.Backlog(false) < paceEnough:
			l.pacing = true
			l.keepToken(p, l.now.Add(paceRotation-since))
		default:
			l.visit(p)
		}
		return
	}
	l.do(l.m.Receive(l.now, p))
	if l.alone(p) {
		l.handOver()
	}
}

// visit has the machine take a token, and send what clients have ready.
func (l *loop) visit(p *totem.Packet) {
	l.now = l.clock.now()
	if l.stream.on {
		l.takeRequests()
		l.takeInbox()
	}
	l.stream.visit()
	l.do(l.m.Receive(l.now, p))
	if l.pin.next && !l.m.Missing() {
		l.setPin() // else what the receiver is to carry out has not been delivered yet
	}
}

// do carries out what the machine asks for, in order.
func (l *loop) do(actions []srp.Action) {
	for i := range actions {
		a := &actions[i]
		switch a.Kind {
		case srp.Mcast:
			l.net.Mcast(a.Packet)
		case srp.Unicast:
			l.net.Unicast(a.To, a.Packet)
		case srp.Deliver:
			e := l.r.out.slot()
			*e = Event{Kind: Deliver, Swap: a.Swap, From: a.From, Off: a.Off, Packet: a.Packet}
			l.r.out.publish(e.cost())
		case srp.Change:
			l.r.out.push(Event{Kind: Change, Change: a.Change, RingID: a.Ring})
		case srp.WaitTransAck:
			l.pack.NewConfiguration()
			l.r.out.push(Event{Kind: WaitTransAck, RingID: a.Ring})
		case srp.StoreRing:
			l.r.store.store(a.RingSeq)
		case srp.ExpectRing:
			l.r.store.expect(a.RingSeq)
		case srp.CheckInterface:
			l.net.Check()
		case srp.Processors:
			l.net.Processors(l.now, a.N)
		case srp.Paused:
			l.stale = true
			l.unexplained = time.Duration(a.N) * time.Millisecond
		}
	}
	l.net.Flush()
}

func (l *loop) leave() {
	if l.running() {
		l.do(l.m.Leave(l.now))
	}
	l.left = true
}
