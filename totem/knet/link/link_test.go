package link

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// message is one as the ring sends them, numbered and of a length.
func message(i, size int) string {
	head := fmt.Sprintf("%013d", 0) // where the target is written
	s := head + fmt.Sprintf("message %d ", i)
	if len(s) < size {
		s += strings.Repeat("x", size-len(s))
	}
	return s
}

// body is a message without the bytes that the target is written to.
func body(s string) string { return s[targetEnd:] }

func TestLinksComeUp(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 2})
	a := w.nodes[0]
	w.pass(250 * time.Millisecond) // three pings, of which the last makes it up
	if !a.up(2, 0) || !a.up(2, 1) || !a.Reachable(2) {
		t.Fatalf("links: %+v", a.Links(2, nil))
	}
	w.pass(time.Second)
	if a.MTU() != 1446 { // libknet's for 1500 over IPv4
		t.Errorf("MTU %d, want 1446", a.MTU())
	}
	for _, want := range []string{
		"host: host: 2 (passive) best link: 0 (pri: 1)",
		"host: host: 2 has no active links",
		"rx: host: 2 link: 1 is up",
		"link: Resetting MTU for link 0 because host 2 joined",
		"pmtud: PMTUD link change for host: 2 link: 0 from 522 to 1446",
		"pmtud: Global data MTU changed to: 1446",
	} {
		if !a.logged(want) {
			t.Errorf("%q is not logged: %q", want, a.log)
		}
	}
	s := a.Links(2, nil)[0]
	if s.UpCount != 1 || s.TxPingPackets < 12 || s.RxPongPackets < 11 || s.RxPingPackets < 11 || s.TxPongPackets != s.RxPingPackets ||
		s.LatencyMin < 399 || s.LatencyMax > 401 || s.LatencySamples != uint32(s.RxPongPackets) {
		t.Errorf("counters: %+v", s)
	}
	if s := a.Links(1, nil); len(s) != 1 || !s[0].Enabled || !s[0].Connected || s[0].MTU != 65535 {
		t.Errorf("the loopback link: %+v", s)
	}
}

// Everything that is sent arrives once, whatever the size, sealed or packed.
func TestMessages(t *testing.T) {
	sizes := []int{13, 14, 100, 1397, 1398, 1446, 1447, 4000, 40000, 65535, 65536}
	for _, s := range []setup{
		{nodes: 3, links: 1},
		{nodes: 3, links: 1, cipher: "aes256", hash: "sha256"},
		{nodes: 3, links: 1, cipher: "none", hash: "sha1"},
		{nodes: 3, links: 2, mode: Active, cipher: "aes128", hash: "sha512"},
		{nodes: 3, links: 3, mode: RoundRobin},
		{nodes: 3, links: 1, pack: "zlib"},
		{nodes: 3, links: 1, pack: "lz4", cipher: "aes192", hash: "sha384"},
		{nodes: 3, links: 1, mtu: 600},
	} {
		t.Run(fmt.Sprintf("%v/%d/%s/%s/%s", s.mode, s.links, s.cipher, s.hash, s.pack), func(t *testing.T) {
			w := newWorld(t, s)
			w.pass(2 * time.Second)
			var want []string
			for i, size := range sizes {
				m := message(i, size)
				w.nodes[0].say(0, m)
				w.nodes[0].say(2, m)
				w.pass(10 * time.Millisecond)
				want = append(want, body(m))
			}
			for _, n := range w.nodes[1:] {
				var all, ours []string
				for _, g := range n.got {
					if target([]byte(g)) == 0 {
						all = append(all, body(g))
					} else {
						ours = append(ours, body(g))
					}
				}
				if !slices.Equal(all, want) {
					t.Errorf("node %d: %d messages to all, want %d", n.id, len(all), len(want))
				}
				if n.id == 2 && !slices.Equal(ours, want) || n.id == 3 && len(ours) != 0 {
					t.Errorf("node %d: %d messages to it", n.id, len(ours))
				}
			}
			if st := w.nodes[0].Stats(); s.hash != "" && (st.TxCrypt.Packets == 0 || st.TxCryptByteOverhead == 0) || s.pack != "" && st.TxCompress.Packets == 0 {
				t.Errorf("counters: %+v", st)
			}
			if d := w.nodes[1].Dropped(); d.Sealed+d.Malformed+d.Stranger+d.Rejected != 0 {
				t.Errorf("dropped: %+v", d)
			}
		})
	}
}

