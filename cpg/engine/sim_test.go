package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// world is a set of nodes with a CPG engine each, and rings between them. A
// ring delivers to its nodes the same messages in the same order; each node
// keeps its own pace. When the membership changes, nodes that stay together
// first deliver the same rest of the old ring, then the transitional and the
// regular configuration, then synchronise as exec/sync.c does.
type world struct {
	t     testing.TB
	nodes map[totem.NodeID]*node
	seq   uint64
	lose  func() bool // loses a message of a node that does not come along
}

// ring is one configuration: the order in which its nodes deliver.
type ring struct {
	id      totem.RingID
	members []totem.NodeID
	log     []message
}

type message struct {
	from totem.NodeID
	kind kind
	fn   int
	body []byte // whole message
	ring totem.RingID
}

type kind int

const (
	executive kind = iota
	build
	barrier
	last // the barrier of a service that is synchronised after CPG
)

// phase is where a node's synchronisation stands.
type phase int

const (
	idle phase = iota
	building
	processing
	waiting
	finishing // CPG is synchronised, another service is not
)

type node struct {
	w      *world
	id     totem.NodeID
	e      *engine.Engine
	ring   *ring
	next   int // of ring.log
	phase  phase
	got    map[totem.NodeID]bool
	normal []message // queued before the ring changed
	trans  []message // queued since, until the synchronisation is over
	tagged bool
	full   bool // the ring's queue takes nothing
	room   int  // that many more although full
	conns  map[uint64]*conn
	timers []*timer
	dead   bool
	mute   bool // sends nothing for now
	// forgetful nodes behave as the reference before 2ab885ab: a round that
	// breaks off while nodes wait for each other is not aborted.
	forgetful bool
}

type timer struct {
	fn      func()
	stopped bool
}

func (t *timer) Stop() { t.stopped = true }

func newWorld(t testing.TB, ids ...totem.NodeID) *world {
	w := &world{t: t, nodes: make(map[totem.NodeID]*node)}
	for _, id := range ids {
		w.start(id)
	}
	return w
}

func (w *world) start(id totem.NodeID) *node {
	n := &node{w: w, id: id, conns: make(map[uint64]*conn)}
	n.e = engine.New(n, engine.Options{})
	w.nodes[id] = n
	w.form(id)
	return n
}

// node implements service.Host.
func (n *node) NodeID() totem.NodeID { return n.id }
func (n *node) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	if n.full && n.room == 0 {
		return false
	}
	if n.full {
		n.room--
	}
	body := make([]byte, service.HeaderSize)
	for _, p := range parts {
		body = append(body, p...)
	}
	service.Order.PutUint32(body, uint32(id)<<16|uint32(fn))
	service.Order.PutUint32(body[8:], uint32(len(body)))
	n.queue(message{from: n.id, fn: fn, body: body})
	return true
}
func (n *node) After(_ time.Duration, fn func()) service.Timer {
	t := &timer{fn: fn}
	n.timers = append(n.timers, t)
	return t
}
func (n *node) Now() totem.Instant         { return 0 }
func (n *node) WallNow() time.Time         { return time.Time{} }
func (n *node) Rand(int) int               { return 0 }
func (n *node) Quorate() bool              { return true }
func (n *node) OnQuorum(func(bool))        {}
func (n *node) Log(string) loglevel.Logger { return loglevel.Discard }

func (n *node) queue(m message) {
	if n.tagged {
		n.trans = append(n.trans, m)
	} else {
		n.normal = append(n.normal, m)
	}
}

// send moves one message of the node's queues to its ring, as a token visit
// does, and reports whether there was one.
func (n *node) send() bool {
	q := &n.normal
	if n.tagged || len(n.trans) > 0 {
		q = &n.trans
	}
	if n.dead || n.mute || len(*q) == 0 {
		return false
	}
	n.ring.log = append(n.ring.log, (*q)[0])
	*q = (*q)[1:]
	return true
}

// deliver lets the node deliver its ring's next message.
func (n *node) deliver() bool {
	if n.dead || n.next == len(n.ring.log) {
		return false
	}
	m := n.ring.log[n.next]
	n.next++
	switch {
	case m.kind == executive:
		n.e.Deliver(m.from, m.fn, m.body, service.Order)
	case m.ring != n.ring.id:
	case (m.kind == build) == (n.phase == building) && (m.kind == last) == (n.phase == finishing):
		n.arrived(m.from)
	}
	return true
}

func (n *node) arrived(from totem.NodeID) {
	n.got[from] = true
	for _, id := range n.ring.members {
		if !n.got[id] {
			return
		}
	}
	clear(n.got)
	if n.phase == building {
		n.phase = processing
		n.process()
		return
	}
	if n.phase == waiting {
		n.phase = finishing
		n.e.SyncActivate()
		n.queue(message{from: n.id, kind: last, ring: n.ring.id})
		return
	}
	n.phase = idle
	n.tagged = false
	n.e.SyncCompleted()
}

