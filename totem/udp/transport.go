package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// Transport is the ring's access to the network. Its methods are the ring
// thread's alone.
type Transport struct {
	cfg   Config
	netif netif
	socks sockets
	group datagram.Addr // where multicasts go in Multicast and Broadcast

	members []*member
	listed  map[netip.Addr]struct{} // members' addresses

	in *datagram.Reader
	// kept are unicast datagrams that wait for multicasts; keep is keepPacket.
	kept []*totem.Packet
	keep func(*totem.Packet)
	// from and fn are of what is being accepted; named is nameSender.
	from  netip.AddrPort
	fn    func(*totem.Packet)
	named func(*totem.Packet)

	out   *datagram.Writer
	stuck bool // out waits until the socket takes more
	one   [1]*totem.Packet
	// mcasts are multicasts not yet in out; they are held by it already.
	mcasts      []*totem.Packet
	mcastsToAll bool

	// Merge detection, see Mcast.
	mergeAt        totem.Instant
	said           bool // the members have been logged
	mergeDue       bool
	sentToAllSince bool

	// A look at the interfaces under way, and its result.
	looking bool
	looked  atomic.Pointer[look]
	lookers sync.WaitGroup

	bindAt    totem.Instant
	bindTries int

	polled []unix.PollFd        // the sockets to read, as last waited for
	event  totem.InterfaceEvent // for the next Tick to return
	failed func(datagram.Tag, unix.Errno) bool
	done   func(datagram.Tag, int)
	stats  Stats
	// tooBigLogged is when a datagram without room was last logged, so that
	// whoever sends such cannot fill the log.
	tooBigLogged totem.Instant
	now          totem.Instant
}

// Stats counts what a Transport did, in packets.
type Stats struct {
	Received  uint64
	TooBig    uint64 // dropped: longer than any frame
	Unlisted  uint64 // dropped: from an address that no member has
	Own       uint64 // dropped: our own multicast, looped back by the kernel
	Sent      uint64
	Failed    uint64 // could not be sent
	Discarded uint64 // dropped for want of room to wait in, or of an interface
	// Failures is how many multicasts failed in a row, in the modes of
	// transport "udp" (continuous_sendmsg_failures).
	Failures uint32
}

type member struct {
	Member
	to     datagram.Addr
	active bool
}

// look is what a lookup of the interfaces found.
type look struct {
	list []Interface
	err  error
}

// noInterface is the error of udpu that finds no interface to bind to at first.
type noInterface struct{}

func (noInterface) Error() string {
	return "One of your ip addresses are now bound to localhost. Corosync would not work correctly."
}

const (
	bindTriesMax      = 10                     // BIND_MAX_RETRIES
	bindRetryInterval = 100 * time.Millisecond // BIND_RETRIES_INTERVAL; the n-th try waits n of it
)

// longMax is how much longer than the pool's packet size a datagram may be, in
// bytes: the commit token of 384 processors passes 10000 bytes whatever the MTU.
const longMax = 16 << 10

// New makes a transport that has no sockets yet: Start begins with them.
func New(cfg Config) (*Transport, error) {
	if cfg.Log == nil {
		cfg.Log = loglevel.Discard
	}
	if cfg.Interfaces == nil {
		cfg.Interfaces = SystemInterfaces
	}
	cfg.BindNet = cfg.BindNet.Unmap()
	cfg.Group = cfg.Group.Unmap()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	t := &Transport{
		cfg:     cfg,
		netif:   newNetif(cfg.Mode, cfg.Downcheck),
		socks:   noSockets,
		listed:  make(map[netip.Addr]struct{}),
		in:      datagram.NewReader(cfg.Pool, cfg.Pool.Size()+longMax),
		out:     datagram.NewWriter(),
		mergeAt: totem.Never,
		bindAt:  totem.Never,
	}
	t.failed, t.done, t.keep, t.named = t.sendFailed, t.sendDone, t.keepPacket, t.nameSender
	for _, m := range cfg.Members {
		t.addMember(m)
	}
	return t, nil
}

// Start has the interfaces looked at for the first time, after the reference's
// tenth of a second, and the merge detection's clock run.
func (t *Transport) Start(now totem.Instant) {
	t.now = now
	name := "UDP/IP Multicast"
	if t.cfg.Mode == Unicast {
		name = "UDP/IP Unicast"
	}
	t.cfg.Log.Logf(loglevel.Notice, "Initializing transport (%s).", name)
	t.netif.next = now.Add(firstCheck)
	if t.cfg.Mode == Unicast {
		t.mergeAt = now.Add(2 * t.cfg.Merge)
	}
}

// Close closes the sockets and waits for a lookup that is under way.
func (t *Transport) Close() {
	t.lookers.Wait()
	t.socks.close()
	t.in.Close()
	t.out.Reset()
}

