package udp

import (
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// receiveRounds bounds how many batches one Receive takes from a socket: a
// flood must not keep the ring thread from its deadlines.
const receiveRounds = 8

// tooBigInterval is the least time between two log lines about datagrams
// without room.
const tooBigInterval = time.Second

// Receive hands what has arrived to fn, which retains what it keeps. In the
// modes with a socket for multicasts, those that had arrived go before what
// came to this processor alone, so no token overtakes them. It tells whether it
// has found the sockets empty at last. Where the last wait found nothing in them,
// they are not read.
func (t *Transport) Receive(fn func(*totem.Packet)) (drained bool) {
	if t.socks.token < 0 || !t.readable() {
		return true
	}
	if t.socks.mcast < 0 {
		return t.drain(t.socks.token, fn)
	}
	drained = t.drain(t.socks.mcast, fn)
	// The reader's buffers are needed again before these are handed over.
	n := t.read(t.socks.token)
	for i := range n {
		t.accept(i, t.keep)
	}
	if n > 0 {
		drained = t.drain(t.socks.mcast, fn)
	}
	for i, p := range t.kept {
		fn(p)
		p.Release()
		t.kept[i] = nil
	}
	t.kept = t.kept[:0]
	return drained && n < datagram.ReadBatch
}

// readable tells whether the last wait found something to read.
func (t *Transport) readable() bool {
	for i := range t.polled {
		if t.polled[i].Revents != 0 {
			return true
		}
	}
	return false
}

// keepPacket puts a unicast datagram aside until the multicasts are through.
func (t *Transport) keepPacket(p *totem.Packet) {
	p.Retain()
	t.kept = append(t.kept, p)
}

func (t *Transport) drain(fd int, fn func(*totem.Packet)) (drained bool) {
	for range receiveRounds {
		n := t.read(fd)
		for i := range n {
			t.accept(i, fn)
		}
		if n < datagram.ReadBatch {
			return true
		}
	}
	return false
}

func (t *Transport) read(fd int) int {
	n, err := t.in.Read(fd)
	if err != nil {
		if t.cfg.Log.Enabled(loglevel.Debug) {
			t.cfg.Log.Logf(loglevel.Debug, "%v", err)
		}
		return 0
	}
	return n
}

// accept hands the i-th of what was read to fn, or drops and counts it.
func (t *Transport) accept(i int, fn func(*totem.Packet)) {
	n := uint64(t.in.Datagrams(i))
	t.stats.Received += n
	if t.in.TooBig(i) {
		t.stats.TooBig++
		if t.tooBigLogged == 0 || t.now.Sub(t.tooBigLogged) >= tooBigInterval {
			t.tooBigLogged = t.now
			t.cfg.Log.Logf(loglevel.Error,
				"Received too big message. This may be because something bad is happening"+
					"on the network (attack?), or you tried join more nodes than corosync is"+
					"compiled with (%d) or bug in the code (bad estimation of "+
					"the UDP_RECEIVE_FRAME_SIZE_MAX). Dropping packet.", totem.ProcessorCountMax)
		}
		return
	}
	addr, port := t.in.From(i)
	if t.cfg.Mode == Unicast {
		if _, ok := t.listed[addr]; !ok && t.cfg.BlockUnlisted {
			t.stats.Unlisted += n
			if t.cfg.Log.Enabled(loglevel.Debug) {
				t.cfg.Log.Logf(loglevel.Debug, "Packet rejected from %s", addr)
			}
			return
		}
	} else if port == t.cfg.Port-1 && addr == t.netif.bound.Prefix.Addr() {
		// Broadcasts come back whatever the options say.
		t.stats.Own += n
		return
	}
	t.from, t.fn = netip.AddrPortFrom(addr, port), fn
	t.in.Split(i, t.named)
}

// nameSender hands on a packet with its sender's address.
func (t *Transport) nameSender(p *totem.Packet) {
	p.From = t.from
	t.fn(p)
}
