package knet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
	knetwire "github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// host is one node on the loopback net: link n of node i is 127.(10+n).0.i.
type host struct {
	*Transport
	t    *testing.T
	id   totem.NodeID
	pool *totem.Pool
	got  []string
	log  []string
	up   int
}

func (h *host) Enabled(l loglevel.Level) bool { return l <= loglevel.Info }
func (h *host) Logf(l loglevel.Level, format string, args ...any) {
	if h.Enabled(l) {
		h.log = append(h.log, fmt.Sprintf(format, args...))
	}
}

func (h *host) logged(text string) bool {
	return slices.ContainsFunc(h.log, func(l string) bool { return strings.Contains(l, text) })
}

// port is one for each test, so that they do not hear each other.
var port uint16 = 25400

func testAddr(n int, id totem.NodeID) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(10 + n), 0, byte(id)}), port+uint16(n))
}

var timers = link.Timers{PingInterval: 50 * time.Millisecond, PingTimeout: 200 * time.Millisecond, Precision: 2048, PongCount: 1, Priority: 1}

func member(self, id totem.NodeID, n int) Member {
	return Member{NodeID: id, Link: uint8(n), Local: testAddr(n, self), Remote: testAddr(n, id), Timers: timers}
}

func key(n byte) []byte { return bytes.Repeat([]byte{n, 7, n + 1}, 50) }

// cluster makes nodes with links to each other and lets the links come up.
func cluster(t *testing.T, nodes, links int, change func(*Config)) (list []*host, c *clock) {
	t.Helper()
	port += 10
	c = &clock{now: 1e9}
	for i := range nodes {
		h := &host{t: t, id: totem.NodeID(i + 1), pool: totem.NewPool(PacketSize, 16)}
		cfg := Config{
			NodeID: h.id, Options: link.Options{PMTUDInterval: 30 * time.Second, ACL: true},
			Crypto:      crypto.Config{Model: "nss", Cipher: "none", Hash: "none"},
			Compression: compress.Config{Model: "none"},
			Pool:        h.pool, Log: h, KnetLog: h,
		}
		for n := range links {
			for o := range nodes {
				cfg.Members = append(cfg.Members, member(h.id, totem.NodeID(o+1), n))
			}
		}
		if change != nil {
			change(&cfg)
		}
		var err error
		if h.Transport, err = New(cfg); err != nil {
			t.Fatal(err)
		}
		h.Start(c.now)
		t.Cleanup(h.Close)
		list = append(list, h)
	}
	c.hosts = list
	c.pass(time.Second)
	for _, h := range list {
		if h.up != 1 {
			t.Fatalf("node %d: the interface came up %d times", h.id, h.up)
		}
		for _, o := range list {
			for _, s := range h.Links(o.id) {
				if !s.Connected {
					t.Fatalf("node %d: link %d to node %d is not up: %q", h.id, s.Link, o.id, h.log)
				}
			}
		}
	}
	return list, c
}

// clock is virtual; what the kernel carries takes no time.
type clock struct {
	now   totem.Instant
	hosts []*host
}

func (c *clock) pass(d time.Duration) {
	for end := c.now.Add(d); c.now < end; c.now = c.now.Add(5 * time.Millisecond) {
		for _, h := range c.hosts {
			if c.now >= h.Deadline() {
				if ev := h.Tick(c.now); ev.Change == totem.InterfaceUp {
					h.up++
				}
			}
		}
		c.settle()
	}
}

// settle has all hosts read until nothing is left.
func (c *clock) settle() {
	for again := true; again; {
		again = false
		for _, h := range c.hosts {
			fds := h.Poll(nil)
			if n, _ := unix.Poll(fds, 0); n > 0 {
				again = true
				h.Receive(func(p *totem.Packet) { h.got = append(h.got, string(p.Data)) })
			}
		}
	}
}

func (h *host) packet(text string) *totem.Packet {
	p := h.pool.Get()
	p.Data = append(append(p.Data, make([]byte, 13)...), text...)
	return p
}

func text(m string) string { return m[13:] }

func TestMessagesOverLoopback(t *testing.T) {
	for _, tt := range []struct {
		name   string
		links  int
		change func(*Config)
	}{
		{"clear", 1, nil},
		{"sealed", 2, func(c *Config) {
			c.Crypto = crypto.Config{Model: "openssl", Cipher: "aes256", Hash: "sha256", Key: key(1)}
		}},
		{"active", 3, func(c *Config) { c.Mode = link.Active }},
		{"packed", 1, func(c *Config) { c.Compression = compress.Config{Model: "zlib", Level: 1} }},
		{"small pieces", 1, func(c *Config) { c.MTU = 600 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hosts, c := cluster(t, 3, tt.links, tt.change)
			var all, one []string
			for i := range 100 {
				m := fmt.Sprint("message ", i, strings.Repeat(".", i*600))
				all, one = append(all, m), append(one, "to you: "+m)
				hosts[0].Mcast(hosts[0].packet(m))
				hosts[0].Unicast(2, hosts[0].packet("to you: "+m))
				hosts[0].Flush()
				c.settle()
			}
			for _, h := range hosts[1:] {
				var a, o []string
				for _, m := range h.got {
					if to := binary.NativeEndian.Uint32([]byte(m)[9:]); to == 0 {
						a = append(a, text(m))
					} else {
						o = append(o, text(m))
					}
				}
				if !slices.Equal(a, all) {
					t.Errorf("node %d: %d messages to all, want %d in order", h.id, len(a), len(all))
				}
				if h.id == 2 && !slices.Equal(o, one) || h.id == 3 && len(o) != 0 {
					t.Errorf("node %d: %d messages for it", h.id, len(o))
				}
			}
			if hosts[0].got != nil {
				t.Error("what it sent came back")
			}
		})
	}
}