// A link that is cut is down in time, and what is sent goes over another.
func TestFailover(t *testing.T) {
	for _, mode := range []Mode{Passive, Active, RoundRobin} {
		w := newWorld(t, setup{nodes: 2, links: 2, mode: mode})
		w.pass(12 * time.Second)
		a, b := w.nodes[0], w.nodes[1]
		w.nets[0].cut = true
		cut := w.now
		for a.up(2, 0) {
			w.pass(time.Millisecond)
		}
		if d := w.now.Sub(cut); d < 300*time.Millisecond || d > 410*time.Millisecond {
			t.Errorf("%v: down after %v, want the ping timeout of 400 ms", mode, d)
		}
		w.pass(100 * time.Millisecond)
		b.got = nil
		for i := range 10 {
			a.say(2, message(i, 3000))
			w.pass(5 * time.Millisecond)
		}
		if len(b.got) != 10 {
			t.Errorf("%v: %d of 10 messages over the other link", mode, len(b.got))
		}
		w.nets[0].cut = false
		w.pass(time.Second)
		if !a.up(2, 0) {
			t.Errorf("%v: not up again", mode)
		}
		w.nets[0].cut, w.nets[1].cut = true, true
		w.pass(5 * time.Second)
		if a.Reachable(2) || !a.logged("host: host: 2 has no active links") {
			t.Errorf("%v: reachable without a link", mode)
		}
	}
}

func TestPriority(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 3})
	a := w.nodes[0]
	w.pass(time.Second)
	data := func() (n [3]uint64) {
		for i, s := range a.Links(2, nil) {
			n[i] = s.TxDataPackets
		}
		return n
	}
	a.say(2, message(1, 50))
	faster := testTimers
	faster.Priority = 5
	a.SetTimers(2, 2, faster)
	a.say(2, message(2, 50))
	if got := data(); got != [3]uint64{1, 0, 1} {
		t.Errorf("messages over the links: %v", got)
	}
}

func TestRoundRobinTakesTurns(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 3, mode: RoundRobin})
	w.pass(2 * time.Second)
	for i := range 9 {
		w.nodes[0].say(2, message(i, 50))
	}
	for _, s := range w.nodes[0].Links(2, nil) {
		if s.TxDataPackets != 3 {
			t.Errorf("link %d: %d of 9 messages", s.Link, s.TxDataPackets)
		}
	}
}

// The kernel's MTU is no promise: a network on the way takes less.
func TestMTU(t *testing.T) {
	for _, tt := range []struct {
		name           string
		s              setup
		kernel, path   int
		want, within   int
		warn           bool
		moreThanDirect time.Duration
	}{
		{name: "as the kernel says", kernel: 9000, want: 9000 - 28 - 26},
		{name: "loopback", kernel: 65536, want: 65535 - 28 - 26},
		{name: "a narrow place", kernel: 9000, path: 1500, want: 1446, warn: true},
		{name: "a narrow place, sealed", s: setup{cipher: "aes256", hash: "sha256"}, kernel: 9000, path: 1500, want: 1397, within: 16, warn: true},
		{name: "sealed", s: setup{cipher: "aes256", hash: "sha256"}, kernel: 1500, want: 1397},
		{name: "the least", kernel: 576, want: 522},
		{name: "forced to less than a message can be cut to", s: setup{mtu: 200}, kernel: 1500, want: leastCut},
		{name: "forced", s: setup{mtu: 1200}, kernel: 1500, want: 1200 - 28 - 26},
	} {
		tt.s.nodes, tt.s.links = 2, 1
		w := newWorld(t, tt.s)
		w.nets[0].mtu, w.nets[0].path = tt.kernel, tt.path
		a := w.nodes[0]
		w.pass(15 * time.Minute)
		if got := a.MTU(); got > tt.want || got < tt.want-tt.within {
			t.Errorf("%s: MTU %d, want %d", tt.name, got, tt.want)
		}
		if a.logged("possible MTU misconfiguration detected") != tt.warn {
			t.Errorf("%s: warned: %v", tt.name, !tt.warn)
		}
	}
}

