package udp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

func iface(name string, index int, up bool, prefix string) Interface {
	return Interface{Name: name, Index: index, Up: up, Prefix: netip.MustParsePrefix(prefix)}
}

func TestMatch(t *testing.T) {
	list := []Interface{
		iface("lo", 1, true, "127.0.0.1/8"),
		iface("eth0", 2, true, "10.0.0.1/24"),
		iface("eth0", 2, true, "10.0.0.2/24"),
		iface("eth1", 3, false, "192.168.7.9/16"),
		iface("eth0", 2, true, "fd00::1/64"),
		iface("eth0", 2, true, "fe80::1/64"),
	}
	for _, tt := range []struct{ bindnet, want string }{
		{"10.0.0.0", "10.0.0.1"},        // the first of the net
		{"10.0.0.2", "10.0.0.2"},        // the very address beats an earlier one of its net
		{"192.168.0.0", "192.168.7.9"},  // down, but found
		{"127.0.0.5", "127.0.0.1"},      // the interface's address, not the one asked for
		{"fd00::", "fd00::1"},           //
		{"::ffff:10.0.0.2", "10.0.0.2"}, // an IPv4 address in IPv6's clothes
		{"172.16.0.0", ""},              // none
		{"fd01::", ""},                  //
	} {
		got, ok := Match(netip.MustParseAddr(tt.bindnet), list)
		if ok != (tt.want != "") || ok && got.Prefix.Addr().String() != tt.want {
			t.Errorf("Match(%s) = %v, %v, want %q", tt.bindnet, got, ok, tt.want)
		}
	}
}

func TestSystemInterfacesHaveLoopback(t *testing.T) {
	list, err := SystemInterfaces()
	if err != nil {
		t.Fatal(err)
	}
	got, ok := Match(netip.MustParseAddr("127.0.0.1"), list)
	if !ok || got.Index == 0 || got.Prefix.Bits() != 8 {
		t.Errorf("127.0.0.1 found as %+v, %v", got, ok)
	}
}

func TestNetif(t *testing.T) {
	const downcheck = time.Second
	up, down := iface("eth0", 2, true, "10.0.0.1/24"), iface("eth0", 2, false, "10.0.0.1/24")
	other := iface("eth1", 3, true, "10.0.0.1/24")
	none := Interface{}
	type step struct {
		look   Interface
		do     bindAction
		report bool          // asked for when do is not bindNothing
		again  time.Duration // until the next look, -1: none
	}
	for _, tt := range []struct {
		name       string
		mode       Mode
		processors int
		steps      []step
	}{
		{"alone, it keeps looking", Unicast, 1, []step{
			{up, bindRegular, true, downcheck},
			{up, bindNothing, false, downcheck},
			{down, bindLoopback, true, downcheck},
			{none, bindNothing, false, downcheck},
			{up, bindRegular, true, downcheck},
			{none, bindLoopback, true, downcheck},
		}},
		{"in company, it looks when the token is lost", Unicast, 3, []step{
			{up, bindRegular, true, -1},
			{up, bindNothing, false, -1},
			{down, bindLoopback, true, downcheck},
			{up, bindRegular, true, -1},
		}},
		{"the address moved: bind anew, but that is no news", Unicast, 3, []step{
			{up, bindRegular, true, -1},
			{other, bindRegular, false, -1},
		}},
		{"udpu cannot start without its interface", Unicast, 1, []step{{down, bindFatal, false, -1}}},
		{"udp can", Multicast, 1, []step{
			{none, bindLoopback, true, downcheck},
			{up, bindRegular, true, downcheck},
		}},
	} {
		n := newNetif(tt.mode, downcheck)
		n.processors = tt.processors
		now := totem.Instant(0)
		for i, s := range tt.steps {
			now += 1e9
			n.next = totem.Never
			if do := n.checked(now, s.look, s.look != none); do != s.do {
				t.Fatalf("%s: step %d: action %d, want %d", tt.name, i, do, s.do)
			}
			if s.do == bindRegular || s.do == bindLoopback {
				if r := n.report(); r != s.report {
					t.Errorf("%s: step %d: reported %v, want %v", tt.name, i, r, s.report)
				}
			}
			want := totem.Never
			if s.again >= 0 {
				want = now.Add(s.again)
			}
			if n.next != want {
				t.Errorf("%s: step %d: next look at %d, want %d", tt.name, i, n.next, want)
			}
		}
	}
}

func TestNetifWatchesWhileAlone(t *testing.T) {
	n := newNetif(Unicast, time.Second)
	n.checked(0, iface("eth0", 2, true, "10.0.0.1/24"), true)
	n.setProcessors(5, 3)
	if n.next != totem.Never {
		t.Errorf("three processors: next look at %d, want never", n.next)
	}
	n.setProcessors(7, 1)
	if n.next != 7+1e9 {
		t.Errorf("one processor: next look at %d, want after downcheck", n.next)
	}
}
