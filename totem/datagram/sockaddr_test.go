package datagram

import (
	"net/netip"
	"testing"
)

func TestSockaddr(t *testing.T) {
	for _, tt := range []struct {
		addr  string
		scope uint32
	}{
		{"10.1.2.3", 0}, {"fd00::7", 0}, {"fe80::7", 4}, {"ff02::1", 4}, {"ff05::1", 0},
	} {
		var s Addr
		addr := netip.MustParseAddr(tt.addr)
		s.Set(addr, 5405, 4)
		if a, p := s.Get(); a != addr || p != 5405 {
			t.Errorf("%s: read back as %v port %d", tt.addr, a, p)
		}
		if addr.Is6() && s.raw.Scope_id != tt.scope {
			t.Errorf("%s: scope %d, want %d", tt.addr, s.raw.Scope_id, tt.scope)
		}
	}
}
