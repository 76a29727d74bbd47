package clustersim

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

// state is where a client stands with its group.
type state int

const (
	away state = iota
	joining
	joined
	leaving
)

const group = "sim"

// client is a program that uses CPG; service.Conn. Every stay in the group is a
// process of its own to the checker.
type client struct {
	n      *node
	pid    uint32
	serial uint64
	open   bool
	data   any
	state  state
	stays  uint32
	proc   evs.Proc       // of the present stay
	placed bool           // the checker knows in which ring the stay began
	down   []totem.NodeID // whose processes have gone with their node since then
	ring   *evs.Config    // the last that it was told of, in a group or not
	sent   uint64
	answer int32 // the error of the last response
}

func newClient(n *node) *client {
	c := &client{n: n}
	c.later()
	return c
}

func (c *client) later() {
	env := c.n.env
	pause := 3*env.Workload().Pause() + time.Duration(env.Rand(5))*time.Millisecond
	env.After(pause, func() {
		c.act()
		c.later()
	})
}

// act is a client's turn: what it does next is left to chance.
func (c *client) act() {
	env := c.n.env
	if env.Calm() {
		return
	}
	switch {
	case c.state == away:
		c.join()
	case c.state == joined && env.Rand(40) == 0:
		c.leave()
	case c.state != away && env.Rand(60) == 0:
		c.disconnect()
	case c.state == joined:
		for range 1 + env.Rand(6) {
			if !c.mcast() {
				return
			}
		}
	}
}

// request hands a request to the executive, as the IPC server does.
func (c *client) request(b []byte) bool {
	c.answer = 0
	id := int32(service.Order.Uint32(b))
	return c.n.exec.Request(c, service.CPG, id, b) == engine.Served && c.answer == csOK
}

const csOK = 1

func (c *client) join() {
	if !c.n.exec.Ready() {
		return
	}
	if !c.open {
		c.n.serial++
		c.serial, c.pid = c.n.serial, c.n.env.Life()*1000+uint32(c.n.serial)
		must(c.n.cpg.Open(c))
		c.open = true
	}
	q := wire.JoinRequest{Group: []byte(group), PID: c.pid, Flags: wire.DeliverInitialTotemConf}
	if c.request(q.AppendTo(nil)) {
		c.stays++
		c.state, c.placed, c.sent = joining, false, 0
		c.proc = evs.Proc{Node: c.n.env.NodeID(), Life: c.pid*100 + c.stays}
	}
}

func (c *client) leave() {
	q := wire.LeaveRequest{Group: []byte(group), PID: c.pid}
	if c.request(q.AppendTo(nil)) {
		c.state = leaving
	}
}

// disconnect is what the executive sees of a client that dies.
func (c *client) disconnect() {
	c.die()
	c.open, c.ring = false, nil
	c.n.cpg.Close(c)
}

// die ends a stay for the checker.
func (c *client) die() {
	if c.state != away {
		c.n.c.check(c.n, evs.Event{Proc: c.proc, Kind: evs.Crash})
	}
	c.state, c.placed = away, false
}

// mcast sends a message: who, the number, and something.
func (c *client) mcast() bool {
	size := c.n.env.Rand(400)
	if c.n.env.Rand(50) == 0 {
		size = c.n.env.Rand(20000)
	}
	b := make([]byte, 12+size)
	binary.LittleEndian.PutUint32(b, c.proc.Life)
	binary.LittleEndian.PutUint64(b[4:], c.sent+1)
	for i := range b[12:] {
		b[12+i] = byte(i + size)
	}
	q := wire.McastRequest{Message: b}
	// No answer comes to this one.
	msg := q.AppendTo(nil)
	if c.n.exec.Request(c, service.CPG, wire.ReqMcast, msg) != engine.Served {
		return false
	}
	c.sent++
	c.n.c.check(c.n, evs.Event{Proc: c.proc, Kind: evs.Send, Msg: evs.MsgID{From: c.proc, Seq: c.sent}, Sum: sum(b)})
	return true
}

func sum(b []byte) uint64 {
	return uint64(crc32.ChecksumIEEE(b)) | 1<<32
}

// What follows makes the client a service.Conn.