// Poll appends the sockets to wait for to fds; Receive looks there at what the wait found.
func (t *Transport) Poll(fds []unix.PollFd) []unix.PollFd {
	n := len(fds)
	for _, fd := range [...]int{t.socks.mcast, t.socks.token} {
		if fd >= 0 {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	t.polled = fds[n:]
	if t.stuck {
		fds = append(fds, unix.PollFd{Fd: int32(t.socks.send), Events: unix.POLLOUT})
	}
	return fds
}

// Deadline is when Tick wants to be called next.
func (t *Transport) Deadline() totem.Instant {
	if t.event.Change != totem.InterfaceSame {
		return 0
	}
	return min(t.netif.next, t.mergeAt, t.bindAt)
}

// Check has the interface looked at now: the machine's CheckInterface.
func (t *Transport) Check() { t.look() }

// Processors tells that a ring of n has formed.
func (t *Transport) Processors(now totem.Instant, n int) { t.netif.setProcessors(now, n) }

// look asks the host for its interfaces, which takes system calls and memory:
// not on the ring thread.
func (t *Transport) look() {
	if t.looking {
		return
	}
	t.looking = true
	t.netif.next = totem.Never
	t.lookers.Go(func() {
		list, err := t.cfg.Interfaces()
		t.looked.Store(&look{list, err})
		if t.cfg.Wake != nil {
			t.cfg.Wake()
		}
	})
}

// Tick does what is due and tells what happened to the interface.
func (t *Transport) Tick(now totem.Instant) totem.InterfaceEvent {
	t.now = now
	if l := t.looked.Swap(nil); l != nil {
		t.looking = false
		t.sawInterfaces(now, l)
	}
	if now >= t.netif.next {
		t.look()
	}
	if now >= t.bindAt {
		t.open(now)
	}
	if now >= t.mergeAt {
		t.mergeDue = t.mergeDue || !t.sentToAllSince
		t.sentToAllSince = false
		t.mergeAt = now.Add(2 * t.cfg.Merge)
	}
	if t.stuck {
		t.Flush()
	}
	ev := t.event
	t.event = totem.InterfaceEvent{}
	return ev
}

func (t *Transport) sawInterfaces(now totem.Instant, l *look) {
	var (
		i     Interface
		found bool
	)
	if l.err == nil {
		i, found = Match(t.cfg.BindNet, l.list)
	}
	switch t.netif.checked(now, i, found) {
	case bindRegular:
		t.closeSockets()
		t.bindTries = 0
		t.open(now)
	case bindLoopback:
		t.closeSockets()
		t.bindAt = totem.Never
		if t.netif.report() {
			t.cfg.Log.Logf(loglevel.Notice, "The network interface is down.")
			t.event = totem.InterfaceEvent{Change: totem.InterfaceDown, Addr: localhost(t.cfg.BindNet)}
		}
	case bindFatal:
		t.cfg.Log.Logf(loglevel.Error, "%v", noInterface{})
		t.event = totem.InterfaceEvent{Change: totem.InterfaceFailed, Err: noInterface{}}
	}
}

// open binds to the interface that was found, and tries again later where the
// address cannot be bound yet; the reference sleeps meanwhile.
func (t *Transport) open(now totem.Instant) {
	t.bindAt = totem.Never
	bound := t.netif.bound
	open := openGroup
	if t.cfg.Mode == Unicast {
		open = openUnicast
	}
	socks, err := open(&t.cfg, bound)
	if err != nil {
		t.cfg.Log.Logf(loglevel.Warning, "%v", err)
		t.bindTries++
		if se, ok := err.(*socketError); ok && se.bind && t.bindTries <= bindTriesMax {
			t.bindAt = now.Add(time.Duration(t.bindTries) * bindRetryInterval)
			return
		}
		t.cfg.Log.Logf(loglevel.Error, "%s", perror("Unable to create sockets, exiting", err))
		t.event = totem.InterfaceEvent{Change: totem.InterfaceFailed, Err: err}
		return
	}
	t.socks = socks
	t.out.Probe(socks.send)
	if socks.mcast >= 0 {
		datagram.AcceptRuns(socks.mcast)
	} else {
		datagram.AcceptRuns(socks.token)
	}
	t.readdress()
	if t.netif.report() {
		addr := bound.Prefix.Addr()
		t.cfg.Log.Logf(loglevel.Notice, "The network interface [%s] is now up.", addr)
		t.sayMembers()
		t.event = totem.InterfaceEvent{Change: totem.InterfaceUp, Addr: addr}
	}
}

func (t *Transport) closeSockets() {
	clear(t.mcasts)
	t.mcasts = t.mcasts[:0]
	t.out.Reset()
	t.stuck = false
	t.socks.close()
}

// readdress makes the kernel's form of all addresses for the bound interface.
func (t *Transport) readdress() {
	index := t.netif.bound.Index
	switch t.cfg.Mode {
	case Multicast:
		t.group.Set(t.cfg.Group, t.cfg.Port, index)
	case Broadcast:
		t.group.Set(netip.AddrFrom4([4]byte{255, 255, 255, 255}), t.cfg.Port, index)
	}
	for _, m := range t.members {
		m.to.Set(m.Addr, t.cfg.Port, index)
	}
}

// Bound is the address that the transport is bound to: the interface's, or
// localhost's while that is down.
func (t *Transport) Bound() netip.Addr {
	if t.netif.state == regular {
		return t.netif.bound.Prefix.Addr()
	}
	return localhost(t.cfg.BindNet)
}

// Failures implements ring.Transport: continuous_sendmsg_failures.
func (t *Transport) Failures() uint32 { return t.stats.Failures }

// Stats returns the counters.
func (t *Transport) Stats() Stats { return t.stats }