// process is the sync engine's work until the node waits at the barrier.
func (n *node) process() bool {
	if n.dead || n.phase != processing || !n.e.SyncProcess() {
		return false
	}
	n.phase = waiting
	n.queue(message{from: n.id, kind: barrier, ring: n.ring.id})
	return true
}

// tick runs the pending timers.
func (n *node) tick() bool {
	if n.dead {
		return false
	}
	due, ran := n.timers, false
	n.timers = nil
	for _, t := range due {
		if !t.stopped {
			t.fn()
			ran = true
		}
	}
	return ran
}

// form makes a ring of the nodes, whichever rings they are in now.
func (w *world) form(ids ...totem.NodeID) {
	slices.Sort(ids)
	w.seq += 4
	r := &ring{id: totem.RingID{Rep: ids[0], Seq: w.seq}, members: ids}
	trans := make(map[totem.NodeID][]totem.NodeID)
	for _, id := range ids {
		for _, other := range ids {
			if w.nodes[other].ring == w.nodes[id].ring && w.nodes[id].ring != nil || other == id {
				trans[id] = append(trans[id], other)
			}
		}
	}
	for _, id := range ids {
		n := w.nodes[id]
		if old := n.ring; old != nil {
			for _, other := range old.members {
				if o := w.nodes[other]; o.ring == old && !slices.Contains(ids, other) {
					defer w.leaveBehind(o, old)
				}
			}
		}
	}
	w.deliverRest(ids)
	for _, id := range ids {
		n := w.nodes[id]
		n.config(&totem.ConfigChange{Type: totem.Transitional, Members: trans[id], Ring: r.id})
		n.ring, n.next = r, 0
		n.config(&totem.ConfigChange{Type: totem.Regular, Members: ids, Ring: r.id})
		n.phase, n.got = building, make(map[totem.NodeID]bool)
		n.queue(message{from: n.id, kind: build, ring: r.id})
		n.e.SyncInit(trans[id], ids, r.id)
	}
}

// deliverRest lets nodes that stay together deliver, in the transitional
// configuration, what is left of their old ring: all that one of them has
// delivered, and of those that do not come along as much as arrived.
func (w *world) deliverRest(ids []totem.NodeID) {
	tails := make(map[*ring][]*node)
	var rings []*ring
	for _, id := range ids {
		if n := w.nodes[id]; n.ring != nil {
			if tails[n.ring] == nil {
				rings = append(rings, n.ring)
			}
			tails[n.ring] = append(tails[n.ring], n)
		}
	}
	for _, r := range rings {
		most := 0
		for _, n := range tails[r] {
			most = max(most, n.next)
		}
		tail := &ring{id: r.id, members: r.members, log: slices.Clone(r.log[:most])}
		lost := make(map[totem.NodeID]bool)
		for _, m := range r.log[most:] {
			if !slices.Contains(ids, m.from) && w.lose != nil && w.lose() {
				lost[m.from] = true
			}
			if !lost[m.from] {
				tail.log = append(tail.log, m)
			}
		}
		for _, n := range tails[r] {
			next := n.next
			back := n.ring
			n.ring, n.next = tail, next
			for n.deliver() {
			}
			n.ring = back // form compares it still
		}
	}
}

// leaveBehind gives a node that others left without a ring one of its own, or
// of those that are left with it.
func (w *world) leaveBehind(o *node, old *ring) {
	if o.ring != old || o.dead {
		return
	}
	var rest []totem.NodeID
	for _, id := range old.members {
		if n := w.nodes[id]; n.ring == old && !n.dead {
			rest = append(rest, id)
		}
	}
	w.form(rest...)
}

func (n *node) config(c *totem.ConfigChange) {
	n.e.ConfigChange(c)
	if n.phase == processing || n.phase != idle && n.phase != finishing && !n.forgetful {
		n.e.SyncAbort()
	}
	n.tagged = true
}

// crash ends a node; the others notice when a ring is formed without it.
func (w *world) crash(id totem.NodeID) {
	n := w.nodes[id]
	n.dead, n.ring = true, nil
}

// settle lets everything happen that is under way, one step of each node after
// the other, and fails if it never ends.
func (w *world) settle() {
	w.t.Helper()
	for range 100000 {
		busy := false
		for _, id := range w.ids() {
			n := w.nodes[id]
			busy = n.send() || busy
			busy = n.deliver() || busy
			busy = n.process() || busy
			busy = n.tick() || busy
		}
		if !busy {
			return
		}
	}
	w.t.Fatal("the nodes never come to rest")
}