func (c *client) Serial() uint64 { return c.serial }
func (c *client) PID() int       { return int(c.pid) }
func (c *client) UID() uint32    { return 0 }
func (c *client) GID() uint32    { return 0 }
func (c *client) Queued() int    { return 0 }
func (c *client) Disconnect()    { c.disconnect() }
func (c *client) Data() any      { return c.data }
func (c *client) SetData(d any)  { c.data = d }

func (c *client) Respond(parts ...[]byte) {
	if b := slices.Concat(parts...); len(b) >= service.ResponseHeaderSize {
		c.answer = int32(service.Order.Uint32(b[16:]))
	}
}

// Event is what libcpg would dispatch.
func (c *client) Event(parts ...[]byte) {
	b := slices.Concat(parts...)
	if err := c.event(b); err != nil {
		c.n.env.Fail(fmt.Errorf("CPG: event of client %v: %w", c.proc, err))
	}
}

func (c *client) event(b []byte) error {
	id := service.Order.Uint32(b)
	if c.state == away && id != wire.EventTotemConfchg {
		return fmt.Errorf("it is in no group")
	}
	switch id {
	case wire.EventTotemConfchg:
		ev, err := wire.ParseTotemConfchg(b)
		if err != nil {
			return err
		}
		c.onRing(&ev)
	case wire.EventConfchg:
		ev, err := wire.ParseConfchg(b)
		if err != nil {
			return err
		}
		return c.confchg(&ev)
	case wire.EventDeliver:
		ev, err := wire.ParseDeliver(b)
		if err != nil {
			return err
		}
		if len(ev.Message) < 12 {
			return fmt.Errorf("a message of %d bytes", len(ev.Message))
		}
		from := evs.Proc{Node: totem.NodeID(ev.Node), Life: binary.LittleEndian.Uint32(ev.Message)}
		if from.Life/100 != ev.PID {
			return fmt.Errorf("message of %v is delivered as of pid %d", from, ev.PID)
		}
		c.n.c.messages++
		c.n.c.check(c.n, evs.Event{Proc: c.proc, Kind: evs.Deliver, Msg: evs.MsgID{From: from, Seq: binary.LittleEndian.Uint64(ev.Message[4:])}, Sum: sum(ev.Message)})
	default:
		return fmt.Errorf("event %d", id)
	}
	return nil
}

// onRing is a new ring, or, once for a connection, the present one again.
func (c *client) onRing(ev *wire.TotemConfchg) {
	if c.ring != nil && c.ring.Ring == ev.Ring {
		return
	}
	c.ring = &evs.Config{Ring: ev.Ring, Members: ev.Members, Left: c.down, Lists: true}
	c.down = nil
	switch {
	case c.placed:
		c.n.c.check(c.n, evs.Event{Proc: c.proc, Kind: evs.Configure, Config: c.ring})
	case c.state == joined:
		c.place()
	}
}

// place tells the checker that the stay begins, in the middle of the ring.
func (c *client) place() {
	if c.ring == nil {
		return // it will be told next
	}
	initial := *c.ring
	initial.Initial = true
	c.placed, c.down = true, nil
	c.n.c.check(c.n, evs.Event{Proc: c.proc, Kind: evs.Configure, Config: &initial})
}

// confchg is a change of the group's members.
func (c *client) confchg(ev *wire.Confchg) error {
	self := func(a wire.Address) bool {
		return a.Node == uint32(c.n.env.NodeID()) && a.PID == c.pid
	}
	for _, a := range ev.Left {
		if a.Reason == wire.NodeDown {
			c.down = append(c.down, totem.NodeID(a.Node))
		}
	}
	in := slices.ContainsFunc(ev.Members, self)
	switch {
	case slices.ContainsFunc(ev.Joined, self):
		if c.state != joining || !in {
			return fmt.Errorf("told that it has joined, state %d, among the members: %v", c.state, in)
		}
		c.state = joined
		c.place()
	case slices.ContainsFunc(ev.Left, self):
		if c.state != leaving || in {
			return fmt.Errorf("told that it has left, state %d, among the members: %v", c.state, in)
		}
		c.die()
	case !in && c.state != joining:
		return fmt.Errorf("it is not among the members %v", ev.Members)
	}
	return nil
}
