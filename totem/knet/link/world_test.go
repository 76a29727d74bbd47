package link

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
)

// world is a few nodes with virtual time and a network for each link number.
type world struct {
	t     testing.TB
	now   totem.Instant
	rand  *rand.Rand
	nodes []*node
	nets  []netw
	queue flights
	sent  int
}

// netw is one network.
type netw struct {
	mtu        int // that the hosts' kernels know
	path       int // that really passes, if lower
	cut        bool
	loss, dup  float64
	delay, jit time.Duration
}

type node struct {
	*Core
	w     *world
	id    totem.NodeID
	refs  map[int]Spec
	got   []string
	log   []string
	links int
	keys  *crypto.Keyring
	small *totem.Pool
	big   *totem.Pool
	mtus  []int
	tap   func(*node, []byte, Spec) // sees what is sent
}

// flight is a datagram on its way.
type flight struct {
	at   totem.Instant
	n    int // in the order of sending
	to   *node
	from netip.AddrPort
	data []byte
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].n < f[j].n
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// setup is how a world is made.
type setup struct {
	nodes, links int
	mode         Mode
	cipher, hash string
	noACL        bool
	mtu          int // forced
	pack         string
}

func testKey(n byte) []byte {
	k := make([]byte, 128)
	for i := range k {
		k[i] = n + byte(i)
	}
	return k
}

func addrOf(n int, id totem.NodeID) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n), 0, byte(id)}), uint16(5405+n))
}

var testTimers = Timers{PingInterval: 100 * time.Millisecond, PingTimeout: 400 * time.Millisecond, Precision: 2048, PongCount: 2, Priority: 1}

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{t: t, now: 1e9, rand: rand.New(rand.NewPCG(7, 11))}
	for range s.links {
		w.nets = append(w.nets, netw{mtu: 1500, delay: 200 * time.Microsecond})
	}
	for i := range s.nodes {
		w.add(totem.NodeID(i+1), s)
	}
	for _, n := range w.nodes {
		w.join(n, s)
	}
	return w
}

// ring is a keyring of one configuration.
func (w *world) ring(cipher, hash string, key []byte) *crypto.Keyring {
	k := &crypto.Keyring{}
	if hash == "" || hash == "none" {
		k.AllowClear(true)
		return k
	}
	if err := k.Set(1, w.instance(cipher, hash, key)); err != nil {
		w.t.Fatal(err)
	}
	if err := k.Use(1); err != nil {
		w.t.Fatal(err)
	}
	return k
}

