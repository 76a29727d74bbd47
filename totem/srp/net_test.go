package srp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// testNet drives machines through a network in memory, in virtual time.
type testNet struct {
	t       *testing.T
	now     totem.Instant
	nodes   map[totem.NodeID]*testNode
	ids     []totem.NodeID
	flight  []datagram
	order   int
	latency time.Duration
	// drop decides about a datagram on its way.
	drop func(from, to totem.NodeID, b []byte) bool
	rnd  *rand.Rand
}

type datagram struct {
	at       totem.Instant
	order    int
	from, to totem.NodeID
	data     []byte
}

type testNode struct {
	id     totem.NodeID
	m      *Machine
	pool   *totem.Pool
	queue  [2][]string
	events []string // delivered messages and configurations, in order
	views  []totem.ConfigChange
	spans  []span
	logs   []string
	down   bool
	paused bool
	inbox  []datagram
	big    bool // a machine of the other byte order
	stored uint64
	// expected are the numbers of peers that were ahead of its own.
	expected []uint64
	acks     []totem.RingID
	noAck    bool
}

// span is what a node delivers from one configuration change to the next.
type span struct {
	change totem.ConfigChange
	msgs   []string
}

func testConfig(id totem.NodeID) Config {
	return Config{
		NodeID: id, Token: 1000 * time.Millisecond, TokenWarning: 75,
		TokenRetransmit: 238 * time.Millisecond, TokenRetransmitsBeforeLoss: 4,
		Hold: 180 * time.Millisecond, Join: 50 * time.Millisecond,
		Consensus: 1200 * time.Millisecond, Merge: 200 * time.Millisecond,
		Downcheck: time.Second, FailToRecvConst: 2500, SeqnoUnchangedConst: 30,
		WindowSize: 50, MaxMessages: 17, MissCountConst: 5,
		MaxNetworkDelay: 50 * time.Millisecond, NetMTU: 1500,
	}
}

func newNet(t *testing.T, ids ...totem.NodeID) *testNet {
	n := &testNet{t: t, now: 1, nodes: map[totem.NodeID]*testNode{}, latency: 100 * time.Microsecond,
		rnd: rand.New(rand.NewPCG(1, 2))}
	for _, id := range ids {
		n.add(id)
	}
	return n
}

func (n *testNet) add(id totem.NodeID, change ...func(*Config)) *testNode {
	node := n.nodes[id]
	if node == nil {
		node = &testNode{id: id}
		n.ids = append(n.ids, id)
	} else {
		node.down, node.paused = false, false
	}
	node.pool = totem.NewPool(1500, 4096)
	node.queue = [2][]string{}
	cfg := testConfig(id)
	cfg.RingSeq, cfg.Pool, cfg.Source, cfg.Log = node.stored, node.pool, node, node
	cfg.Rand = n.rnd.IntN
	for _, c := range change {
		c(&cfg)
	}
	node.m = New(cfg)
	n.nodes[id] = node
	n.do(node, node.m.Start(n.now))
	return node
}

func (d *testNode) Backlog(trans bool) int { return len(d.queue[digit(trans)]) }

func (d *testNode) Next(trans bool, buf []byte) ([]byte, bool) {
	q := &d.queue[digit(trans)]
	if len(*q) == 0 {
		return buf, false
	}
	buf = append(buf, (*q)[0]...)
	*q = (*q)[1:]
	return buf, true
}

func (d *testNode) Enabled(l loglevel.Level) bool { return l <= loglevel.Debug }

func (d *testNode) Logf(_ loglevel.Level, format string, args ...any) {
	d.logs = append(d.logs, fmt.Sprintf(format, args...))
}

func (d *testNode) logged(line string) bool { return slices.Contains(d.logs, line) }

func (n *testNet) send(id totem.NodeID, msgs ...string) {
	d := n.nodes[id]
	d.queue[0] = append(d.queue[0], msgs...)
	n.do(d, d.m.MessagesQueued(n.now))
}

func (n *testNet) do(d *testNode, acts []Action) {
	acts = slices.Clone(acts)
	for _, a := range acts {
		switch a.Kind {
		case Mcast:
			for _, id := range n.ids {
				if id != d.id {
					n.put(d.id, id, a.Packet.Data)
				}
			}
			a.Packet.Release()
		case Unicast:
			n.put(d.id, a.To, a.Packet.Data)
			a.Packet.Release()
		case Deliver:
			d.events = append(d.events, fmt.Sprintf("%d:%s", a.From, a.Packet.Data[a.Off:]))
			last := &d.spans[len(d.spans)-1]
			last.msgs = append(last.msgs, d.events[len(d.events)-1])
			a.Packet.Release()
		case Change:
			c := *a.Change
			d.views = append(d.views, c)
			d.spans = append(d.spans, span{change: c})
			d.events = append(d.events, fmt.Sprintf("%v %v joined %v left %v", c.Type, c.Members, c.Joined, c.Left))
			if c.Type == totem.Regular && !d.noAck {
				d.acks = append(d.acks, c.Ring)
			}
		case StoreRing:
			d.stored = a.RingSeq
		case ExpectRing:
			d.expected = append(d.expected, a.RingSeq)
		}
	}
	for len(d.acks) > 0 {
		r := d.acks[0]
		d.acks = d.acks[1:]
		n.do(d, d.m.TransAck(n.now, r))
	}
}

func (n *testNet) put(from, to totem.NodeID, b []byte) {
	b = slices.Clone(b)
	if n.nodes[from].big != (n.nodes[to] != nil && n.nodes[to].big) {
		flip(b)
	}
	if n.drop != nil && n.drop(from, to, b) {
		return
	}
	n.order++
	n.flight = append(n.flight, datagram{n.now.Add(n.latency), n.order, from, to, b})
}

