package srp

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// enterOperational installs the new ring: the rest of the old ring's messages in
// their order up to the first hole, the transitional configuration, what is
// beyond holes from those that come along, the regular configuration
// (memb_state_operational_enter).
func (m *Machine) enterOperational(now totem.Instant) {
	b := &m.memb
	m.rec.originated = false
	b.consensus = b.consensus[:0]
	m.logf(loglevel.Debug, "Resetting old ring state")
	m.saved = false
	m.recovered()
	m.logf(loglevel.Trace, "Delivering to app %x to %x", m.regular.delivered+1, m.regular.high)
	m.deliver(false)

	left, joined := b.members.minus(b.trans), b.next.minus(b.trans)
	b.members.set(b.next)
	m.rec.setRetransFlg = false
	m.emit(Action{Kind: Change, Ring: m.ring, Change: &totem.ConfigChange{
		Type: totem.Transitional, Members: b.trans.sorted(), Left: left.sorted(), Ring: m.ring,
	}})
	m.waitTransAck = true
	m.installed = m.ring
	m.deliver(true)
	m.emit(Action{Kind: WaitTransAck, Ring: m.ring})
	m.emit(Action{Kind: Change, Ring: m.ring, Change: &totem.ConfigChange{
		Type: totem.Regular, Members: b.next.sorted(), Joined: joined.sorted(), Ring: m.ring,
	}})

	m.regular, m.recovery = m.recovery, m.regular
	m.recovery.reset()
	m.regular.skipRecovery()
	m.tok.lastAru = 0
	b.proc.set(b.next)
	b.failed.set(nil)

	m.logMembership(joined, left)
	b.leaving.set(nil)
	m.state = Operational
	m.settling = len(b.members) > 1
	m.stats.OperationalEntered++
	m.stats.ContinuousGather = 0
	m.rec.rotations, m.rec.flagCount = 0, 0
	m.oldRing = m.ring
}

// skipRecovery takes recovery's own messages for delivered: what they carried is.
// They stay until a token shows that all have them, for a processor that is
// still in recovery may ask for one. Messages beyond them are the new ring's
// first, of a processor that has installed it before us.
func (w *window) skipRecovery() {
	w.delivered = 0
	for w.delivered != w.aru && w.slot(w.delivered+1).flags&encaps != 0 {
		w.delivered++
	}
}

func (m *Machine) logMembership(joined, left nodeSet) {
	m.logf(loglevel.Debug, "entering OPERATIONAL state.")
	absent := m.pause.absent
	m.pause.absent = false
	if !m.logs(loglevel.Notice) {
		return
	}
	var j, l string
	if len(joined) > 0 {
		j = " joined:" + joined.list(" ")
	}
	if len(left) > 0 {
		l = " left:" + left.list(" ")
	}
	m.logf(loglevel.Notice, "A new membership (%v) was formed. Members%s%s", m.ring, j, l)
	failed := left.minus(m.memb.leaving)
	switch {
	case len(failed) == 0:
	case absent:
		// The reference says that they have failed.
		m.logf(loglevel.Notice, "This processor stood still, others went on without it:%s", failed.list(" "))
	default:
		m.logf(loglevel.Notice, "Failed to receive the leave message. failed:%s", failed.list(" "))
	}
}

// deliver hands messages of the regular window up in their order: up to the
// first hole, or in the transitional configuration with holes skipped, and with
// them what those have sent that do not come along (messages_deliver_to_app).
func (m *Machine) deliver(transitional bool) {
	w := m.regular
	trace := w.delivered != w.high && m.logs(loglevel.Trace)
	if trace {
		m.logf(loglevel.Trace, "Delivering %x to %x", w.delivered, w.high)
	}
	for w.delivered != w.high {
		seq := w.delivered + 1
		if !w.has(seq) {
			if !transitional {
				return
			}
			w.delivered = seq
			continue
		}
		w.delivered = seq
		s := w.slot(seq)
		if transitional && !m.memb.deliver.has(s.from) {
			continue
		}
		if trace {
			m.logf(loglevel.Trace, "Delivering MCAST message with seq %x to pending delivery queue", seq)
		}
		s.pkt.Retain()
		m.emit(Action{Kind: Deliver, Packet: s.pkt, Off: s.payload(), From: s.from, Swap: s.flags&swapped != 0})
	}
}

// free lets go of what all have received, as the last token and this one show
// (messages_free).
func (m *Machine) free(aru uint32) {
	w := m.regular
	to := aru
	for _, n := range [...]uint32{m.tok.lastAru, w.delivered} {
		if seqLess(n, to) {
			to = n
		}
	}
	if seqLess(to, w.base) {
		return
	}
	w.release(to)
	if m.logs(loglevel.Trace) {
		m.logf(loglevel.Trace, "releasing messages up to and including %x", to)
	}
}