func (w *world) instance(cipher, hash string, key []byte) *crypto.Instance {
	i, err := crypto.New(crypto.Config{Model: "nss", Cipher: cipher, Hash: hash, Key: key}, func(b []byte) {
		for i := range b {
			b[i] = byte(w.rand.Uint32())
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func (w *world) add(id totem.NodeID, s setup) *node {
	n := &node{w: w, id: id, refs: map[int]Spec{}, links: s.links, keys: w.ring(s.cipher, s.hash, testKey(1)),
		small: totem.NewPool(2048, 64), big: totem.NewPool(65536+1024, 64)}
	n.Core = New(Config{
		NodeID: id, Mode: s.mode, Options: Options{PMTUDInterval: 30 * time.Second, ACL: !s.noACL, MTU: s.mtu},
		Keys: n.keys, Small: n.small, Big: n.big, Log: n,
	})
	with, err := compress.NewPacker(compress.Config{Model: cmp.Or(s.pack, "none"), Level: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	n.SetCompression(with)
	n.AddSelf(Spec{Host: id, Ref: -1})
	if int(id) <= len(w.nodes) {
		w.nodes[id-1] = n
	} else {
		w.nodes = append(w.nodes, n)
	}
	return n
}

func (w *world) join(n *node, s setup) {
	for _, o := range w.nodes {
		if o == n {
			continue
		}
		for i := range s.links {
			spec := Spec{Host: o.id, Link: uint8(i), Ref: len(n.refs), Local: addrOf(i, n.id), Remote: addrOf(i, o.id), Timers: testTimers}
			n.refs[spec.Ref] = spec
			if err := n.AddLink(w.now, spec); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	n.run()
}

// Enabled and Logf make a node its own log.
func (n *node) Enabled(l loglevel.Level) bool { return l <= loglevel.Info }
func (n *node) Logf(l loglevel.Level, format string, args ...any) {
	if n.Enabled(l) {
		n.log = append(n.log, fmt.Sprintf(format, args...))
	}
}

func (n *node) logged(text string) bool {
	for _, l := range n.log {
		if strings.Contains(l, text) {
			return true
		}
	}
	return false
}

// run does what the core asks for.
func (n *node) run() {
	for a, ok := n.Next(); ok; a, ok = n.Next() {
		switch a.Kind {
		case Send, Probe:
			n.transmit(a)
		case Deliver:
			n.got = append(n.got, string(a.Packet.Data))
			a.Packet.Release()
		case MTUChanged:
			n.mtus = append(n.mtus, a.MTU)
		}
	}
}

func (n *node) transmit(a Action) {
	defer a.Packet.Release()
	spec := n.refs[a.Ref]
	net := &n.w.nets[spec.Link]
	size := len(a.Packet.Data) + 28
	if size > net.mtu {
		if a.Kind == Probe {
			n.ProbeSent(n.w.now, a.Ref, ProbeTooBig, net.mtu)
		} else {
			n.TooBig(n.w.now, net.mtu)
			n.Failed(a.Ref, a.What)
		}
		return
	}
	if n.tap != nil {
		n.tap(n, a.Packet.Data, spec)
	}
	n.w.fly(net, n, spec, a.Packet.Data)
	if a.Kind == Probe {
		n.ProbeSent(n.w.now, a.Ref, ProbeOut, 0)
	}
}

func (w *world) fly(net *netw, from *node, spec Spec, data []byte) {
	w.sent++
	if net.cut || net.path > 0 && len(data)+28 > net.path || w.rand.Float64() < net.loss {
		return
	}
	copies := 1
	if w.rand.Float64() < net.dup {
		copies = 2
	}
	for range copies {
		d := net.delay
		if net.jit > 0 {
			d += time.Duration(w.rand.Int64N(int64(net.jit)))
		}
		heap.Push(&w.queue, flight{w.now.Add(d), w.sent, w.nodes[spec.Host-1], spec.Local, append([]byte(nil), data...)})
	}
}

// hear gives a node a datagram.
func (n *node) hear(from netip.AddrPort, data []byte) {
	p := n.small.Get()
	if len(data) > n.small.Size() {
		p.Release()
		p = n.big.Get()
	}
	p.Data = append(p.Data, data...)
	p.From = from
	n.Receive(n.w.now, p)
	p.Release()
	n.run()
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		next := end
		for _, n := range w.nodes {
			next = min(next, max(n.NextDeadline(), w.now))
		}
		if len(w.queue) > 0 {
			next = min(next, w.queue[0].at)
		}
		if w.now = max(w.now, next); w.now >= end {
			return
		}
		for len(w.queue) > 0 && w.queue[0].at <= w.now {
			f := heap.Pop(&w.queue).(flight)
			f.to.hear(f.from, f.data)
		}
		for _, n := range w.nodes {
			if w.now >= n.NextDeadline() {
				n.Tick(w.now)
				n.run()
			}
		}
	}
}

func (n *node) say(to totem.NodeID, msg string) {
	n.Send(n.w.now, to, []byte(msg))
	n.run()
}

// up tells whether a link is.
func (n *node) up(to totem.NodeID, link int) bool {
	for _, s := range n.Links(to, nil) {
		if int(s.Link) == link {
			return s.Connected
		}
	}
	return false
}
