package udp

import (
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
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
// has found the sockets empty at last.
func (t *Transport) Receive(fn func(*totem.Packet)) (drained bool) {
	if t.socks.token < 0 {
		return true
	}
	if t.socks.mcast < 0 {
		return t.drain(t.socks.token, fn)
	}
	drained = t.drain(t.socks.mcast, fn)
	n := t.read(t.socks.token)
	if n == 0 {
		return drained
	}
	// The reader's slots are needed again before these are handed over.
	var unicast [readBatch]*totem.Packet
	k := 0
	for i := range n {
		if p := t.accept(i); p != nil {
			unicast[k] = p
			k++
		}
	}
	drained = t.drain(t.socks.mcast, fn)
	for _, p := range unicast[:k] {
		fn(p)
		p.Release()
	}
	return drained && n < readBatch
}

func (t *Transport) drain(fd int, fn func(*totem.Packet)) (drained bool) {
	for range receiveRounds {
		n := t.read(fd)
		for i := range n {
			if p := t.accept(i); p != nil {
				fn(p)
				p.Release()
			}
		}
		if n < readBatch {
			return true
		}
	}
	return false
}

func (t *Transport) read(fd int) int {
	n, err := t.in.read(fd)
	if err != nil {
		if t.cfg.Log.Enabled(loglevel.Debug) {
			t.cfg.Log.Logf(loglevel.Debug, "%v", err)
		}
		return 0
	}
	return n
}

// accept takes the i-th datagram that was read, or drops and counts it.
func (t *Transport) accept(i int) *totem.Packet {
	t.stats.Received++
	if t.in.truncated(i) {
		t.stats.TooBig++
		if t.tooBigLogged == 0 || t.now.Sub(t.tooBigLogged) >= tooBigInterval {
			t.tooBigLogged = t.now
			t.cfg.Log.Logf(loglevel.Error,
				"Received too big message. This may be because something bad is happening"+
					"on the network (attack?), or you tried join more nodes than corosync is"+
					"compiled with (%d) or bug in the code (bad estimation of "+
					"the UDP_RECEIVE_FRAME_SIZE_MAX). Dropping packet.", totem.ProcessorCountMax)
		}
		return nil
	}
	addr, port := t.in.names[i].get()
	if t.cfg.Mode == Unicast {
		if _, ok := t.listed[addr]; !ok && t.cfg.BlockUnlisted {
			t.stats.Unlisted++
			if t.cfg.Log.Enabled(loglevel.Debug) {
				t.cfg.Log.Logf(loglevel.Debug, "Packet rejected from %s", addr)
			}
			return nil
		}
	} else if port == t.cfg.Port-1 && addr == t.netif.bound.Prefix.Addr() {
		// Broadcasts come back whatever the options say.
		t.stats.Own++
		return nil
	}
	p := t.in.packet(i)
	p.From = netip.AddrPortFrom(addr, port)
	return p
}
