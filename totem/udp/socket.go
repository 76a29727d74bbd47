package udp

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

const (
	// socketBuffer is what the sockets are asked to hold, in bytes: 16 visits'
	// worth of the largest frame, as the reference asks for.
	socketBuffer = 16 * receiveMax
	// receiveMax is the reference's UDP_RECEIVE_FRAME_SIZE_MAX for 384
	// processors.
	receiveMax = 384*(8*2*22) + 1024
	// trafficPriority is TC_PRIO_INTERACTIVE: the ring's datagrams do not queue
	// behind bulk data.
	trafficPriority = 6
)

// sockets is what is open while the interface is up.
type sockets struct {
	// send is what everything leaves by.
	send int
	// token receives what is sent to this processor alone, and in Unicast
	// everything.
	token int
	// mcast receives the group's or the broadcasts; -1 in Unicast.
	mcast int
}

var noSockets = sockets{send: -1, token: -1, mcast: -1}

func (s *sockets) close() {
	for _, fd := range []int{s.send, s.token, s.mcast} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	*s = noSockets
}

// socketError is a step that failed, logged as the reference words it.
type socketError struct {
	what string
	err  error
	bind bool // an address could not be bound: worth another try
}

func (e *socketError) Error() string { return perror(e.what, e.err) }
func (e *socketError) Unwrap() error { return e.err }

// perror words an error as the reference's LOGSYS_PERROR does.
func perror(what string, err error) string {
	if no, ok := err.(unix.Errno); ok {
		return fmt.Sprintf("%s: %s (%d)", what, datagram.Strerror(no), int(no))
	}
	return fmt.Sprintf("%s: %v", what, err)
}

// openUnicast opens udpu's one socket. The reference sends multicasts from a
// further socket for every member, bound to an arbitrary port; one socket for
// all keeps the order in which they were sent, the token last.
func openUnicast(c *Config, bound Interface) (sockets, error) {
	s := noSockets
	fd, err := newSocket(bound.Prefix.Addr())
	if err != nil {
		return s, err
	}
	s.send, s.token = fd, fd
	if err := bind(fd, bound, c.Port); err != nil {
		unix.Close(fd)
		return noSockets, &socketError{"bind token socket failed", err, true}
	}
	if err := setBuffer(fd, unix.SO_RCVBUF, unix.SO_RCVBUFFORCE); err != nil {
		c.Log.Logf(loglevel.Notice, "%s", perror("Could not set recvbuf size", err))
	}
	if err := setBuffer(fd, unix.SO_SNDBUF, unix.SO_SNDBUFFORCE); err != nil {
		c.Log.Logf(loglevel.Notice, "%s", perror("Could not set sendbuf size", err))
	}
	setPriority(c, fd)
	return s, nil
}

