package knet

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// The origins of an error in a socket's queue: enum SO_EE_ORIGIN_*.
const (
	originNone  = 0
	originLocal = 1
	originICMP  = 2
	originICMP6 = 3
)

// errorsMax bounds how many errors are read from a queue at a time.
const errorsMax = 64

// readErrors empties a socket's error queue. It returns the MTU that the kernel
// told with an EMSGSIZE, or 0.
func (t *Transport) readErrors(s *socket) (mtu int, any bool) {
	var payload [64]byte
	var control [512]byte
	for range errorsMax {
		_, n, _, from, err := unix.Recvmsg(s.fd, payload[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return mtu, any
		}
		any = true
		list, err := unix.ParseSocketControlMessage(control[:n])
		if err != nil {
			continue
		}
		for _, m := range list {
			if !(m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR ||
				m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR) || len(m.Data) < 16 {
				continue
			}
			// struct sock_extended_err
			no := unix.Errno(binary.NativeEndian.Uint32(m.Data))
			info := binary.NativeEndian.Uint32(m.Data[8:])
			switch m.Data[4] {
			case originNone, originLocal:
				if no == unix.EMSGSIZE || no == unix.EPERM {
					mtu = int(info)
				}
			case originICMP, originICMP6:
				t.unreachable(s, no, from)
			}
		}
	}
	return mtu, any
}

// unreachable takes an ICMP error about what was sent to an address.
func (t *Transport) unreachable(s *socket, no unix.Errno, to unix.Sockaddr) {
	addr := addrOf(to)
	if t.cfg.KnetLog.Enabled(loglevel.Debug) {
		t.cfg.KnetLog.Logf(loglevel.Debug, "udp: Received ICMP error from %s: %s %s", addr, datagram.Strerror(no), addr)
	}
	switch no {
	case unix.ECONNREFUSED, unix.ECONNABORTED, unix.ENONET, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EHOSTDOWN, unix.ENETDOWN:
	default:
		return
	}
	for ref, p := range t.peers {
		if p != nil && p.sock == s && p.remote.Addr() == addr {
			t.core.Unreachable(ref)
		}
	}
}

func addrOf(sa unix.Sockaddr) netip.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr)
	}
	return netip.Addr{}
}
