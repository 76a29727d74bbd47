package engine_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	execengine "github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/engine"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// world is a cluster in memory: executives with their quorum engines on an
// ordered bus that can be cut into rings, under one virtual clock.
type world struct {
	t       testing.TB
	out     io.Writer // trace
	level   loglevel.Level
	now     totem.Instant
	seq     uint64
	timers  []*timer
	timerNo int
	hosts   map[totem.NodeID]*host
	conf    func(id totem.NodeID) *icmap.Map
	next    int // whose turn it is on the bus
}

// host is one machine: what survives a crash, and the process while it runs.
type host struct {
	w       *world
	id      totem.NodeID
	barrier uint32 // ev_tracking
	up      *process
}

// process is a running daemon. It is its executive's carrier.
type process struct {
	*host
	node    *execengine.Node
	cmap    *icmap.Map
	quorum  *engine.Service
	ring    totem.RingID
	members []totem.NodeID
	waiting bool // for TransAck
	normal  []message
	trans   []message
	conns   uint64
	full    bool // the send queue takes nothing
	reports []bool
}

type message struct {
	from  totem.NodeID
	group string
	data  []byte
}

type timer struct {
	at totem.Instant
	no int
	fn func()
}

func newWorld(t testing.TB, out io.Writer) *world {
	return &world{t: t, out: out, level: loglevel.Info, hosts: map[totem.NodeID]*host{}}
}

func (w *world) printf(format string, args ...any) { fmt.Fprintf(w.out, format, args...) }

func (w *world) host(id totem.NodeID) *host {
	h := w.hosts[id]
	if h == nil {
		h = &host{w: w, id: id}
		w.hosts[id] = h
	}
	return h
}

// start runs the daemon of a host; it is in no ring yet.
func (w *world) start(id totem.NodeID) error {
	h := w.host(id)
	p := &process{host: h, cmap: w.conf(id), waiting: true}
	p.node = execengine.NewNode(p, p.cmap, nil)
	q, err := engine.New(engine.Config{Host: p.node, Map: p.cmap, Barrier: h})
	if err != nil {
		return err
	}
	p.quorum = q
	for _, e := range q.Engines() {
		if err := p.node.Register(e.Name, e.Engine); err != nil {
			return err
		}
	}
	p.node.SetQuorum(q.Quorate)
	q.OnQuorum(func(quorate bool) { p.reports = append(p.reports, quorate) })
	h.up = p
	return nil
}

// rings puts all running nodes into the given rings and lets them settle; a
// running node that is in none stays as it is.
func (w *world) rings(parts ...[]totem.NodeID) {
	w.cut(parts...)
	w.settle()
}

// cut gives the configurations without delivering what follows them.
func (w *world) cut(parts ...[]totem.NodeID) {
	type change struct {
		p              *process
		trans, regular *totem.ConfigChange
	}
	var changes []change
	for _, part := range parts {
		w.seq += 4
		part = slices.Clone(part)
		slices.Sort(part)
		ring := totem.RingID{Rep: part[0], Seq: w.seq}
		for _, id := range part {
			p := w.hosts[id].up
			var trans []totem.NodeID
			for _, m := range part {
				if m == id || p.ring != (totem.RingID{}) && w.hosts[m].up.ring == p.ring {
					trans = append(trans, m)
				}
			}
			changes = append(changes, change{p,
				&totem.ConfigChange{Type: totem.Transitional, Members: trans, Ring: ring},
				&totem.ConfigChange{Type: totem.Regular, Members: part, Ring: ring}})
		}
	}
	for _, c := range changes {
		c.p.ring, c.p.members, c.p.waiting = c.regular.Ring, c.regular.Members, true
	}
	for _, c := range changes {
		c.p.node.ConfigChange(c.trans)
		c.p.node.ConfigChange(c.regular)
	}
}

// step lets one node send one message; false when none has any.
func (w *world) step() bool {
	ids := w.running()
	for i := range ids {
		p := w.hosts[ids[(w.next+i)%len(ids)]].up
		q := &p.normal
		if p.waiting {
			q = &p.trans
		}
		if len(*q) == 0 || len(p.members) == 0 {
			continue
		}
		w.next += i + 1
		m := (*q)[0]
		*q = (*q)[1:]
		for _, id := range p.members {
			if to := w.hosts[id].up; to != nil && to.ring == p.ring {
				to.node.Deliver(m.from, m.group, m.data, binary.NativeEndian)
			}
		}
		return true
	}
	return false
}

func (w *world) settle() {
	for range 100000 {
		if !w.step() && !w.runTimer(w.now) {
			return
		}
	}
	w.t.Fatal("the cluster does not settle")
}

// advance lets time pass, in whose course timers run and messages flow.
func (w *world) advance(d time.Duration) {
	w.settle()
	end := w.now.Add(d)
	for w.runTimer(end) {
		w.settle()
	}
	w.now = end
}

