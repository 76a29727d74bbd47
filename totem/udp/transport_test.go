package udp

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// testAddr is an address of the loopback net that no other test process uses.
func testAddr(n int) netip.Addr {
	pid := os.Getpid()
	return netip.AddrFrom4([4]byte{127, 64 | byte(pid>>8&63), byte(pid), byte(n)})
}

const testPort = 5405

// host is a transport on an interface that the test switches.
type host struct {
	*Transport
	id   int
	wake chan struct{}
	up   bool
	now  totem.Instant
	got  []string
	from []netip.AddrPort
	log  []string
	fds  []unix.PollFd // of visit
}

func (h *host) Enabled(loglevel.Level) bool { return true }
func (h *host) Logf(_ loglevel.Level, format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

// newHost opens the transport of node id among nodes 1 to n.
func newHost(tb testing.TB, id, n int, change func(*Config)) *host {
	tb.Helper()
	h := &host{id: id, wake: make(chan struct{}, 16), up: true, now: 1}
	cfg := Config{
		NodeID: totem.NodeID(id), BindNet: testAddr(id), Port: testPort, TTL: 1,
		BlockUnlisted: true, Downcheck: time.Second, Merge: 200 * time.Millisecond, MTU: 1410,
		Pool: totem.NewPool(2048, 256), Log: h,
		Wake: func() { h.wake <- struct{}{} },
	}
	cfg.Interfaces = func() ([]Interface, error) {
		return []Interface{{Name: "lo", Index: 1, Up: h.up, Prefix: netip.PrefixFrom(testAddr(id), 8)}}, nil
	}
	for i := 1; i <= n; i++ {
		cfg.Members = append(cfg.Members, Member{totem.NodeID(i), testAddr(i)})
	}
	if change != nil {
		change(&cfg)
	}
	t, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	h.Transport = t
	tb.Cleanup(t.Close)
	t.Start(h.now)
	return h
}

// check runs one look at the interfaces to its end and returns what came of it.
func (h *host) check() totem.InterfaceEvent {
	h.now = max(h.now, h.netif.next)
	h.Tick(h.now)
	<-h.wake
	return h.Tick(h.now)
}

func (h *host) packet(data []byte) *totem.Packet {
	p := h.cfg.Pool.Get()
	p.Data = append(p.Data, data...)
	return p
}

// message is a datagram of one kind with a text.
func message(kind byte, text string) []byte { return append([]byte{0xc0, 0x70, 3, kind}, text...) }

// await receives until n datagrams have come in all.
func (h *host) await(tb testing.TB, n int) {
	tb.Helper()
	for len(h.got) < n {
		fds := h.Poll(nil)
		if k, err := unix.Poll(fds, 5000); err != nil && err != unix.EINTR || k == 0 {
			tb.Fatalf("node %d: %d datagrams of %d came: %q", h.id, len(h.got), n, h.got)
		}
		h.Receive(h.take)
	}
}

func (h *host) take(p *totem.Packet) {
	h.from = append(h.from, p.From)
	h.got = append(h.got, string(p.Data[4:]))
}

func cluster(tb testing.TB, n int, change func(*Config)) []*host {
	tb.Helper()
	hosts := make([]*host, n)
	for i := range hosts {
		hosts[i] = newHost(tb, i+1, n, change)
		if ev := hosts[i].check(); ev.Change != totem.InterfaceUp || ev.Addr != testAddr(i+1) {
			tb.Fatalf("node %d: first look: %+v, log %q", i+1, ev, hosts[i].log)
		}
	}
	return hosts
}

// modes are those that work on the loopback interface.
var modes = map[string]func(*Config){
	"udpu": nil,
	"multicast": func(c *Config) {
		c.Mode, c.Loop, c.Group = Multicast, true, netip.MustParseAddr("239.255.64.1")
	},
}

func TestMulticastReachesTheOthersInOrderAndTheTokenIsLast(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			h := cluster(t, 3, mode)
			h[0].Mcast(h[0].packet(message(1, "a")))
			h[0].Mcast(h[0].packet(message(1, "b")))
			h[0].Unicast(2, h[0].packet(message(0, "token")))
			h[0].Flush()
			h[1].await(t, 3)
			h[2].await(t, 2)
			if want := []string{"a", "b", "token"}; !slices.Equal(h[1].got, want) {
				t.Errorf("node 2 got %q, want %q", h[1].got, want)
			}
			if want := []string{"a", "b"}; !slices.Equal(h[2].got, want) {
				t.Errorf("node 3 got %q, want %q", h[2].got, want)
			}
			if want := h[0].Bound(); h[1].from[0].Addr() != want {
				t.Errorf("node 2 was told that it comes from %v, want %v", h[1].from[0], want)
			}
			h[1].Mcast(h[1].packet(message(1, "c"))) // so that node 1 has something to wait for
			h[1].Flush()
			h[0].await(t, 1)
			if want := []string{"c"}; !slices.Equal(h[0].got, want) {
				t.Errorf("node 1 got %q, want %q", h[0].got, want)
			}
		})
	}
}

