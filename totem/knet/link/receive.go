package link

import (
	"encoding/binary"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// Receive takes a datagram, whose From says where it came from. The Core may
// write to its Data, and holds it longer than the call only if a message is
// delivered in it.
func (c *Core) Receive(now totem.Instant, p *totem.Packet) {
	plain, own, sealed, took := c.open(now, p)
	if plain == nil {
		return
	}
	c.parse(now, p, own, plain, sealed, took)
	if own != nil {
		own.Release()
	}
}

// open unseals a datagram: into a packet of its own if it was encrypted. plain is
// nil when it is nobody's.
func (c *Core) open(now totem.Instant, p *totem.Packet) (plain []byte, own *totem.Packet, sealed bool, took int64) {
	own = c.packetFor(len(p.Data))
	began := c.meter()
	plain, sealed, err := c.cfg.Keys.Open(own.Data, p.Data)
	if err != nil {
		c.dropped.Sealed++
		c.warn(now, muteSealed, loglevel.Error, "rx: Unable to decrypt packet from %s:%d (size %d)!", p.From, len(p.Data))
		own.Release()
		return nil, nil, false, 0
	}
	if sealed {
		took = int64(c.meter().Sub(began))
	}
	if len(plain) > 0 && len(p.Data) > 0 && &plain[0] == &p.Data[0] {
		own.Release() // it was not encrypted
		return plain, nil, sealed, took
	}
	own.Data = plain
	return plain, own, sealed, took
}

// parse does what the datagram says.
func (c *Core) parse(now totem.Instant, p, own *totem.Packet, plain []byte, sealed bool, took int64) {
	kind, from, err := wire.Peek(plain)
	if err != nil {
		c.malformed("rx: %v", err)
		return
	}
	h := c.byID[from]
	if h == nil {
		c.dropped.Stranger++
		c.debugf("rx: Unable to find source host for this packet")
		return
	}
	if c.cfg.Keys.Follow() {
		c.debugf("crypto: host %d uses the next key already", from)
		c.Rekeyed(now)
	}
	switch kind {
	case wire.TypeData:
		c.data(now, h, p, own, plain, sealed, took)
	case wire.TypePing, wire.TypePong:
		var m wire.Ping
		if _, err := m.Parse(plain); err != nil {
			c.malformed("rx: %v", err)
		} else if l := c.source(now, h, m.Link, p.From); l == nil {
		} else if m.Pong {
			c.pong(now, l, &m, len(plain))
		} else {
			c.answerPing(l, &m, len(plain))
		}
	case wire.TypePMTUd, wire.TypePMTUdReply:
		var m wire.PMTUd
		if _, err := m.Parse(plain); err != nil {
			c.malformed("rx: %v", err)
		} else if l := c.source(now, h, m.Link, p.From); l == nil {
		} else if m.Reply {
			l.stats.RxPMTUPackets++
			l.stats.RxPMTUBytes += uint64(len(plain))
			c.probeAnswered(now, l, int(m.Size))
		} else {
			c.answerProbe(l, &m, len(plain))
		}
	}
}

func (c *Core) malformed(format string, err error) {
	c.dropped.Malformed++
	c.debugf(format, err)
}

// source is the link that a ping or probe came over; nil when it is none of ours,
// or when its sender's address is not the link's.
func (c *Core) source(now totem.Instant, h *host, n uint8, from netip.AddrPort) *link {
	l := h.links[n]
	if l == nil {
		c.dropped.Stranger++
		return nil
	}
	if c.cfg.ACL && l.Remote.Addr() != from.Addr() {
		c.dropped.Rejected++
		c.warn(now, muteRejected, loglevel.Warning, "rx: Packet rejected from %s:%d", from, 0)
		return nil
	}
	return l
}

// answerPing sends the pong, and learns from the ping where its sender's numbers
// are.
func (c *Core) answerPing(l *link, m *wire.Ping, length int) {
	l.stats.RxPingPackets++
	l.stats.RxPingBytes += uint64(length)
	h := l.host
	switch {
	case m.Timed:
		if m.Seq != h.timed {
			h.timed = m.Seq
			if m.Seq == 0 { // it has started again
				h.forget(0)
			}
		}
	case m.Seq != h.untimed:
		h.untimed = m.Seq
		if h.gotData {
			h.gotData = false
			h.see(m.Seq)
		} else {
			h.forget(m.Seq)
		}
	default:
		h.see(m.Seq)
	}
	m.From, m.Pong = wire.HostID(c.cfg.NodeID), true
	c.scratch = m.AppendTo(c.scratch[:0])
	p := c.seal()
	if c.sec != (wire.Security{}) {
		c.stats.cryptPongs++
	}
	l.stats.TxPongPackets++
	l.stats.TxPongBytes += uint64(len(p.Data))
	c.send(l, KindPong, p)
}

func (c *Core) answerProbe(l *link, m *wire.PMTUd, length int) {
	l.stats.RxPMTUPackets++
	l.stats.RxPMTUBytes += uint64(length)
	m.From, m.Reply = wire.HostID(c.cfg.NodeID), true
	c.scratch = m.AppendTo(c.scratch[:0])
	p := c.seal()
	if c.sec != (wire.Security{}) {
		c.stats.cryptReplies++
	}
	c.send(l, KindPMTUReply, p)
}

// see makes a number part of the host's window.
func (h *host) see(seq uint16) {
	h.def.expire(h.win.last)
	h.win.admit(seq)
}

// data takes a fragment, or a whole message.
func (c *Core) data(now totem.Instant, h *host, p, own *totem.Packet, plain []byte, sealed bool, took int64) {
	l := h.from(p.From.Addr())
	if l == nil {
		c.dropped.Stranger++
		c.debugf("rx: Unable to determine source link for data packet. Discarding packet.")
		return
	}
	l.stats.RxDataPackets++
	l.stats.RxDataBytes += uint64(len(plain))
	if sealed {
		c.stats.RxCrypt.addNs(took)
	}
	var m wire.Data
	n, err := m.Parse(plain)
	switch {
	case err != nil:
		c.malformed("rx: %v", err)
		return
	case !h.reachable:
		c.dropped.Early++
		c.debugf("rx: Source host %d not reachable yet. Discarding packet.", h.id)
		return
	case m.Channel != 0:
		c.dropped.Stranger++
		c.debugf("rx: received packet for channel %d but there is no local sock connected", m.Channel)
		return
	}
	h.gotData = true
	h.see(m.Seq)
	if !h.win.isNew(m.Seq) {
		c.dropped.Duplicate++
		if c.cfg.Mode != Active {
			c.debugf("rx: Packet has already been delivered")
		}
		return
	}
	msg := c.whole(now, h, &m, p, own, plain, n)
	if msg == nil {
		return
	}
	if m.Compress != 0 {
		if msg = c.decompress(now, m.Compress, msg); msg == nil {
			return
		}
	}
	if t := target(msg.Data); t != 0 && t != c.cfg.NodeID {
		c.dropped.NotOurs++
		c.debugf("rx: Packet is not for us")
		msg.Release()
		return
	}
	h.win.deliver(m.Seq)
	msg.From = p.From
	c.do(Action{Kind: Deliver, Packet: msg})
}

// from is the host's link that has the address.
func (h *host) from(a netip.Addr) *link {
	for _, l := range h.links {
		if l != nil && l.Remote.Addr() == a {
			return l
		}
	}
	return nil
}

// whole returns the message that the datagram is or completes, held; nil when
// there is more to come.
func (c *Core) whole(now totem.Instant, h *host, m *wire.Data, p, own *totem.Packet, plain []byte, n int) *totem.Packet {
	if m.Frags > 1 {
		msg := h.def.add(now, &h.win, m, plain[n:], c.cfg.Big)
		c.dropped.Duplicate += h.def.twice
		h.def.twice = 0
		return msg
	}
	if len(plain)-n > wire.MaxUserData {
		c.dropped.Malformed++
		return nil
	}
	msg := p
	if own != nil {
		msg = own
	}
	// To the front, where the ring expects it.
	msg.Data = msg.Data[:copy(msg.Data[:cap(msg.Data)], plain[n:])]
	msg.Retain()
	return msg
}

// target is the node that a message of the ring is for, 0 for all.
func target(msg []byte) totem.NodeID {
	if len(msg) < targetEnd {
		return 0
	}
	return totem.NodeID(binary.NativeEndian.Uint32(msg[targetOffset:]))
}
