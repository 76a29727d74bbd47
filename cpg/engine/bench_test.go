package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// sink is a host that keeps the last message as the ring's send buffer would.
type sink struct{ last []byte }

func (s *sink) NodeID() totem.NodeID { return 1 }
func (s *sink) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	s.last = append(s.last[:0], make([]byte, service.HeaderSize)...)
	for _, p := range parts {
		s.last = append(s.last, p...)
	}
	order.PutUint32(s.last, uint32(id)<<16|uint32(fn))
	order.PutUint32(s.last[8:], uint32(len(s.last)))
	return true
}
func (s *sink) After(time.Duration, func()) service.Timer { panic("no timer is due") }
func (s *sink) Now() totem.Instant                        { return 0 }
func (s *sink) WallNow() time.Time                        { return time.Time{} }
func (s *sink) Rand(int) int                              { return 0 }
func (s *sink) Quorate() bool                             { return true }
func (s *sink) OnQuorum(func(bool))                       {}
func (s *sink) Log(string) loglevel.Logger                { return loglevel.Discard }

// ear is a client that copies its events into its ring buffer.
type ear struct {
	conn
	ring []byte
}

func (e *ear) Event(parts ...[]byte) {
	n := 0
	for _, p := range parts {
		n += copy(e.ring[n:], p)
	}
}

// benchGroup is a node with k clients in one group.
func benchGroup(k int) (*sink, *engine.Engine, []*ear) {
	s := &sink{}
	e := engine.New(s, engine.Options{})
	clients := make([]*ear, k)
	for i := range clients {
		c := &ear{ring: make([]byte, 1<<20+1024)}
		c.serial, c.pid = uint64(i+1), uint32(i+1)
		clients[i] = c
		e.Open(c)
		q := wire.JoinRequest{Group: []byte("crmd"), PID: c.pid}
		e.Request(c, wire.ReqJoin, q.AppendTo(nil))
		e.Deliver(1, wire.ExecProcJoin, s.last, order)
	}
	return s, e, clients
}

// One multicast of a client through to all k clients of the node.
func BenchmarkMcast(b *testing.B) {
	for _, k := range []int{1, 8} {
		for _, size := range []int{64, 1024, 65536} {
			b.Run(fmt.Sprintf("clients=%d/size=%d", k, size), func(b *testing.B) {
				s, e, clients := benchGroup(k)
				q := wire.McastRequest{Guarantee: 2, Message: make([]byte, size)}
				msg := q.AppendTo(nil)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					e.Request(clients[0], wire.ReqMcast, msg)
					e.Deliver(1, wire.ExecMcast, s.last, order)
				}
			})
		}
	}
}

// In the steady state, a multicast and its delivery allocate nothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s, e, clients := benchGroup(3)
	q := wire.McastRequest{Guarantee: 2, Message: make([]byte, 300)}
	msg := q.AppendTo(nil)
	p := wire.PartialMcastRequest{Type: wire.First, MsgLen: 600, Message: make([]byte, 300)}
	part := p.AppendTo(nil)
	round := func() {
		e.Request(clients[1], wire.ReqMcast, msg)
		e.Deliver(1, wire.ExecMcast, s.last, order)
		e.Request(clients[1], wire.ReqPartialMcast, part)
		e.Deliver(1, wire.ExecPartialMcast, s.last, order)
	}
	round()
	clients[1].answer = nil
	if n := testing.AllocsPerRun(100, round); n > 1 { // the test's own Respond keeps the answer
		t.Errorf("%v allocations", n)
	}
}
