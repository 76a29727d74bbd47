package srp

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// messageSlot is a message's place; the multicast begins at head in the packet.
func messageSlot(h *wire.Mcast, p *totem.Packet, head int) slot {
	s := slot{pkt: p, from: totem.NodeID(h.NodeID), head: uint8(head)}
	if h.Order != wire.Native {
		s.flags |= swapped
	}
	if h.Encapsulated == wire.Encapsulated {
		s.flags |= encaps
	}
	return s
}

// payload is where in the packet the message itself begins.
func (s *slot) payload() int { return int(s.head) + wire.McastLen }

// window is the one whose ring the present state works on.
func (m *Machine) window() *window {
	if m.state == Recovery {
		return m.recovery
	}
	return m.regular
}

// onMcast is a message of a ring (message_handler_mcast).
func (m *Machine) onMcast(now totem.Instant, h *wire.Mcast, p *totem.Packet) {
	if h.Ring != m.ring {
		if !m.meet(now, h.SystemFrom, fromForeignOperational, fromForeignGather) {
			m.stats.RxMsgDropped++
		}
		return
	}
	// The regular window is of the ring that we are on only while none is being
	// formed; and recovery's messages come to no good outside of recovery.
	if m.state != Recovery && (m.saved || h.Encapsulated == wire.Encapsulated) {
		m.stats.RxMsgDropped++
		return
	}
	if m.logs(loglevel.Trace) {
		m.logf(loglevel.Trace, "Received ringid (%v) seq %x", h.Ring, h.Seq)
	}
	w := m.window()
	s := messageSlot(h, p, 0)
	fresh := w.put(h.Seq, s)
	w.advance()
	switch {
	case m.state == Operational:
		m.deliver(false)
	case fresh && s.flags&encaps != 0:
		m.sentAgain(p)
	}
}

// appendHead writes the head of a message of ours.
func (m *Machine) appendHead(b []byte, seq uint32, encapsulated uint8) []byte {
	h := wire.Mcast{
		Header: wire.Header{
			Order: wire.Native, Type: wire.TypeMcast,
			Encapsulated: encapsulated, NodeID: uint32(m.self),
		},
		SystemFrom: m.self, Seq: seq, ThisSeqno: m.mcastSeq, Ring: m.ring,
	}
	return h.AppendTo(b)
}

// sendNew multicasts at most n messages that wait, old ones in recovery, and
// tells how many it were (orf_token_mcast).
func (m *Machine) sendNew(now totem.Instant, t *wire.ORFToken, n uint32) uint32 {
	w := m.window()
	if m.state == Recovery {
		m.armRetransmit(now)
	}
	sent := uint32(0)
	for ; sent < n; sent++ {
		p := m.nextMessage(t.Seq + 1)
		if p == nil {
			break
		}
		m.mcastSeq++
		t.Seq++
		s := slot{pkt: p, from: m.self}
		if m.state == Recovery {
			s.flags = encaps
		}
		w.put(t.Seq, s)
		m.mcast(p)
	}
	w.advance()
	return sent
}

func (m *Machine) nextMessage(seq uint32) *totem.Packet {
	if m.state == Recovery {
		return m.nextOldMessage(seq)
	}
	if m.cfg.Source.Backlog(m.waitTransAck) == 0 {
		return nil
	}
	p := m.cfg.Pool.Get()
	b, ok := m.cfg.Source.Next(m.waitTransAck, m.appendHead(p.Data, seq, wire.NotEncapsulated))
	if !ok {
		p.Release()
		return nil
	}
	p.Data = b
	m.stats.McastTx++
	return p
}
