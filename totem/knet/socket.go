package knet

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

const (
	// socketBuffer is what a socket is asked to hold each way (KNET_RING_RCVBUFF).
	socketBuffer = 8 << 20
	// trafficPriority is TC_PRIO_INTERACTIVE, lowDelay IPTOS_LOWDELAY: the ring's
	// datagrams do not queue behind bulk data.
	trafficPriority = 6
	lowDelay        = 0x10
)

// socket is one of this node's addresses.
type socket struct {
	fd    int
	local netip.AddrPort
	out   *datagram.Writer
	stuck bool // out waits until the socket takes more
	users int  // links
}

// option is one that a socket must have. what is the reference's word for it.
type option struct {
	level, name, value int
	what               string
}

var ipv4Options = []option{
	{unix.SOL_IP, unix.IP_FREEBIND, 1, "Unable to set FREEBIND on UDP socket"},
	{unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE, "Unable to set PMTUDISC on UDP socket"},
	{unix.SOL_IP, unix.IP_RECVERR, 1, "Unable to set RECVERR on socket"},
}

var ipv6Options = []option{
	{unix.SOL_IP, unix.IP_FREEBIND, 1, "Unable to set FREEBIND on UDP socket"},
	{unix.SOL_IPV6, unix.IPV6_V6ONLY, 1, "Unable to set UDP IPv6 only"},
	{unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE, "Unable to set PMTUDISC on UDP socket"},
	{unix.SOL_IPV6, unix.IPV6_DONTFRAG, 1, "Unable to set DONTFRAG on UDP socket"},
	{unix.SOL_IPV6, unix.IPV6_RECVERR, 1, "Unable to set RECVERR on socket"},
}

// open makes the socket of an address.
func open(local netip.AddrPort, index int) (_ *socket, err error) {
	family, opts := unix.AF_INET, ipv4Options
	if local.Addr().Is6() {
		family, opts = unix.AF_INET6, ipv6Options
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, said("Unable to create listener socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	opts = append([]option{
		{unix.SOL_SOCKET, unix.SO_PRIORITY, trafficPriority, "Unable to set UDP priority"},
		{unix.SOL_IP, unix.IP_TOS, lowDelay, "Unable to set UDP priority"},
	}, opts...)
	for _, o := range opts {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return nil, said(o.what, err)
		}
	}
	if err := setBuffer(fd, unix.SO_RCVBUF, unix.SO_RCVBUFFORCE); err != nil {
		return nil, said("Unable to set UDP receive buffer", err)
	}
	if err := setBuffer(fd, unix.SO_SNDBUF, unix.SO_SNDBUFFORCE); err != nil {
		return nil, said("Unable to set UDP send buffer", err)
	}
	if err := bind(fd, local, index); err != nil {
		return nil, said("Unable to bind listener socket", err)
	}
	s := &socket{fd: fd, local: local, out: datagram.NewWriter()}
	s.out.Probe(fd)
	datagram.AcceptRuns(fd)
	return s, nil
}

func bind(fd int, local netip.AddrPort, index int) error {
	a := local.Addr()
	if a.Is4() {
		return unix.Bind(fd, &unix.SockaddrInet4{Addr: a.As4(), Port: int(local.Port())})
	}
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: a.As16(), Port: int(local.Port()), ZoneId: datagram.Scope(a, index)})
}

// setBuffer asks for socketBuffer, beyond the system's limit where the capability
// allows that. The reference does not start with less; a ring on a host of tests
// does, for a kernel that caps it is no reason to have no cluster.
func setBuffer(fd, opt, force int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) == nil {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt, socketBuffer)
}

func (s *socket) close() {
	unix.Close(s.fd)
	s.out.Reset()
}

// said words a failure as the reference does.
func said(what string, err error) error {
	if no, ok := err.(unix.Errno); ok {
		return fmt.Errorf("%s: %s%w", what, datagram.Strerror(no), hidden{no})
	}
	return fmt.Errorf("%s: %w", what, err)
}

// hidden is an error number whose text has been said already.
type hidden struct{ unix.Errno }

func (hidden) Error() string { return "" }

func (h hidden) Unwrap() error { return h.Errno }