func (w *world) ids() []totem.NodeID {
	var ids []totem.NodeID
	for id, n := range w.nodes {
		if !n.dead {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// conn is a client of a node. It implements service.Conn.
type conn struct {
	n      *node
	serial uint64
	pid    uint32
	group  string
	member bool // it has joined, as far as it knows
	data   any
	answer []byte
	events [][]byte
	open   bool
	seen   int // events already reported
}

var serials uint64

func (n *node) connect(pid uint32) *conn {
	serials++
	c := &conn{n: n, serial: serials, pid: pid, open: true}
	n.conns[c.serial] = c
	if err := n.e.Open(c); err != nil {
		n.w.t.Fatal(err)
	}
	return c
}

func (c *conn) Serial() uint64 { return c.serial }
func (c *conn) PID() int       { return int(c.pid) }
func (c *conn) UID() uint32    { return 0 }
func (c *conn) GID() uint32    { return 0 }
func (c *conn) Respond(parts ...[]byte) {
	c.answer = slices.Concat(parts...)
}
func (c *conn) Event(parts ...[]byte) { c.events = append(c.events, slices.Concat(parts...)) }
func (c *conn) Queued() int           { return 0 }
func (c *conn) Disconnect()           {}
func (c *conn) Data() any             { return c.data }
func (c *conn) SetData(d any)         { c.data = d }

// request is what the carrier does: flow control, then the engine.
func (c *conn) request(msg []byte) cserr.Code {
	c.n.w.t.Helper()
	id := int(service.Order.Uint32(msg))
	q := c.n.e.Info().Requests[id]
	if len(msg) < q.MinSize {
		c.n.w.t.Fatalf("request %d of %d bytes, least is %d", id, len(msg), q.MinSize)
	}
	if q.FlowControl && c.n.phase != idle {
		return cserr.TryAgain
	}
	c.answer = nil
	c.n.e.Request(c, id, msg)
	if c.answer == nil {
		if id != wire.ReqMcast {
			c.n.w.t.Fatalf("no response to request %d", id)
		}
		return cserr.OK
	}
	h, err := wire.ParseResponseHeader(c.answer)
	if err != nil {
		c.n.w.t.Fatal(err)
	}
	return h.Error
}

func (c *conn) join(group string, flags ...uint32) cserr.Code {
	q := wire.JoinRequest{Group: []byte(group), PID: c.pid}
	for _, f := range flags {
		q.Flags |= f
	}
	code := c.request(q.AppendTo(nil))
	if code == cserr.OK {
		c.group, c.member = group, true
	}
	return code
}

func (c *conn) leave(group string) cserr.Code {
	q := wire.LeaveRequest{Group: []byte(group), PID: c.pid}
	code := c.request(q.AppendTo(nil))
	if code == cserr.OK {
		c.member = false
	}
	return code
}

func (c *conn) mcast(text string) cserr.Code {
	q := wire.McastRequest{Guarantee: 2, Message: []byte(text)}
	return c.request(q.AppendTo(nil))
}

// kill ends the client as a crash of its process does.
func (c *conn) kill() {
	c.open, c.member = false, false
	delete(c.n.conns, c.serial)
	c.n.e.Close(c)
}

// log prints the client's events that it has not printed yet.
func (c *conn) log() string {
	c.n.w.t.Helper()
	var out []string
	for _, ev := range c.events[c.seen:] {
		out = append(out, printEvent(c.n.w.t, ev))
	}
	c.seen = len(c.events)
	return strings.Join(out, "\n")
}

func printEvent(t testing.TB, ev []byte) string {
	h, err := wire.ParseResponseHeader(ev)
	if err != nil {
		t.Fatal(err)
	}
	switch h.ID {
	case wire.EventConfchg:
		c, err := wire.ParseConfchg(ev)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s: members%v left%v joined%v", c.Group, printAll(c.Members), printAll(c.Left), printAll(c.Joined))
	case wire.EventDeliver:
		d, err := wire.ParseDeliver(ev)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s: %d:%d says %s", d.Group, d.Node, d.PID, d.Message)
	case wire.EventPartialDeliver:
		d, err := wire.ParsePartialDeliver(ev)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s: %d:%d fragment %d of %d: %s", d.Group, d.Node, d.PID, d.Type, d.MsgLen, d.Message)
	case wire.EventTotemConfchg:
		c, err := wire.ParseTotemConfchg(ev)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("ring %d %v", c.Ring.Rep, c.Members)
	}
	t.Fatalf("event %d", h.ID)
	return ""
}

func printAll(list []wire.Address) []string {
	out := []string{}
	for _, a := range list {
		s := fmt.Sprintf("%d:%d", a.Node, a.PID)
		if a.Reason != wire.Undefined {
			s += ":" + a.Reason.String()
		}
		out = append(out, s)
	}
	return out
}