// A knet_mtu of next to nothing still lets the longest message through.
func TestTinyMTU(t *testing.T) {
	for _, mtu := range []int{1, 40, 60, 70, 100} {
		w := newWorld(t, setup{nodes: 2, links: 1, mtu: mtu})
		w.pass(2 * time.Second)
		w.nodes[0].say(2, message(1, 65000))
		w.pass(time.Second)
		if n := len(w.nodes[1].got); n != 1 || w.nodes[0].MTU() < leastCut {
			t.Errorf("knet_mtu %d: %d messages at a data MTU of %d", mtu, n, w.nodes[0].MTU())
		}
	}
}

func TestMTUChangesAtRunTime(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 2})
	a, b := w.nodes[0], w.nodes[1]
	w.pass(12 * time.Second)
	w.nets[1].mtu = 576
	w.pass(31 * time.Second)
	if a.MTU() != 522 {
		t.Errorf("MTU %d after an interval, want that of the narrowest link, 522", a.MTU())
	}
	w.nets[0].mtu, w.nets[1].mtu = 9000, 9000
	w.pass(31 * time.Second)
	if a.MTU() != 8946 {
		t.Errorf("MTU %d, want 8946", a.MTU())
	}
	w.nets[0].mtu = 1500 // what is sent is too long: it is searched for at once
	a.say(2, message(1, 8000))
	w.pass(time.Second)
	if a.MTU() != 1446 {
		t.Errorf("MTU %d, want 1446", a.MTU())
	}
	b.got = nil
	a.say(2, message(2, 8000))
	w.pass(time.Second)
	if len(b.got) != 1 {
		t.Errorf("%d messages arrived, want 1", len(b.got))
	}
}

// A node that starts again numbers from the beginning.
func TestRestart(t *testing.T) {
	s := setup{nodes: 2, links: 2}
	w := newWorld(t, s)
	w.pass(2 * time.Second)
	for i := range 100 {
		w.nodes[1].say(1, message(i, 20))
	}
	w.pass(100 * time.Millisecond)
	again := w.add(2, s)
	w.join(again, s)
	w.pass(2 * time.Second)
	a := w.nodes[0]
	a.got = nil
	for i := range 100 {
		again.say(1, message(i, 20))
	}
	w.pass(100 * time.Millisecond)
	if len(a.got) != 100 {
		t.Errorf("%d of 100 messages of the one that started again", len(a.got))
	}
}

// Numbers wrap, and pings out of turn go out eight times on the way.
func TestNumbersWrap(t *testing.T) {
	w := newWorld(t, setup{nodes: 3, links: 1})
	w.pass(2 * time.Second)
	a, b := w.nodes[0], w.nodes[1]
	before := a.Links(3, nil)[0].TxPingPackets
	const total = 140_000
	for i := range total {
		a.say(2, message(i, 20))
		if i%50 == 0 {
			w.pass(time.Millisecond)
		}
	}
	w.pass(time.Second)
	if len(b.got) != total {
		t.Errorf("%d of %d messages", len(b.got), total)
	}
	if got := a.Links(3, nil)[0].TxPingPackets - before; got < total/8191 {
		t.Errorf("%d pings", got)
	}
	a.say(3, message(1, 20)) // who has heard nothing is not lost
	w.pass(time.Second)
	if n := w.nodes[2]; len(n.got) != 1 {
		t.Errorf("%d messages to node 3, want 1", len(n.got))
	}
}

// On bad networks what comes is whole, in no particular order, and comes once.
func TestBadNetworks(t *testing.T) {
	for _, mode := range []Mode{Passive, Active, RoundRobin} {
		w := newWorld(t, setup{nodes: 5, links: 2, mode: mode, cipher: "aes256", hash: "sha256"})
		w.pass(2 * time.Second)
		for i := range w.nets {
			w.nets[i].loss, w.nets[i].dup, w.nets[i].jit = 0.05, 0.05, 3*time.Millisecond
		}
		sent := map[string]bool{}
		for i := range 2000 {
			m := message(i, 20+w.rand.IntN(5000))
			sent[body(m)] = true
			w.nodes[i%5].say(0, m)
			w.pass(time.Millisecond)
		}
		w.pass(time.Second)
		for _, n := range w.nodes {
			seen := map[string]bool{}
			for _, g := range n.got {
				if m := body(g); !sent[m] {
					t.Fatalf("%v: node %d got what nobody sent", mode, n.id)
				} else if seen[m] {
					t.Fatalf("%v: node %d got a message twice", mode, n.id)
				} else {
					seen[m] = true
				}
			}
			if len(seen) < 1000 {
				t.Errorf("%v: node %d got %d of 1600 messages", mode, n.id, len(seen))
			}
		}
	}
}