func TestLongDatagrams(t *testing.T) {
	h := cluster(t, 2, nil)
	long := strings.Repeat("x", 12000) // longer than a pool packet
	h[0].Unicast(2, h[0].packet(message(4, long)))
	h[0].Unicast(2, h[0].packet(message(4, strings.Repeat("y", 40000))))
	h[0].Unicast(2, h[0].packet(message(4, "end")))
	h[0].Flush()
	h[1].await(t, 2)
	if h[1].got[0] != long || h[1].got[1] != "end" {
		t.Errorf("got %d and %d bytes", len(h[1].got[0]), len(h[1].got[1]))
	}
	if s := h[1].Stats(); s.TooBig != 1 {
		t.Errorf("too big: %d, want 1", s.TooBig)
	}
	if last := h[1].log[len(h[1].log)-1]; !strings.HasPrefix(last, "Received too big message.") {
		t.Errorf("logged %q", last)
	}
}

func TestUnlistedAddressIsRejected(t *testing.T) {
	h := cluster(t, 3, nil)
	h[1].RemoveMember(testAddr(1))
	h[0].Unicast(2, h[0].packet(message(1, "stranger")))
	h[0].Flush()
	h[2].Unicast(2, h[2].packet(message(1, "friend")))
	h[2].Flush()
	h[1].await(t, 1)
	if h[1].got[0] != "friend" || h[1].Stats().Unlisted != 1 {
		t.Errorf("got %q, %d unlisted", h[1].got, h[1].Stats().Unlisted)
	}
	want := "Packet rejected from " + testAddr(1).String()
	if !slices.Contains(h[1].log, want) {
		t.Errorf("log %q lacks %q", h[1].log, want)
	}
	h[1].SetBlockUnlisted(false)
	h[0].Unicast(2, h[0].packet(message(1, "guest")))
	h[0].Flush()
	h[1].await(t, 2)
}

func TestInterfaceDownAndUp(t *testing.T) {
	h := cluster(t, 2, nil)[0]
	h.up = false
	if ev := h.check(); ev.Change != totem.InterfaceDown || ev.Addr.String() != "127.0.0.1" {
		t.Fatalf("interface down: %+v", ev)
	}
	if last := h.log[len(h.log)-1]; last != "The network interface is down." {
		t.Errorf("logged %q", last)
	}
	h.Mcast(h.packet(message(1, "lost")))
	h.Unicast(2, h.packet(message(0, "lost too")))
	h.Flush()
	if s := h.Stats(); s.Discarded != 2 || s.Sent != 0 {
		t.Errorf("discarded %d, sent %d", s.Discarded, s.Sent)
	}
	if s, ok := h.NodeStatus(2, false); !ok || s.Enabled || s.Addr != testAddr(2) {
		t.Errorf("status while down: %+v, %v", s, ok)
	}
	h.up = true
	if ev := h.check(); ev.Change != totem.InterfaceUp {
		t.Fatalf("interface up: %+v", ev)
	}
	if last, want := h.log[len(h.log)-1], fmt.Sprintf("The network interface [%s] is now up.", testAddr(1)); last != want {
		t.Errorf("logged %q, want %q", last, want)
	}
	if s, ok := h.NodeStatus(2, true); !ok || s != (LinkStatus{true, true, 1410, testAddr(2)}) {
		t.Errorf("status while up: %+v, %v", s, ok)
	}
}

