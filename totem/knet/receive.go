package knet

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// Receive hands the messages that have arrived to fn, which retains what it
// keeps, and does what pings and probes ask for. Only sockets are read for which
// the last wait found something.
func (t *Transport) Receive(fn func(*totem.Packet)) (drained bool) {
	t.fn = fn
	drained = true
	for i := range t.polled {
		if i >= len(t.socks) || t.polled[i].Fd != int32(t.socks[i].fd) {
			break // members have come or gone since
		}
		s := t.socks[i]
		if t.polled[i].Revents&unix.POLLERR != 0 {
			t.readErrors(s)
		}
		if t.polled[i].Revents&unix.POLLIN != 0 && !t.drain(s) {
			drained = false
		}
	}
	t.fn = nil
	t.run()
	t.Flush()
	return drained
}

func (t *Transport) drain(s *socket) (drained bool) {
	for range receiveRounds {
		n, err := t.in.Read(s.fd)
		if err != nil {
			t.readErrors(s) // the error was one of them; what was sent is still there
			continue
		}
		for i := range n {
			if t.in.TooBig(i) {
				t.cfg.Log.Logf(loglevel.Debug, "Received too big message. Dropping packet.")
				continue
			}
			t.from = netip.AddrPortFrom(t.in.From(i))
			t.in.Split(i, t.accept)
		}
		if n < datagram.ReadBatch {
			return true
		}
	}
	return false
}

// take hands one datagram to the links.
func (t *Transport) take(p *totem.Packet) {
	p.From = t.from
	t.core.Receive(t.now, p)
	t.run()
}