// runTimer runs the first timer that is due by then.
func (w *world) runTimer(until totem.Instant) bool {
	if len(w.timers) == 0 {
		return false
	}
	t := slices.MinFunc(w.timers, func(a, b *timer) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.no, b.no))
	})
	// The synchronisation asks a waiting service again every millisecond: that
	// alone is no reason for time to pass.
	if t.at > until {
		return false
	}
	w.now = max(w.now, t.at)
	w.drop(t)
	t.fn()
	return true
}

func (w *world) drop(t *timer) {
	w.timers = slices.DeleteFunc(w.timers, func(o *timer) bool { return o == t })
}

func (w *world) running() []totem.NodeID {
	var ids []totem.NodeID
	for id, h := range w.hosts {
		if h.up != nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// crash ends a process; its timers die with it.
func (w *world) crash(id totem.NodeID) { w.hosts[id].up = nil }

// leave ends a process in order: what it says last is still heard.
func (w *world) leave(id totem.NodeID) {
	w.hosts[id].up.node.Stop(func(service.Info) {})
	w.settle()
	w.crash(id)
}

func (h *host) LoadBarrier() (uint32, error) { return h.barrier, nil }
func (h *host) StoreBarrier(votes uint32)    { h.barrier = votes }

// The methods of the executive's Carrier.

func (p *process) NodeID() totem.NodeID { return p.id }

func (p *process) Send(trans bool, group string, parts ...[]byte) bool {
	if p.full && group == execengine.GroupServices {
		return false
	}
	m := message{p.id, group, slices.Concat(parts...)}
	if trans {
		p.trans = append(p.trans, m)
	} else {
		p.normal = append(p.normal, m)
	}
	return true
}

func (p *process) Reserve(int) int { return 1 }
func (p *process) Release(int)     {}

func (p *process) TransAck(ring totem.RingID) {
	if ring == p.ring {
		p.waiting = false
	}
}

func (p *process) After(d time.Duration, fn func()) service.Timer {
	w := p.w
	w.timerNo++
	t := &timer{at: w.now.Add(d), no: w.timerNo, fn: func() {
		if p.host.up == p {
			fn()
		}
	}}
	w.timers = append(w.timers, t)
	return stopper{w, t}
}

type stopper struct {
	w *world
	t *timer
}

func (s stopper) Stop() { s.w.drop(s.t) }

func (p *process) Now() totem.Instant             { return p.w.now }
func (p *process) WallNow() time.Time             { return time.Time{} }
func (p *process) Rand(int) int                   { return 0 }
func (p *process) Log(sub string) loglevel.Logger { return &logger{p, sub} }

type logger struct {
	p   *process
	sub string
}

func (l *logger) Enabled(v loglevel.Level) bool { return v <= l.p.w.level }

func (l *logger) Logf(v loglevel.Level, format string, args ...any) {
	if !l.Enabled(v) || l.sub == "MAIN" || l.sub == "SERV" || l.sub == "SYNC" {
		return
	}
	name := [...]string{loglevel.Crit: "crit ", loglevel.Error: "error ", loglevel.Warning: "warning ", loglevel.Debug: "debug "}
	mark := ""
	if int(v) < len(name) {
		mark = name[v]
	}
	l.p.w.printf("%d %s %s%s\n", l.p.id, l.sub, mark, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// conn is a client in memory.
type conn struct {
	p         *process
	svc       service.ID
	serial    uint64
	data      any
	responses [][]byte
	events    [][]byte
}

// connect opens a client of one of the engines.
func (p *process) connect(svc service.ID) *conn {
	p.conns++
	c := &conn{p: p, svc: svc, serial: p.conns}
	if err := p.node.Engine(svc).Open(c); err != nil {
		p.w.t.Fatal(err)
	}
	return c
}

// call makes a request and returns its response once the ring has settled.
func (c *conn) call(req []byte) []byte {
	c.responses = nil
	c.p.node.Request(c, c.svc, int32(binary.NativeEndian.Uint32(req)), req)
	c.p.w.settle()
	if len(c.responses) != 1 {
		c.p.w.t.Fatalf("%d responses to request %x", len(c.responses), req)
	}
	return c.responses[0]
}

func (c *conn) Serial() uint64          { return c.serial }
func (c *conn) PID() int                { return 1 }
func (c *conn) UID() uint32             { return 0 }
func (c *conn) GID() uint32             { return 0 }
func (c *conn) Respond(parts ...[]byte) { c.responses = append(c.responses, slices.Concat(parts...)) }
func (c *conn) Event(parts ...[]byte)   { c.events = append(c.events, slices.Concat(parts...)) }
func (c *conn) Queued() int             { return 0 }
func (c *conn) Disconnect()             { c.p.node.Engine(c.svc).Close(c) }
func (c *conn) Data() any               { return c.data }
func (c *conn) SetData(d any)           { c.data = d }
