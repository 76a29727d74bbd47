package srp

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// recoveryState is what the recovery state keeps: old messages to send again on
// the new ring, and how far the ring has got with it.
type recoveryState struct {
	retrans []uint32 // numbers on the old ring still to be sent, from next on
	next    int
	// again marks, by number modulo the window, old messages that another node
	// has sent on the new ring before us: all will get them from it. The reference
	// has every node send all that it holds. Where thousands are missing, that is
	// more than a window of the new ring, which then is never installed.
	again [windowSize / 64]uint64

	originated    bool   // the representative has made the token
	setRetransFlg bool   // the token's flag is up because of us
	flagCount     int    // visits in a row with the flag down
	installSeq    uint32 // what all must have received for the ring to be installed
	rotations     int    // visits in a row at which all had
}

// pending is how many old messages are still to be sent.
func (r *recoveryState) pending() int { return len(r.retrans) - r.next }

// begin has the i-th of n nodes begin with its own share of the messages, so
// that they do not all send the same at the same time.
func (r *recoveryState) begin(i, n int) {
	if i <= 0 {
		return
	}
	at := len(r.retrans) * i / n
	slices.Reverse(r.retrans[:at])
	slices.Reverse(r.retrans[at:])
	slices.Reverse(r.retrans)
}

// skip moves next past what others have sent.
func (r *recoveryState) skip() {
	for r.pending() > 0 {
		i := r.retrans[r.next] % windowSize
		if r.again[i/64]&(1<<(i%64)) == 0 {
			return
		}
		r.next++
	}
}

// enterRecovery has the commit token passed on and finds out who comes along
// from our old ring and what they lack (memb_state_recovery_enter).
func (m *Machine) enterRecovery(now totem.Instant) {
	c, b, r := &m.commit, &m.memb, &m.rec
	m.logf(loglevel.Debug, "entering RECOVERY state.")
	m.tok.discard = false
	m.recovery.reset()
	r.retrans, r.next = r.retrans[:0], 0
	clear(r.again[:])
	m.sendCommitToken(now)
	m.tok.seq = ^uint32(0)
	m.emit(Action{Kind: Processors, N: len(c.Addrs)})

	entry := func(id totem.NodeID) *wire.MembEntry {
		for i, a := range c.Addrs {
			if a == id {
				return &c.Memb[i]
			}
		}
		return nil
	}
	b.trans = b.trans[:0]
	for _, id := range b.members {
		if e := entry(id); e != nil && e.Ring == m.oldRing {
			b.trans.add(id)
		}
	}
	b.deliver.set(b.trans)
	m.logRecovery()

	low, complete := m.regular.high, true
	for _, id := range b.trans {
		e := entry(id)
		if e.ReceivedFlg == 0 {
			complete = false
		}
		if seqLess(e.Aru, low) {
			low = e.Aru
		}
	}
	if seqLess(low, m.regular.base-1) {
		low = m.regular.base - 1 // a forged entry: what all had is gone
	}
	if !complete && low != m.regular.high {
		m.logf(loglevel.Debug, "copying all old ring messages from %x-%x.", low+1, m.regular.high)
		for seq := low + 1; !seqLess(m.regular.high, seq); seq++ {
			if m.regular.has(seq) {
				r.retrans = append(r.retrans, seq)
			}
		}
		r.begin(slices.Index(b.trans, m.self), len(b.trans))
		m.logf(loglevel.Debug, "Originated %d messages in RECOVERY.", len(r.retrans))
	} else {
		m.logf(loglevel.Debug, "Did not need to originate any messages in recovery.")
	}

	m.tok.newRing()
	r.installSeq, r.flagCount, r.rotations, r.setRetransFlg = 0, 0, 0, false
	m.armToken(now)
	m.armRetransmit(now)
	m.state = Recovery
	m.stats.RecoveryEntered++
	m.stats.ContinuousGather = 0
}

func (m *Machine) logRecovery() {
	if !m.logs(loglevel.Debug) {
		return
	}
	for i, id := range m.memb.trans {
		m.logf(loglevel.Debug, "TRANS [%d] member %d:", i, id)
	}
	for i, id := range m.commit.Addrs {
		e := &m.commit.Memb[i]
		m.logf(loglevel.Debug, "position [%d] member %d:", i, id)
		m.logf(loglevel.Debug, "previous ringid (%v)", e.Ring)
		m.logf(loglevel.Debug, "aru %x high delivered %x received flag %d", e.Aru, e.HighDelivered, e.ReceivedFlg)
	}
}