func TestUDPUWithoutInterfaceIsFatal(t *testing.T) {
	h := newHost(t, 1, 1, func(c *Config) {
		c.Interfaces = func() ([]Interface, error) { return nil, nil }
	})
	if ev := h.check(); ev.Change != totem.InterfaceFailed || !strings.HasPrefix(ev.Err.Error(), "One of your ip addresses are now bound to localhost.") {
		t.Errorf("got %+v", ev)
	}
}

func TestBindIsTriedAgain(t *testing.T) {
	h := cluster(t, 1, nil)[0]
	second := newHost(t, 1, 1, nil)
	if ev := second.check(); ev.Change != totem.InterfaceSame {
		t.Fatalf("address in use: %+v", ev)
	}
	if !strings.HasPrefix(second.log[len(second.log)-1], "bind token socket failed: ") {
		t.Errorf("logged %q", second.log)
	}
	h.closeSockets()
	second.now = second.bindAt
	if ev := second.Tick(second.now); ev.Change != totem.InterfaceUp {
		t.Errorf("address free again: %+v", ev)
	}
}

func TestBindFailsForGood(t *testing.T) {
	cluster(t, 1, nil)
	second := newHost(t, 1, 1, nil)
	ev := second.check()
	for tries := 1; ev.Change == totem.InterfaceSame; tries++ {
		if tries > 20 {
			t.Fatal("still trying")
		}
		second.now = second.bindAt
		ev = second.Tick(second.now)
	}
	if ev.Change != totem.InterfaceFailed || !strings.HasPrefix(second.log[len(second.log)-1], "Unable to create sockets, exiting: ") {
		t.Errorf("got %+v, logged %q", ev, second.log[len(second.log)-1])
	}
}

func TestInactiveMembersGetMergeMessages(t *testing.T) {
	h := cluster(t, 3, nil)
	h[0].SetActive(3, false)
	send := func(kind byte, text string) {
		h[0].Mcast(h[0].packet(message(kind, text)))
		h[0].Flush()
	}
	send(3, "join") // the membership's goes to all
	send(1, "one")
	h[0].Tick(h[0].now.Add(400 * time.Millisecond)) // join counted as sent to all
	send(1, "two")
	h[0].Tick(h[0].now.Add(800 * time.Millisecond)) // two merge timeouts without
	send(1, "three")
	send(1, "four")
	h[1].await(t, 5)
	h[2].await(t, 2)
	if want := []string{"join", "one", "two", "three", "four"}; !slices.Equal(h[1].got, want) {
		t.Errorf("the active member got %q, want %q", h[1].got, want)
	}
	if want := []string{"join", "three"}; !slices.Equal(h[2].got, want) {
		t.Errorf("the inactive member got %q, want %q", h[2].got, want)
	}
}

