package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// tokenState is what we remember of the token.
type tokenState struct {
	discard   bool          // tokens are none of our business: we gather
	seq       uint32        // token_seq of the last one accepted (my_token_seq)
	target    totem.NodeID  // who gets it from us
	last      *totem.Packet // what we sent last, to be sent again
	lastSeq   uint32        // the message number it carried
	unchanged int           // visits in a row with no new message
	held      bool          // the ring is idle: the representative holds the token
	lastAru   uint32        // aru of the visit before (my_last_aru)
	aruCount  int           // visits in a row at which someone kept aru where it was
	pace      time.Duration // how long the representative holds it while messages are missing
	paceAru   uint32        // aru when pace was chosen
}

func (t *tokenState) newRing() {
	t.unchanged, t.aruCount, t.pace = 0, 0, 0
	t.held = false
}

// onToken is a visit of the token (message_handler_orf_token).
func (m *Machine) onToken(now totem.Instant, t *wire.ORFToken) {
	k, w := &m.tok, m.window()
	if k.discard || m.state != Operational && m.state != Recovery {
		return
	}
	if t.Ring != m.ring || !seqLess(k.seq, t.TokenSeq) {
		return // of another ring, or a copy
	}
	if t.Seq-w.aru >= windowSize {
		m.stats.RxMsgDropped++
		m.logf(loglevel.Warning, "Received orf_token message is corrupted (seq %x, aru %x)...  ignoring.", t.Seq, w.aru)
		return
	}
	rep := m.ring.Rep == m.self
	m.countIdle(now, t, rep)
	forward := !rep || !k.held

	if m.state == Operational {
		m.settling = false
		m.free(t.Aru)
	}
	m.visits.received(now)
	lastAru := k.lastAru
	k.lastAru = t.Aru

	allowed := m.allowed(t)
	again := m.retransmit(now, t, &allowed)
	if m.cfg.CancelTokenHoldOnRetransmit && k.held && (len(t.Rtr) > 0 || again > 0) {
		k.held = false
		forward = true
	}
	fresh := m.sendNew(now, t, m.limit(t, allowed))
	m.flow.account(t, again+fresh)

	if seqLess(w.aru, t.Aru) || t.AruAddr == uint32(m.self) || t.AruAddr == 0 {
		t.Aru = w.aru
		t.AruAddr = 0
		if t.Aru != t.Seq {
			t.AruAddr = uint32(m.self)
		}
	}
	if t.Aru == lastAru && t.AruAddr != 0 {
		k.aruCount++
	} else {
		k.aruCount = 0
	}
	if k.aruCount > m.cfg.FailToRecvConst && t.AruAddr == uint32(m.self) {
		m.failToReceive(now)
		return
	}

	k.seq = t.TokenSeq
	t.TokenSeq++
	if m.state == Recovery && m.recoveryVisit(t) {
		m.enterOperational(now)
	}
	m.passToken(t, forward)
	if m.state == Operational {
		m.deliver(false)
	}
	m.armToken(now)
	m.armRetransmit(now)
	if !forward {
		m.timers.arm(holdTimer, now.Add(m.holdFor(t, again)))
	}
	m.visits.sent(now)
	m.armHeartbeat(now, forward)
}

// countIdle counts visits at which no message is new: from some on the
// representative holds the token, and the others know that it does.
func (m *Machine) countIdle(now totem.Instant, t *wire.ORFToken, rep bool) {
	k := &m.tok
	if t.Seq == k.lastSeq {
		if rep && !m.timers.runs(mergeTimer) { // the others have nothing to call out
			m.timers.arm(mergeTimer, now.Add(m.cfg.Merge))
		}
		k.unchanged++
	} else {
		m.timers.stop(mergeTimer)
		m.timers.stop(holdTimer)
		k.unchanged = 0
	}
	k.lastSeq = t.Seq
	if rep {
		k.held = k.unchanged > m.cfg.SeqnoUnchangedConst
	} else {
		k.held = k.unchanged >= m.cfg.SeqnoUnchangedConst
	}
}