// What strangers and thieves send has no effect but in a counter.
func TestHostile(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 1, cipher: "aes256", hash: "sha256"})
	w.pass(2 * time.Second)
	a, b := w.nodes[0], w.nodes[1]
	var last []byte
	a.tap = func(_ *node, d []byte, _ Spec) { last = slices.Clone(d) }
	a.say(2, message(1, 100))
	a.tap = nil
	w.pass(time.Millisecond)
	if len(b.got) != 1 {
		t.Fatalf("%d messages, want 1", len(b.got))
	}
	stranger := w.ring("aes256", "sha256", testKey(9))
	head := wire.Data{From: 1, Seq: 900, Frags: 1}
	forged := stranger.Seal(nil, head.AppendTo(nil), []byte(message(2, 50)))
	from := addrOf(0, 1)
	other := netip.MustParseAddrPort("192.0.2.9:5405")
	ping := wire.Ping{From: 1, Time: wire.MakeStamp(1), Timed: true}
	sealed := a.keys.Seal(nil, ping.AppendTo(nil), nil)
	unknown := wire.Ping{From: 77, Timed: true}
	for _, tt := range []struct {
		name string
		from netip.AddrPort
		data []byte
		of   func(Dropped) uint64
	}{
		{"the wrong key", from, forged, func(d Dropped) uint64 { return d.Sealed }},
		{"in clear", from, head.AppendTo(nil), func(d Dropped) uint64 { return d.Sealed }},
		{"nothing", from, nil, func(d Dropped) uint64 { return d.Sealed }},
		{"truncated", from, last[:len(last)-1], func(d Dropped) uint64 { return d.Sealed }},
		{"replayed", from, last, func(d Dropped) uint64 { return d.Duplicate }},
		{"data from another address", other, last, func(d Dropped) uint64 { return d.Stranger }},
		{"a ping from another address", other, sealed, func(d Dropped) uint64 { return d.Rejected }},
		{"of an unknown host", from, a.keys.Seal(nil, unknown.AppendTo(nil), nil), func(d Dropped) uint64 { return d.Stranger }},
		{"of another kind", from, a.keys.Seal(nil, []byte{1, 0x99, 0, 1, 0, 0, 0, 0}, nil), func(d Dropped) uint64 { return d.Malformed }},
	} {
		before := tt.of(b.Dropped())
		b.hear(tt.from, tt.data)
		if n := tt.of(b.Dropped()) - before; n != 1 {
			t.Errorf("%s: counted %d times: %+v", tt.name, n, b.Dropped())
		}
	}
	if len(b.got) != 1 {
		t.Errorf("%d messages, want 1: %q", len(b.got), b.got)
	}
	if !b.logged("rx: Unable to decrypt packet from 10.0.0.1:5405 (size") || !b.logged("rx: Packet rejected from 192.0.2.9:5405") {
		t.Errorf("log: %q", b.log)
	}
}

// A key is replaced while messages flow: each step on one node after the other.
func TestRekey(t *testing.T) {
	w := newWorld(t, setup{nodes: 3, links: 2, cipher: "aes256", hash: "sha256"})
	w.pass(2 * time.Second)
	i := 0
	talk := func(step string) {
		t.Helper()
		for _, from := range w.nodes {
			for _, n := range w.nodes {
				n.got = nil
			}
			from.say(0, message(i, 3000))
			i++
			w.pass(10 * time.Millisecond)
			for _, n := range w.nodes {
				if n != from && len(n.got) != 1 {
					t.Errorf("%s: node %d has %d messages of node %d, want 1", step, n.id, len(n.got), from.id)
				}
			}
		}
	}
	next := testKey(99)
	for step, do := range []func(*node) error{
		func(n *node) error { return n.keys.Set(2, w.instance("aes128", "sha512", next)) },
		func(n *node) error { defer n.Rekeyed(w.now); return n.keys.Use(2) },
		func(n *node) error { return n.keys.Set(1, nil) },
	} {
		for _, n := range w.nodes {
			if err := do(n); err != nil {
				t.Fatal(err)
			}
			n.run()
			talk(fmt.Sprintf("step %d on node %d", step, n.id))
		}
		w.pass(time.Second)
	}
	if d := w.nodes[0].Dropped(); d.Sealed != 0 {
		t.Errorf("%d packets could not be read", d.Sealed)
	}
	if got := w.nodes[0].MTU(); got != 1365 { // sha512 takes 32 bytes more
		t.Errorf("MTU %d, want 1365", got)
	}
}

