package link

import (
	"encoding/binary"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// Where a message of the ring says whom it is for: totem_message_header's
// target_nodeid, in the sender's byte order, 0 for all.
const (
	targetOffset = 9
	targetEnd    = targetOffset + 4
)

// sealMax is more than what sealing adds to a packet: salt, padding and digest.
const sealMax = 128

// seal makes a packet of what c.scratch holds.
func (c *Core) seal() *totem.Packet {
	p := c.cfg.Small.Get()
	p.Data = c.cfg.Keys.Seal(p.Data, c.scratch, nil)
	return p
}

// sealedProbe makes a probe of that many bytes of plaintext.
func (c *Core) sealedProbe(m *wire.PMTUd, plain int) *totem.Packet {
	out := c.cfg.Big.Get()
	scratch := c.cfg.Big.Get()
	scratch.Data = m.AppendProbe(scratch.Data, plain)
	out.Data = c.cfg.Keys.Seal(out.Data, scratch.Data, nil)
	scratch.Release()
	return out
}

// packetFor returns a packet with room for n bytes.
func (c *Core) packetFor(n int) *totem.Packet {
	if n <= c.cfg.Small.Size() {
		return c.cfg.Small.Get()
	}
	return c.cfg.Big.Get()
}

// Send sends a message to a host, or to all when to is 0. The Core only reads
// msg, and not after it returns. A message to nobody is dropped.
func (c *Core) Send(now totem.Instant, to totem.NodeID, msg []byte) {
	if len(msg) == 0 || len(msg) > wire.MaxUserData {
		c.dropped.Unsent++
		return
	}
	var one *host
	if to != 0 {
		if to <= 0xffff {
			one = c.byID[wire.HostID(to)]
		}
		if one == nil || !one.reachable {
			c.dropped.Unsent++
			return
		}
	} else {
		c.countSelf(len(msg))
		if !c.anyReachable() {
			c.dropped.Unsent++
			return
		}
	}
	c.seq++
	if c.seq == 0 { // is for who has sent nothing yet
		c.seq++
	}
	c.cut(to, msg)
	if one != nil {
		c.dispatch(one)
	} else {
		for _, h := range c.hosts {
			if h.reachable {
				c.dispatch(h)
			}
		}
	}
	for i, p := range c.frags {
		p.Release()
		c.frags[i] = nil
	}
	c.frags = c.frags[:0]
	if c.seq%(0xffff/8) == 0 {
		c.pingAll(now)
	}
}

func (c *Core) anyReachable() bool {
	for _, h := range c.hosts {
		if h.reachable {
			return true
		}
	}
	return false
}

// countSelf counts what the reference hands back over its loopback link.
func (c *Core) countSelf(n int) {
	if c.self == nil {
		return
	}
	for _, l := range c.self.links {
		if l != nil {
			l.stats.TxDataPackets++
			l.stats.TxDataBytes += uint64(n)
		}
	}
}

// cut makes the fragments of a message, sealed.
func (c *Core) cut(to totem.NodeID, msg []byte) {
	// The first bytes of the message are written here, with the target.
	var first [wire.DataLen + targetEnd]byte
	n := min(len(msg), targetEnd)
	start := first[wire.DataLen : wire.DataLen+n]
	copy(start, msg)
	if n == targetEnd {
		binary.NativeEndian.PutUint32(start[targetOffset:], uint32(to))
	}
	rest := msg[n:]
	model, scratch := c.compress(start, rest)
	if scratch != nil {
		start, rest = nil, scratch.Data
	}
	head := wire.Data{
		From: wire.HostID(c.cfg.NodeID), Seq: c.seq, Compress: model, Broadcast: to == 0,
		Frags: uint8(wire.Fragments(len(start)+len(rest), c.mtu)),
	}
	var began totem.Instant
	sealed, plain := c.sec != (wire.Security{}), 0
	if sealed {
		began = c.meter()
	}
	for {
		if head.Frags > 1 {
			head.Frag++
		}
		top := append(head.AppendTo(first[:0]), start...) // in place: start lies behind the head
		n := min(c.mtu-len(start), len(rest))
		p := c.packetFor(len(top) + n + sealMax)
		p.Data = c.cfg.Keys.Fill(p.Data, top, rest[:n])
		c.frags = append(c.frags, p)
		plain += len(top) + n
		if rest, start = rest[n:], nil; len(rest) == 0 {
			break
		}
	}
	if sealed {
		c.sealFrags(began, plain)
	}
	if scratch != nil {
		scratch.Release()
	}
}

// sealFrags seals the fragments together, which takes half the time that one after
// the other would; plain is how many bytes they have before that.
func (c *Core) sealFrags(began totem.Instant, plain int) {
	for _, p := range c.frags {
		c.filled = append(c.filled, p.Data)
	}
	c.cfg.Keys.SealFilled(c.filled)
	took := c.meter().Sub(began) / time.Duration(len(c.frags))
	for i, p := range c.frags {
		p.Data = c.filled[i]
		c.filled[i] = nil
		c.stats.TxCrypt.add(took)
		c.stats.TxCryptByteOverhead += uint64(len(p.Data))
	}
	c.stats.TxCryptByteOverhead -= uint64(plain)
	c.filled = c.filled[:0]
}

// dispatch queues the fragments for a host.
func (c *Core) dispatch(h *host) {
	links := h.active
	if c.cfg.Mode == RoundRobin {
		links = links[:1]
	}
	for _, l := range links {
		for _, p := range c.frags {
			p.Retain()
			l.stats.TxDataPackets++
			l.stats.TxDataBytes += uint64(len(p.Data))
			c.send(l, KindData, p)
		}
	}
	if n := len(h.active); c.cfg.Mode == RoundRobin && n > 1 {
		first := h.active[0]
		copy(h.active, h.active[1:])
		h.active[n-1] = first
	}
}

// Kind of a datagram, for Failed.
type Kind uint8

// The kinds of what Send carries.
const (
	KindData Kind = iota
	KindPing
	KindPong
	KindPMTUReply
)

// Failed tells that a datagram of a link could not be sent.
func (c *Core) Failed(ref int, k Kind) {
	l := c.byRef(ref)
	if l == nil {
		return
	}
	switch k {
	case KindData:
		l.stats.TxDataErrors++
	case KindPing:
		l.stats.TxPingErrors++
	case KindPong:
		l.stats.TxPongErrors++
	case KindPMTUReply:
		l.stats.TxPMTUErrors++
	}
}