// A node whose process has gone is known at once: its host refuses.
func TestRefusedLinkIsDownAtOnce(t *testing.T) {
	hosts, c := cluster(t, 2, 2, nil)
	hosts[1].Close()
	c.hosts = hosts[:1]
	c.pass(70 * time.Millisecond) // a ping interval and a little
	for _, s := range hosts[0].Links(2) {
		if s.Connected {
			t.Errorf("link %d is still up", s.Link)
		}
	}
	if !hosts[0].logged("host: host: 2 has no active links") {
		t.Errorf("log: %q", hosts[0].log)
	}
}

func TestMembersComeAndGo(t *testing.T) {
	hosts, c := cluster(t, 2, 1, nil)
	a, b := hosts[0], hosts[1]
	for _, h := range hosts {
		h.AddMember(c.now, member(h.id, 3-h.id, 1))
	}
	c.pass(time.Second)
	if got := a.Links(2); len(got) != 2 || !got[1].Connected {
		t.Fatalf("links: %+v", got)
	}
	for _, h := range hosts {
		h.RemoveMember(c.now, 3-h.id, 0)
	}
	a.Mcast(a.packet("over the other"))
	a.Flush()
	c.settle()
	if len(b.got) != 1 || len(a.socks) != 1 {
		t.Errorf("%d messages, %d sockets", len(b.got), len(a.socks))
	}
	faster := timers
	faster.Priority = 9
	a.SetTimers(2, 1, faster)
	a.Configure(c.now, link.Options{PMTUDInterval: time.Second, MTU: 1000, ACL: true})
	c.pass(time.Second)
	if s := a.Links(2)[0]; s.MTU != 1000-28-26 {
		t.Errorf("MTU %d with one of 1000 forced", s.MTU)
	}
	a.AddMember(c.now, member(1, 1, 1)) // itself a second time
	if got := a.Links(1); len(got) != 1 {
		t.Errorf("%d links to itself", len(got))
	}
}

func TestAddressesThatDoNotFit(t *testing.T) {
	hosts, c := cluster(t, 1, 1, nil)
	for _, m := range []Member{
		{NodeID: 2, Remote: testAddr(0, 2)},
		{NodeID: 2, Local: testAddr(0, 1)},
		{NodeID: 2, Local: testAddr(0, 1), Remote: netip.MustParseAddrPort("[::1]:5405")},
	} {
		hosts[0].AddMember(c.now, m)
	}
	if n := len(hosts[0].Links(2)); n != 0 {
		t.Errorf("%d links", n)
	}
}