// What the kernel says of a dead peer is believed at once.
func TestUnreachable(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 1})
	w.pass(2 * time.Second)
	a := w.nodes[0]
	a.Unreachable(0)
	a.Tick(w.now)
	a.run()
	if a.up(2, 0) {
		t.Error("the link is still up")
	}
	w.pass(time.Second)
	if !a.up(2, 0) {
		t.Error("the link does not come up again")
	}
}

// After a pause of our own no link is down: its pongs wait to be read.
func TestPause(t *testing.T) {
	for _, pause := range []time.Duration{150 * time.Millisecond, 390 * time.Millisecond, 410 * time.Millisecond, 3 * time.Second} {
		for start := range 20 {
			w := newWorld(t, setup{nodes: 2, links: 1})
			w.pass(15*time.Second + time.Duration(start)*10*time.Millisecond)
			a := w.nodes[0]
			w.now = w.now.Add(pause)
			a.Tick(w.now) // before what has come meanwhile is read
			w.pass(time.Second)
			if s := a.Links(2, nil)[0]; s.DownCount != 0 {
				t.Errorf("after %v the link was down", pause)
			}
		}
	}
}

func TestLinksComeAndGo(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 2})
	w.pass(2 * time.Second)
	a, b := w.nodes[0], w.nodes[1]
	for _, n := range w.nodes {
		other := totem.NodeID(3 - n.id)
		if ref, ok := n.RemoveLink(other, 0); !ok || ref != 0 {
			t.Fatalf("node %d: removed ref %d, %v", n.id, ref, ok)
		}
		n.run()
	}
	a.say(2, message(1, 5000))
	w.pass(10 * time.Millisecond)
	if len(b.got) != 1 {
		t.Errorf("%d messages over the link that is left", len(b.got))
	}
	a.RemoveLink(2, 1)
	a.run()
	a.say(2, message(1, 50))
	if a.Reachable(2) || a.Dropped().Unsent != 1 || len(a.hosts) != 0 {
		t.Error("the host is still there")
	}
	if _, ok := a.RemoveLink(2, 1); ok {
		t.Error("removed twice")
	}
	spec := a.refs[0]
	for _, tt := range []struct {
		change func(*Spec)
	}{
		{func(s *Spec) { s.Host = 0 }}, {func(s *Spec) { s.Host = 1 << 16 }}, {func(s *Spec) { s.Host = 1 }}, {func(s *Spec) { s.Link = 8 }},
	} {
		s := spec
		tt.change(&s)
		if a.AddLink(w.now, s) == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
	if err := a.AddLink(w.now, spec); err != nil {
		t.Error(err)
	}
	if a.AddLink(w.now, spec) == nil {
		t.Error("a link is accepted twice")
	}
}

// The times of sealing are measured by the clock that is given.
func TestMeter(t *testing.T) {
	w := newWorld(t, setup{nodes: 2, links: 1, cipher: "aes256", hash: "sha256"})
	for _, n := range w.nodes {
		var at totem.Instant
		n.cfg.Meter = func() totem.Instant { at += 500; return at }
	}
	w.pass(2 * time.Second)
	w.nodes[0].say(2, message(1, 3000))
	w.pass(10 * time.Millisecond)
	// Three fragments are sealed together, in 500 ns.
	if s := w.nodes[0].Stats(); s.TxCrypt.Min != 166 || s.TxCrypt.Max != 166 || s.TxCrypt.Ave != 166 {
		t.Errorf("sealing took %+v", s.TxCrypt)
	}
	if s := w.nodes[1].Stats(); s.RxCrypt.Packets != 3 || s.RxCrypt.Ave != 500 {
		t.Errorf("opening took %+v", s.RxCrypt)
	}
	w.nodes[0].ClearStats()
	if s := w.nodes[0].Stats(); s.TxCrypt.Packets != 0 || s.TxCrypt.Min != ^uint64(0) {
		t.Errorf("cleared: %+v", s.TxCrypt)
	}
}
