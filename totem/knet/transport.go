package knet

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// Transport is the ring's access to the network. Its methods are the ring
// thread's alone.
type Transport struct {
	cfg  Config
	core *link.Core
	keys *crypto.Keyring
	salt *salts
	now  totem.Instant

	small *totem.Pool
	in    *datagram.Reader
	socks []*socket
	peers []*peer // by ref; nil where a link has gone
	dirty []*peer // those with something pending

	polled []unix.PollFd // what Poll added last, in the order of socks
	fn     func(*totem.Packet)
	from   netip.AddrPort
	accept func(*totem.Packet) // t.take, made once
	failed func(datagram.Tag, unix.Errno) bool
	done   func(datagram.Tag, int)
	again  int // how often the datagram at the head has been tried
	sock   *socket

	upAt  totem.Instant // when the interface is reported
	rekey rekey
}

// peer is a link to another node.
type peer struct {
	remote  netip.AddrPort
	to      datagram.Addr
	sock    *socket
	ref     int
	pending []*totem.Packet
}

const (
	// upAfter is when the ring may begin, after Start: the reference's tenth of a
	// second.
	upAfter = 100 * time.Millisecond
	// smallSize is the capacity of packets for datagrams of usual size.
	smallSize = 2048
	smallIdle = 1024
	// triesMax is how often a datagram is sent again after errors that were not
	// about it.
	triesMax = 4
	// receiveRounds bounds how many batches one Receive takes from a socket.
	receiveRounds = 8
)

// New makes a transport that has no sockets yet.
func New(cfg Config) (*Transport, error) {
	if cfg.Log == nil {
		cfg.Log = loglevel.Discard
	}
	if cfg.KnetLog == nil {
		cfg.KnetLog = loglevel.Discard
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	t := &Transport{
		cfg: cfg, keys: &crypto.Keyring{}, salt: newSalts(),
		small: totem.NewPool(smallSize, smallIdle), upAt: totem.Never,
	}
	t.in = datagram.NewReader(t.small, PacketSize)
	t.accept, t.failed, t.done = t.take, t.sendFailed, t.sendDone
	if err := t.setFirstKeys(cfg.Crypto); err != nil {
		return nil, err
	}
	t.core = link.New(link.Config{
		NodeID: cfg.NodeID, Mode: cfg.Mode, Options: cfg.Options,
		Keys: t.keys, Small: t.small, Big: cfg.Pool, Meter: meter, Log: cfg.KnetLog,
	})
	t.setPacker()
	return t, nil
}

// meterZero is what the meter counts from.
var meterZero = time.Now()

// meter reads the monotonic clock, by way of package time and not of a system
// call, which takes several times as long: it is read twice for every packet.
func meter() totem.Instant { return totem.Instant(time.Since(meterZero)) }

// Start has the links made by the Tick that is due a tenth of a second later.
func (t *Transport) Start(now totem.Instant) {
	t.now = now
	t.cfg.Log.Logf(loglevel.Notice, "Initializing transport (Kronosnet).")
	t.cfg.Log.Logf(loglevel.Debug, "knet_enable access list: %d", b2i(t.cfg.ACL))
	t.cfg.KnetLog.Logf(loglevel.Info, "pmtud: MTU manually set to: %d", t.cfg.MTU)
	t.cfg.Log.Logf(loglevel.Info, "totemknet initialized")
	t.upAt = now.Add(upAfter)
}

// begin makes the links that the configuration names.
func (t *Transport) begin(now totem.Instant) {
	said := map[uint8]bool{}
	for _, m := range t.cfg.Members {
		if !said[m.Link] {
			said[m.Link] = true
			t.cfg.Log.Logf(loglevel.Info, "Configuring link %d", m.Link)
			t.cfg.Log.Logf(loglevel.Info, "Configured link number %d: local addr: %s, port=%d", m.Link, m.Local.Addr(), m.Local.Port())
		}
		t.AddMember(now, m)
	}
}

// Close closes the sockets.
func (t *Transport) Close() {
	t.cfg.Log.Logf(loglevel.Debug, "totemknet: finalize")
	t.Flush()
	t.core.Close()
	for _, p := range t.peers {
		if p != nil {
			p.drop()
		}
	}
	for _, s := range t.socks {
		s.close()
	}
	t.socks = nil
	t.in.Close()
}

func (p *peer) drop() {
	for i, pkt := range p.pending {
		pkt.Release()
		p.pending[i] = nil
	}
	p.pending = p.pending[:0]
}

// Poll appends the sockets to wait for to fds.
func (t *Transport) Poll(fds []unix.PollFd) []unix.PollFd {
	n := len(fds)
	for _, s := range t.socks {
		ev := int16(unix.POLLIN)
		if s.stuck {
			ev |= unix.POLLOUT
		}
		fds = append(fds, unix.PollFd{Fd: int32(s.fd), Events: ev})
	}
	t.polled = fds[n:]
	return fds
}

// Deadline is when Tick wants to be called next.
func (t *Transport) Deadline() totem.Instant {
	return min(t.upAt, t.core.NextDeadline(), t.rekey.forget)
}

// Tick does what is due.
func (t *Transport) Tick(now totem.Instant) (ev totem.InterfaceEvent) {
	t.now = now
	if now >= t.upAt {
		t.upAt = totem.Never
		t.begin(now)
		ev = totem.InterfaceEvent{Change: totem.InterfaceUp, Addr: t.bound()}
	}
	if now >= t.rekey.forget {
		t.forget()
	}
	if now >= t.core.NextDeadline() {
		t.core.Tick(now)
		t.run()
		t.Flush()
	}
	for _, s := range t.socks {
		if s.stuck {
			t.flush(s)
		}
	}
	return ev
}

// bound is this node's address on its first link.
func (t *Transport) bound() netip.Addr {
	if len(t.cfg.Members) > 0 {
		return t.cfg.Members[0].Local.Addr().Unmap()
	}
	return netip.Addr{}
}

// Check does nothing, as in the reference: links are watched anyway.
func (t *Transport) Check() { t.cfg.Log.Logf(loglevel.Debug, "totemknet: iface_check") }

// Processors does nothing: knet sends to all who can be reached.
func (t *Transport) Processors(totem.Instant, int) {}

// Failures implements ring.Transport; the reference counts none with knet.
func (t *Transport) Failures() uint32 { return 0 }

// run carries out what the links ask for.
func (t *Transport) run() {
	for a, ok := t.core.Next(); ok; a, ok = t.core.Next() {
		switch a.Kind {
		case link.Send:
			t.queue(&a)
		case link.Probe:
			t.probe(&a)
		case link.Deliver:
			if t.fn != nil {
				t.fn(a.Packet)
			}
			a.Packet.Release()
		case link.HostChanged:
			t.cfg.Log.Logf(loglevel.Debug, "Knet host change callback. nodeid: %d reachable: %d", a.Host, b2i(a.Reachable))
		case link.MTUChanged:
			t.cfg.Log.Logf(loglevel.Debug, "Knet pMTU change: %d", a.MTU)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