// openGroup opens the three sockets of transport "udp".
func openGroup(c *Config, bound Interface) (_ sockets, err error) {
	s := noSockets
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, fd := range []*int{&s.mcast, &s.send, &s.token} {
		if *fd, err = newSocket(bound.Prefix.Addr()); err != nil {
			return noSockets, err
		}
		if e := unix.SetsockoptInt(*fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); e != nil {
			return noSockets, &socketError{what: "setsockopt(SO_REUSEADDR) failed", err: e}
		}
	}
	if e := bind(s.send, bound, c.Port-1); e != nil {
		return noSockets, &socketError{"Unable to bind the socket to send multicast packets", e, true}
	}
	if e := bind(s.token, bound, c.Port); e != nil {
		return noSockets, &socketError{"Unable to bind UDP unicast socket", e, true}
	}
	for _, b := range []struct {
		fd, opt, force int
		what, size     string
	}{
		{s.mcast, unix.SO_RCVBUF, unix.SO_RCVBUFFORCE,
			"Unable to set SO_RCVBUF size on UDP mcast socket", "Receive multicast socket recv buffer size (%d bytes)."},
		{s.send, unix.SO_SNDBUF, unix.SO_SNDBUFFORCE,
			"Unable to set SO_SNDBUF size on UDP mcast socket", "Transmit multicast socket send buffer size (%d bytes)."},
	} {
		if e := setBuffer(b.fd, b.opt, b.force); e != nil {
			return noSockets, &socketError{what: b.what, err: e}
		}
		if size, e := unix.GetsockoptInt(b.fd, unix.SOL_SOCKET, b.opt); e == nil {
			c.Log.Logf(loglevel.Debug, b.size, size)
		}
	}
	if e := s.joinGroup(c, bound); e != nil {
		return noSockets, e
	}
	// After the options: for IPv6 the kernel heeds some of them at bind only.
	group := c.Group
	if c.Mode == Broadcast {
		group = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	if e := bindTo(s.mcast, group, c.Port, bound.Index); e != nil {
		return noSockets, &socketError{"Unable to bind the socket to receive multicast packets", e, true}
	}
	setPriority(c, s.token)
	setPriority(c, s.send)
	return s, nil
}

// joinGroup sets what makes the sockets multicast or broadcast on the bound
// interface only.
func (s *sockets) joinGroup(c *Config, bound Interface) error {
	v6 := bound.Prefix.Addr().Is6()
	type step struct {
		what string
		do   func() error
	}
	var steps []step
	if c.Mode == Broadcast {
		for _, fd := range []int{s.mcast, s.send} {
			steps = append(steps, step{"setting broadcast option failed", func() error {
				return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
			}})
		}
	}
	local := bound.Prefix.Addr()
	switch {
	case v6:
		steps = append(steps,
			step{"join ipv6 multicast group failed", func() error {
				return unix.SetsockoptIPv6Mreq(s.mcast, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP,
					&unix.IPv6Mreq{Multiaddr: c.Group.As16(), Interface: uint32(bound.Index)})
			}},
			step{"Unable to turn off multicast loopback", func() error {
				return unix.SetsockoptInt(s.send, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, b2i(c.Loop))
			}},
			step{"set mcast v6 TTL failed", func() error {
				return unix.SetsockoptInt(s.send, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, int(c.TTL))
			}},
			step{"cannot select interface for multicast packets (send v6)", func() error {
				return unix.SetsockoptInt(s.send, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, bound.Index)
			}},
			step{"cannot select interface for multicast packets (recv v6)", func() error {
				return unix.SetsockoptInt(s.mcast, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, bound.Index)
			}})
	default:
		if c.Mode == Multicast {
			steps = append(steps, step{"join ipv4 multicast group failed", func() error {
				return unix.SetsockoptIPMreq(s.mcast, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP,
					&unix.IPMreq{Multiaddr: c.Group.As4(), Interface: local.As4()})
			}})
		}
		steps = append(steps,
			step{"Unable to turn off multicast loopback", func() error {
				return unix.SetsockoptByte(s.send, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, byte(b2i(c.Loop)))
			}},
			step{"set mcast v4 TTL failed", func() error {
				return unix.SetsockoptByte(s.send, unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, c.TTL)
			}},
			step{"cannot select interface for multicast packets (send)", func() error {
				return unix.SetsockoptInet4Addr(s.send, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, local.As4())
			}},
			step{"cannot select interface for multicast packets (recv)", func() error {
				return unix.SetsockoptInet4Addr(s.mcast, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, local.As4())
			}})
	}
	for _, st := range steps {
		if err := st.do(); err != nil {
			return &socketError{what: st.what, err: err}
		}
	}
	return nil
}

func newSocket(addr netip.Addr) (int, error) {
	family := unix.AF_INET6
	if addr.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, &socketError{what: "socket() failed", err: err}
	}
	return fd, nil
}

func bind(fd int, i Interface, port uint16) error {
	return bindTo(fd, i.Prefix.Addr(), port, i.Index)
}

func bindTo(fd int, addr netip.Addr, port uint16, index int) error {
	if addr.Is4() {
		return unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.As4(), Port: int(port)})
	}
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: addr.As16(), Port: int(port), ZoneId: datagram.Scope(addr, index)})
}

// setBuffer asks for socketBuffer beyond the system's limit where the
// capability allows that, else for what the limit allows, as the reference
// does.
func setBuffer(fd, opt, force int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) == nil {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt, socketBuffer)
}

func setPriority(c *Config, fd int) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, trafficPriority); err != nil {
		c.Log.Logf(loglevel.Warning, "%s", perror("Could not set traffic priority", err))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