// flip turns a message into what a machine of the other byte order would send.
func flip(b []byte) {
	var h wire.Header
	if _, err := h.Parse(b); err != nil {
		panic(err)
	}
	other := wire.BigEndian
	if h.Order == wire.BigEndian {
		other = wire.LittleEndian
	}
	switch h.Type {
	case wire.TypeORFToken:
		reorder(b, &wire.ORFToken{}, other)
	case wire.TypeMcast:
		if h.Encapsulated == wire.Encapsulated {
			flip(b[wire.McastLen:])
		}
		reorder(b, &wire.Mcast{}, other)
	case wire.TypeMergeDetect:
		reorder(b, &wire.MergeDetect{}, other)
	case wire.TypeJoin:
		reorder(b, &wire.Join{}, other)
	case wire.TypeCommitToken:
		reorder(b, &wire.CommitToken{}, other)
	case wire.TypeTokenHoldCancel:
		reorder(b, &wire.TokenHoldCancel{}, other)
	}
}

func reorder(b []byte, x interface {
	Parse([]byte) (int, error)
	AppendTo([]byte) []byte
}, o wire.Order) {
	if _, err := x.Parse(b); err != nil {
		panic(err)
	}
	switch x := x.(type) {
	case *wire.ORFToken:
		x.Order = o
	case *wire.Mcast:
		x.Order = o
	case *wire.MergeDetect:
		x.Order = o
	case *wire.Join:
		x.Order = o
	case *wire.CommitToken:
		x.Order = o
	case *wire.TokenHoldCancel:
		x.Order = o
	}
	copy(b, x.AppendTo(nil))
}

func (n *testNet) receive(d *testNode, b []byte) {
	p := d.pool.Get()
	p.Data = append(p.Data, b...)
	acts := d.m.Receive(n.now, p)
	p.Release()
	n.do(d, acts)
}

// step goes to the next thing that happens, at most until until.
func (n *testNet) step(until totem.Instant) bool {
	if len(n.flight) > 20000 {
		n.t.Fatalf("%d datagrams on their way: a storm of %v", len(n.flight), typeOf(n.flight[0].data))
	}
	next, node := until, (*testNode)(nil)
	for _, id := range n.ids {
		if d := n.nodes[id]; !d.down && !d.paused && d.m.NextDeadline() < next {
			next, node = max(d.m.NextDeadline(), n.now), d
		}
	}
	best := -1
	for i, g := range n.flight {
		if g.at <= next && (best < 0 || g.at < n.flight[best].at || g.at == n.flight[best].at && g.order < n.flight[best].order) {
			best = i
			next = g.at
		}
	}
	if best >= 0 {
		g := n.flight[best]
		n.flight = slices.Delete(n.flight, best, best+1)
		n.now = max(n.now, g.at)
		if d := n.nodes[g.to]; d != nil && !d.down {
			if d.paused {
				d.inbox = append(d.inbox, g)
			} else {
				n.receive(d, g.data)
			}
		}
		return true
	}
	if node == nil {
		n.now = until
		return false
	}
	n.now = next
	n.do(node, node.m.Tick(n.now))
	return true
}

func (n *testNet) run(d time.Duration) {
	for until := n.now.Add(d); n.now < until && n.step(until); {
	}
}

// until runs until ok, at most d, and fails if that does not come about.
func (n *testNet) until(d time.Duration, what string, ok func() bool) time.Duration {
	n.t.Helper()
	began := n.now
	for end := n.now.Add(d); !ok(); {
		if n.now >= end || !n.step(end) && !ok() {
			for _, id := range n.ids {
				x := n.nodes[id]
				n.t.Logf("%d: %v %v members %v proc %v failed %v aru %d high %d events %v", id, x.m.state, x.m.ring, x.m.memb.members, x.m.memb.proc, x.m.memb.failed, x.m.regular.aru, x.m.regular.high, x.events[max(0, len(x.events)-6):])
			}
			n.t.Fatalf("after %v: not %s", d, what)
		}
	}
	return n.now.Sub(began)
}

// formed tells whether ids, and only they, are one operational ring.
func (n *testNet) formed(ids ...totem.NodeID) func() bool {
	return func() bool {
		for _, id := range ids {
			m := n.nodes[id].m
			if m.State() != Operational || !slices.Equal(m.Members(), ids) || m.Ring() != n.nodes[ids[0]].m.Ring() {
				return false
			}
		}
		return true
	}
}

func (n *testNet) resume(id totem.NodeID) {
	d := n.nodes[id]
	d.paused = false
	for _, g := range d.inbox {
		n.receive(d, g.data)
	}
	d.inbox = nil
	n.do(d, d.m.Drained(n.now))
}

// partition keeps the groups apart.
func (n *testNet) partition(groups ...[]totem.NodeID) {
	n.drop = func(from, to totem.NodeID, _ []byte) bool {
		for _, g := range groups {
			if slices.Contains(g, from) && slices.Contains(g, to) {
				return false
			}
		}
		return true
	}
}

func (d *testNode) messages() []string {
	var out []string
	for _, e := range d.events {
		if e[1] == ':' {
			out = append(out, e)
		}
	}
	return out
}

func typeOf(b []byte) wire.Type { return wire.Type(b[3]) }

func seqOf(b []byte) uint32 { return binary.NativeEndian.Uint32(b[wire.HeaderLen+4:]) }