// TestRunsAreCutApart sends runs of datagrams that the kernel segments, with and
// without its help.
func TestRunsAreCutApart(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*host)
	}{
		{"by the kernel", func(h *host) {
			if !h.out.Offload {
				t.Log("this kernel does not segment UDP")
			}
		}},
		{"by us", func(h *host) { h.out.Offload = false }},
		{"by us, as the kernel refuses", func(h *host) {
			// Segmentation needs checksums.
			if err := unix.SetsockoptInt(h.socks.send, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := cluster(t, 2, nil)
			tt.prepare(h[0])
			var want []string
			send := func(n, size int) {
				for range n {
					want = append(want, strings.Repeat(string(rune('a'+len(want)%26)), size))
					h[0].Mcast(h[0].packet(message(1, want[len(want)-1])))
				}
			}
			send(17, 1446) // a visit's worth
			send(1, 700)   // shorter: the end of the run
			send(3, 20)
			send(2, 1446)
			send(80, 1446) // more than one run may have
			send(3, 2500)  // longer than a packet of the pool
			h[0].Unicast(2, h[0].packet(message(0, "token")))
			h[0].Flush()
			h[1].await(t, len(want)+1)
			if !slices.Equal(h[1].got, append(want, "token")) {
				t.Errorf("%d datagrams differ from the %d sent", len(h[1].got), len(want)+1)
			}
			if s := h[0].Stats(); s.Sent != uint64(len(want)+1) || s.Failed != 0 {
				t.Errorf("sent %d of %d, %d failed", s.Sent, len(want)+1, s.Failed)
			}
			if s := h[1].Stats(); s.Received != uint64(len(want)+1) {
				t.Errorf("received %d of %d", s.Received, len(want)+1)
			}
		})
	}
}

func TestSegmentationIsGivenUp(t *testing.T) {
	h := cluster(t, 2, nil)
	if !h[0].out.Offload {
		t.Skip("this kernel does not segment UDP")
	}
	if err := unix.SetsockoptInt(h[0].socks.send, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	for i := range datagram.OffloadFailures {
		if !h[0].out.Offload {
			t.Errorf("given up after %d failures", i)
		}
		for range 2 {
			h[0].Mcast(h[0].packet(message(1, "x")))
		}
		h[0].Flush()
	}
	if h[0].out.Offload {
		t.Errorf("not given up after %d failures", datagram.OffloadFailures)
	}
	h[1].await(t, 2*datagram.OffloadFailures)
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{BindNet: testAddr(1), Port: 5405, Pool: totem.NewPool(2048, 1)}
	for field, spoil := range map[string]func(*Config){
		"mode":        func(c *Config) { c.Mode = 7 },
		"bindnetaddr": func(c *Config) { c.BindNet = netip.Addr{} },
		"mcastport":   func(c *Config) { c.Port = 0 },
		"mcastaddr":   func(c *Config) { c.Mode, c.Group = Multicast, testAddr(2) },
		"broadcast":   func(c *Config) { c.Mode, c.BindNet = Broadcast, netip.IPv6Loopback() },
		"pool":        func(c *Config) { c.Pool = nil },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: error %v does not name it", field, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

// visit is what a token visit sends and another receives: 16 multicasts and the
// token.
func visit(tb testing.TB, from, to *host, fn func(*totem.Packet), n *int) {
	for range 16 {
		p := from.cfg.Pool.Get()
		p.Data = append(p.Data, payload[:]...)
		from.Mcast(p)
	}
	p := from.cfg.Pool.Get()
	p.Data = append(p.Data, payload[:64]...)
	from.Unicast(2, p)
	from.Flush()
	for want := *n + 17; *n < want; {
		to.fds = to.Poll(to.fds[:0])
		if k, err := unix.Poll(to.fds, 5000); k > 0 {
			to.Receive(fn)
		} else if err != unix.EINTR {
			tb.Fatalf("%d of %d packets came", *n, want)
		}
	}
}

var payload = [1450]byte{3: 1}

func TestNothingIsAllocatedPerPacket(t *testing.T) {
	h := cluster(t, 2, nil)
	n := 0
	fn := func(*totem.Packet) { n++ }
	visit(t, h[0], h[1], fn, &n) // fills the pools
	if a := testing.AllocsPerRun(200, func() { visit(t, h[0], h[1], fn, &n) }); a != 0 {
		t.Errorf("%v allocations per visit of 17 packets, want 0", a)
	}
}

func BenchmarkVisit(b *testing.B) {
	h := cluster(b, 2, nil)
	n := 0
	fn := func(*totem.Packet) { n++ }
	b.ReportAllocs()
	for b.Loop() {
		visit(b, h[0], h[1], fn, &n)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "packets/s")
}
