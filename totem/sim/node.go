package sim

import (
	"fmt"
	"hash/crc32"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// node is one node: what outlives a crash, and the present life.
type node struct {
	w      *world
	index  int
	id     totem.NodeID
	ppm    int64 // how much faster its clock runs, in millionths
	offset totem.Instant
	stored uint64 // ring sequence on stable storage
	used   uint64 // in use
	ahead  uint64 // the last that storing has begun of

	life      uint32
	up        bool
	paused    bool
	inbox     []event
	m         *srp.Machine
	packer    *pg.Packer
	adm       *pg.Admission
	store     *pg.Store
	asm       *pg.Assembler
	app       App
	load      *Workload
	wakeAt    totem.Instant // when the next wake event is due, 0 for none
	storeAt   totem.Instant // when the last StoreRing is done
	flushing  bool          // the machine wants to be told when the inbox is empty
	queue     []srp.Action  // for the service side
	room      []srp.Action  // memory for queue
	serving   bool          // a service event is due
	ring      totem.RingID  // of the last regular configuration seen above
	trans     bool
	delivered int
}

// local is the node's own time, monotonic like the world's.
func (n *node) local(t totem.Instant) totem.Instant {
	return n.offset + t + totem.Instant(int64(t)/1_000_000*n.ppm)
}

// global is the first instant at which the node's clock shows l or more.
func (n *node) global(l totem.Instant) totem.Instant {
	if l == totem.Never {
		return totem.Never
	}
	t := totem.Instant(float64(l-n.offset) / (1 + float64(n.ppm)/1e6))
	for n.local(t) < l {
		t += totem.Instant(max(1, int64(l-n.local(t))/2))
	}
	return t
}

func (n *node) now() totem.Instant { return n.local(n.w.now) }

// start begins a life.
func (n *node) start() {
	n.life++
	n.up, n.paused, n.flushing, n.serving = true, false, false, false
	n.wakeAt, n.storeAt = 0, 0
	n.ring, n.trans, n.delivered = totem.RingID{}, true, 0
	n.inbox, n.queue = nil, nil
	mtu := n.w.opts.mtu()
	n.adm = pg.NewAdmission(mtu)
	n.packer = pg.NewPacker(mtu, n.adm)
	n.store = pg.NewStore()
	n.load = &Workload{n: n}
	n.asm = pg.NewAssembler(func(d pg.Delivery) { n.app.OnMessage(d) }, n.Log("TOTEM"))
	t := n.w.opts.timing()
	n.m = srp.New(srp.Config{
		NodeID: n.id, RingSeq: n.stored,
		Token: t.token, TokenRetransmit: t.retransmit, TokenRetransmitsBeforeLoss: 4,
		Hold: t.hold, Join: t.join, Consensus: t.consensus, Merge: t.merge,
		Downcheck: time.Second, FailToRecvConst: 2500, SeqnoUnchangedConst: 30,
		WindowSize: 50, MaxMessages: 17, MissCountConst: 5,
		CancelTokenHoldOnRetransmit: n.w.multi, MaxNetworkDelay: 50 * time.Millisecond,
		NetMTU: mtu, Pool: n.w.pool, Source: n.packer, Rand: n.w.rnd.IntN, Log: n.Log("TOTEM"),
	})
	n.w.tracef(n, "starts life %d from ring sequence %d", n.life, n.stored)
	n.used, n.ahead = n.stored, n.stored+ringAhead
	n.stored = n.ahead
	n.app = n.w.newApp(n)
	n.do(n.m.Start(n.now()))
}

// stop ends the life: a crash, or after an orderly leave.
func (n *node) stop(why string) {
	n.w.tracef(n, "%s", why)
	for i := range n.queue {
		if n.queue[i].Packet != nil {
			n.queue[i].Packet.Release()
		}
	}
	for i := range n.inbox {
		n.inbox[i].pkt.Release()
	}
	n.up, n.paused, n.inbox, n.queue = false, false, nil, nil
	n.w.check(evs.Event{Proc: n.load.proc(0), Kind: evs.Crash})
}

// do carries out what the machine wants, as the ring thread does.
func (n *node) do(acts []srp.Action) {
	for i := range acts {
		a := acts[i]
		switch a.Kind {
		case srp.Mcast:
			n.w.net.multicast(n.index, a.Packet)
		case srp.Unicast:
			n.w.net.unicast(n.index, int(a.To)-1, a.Packet)
		case srp.Deliver, srp.Change:
			n.queue = append(n.queue, a)
		case srp.WaitTransAck:
			n.packer.NewConfiguration()
			n.queue = append(n.queue, a)
		case srp.StoreRing:
			n.storeRing(a.RingSeq)
		case srp.ExpectRing:
			n.expectRing(a.RingSeq)
		case srp.Paused:
			n.w.tracef(n, "paused for %d ms", a.N)
			n.flushing = true
		}
	}
	if cap(n.queue) > cap(n.room) {
		n.room = n.queue[:0]
	}
	if len(n.queue) > 0 && !n.serving {
		n.serve()
	}
	n.arm()
}

func (n *node) serve() {
	n.serving = true
	n.w.agenda.push(event{at: n.w.now.Add(time.Microsecond + n.w.exponential(n.w.opts.ServiceLag)), kind: service, to: n.index, life: n.life})
}

// ringAhead is how far what is stored runs ahead of the ring in use, as in
// totem/ring: a crash may come before a write is done.
const ringAhead = 1024

func (n *node) storeRing(seq uint64) {
	n.used = seq
	n.expectRing(seq)
}

func (n *node) expectRing(seq uint64) {
	if seq+ringAhead/2 < n.ahead {
		return
	}
	n.ahead = seq + ringAhead
	seq = n.ahead
	n.storeAt = max(n.storeAt+1, n.w.now.Add(n.w.exponential(n.w.opts.StoreLag)))
	n.w.after(n.storeAt, n, func() { n.stored = seq })
}

// arm sees to it that the machine is woken at its deadline.
func (n *node) arm() {
	d := n.m.NextDeadline()
	if d == totem.Never {
		return
	}
	// A machine that talks to itself takes time for it, too.
	at := max(n.global(d), n.w.now.Add(10*time.Microsecond))
	if n.wakeAt == 0 || at < n.wakeAt {
		n.wakeAt = at
		n.w.agenda.push(event{at: at, kind: wake, to: n.index, life: n.life})
	}
}

// onWake is a timer event, perhaps of a deadline that has moved since.
func (n *node) onWake(at totem.Instant) {
	if n.wakeAt != at {
		return
	}
	n.wakeAt = 0
	if n.paused {
		return
	}
	if n.m.NextDeadline() <= n.now() {
		n.do(n.m.Tick(n.now()))
		n.drained()
	} else {
		n.arm()
	}
}

// onArrive is a datagram.
func (n *node) onArrive(e event) {
	if n.paused {
		if len(n.inbox) >= n.w.opts.Inbox {
			n.w.net.stats.overflow++
			e.pkt.Release()
			return
		}
		n.inbox = append(n.inbox, e)
		return
	}
	n.receive(e)
	n.drained()
}

func (n *node) receive(e event) {
	n.do(n.m.Receive(n.now(), e.pkt))
	if crc32.Checksum(e.pkt.Data, crcTable) != e.crc {
		n.w.fail(fmt.Errorf("node %d has changed a datagram that others hold", n.id))
	}
	e.pkt.Release()
}

// drained tells the machine, if it wants to know, that nothing more waits.
func (n *node) drained() {
	if n.flushing && len(n.inbox) == 0 {
		n.flushing = false
		n.do(n.m.Drained(n.now()))
	}
}

// resume ends a pause. Whether the shell looks at the clock or at the sockets
// first is not said.
func (n *node) resume() {
	n.paused = false
	n.w.tracef(n, "resumes with %d datagrams", len(n.inbox))
	n.wakeAt = 0
	tick := func() {
		if n.m.NextDeadline() <= n.now() {
			n.do(n.m.Tick(n.now()))
		}
	}
	first := n.w.rnd.IntN(2) == 0
	if first {
		tick()
	}
	in := n.inbox
	n.inbox = nil
	for _, e := range in {
		n.receive(e)
	}
	if !first {
		tick()
	}
	n.drained()
	if len(n.queue) > 0 && !n.serving {
		n.serve()
	}
	n.arm()
}

// onService is a turn of the service side: it takes some of what waits.
func (n *node) onService() {
	n.serving = false
	if n.paused {
		return
	}
	take := len(n.queue)
	if take > 1 && n.w.rnd.IntN(4) == 0 {
		take = 1 + n.w.rnd.IntN(take)
	}
	for range take {
		a := n.queue[0]
		n.queue = n.queue[1:]
		n.handle(a)
		if !n.up || n.w.err != nil {
			return
		}
	}
	if len(n.queue) == 0 {
		n.queue = n.room
	}
	if len(n.queue) > 0 && !n.serving {
		n.serve()
	}
}

func (n *node) handle(a srp.Action) {
	switch a.Kind {
	case srp.Deliver:
		n.asm.Receive(a.From, a.Packet.Data[a.Off:], a.Swap)
		a.Packet.Release()
	case srp.WaitTransAck:
		n.asm.WaitTransAck()
	case srp.Change:
		c := a.Change
		n.w.tracef(n, "%v configuration %v members %v joined %v left %v", c.Type, c.Ring, c.Members, c.Joined, c.Left)
		n.w.configs++
		n.asm.Change(c)
		n.w.check(evs.Event{Proc: n.load.proc(0), Kind: evs.Configure, Config: &evs.Config{
			Type: c.Type, Ring: c.Ring, Members: c.Members, Left: c.Left, Joined: c.Joined, Lists: true,
		}})
		if n.w.err != nil {
			return
		}
		if c.Type == totem.Regular {
			n.ring = c.Ring
		}
		n.app.OnConfig(c)
		if c.Type == totem.Transitional {
			n.trans = true
			n.adm.SetTrans(true)
		}
	}
}

// What follows is the App's Env.

func (n *node) NodeID() totem.NodeID { return n.id }
func (n *node) Life() uint32         { return n.life }
func (n *node) Now() totem.Instant   { return n.now() }
func (n *node) Rand(i int) int       { return n.w.rnd.IntN(i) }
func (n *node) Workload() *Workload  { return n.load }
func (n *node) Calm() bool           { return n.w.calm }
func (n *node) Fail(err error)       { n.w.fail(fmt.Errorf("node %d: %w", n.id, err)) }
func (n *node) TransAck() {
	n.w.tracef(n, "synchronised in %v", n.ring)
	n.trans = false
	n.asm.TransAck()
	n.adm.SetTrans(false)
	n.do(n.m.TransAck(n.now(), n.ring))
}

// After runs fn by the node's clock; a pause holds it up.
func (n *node) After(d time.Duration, fn func()) (stop func()) {
	stopped := false
	at := n.global(n.now().Add(d))
	var run func()
	run = func() {
		switch {
		case stopped:
		case n.paused:
			n.w.after(n.w.now.Add(time.Millisecond), n, run)
		default:
			fn()
		}
	}
	n.w.after(at, n, run)
	return func() { stopped = true }
}

func (n *node) Mcast(group string, parts ...[]byte) bool {
	return n.Send(n.trans, false, group, parts...)
}

func (n *node) Send(trans, force bool, group string, parts ...[]byte) bool {
	size := pg.GroupsSize(group)
	for _, p := range parts {
		size += len(p)
	}
	n.adm.SetTrans(trans)
	if force {
		n.adm.Force(size)
	} else if !n.adm.Take(size) {
		return false
	}
	m := n.store.Get(size)
	m.Data = pg.AppendGroups(m.Data, group)
	for _, p := range parts {
		m.Data = append(m.Data, p...)
	}
	n.packer.Add(trans, m)
	n.do(n.m.MessagesQueued(n.now()))
	return true
}

func (n *node) Reserve(size int) int {
	packets, _, _ := n.adm.Reserve(size)
	return packets
}

func (n *node) Release(packets int) { n.adm.Release(packets) }

func (n *node) Log(subsys string) loglevel.Logger {
	if n.w.opts.Trace == nil {
		return loglevel.Discard
	}
	return nodeLog{n, subsys}
}

type nodeLog struct {
	n      *node
	subsys string
}

func (l nodeLog) Enabled(v loglevel.Level) bool { return v <= loglevel.Debug }

func (l nodeLog) Logf(v loglevel.Level, format string, args ...any) {
	if v <= loglevel.Debug {
		l.n.w.tracef(l.n, "[%s] "+format, append([]any{l.subsys}, args...)...)
	}
}