// holdFor is how long the representative holds the token now. While someone
// lacks a message a full hold would make every request take that long (of old,
// half an hour for a few hundred lost messages), and none at all would have them
// repeated as fast as the ring turns: so it begins short and doubles for as long
// as nothing is gained.
func (m *Machine) holdFor(t *wire.ORFToken, again uint32) time.Duration {
	k := &m.tok
	if len(t.Rtr) == 0 && again == 0 && t.Aru == t.Seq {
		k.pace = 0
		return m.cfg.Hold
	}
	if k.pace == 0 || t.Aru != k.paceAru {
		k.pace = m.cfg.resendGap()
	} else {
		k.pace *= 2
	}
	k.pace, k.paceAru = min(k.pace, m.cfg.Hold), t.Aru
	return k.pace
}

// failToReceive declares ourselves failed: for thousands of visits we have been
// the one that keeps aru back. Unlike in the paper we say it, not the others.
func (m *Machine) failToReceive(now totem.Instant) {
	m.logf(loglevel.Error, "FAILED TO RECEIVE")
	m.memb.failedToRecv = true
	m.memb.failed.add(m.self)
	m.enterGather(now, fromFailedToReceive)
}

// passToken keeps the token to be sent again, and unless we hold it sends it on.
func (m *Machine) passToken(t *wire.ORFToken, forward bool) {
	t.Header = wire.Header{Order: wire.Native, Type: wire.TypeORFToken, NodeID: uint32(m.self)}
	p := m.packet(1024)
	p.Data = t.AppendTo(p.Data)
	m.keepToken(p)
	if forward {
		m.resendToken()
	}
}

// sendInitialToken makes the token of a new ring (orf_token_send_initial). Its
// aru is before the first message, so that everyone has to raise it.
func (m *Machine) sendInitialToken() {
	t := &m.in.token
	*t = wire.ORFToken{Aru: ^uint32(0), AruAddr: uint32(m.self), Ring: m.ring, Rtr: t.Rtr[:0]}
	if m.rec.pending() > 0 {
		t.RetransFlg = 1
		m.rec.setRetransFlg = true
	}
	m.stats.ORFTokenTx++
	m.passToken(t, true)
}

// keepToken takes over the hold on a token packet that may be sent again.
func (m *Machine) keepToken(p *totem.Packet) {
	if m.tok.last != nil {
		m.tok.last.Release()
	}
	m.tok.last = p
}

// resendToken sends our last token, also for the first time; to ourselves, where
// there is no one else, by way of the loop.
func (m *Machine) resendToken() {
	p := m.tok.last
	if p == nil {
		return
	}
	p.Retain()
	if m.tok.target != m.self {
		m.emit(Action{Kind: Unicast, Packet: p, To: m.tok.target})
		return
	}
	m.loop = append(m.loop, p)
}

// cancelHold asks for a token that is being held (token_hold_cancel_send).
func (m *Machine) cancelHold(now totem.Instant) {
	if m.state != Operational || !m.tok.held {
		return
	}
	m.tok.held = false
	c := wire.TokenHoldCancel{
		Header: wire.Header{Order: wire.Native, Type: wire.TypeTokenHoldCancel, NodeID: uint32(m.self)},
		Ring:   m.ring,
	}
	p := m.packet(0)
	p.Data = c.AppendTo(p.Data)
	m.stats.TokenHoldCancelTx++
	m.mcast(p)
	m.releaseHold(now)
}

// onHoldCancel is another's request for the token.
func (m *Machine) onHoldCancel(now totem.Instant, c *wire.TokenHoldCancel) {
	if c.Ring == m.ring && (m.state == Operational || m.state == Recovery) {
		m.releaseHold(now)
	}
}

// releaseHold lets the token go if it is here, and has the ring taken for busy.
func (m *Machine) releaseHold(now totem.Instant) {
	m.tok.unchanged = 0
	if m.ring.Rep == m.self && m.timers.runs(holdTimer) {
		m.timers.stop(holdTimer)
		m.resendToken()
		m.armRetransmit(now)
	}
}
