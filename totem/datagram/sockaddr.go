package datagram

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Addr is an address in the kernel's form.
type Addr struct {
	raw unix.RawSockaddrInet6 // the larger of the two
	len uint32
}

// Set writes addr and port; index is the interface of link-local addresses.
func (s *Addr) Set(addr netip.Addr, port uint16, index int) {
	*s = Addr{}
	if addr.Is4() {
		in4 := s.inet4()
		in4.Family = unix.AF_INET
		in4.Addr = addr.As4()
		putPort(&in4.Port, port)
		s.len = unix.SizeofSockaddrInet4
		return
	}
	s.raw.Family = unix.AF_INET6
	s.raw.Addr = addr.As16()
	s.raw.Scope_id = Scope(addr, index)
	putPort(&s.raw.Port, port)
	s.len = unix.SizeofSockaddrInet6
}

// Get reads what the kernel wrote; the port in host order. The zone is left
// out: members are compared without one.
func (s *Addr) Get() (netip.Addr, uint16) {
	switch s.raw.Family {
	case unix.AF_INET:
		in4 := s.inet4()
		return netip.AddrFrom4(in4.Addr), getPort(&in4.Port)
	case unix.AF_INET6:
		return netip.AddrFrom16(s.raw.Addr).Unmap(), getPort(&s.raw.Port)
	}
	return netip.Addr{}, 0
}

// inet4 reads or writes the address as an IPv4 one, which is the smaller.
func (s *Addr) inet4() *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
}

// putPort writes a port in network order into a field that the kernel's header
// declares as a number.
func putPort(field *uint16, port uint16) {
	b := (*[2]byte)(unsafe.Pointer(field))
	b[0], b[1] = byte(port>>8), byte(port)
}

func getPort(field *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(field))
	return uint16(b[0])<<8 | uint16(b[1])
}

// Scope is the zone of an address: the interface's for link-local ones. (The
// reference puts 2 into every address, which is the first real interface of
// most hosts.)
func Scope(addr netip.Addr, index int) uint32 {
	if addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast() || addr.IsInterfaceLocalMulticast() {
		return uint32(index)
	}
	return 0
}

// Strerror is the C library's text for an error number, as far as the kernel's
// socket calls return them; Go's begins with a small letter.
func Strerror(no unix.Errno) string {
	s := no.Error()
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Sockaddr is what a system call takes, and its length.
func (s *Addr) Sockaddr() (*unix.RawSockaddrInet6, uint32) { return &s.raw, s.len }