func TestAddressInUse(t *testing.T) {
	hosts, c := cluster(t, 2, 1, nil)
	taken, err := open(testAddr(5, 1), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.close()
	m := member(1, 2, 5)
	hosts[0].AddMember(c.now, m)
	if !hosts[0].logged("udp: Unable to bind listener socket: Address already in use") {
		t.Errorf("log: %q", hosts[0].log)
	}
	if n := len(hosts[0].Links(2)); n != 1 {
		t.Errorf("%d links", n)
	}
}

func TestKeysAreReplaced(t *testing.T) {
	sealed := func(cipher, hash string, n byte) crypto.Config {
		return crypto.Config{Model: "nss", Cipher: cipher, Hash: hash, Key: key(n)}
	}
	none := crypto.Config{Model: "nss", Cipher: "none", Hash: "none"}
	hosts, c := cluster(t, 2, 1, func(c *Config) { c.Crypto = sealed("aes256", "sha256", 1) })
	a, b := hosts[0], hosts[1]
	n := 0
	talk := func(step string) {
		t.Helper()
		a.got, b.got = nil, nil
		n++
		m := fmt.Sprint("message ", n)
		a.Mcast(a.packet(m))
		b.Mcast(b.packet(m))
		a.Flush()
		b.Flush()
		c.settle()
		if len(a.got) != 1 || len(b.got) != 1 {
			t.Errorf("%s: %d and %d messages arrived, want 1 each", step, len(a.got), len(b.got))
		}
	}
	for _, to := range []crypto.Config{sealed("aes128", "sha1", 2), none, sealed("aes256", "sha512", 3)} {
		for i, do := range []func(*host){
			func(h *host) {
				if err := h.SetCrypto(to); err != nil {
					t.Error(err)
				}
			},
			func(h *host) { h.Activate(c.now) },
			func(h *host) { h.Cleanup() },
		} {
			for _, h := range hosts {
				do(h)
				talk(fmt.Sprintf("to %s/%s: step %d on node %d", to.Cipher, to.Hash, i, h.id))
			}
		}
		c.pass(200 * time.Millisecond)
	}
	if a.Dropped().Sealed != 0 {
		t.Errorf("%d packets could not be opened", a.Dropped().Sealed)
	}
	if a.SetCrypto(crypto.Config{Model: "nss", Cipher: "aes256", Hash: "sha256"}) == nil {
		t.Error("a key of no bytes is accepted")
	}
}

// A node that is late with a change of keys is heard by the others, and goes on to
// the new key once it has heard them. Later the old one is forgotten.
func TestLateNodeFollowsToTheNextKey(t *testing.T) {
	sealed := func(cipher, hash string, n byte) crypto.Config {
		return crypto.Config{Model: "nss", Cipher: cipher, Hash: hash, Key: key(n)}
	}
	hosts, c := cluster(t, 2, 1, func(c *Config) { c.Crypto = sealed("aes256", "sha256", 1) })
	a, late := hosts[0], hosts[1]
	say := func(from, to *host, want int) {
		t.Helper()
		to.got = nil
		from.Mcast(from.packet("message"))
		from.Flush()
		c.settle()
		if len(to.got) != want {
			t.Errorf("%d messages of node %d arrive, want %d", len(to.got), from.id, want)
		}
	}
	for _, to := range []crypto.Config{
		sealed("aes128", "sha1", 2),
		{Model: "nss", Cipher: "none", Hash: "none"},
		sealed("aes256", "sha512", 3),
	} {
		if err := a.SetCrypto(to); err != nil {
			t.Fatal(err)
		}
		say(late, a, 1)
		a.Activate(c.now)
		a.Cleanup()
		if err := late.SetCrypto(to); err != nil {
			t.Fatal(err)
		}
		say(late, a, 1) // with the old key still
		say(a, late, 1)
		say(late, a, 1)
		late.Activate(c.now)
		late.Cleanup()
		say(a, late, 1)
		say(late, a, 1)
		c.pass(200 * time.Millisecond)
		if n := len(late.Links(a.id)); n != 1 || !late.Links(a.id)[0].Connected {
			t.Errorf("to %s/%s: the link is down", to.Cipher, to.Hash)
		}
	}
	c.pass(forgetAfter + time.Second)
	old := &crypto.Keyring{} // in clear
	h := knetwire.Data{From: knetwire.HostID(late.id), Seq: 4, Frags: 1, Frag: 1}
	if _, _, err := a.keys.Open(nil, old.Seal(nil, h.AppendTo(nil), []byte("message"))); err == nil {
		t.Error("clear packets are still read")
	}
}

func TestCompressionChanges(t *testing.T) {
	hosts, c := cluster(t, 2, 1, nil)
	a := hosts[0]
	a.SetCompression(compress.Config{Model: "lz4", Level: 1})
	a.Mcast(a.packet(strings.Repeat("again and ", 100)))
	a.Flush()
	c.settle()
	if s := a.Stats(); s.TxCompress.Packets != 1 || len(hosts[1].got) != 1 {
		t.Errorf("%d messages packed, %d arrived", s.TxCompress.Packets, len(hosts[1].got))
	}
	a.SetCompression(compress.Config{Model: "snappy"})
	if !a.logged("knet_handle_compress failed") {
		t.Errorf("log: %q", a.log)
	}
	a.ClearStats()
	if s := a.Stats(); s.TxCompress.Packets != 0 {
		t.Error("the counters are not cleared")
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{NodeID: 1, Pool: totem.NewPool(PacketSize, 2), Crypto: crypto.Config{Model: "nss", Cipher: "none", Hash: "none"}, Compression: compress.Config{Model: "none"}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.NodeID = 0 },
		func(c *Config) { c.NodeID = 65536 },
		func(c *Config) { c.Pool = nil },
		func(c *Config) { c.Pool = totem.NewPool(2048, 2) },
		func(c *Config) { c.Mode = 3 },
		func(c *Config) { c.Crypto.Cipher = "aes256" },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func TestNothingIsAllocatedPerMessage(t *testing.T) {
	hosts, c := cluster(t, 2, 1, func(c *Config) {
		c.Crypto = crypto.Config{Model: "nss", Cipher: "aes256", Hash: "sha256", Key: key(1)}
	})
	a, b := hosts[0], hosts[1]
	n := 0
	receive := func(*totem.Packet) { n++ }
	fds := make([]unix.PollFd, 0, 8)
	round := func() {
		p := a.pool.Get()
		p.Data = append(p.Data, make([]byte, 13)...)[:1000]
		a.Mcast(p)
		a.Flush()
		fds = b.Poll(fds[:0])
		if _, err := unix.Poll(fds, 1000); err != nil {
			t.Fatal(err)
		}
		b.Receive(receive)
	}
	round()
	got := testing.AllocsPerRun(200, round)
	if got > 0 {
		t.Errorf("%v allocations for a message", got)
	}
	if n < 200 {
		t.Errorf("%d messages arrived", n)
	}
	c.settle()
}