// recoveryLost gives a ring up that could not be formed. What the old ring's
// window holds is as it was: recovery has a window of its own.
func (m *Machine) recoveryLost(now totem.Instant) {
	m.logf(loglevel.Debug, "Restoring instance->my_aru %x my high seq received %x", m.regular.aru, m.regular.high)
	m.enterGather(now, fromTokenLostRecovery)
	m.stats.RecoveryTokenLost++
}

// nextOldMessage makes the packet of one old message for the new ring, or nil.
func (m *Machine) nextOldMessage(seq uint32) *totem.Packet {
	for r := &m.rec; r.pending() > 0; {
		old := r.retrans[r.next]
		r.next++
		r.skip()
		if !m.regular.has(old) {
			continue
		}
		s := m.regular.slot(old)
		inner := s.pkt.Data[s.head:]
		p := m.packet(wire.McastLen + len(inner))
		p.Data = append(m.appendHead(p.Data, seq, wire.Encapsulated), inner...)
		return p
	}
	return nil
}

// sentAgain takes note of an old message that another node has sent on the new
// ring.
func (m *Machine) sentAgain(p *totem.Packet) {
	r, h := &m.rec, &m.in.mcast
	if r.pending() == 0 {
		return
	}
	if _, err := h.Parse(p.Data[wire.McastLen:]); err != nil || h.Ring != m.oldRing || !m.regular.has(h.Seq) {
		return
	}
	i := h.Seq % windowSize
	r.again[i/64] |= 1 << (i % 64)
	r.skip()
}

// recoveryVisit is the part of a token visit that decides whether all have
// recovered what can be recovered. It tells whether the new ring is complete.
func (m *Machine) recoveryVisit(t *wire.ORFToken) bool {
	r := &m.rec
	if r.pending() > 0 {
		if t.RetransFlg == 0 {
			t.RetransFlg = 1
			r.setRetransFlg = true
		}
	} else if t.RetransFlg == 1 && r.setRetransFlg {
		t.RetransFlg = 0
		r.setRetransFlg = false
	}
	debug := m.logs(loglevel.Debug)
	if debug {
		m.logf(loglevel.Debug, "token retrans flag is %d my set retrans flag%d retrans queue empty %d count %d, aru %x",
			t.RetransFlg, digit(r.setRetransFlg), digit(r.pending() == 0), r.flagCount, t.Aru)
	}
	if t.RetransFlg == 0 {
		r.flagCount++
	} else {
		r.flagCount = 0
	}
	if r.flagCount == 2 {
		r.installSeq = t.Seq
	}
	if debug {
		m.logf(loglevel.Debug, "install seq %x aru %x high seq received %x", r.installSeq, m.recovery.aru, m.recovery.high)
	}
	if r.flagCount >= 3 && !seqLess(t.Aru, r.installSeq) {
		r.rotations++
	} else {
		r.rotations = 0
	}
	if r.rotations < 2 {
		return false
	}
	if debug {
		m.logf(loglevel.Debug, "retrans flag count %x token aru %x install seq %x aru %x %x",
			r.flagCount, t.Aru, r.installSeq, m.recovery.aru, t.Seq)
	}
	return true
}

// recovered moves the old ring's messages out of what recovery has received into
// the old ring's window (deliver_messages_from_recovery_to_regular).
func (m *Machine) recovered() {
	m.logf(loglevel.Debug, "recovery to regular %x-%x", 1, m.recovery.aru)
	h := &m.in.mcast
	for seq := m.recovery.base; !seqLess(m.recovery.aru, seq); seq++ {
		s := m.recovery.slot(seq)
		if s.pkt == nil || s.flags&encaps == 0 {
			continue
		}
		if _, err := h.Parse(s.pkt.Data[wire.McastLen:]); err != nil {
			m.stats.RxMsgDropped++
			continue
		}
		m.logf(loglevel.Debug, "comparing if ring id is for this processors old ring seqno %x", uint64(h.Seq))
		if h.Ring != m.oldRing {
			m.logf(loglevel.Debug, "-not adding msg with seq no %x", uint64(h.Seq))
			continue
		}
		m.regular.put(h.Seq, messageSlot(h, s.pkt, wire.McastLen))
	}
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}
