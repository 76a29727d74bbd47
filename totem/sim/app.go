package sim

import (
	"encoding/binary"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// App is what stands above a node's ring, for one of the node's lives. Its
// calls come one at a time, in the ring's order; it answers through its Env, from
// within them or from timers.
type App interface {
	// OnMessage is a message of any group, valid during the call.
	OnMessage(pg.Delivery)
	// OnConfig is a configuration change. After a regular one the app must come
	// to call Env.TransAck.
	OnConfig(*totem.ConfigChange)
}

// Settler is an App that has its own idea of liveness: Settled tells what is
// still to happen once the faults have stopped.
type Settler interface {
	Settled() error
}

// Env is what an App may do.
type Env interface {
	NodeID() totem.NodeID
	// Life counts the node's lives from 1.
	Life() uint32
	// Now is the node's own, drifting clock.
	Now() totem.Instant
	// After calls fn once, d later by the node's clock, unless it has crashed.
	After(d time.Duration, fn func()) (stop func())
	// Rand returns a number in [0,n).
	Rand(n int) int
	// Mcast sends a message to all nodes, this one included; false when the send
	// queue is full. Between a transitional configuration and TransAck it goes
	// through the queue of the synchronisation.
	Mcast(group string, parts ...[]byte) bool
	// Send is Mcast with the queue chosen by the caller; force sends although the
	// queue is full.
	Send(trans, force bool, group string, parts ...[]byte) bool
	// TransAck ends the synchronisation that the last regular configuration
	// began.
	TransAck()
	Log(subsys string) loglevel.Logger
	// Workload carries the simulator's own messages, so that an app may have the
	// workload's checks as well: Send from time to time while clients would be
	// served, and Receive for each message of group "load".
	Workload() *Workload
	// Calm tells that faults and workload have stopped.
	Calm() bool
	// Fail reports a broken invariant of the app's own; it ends the run.
	Fail(err error)
}

// barrier is the default App: after a regular configuration, each node sends
// what it has to say to the others and then a barrier; when all barriers have
// come, the synchronisation is over (exec/sync.c, with one service).
type barrier struct {
	env     Env
	ring    totem.RingID
	members []totem.NodeID
	passed  []bool
	syncing bool
	stop    func()
}

const groupBarrier = pg.GroupSync

func newBarrier(env Env) App {
	b := &barrier{env: env, syncing: true}
	b.later()
	return b
}

// later asks for the workload's next turn.
func (b *barrier) later() {
	b.stop = b.env.After(b.env.Workload().Pause(), func() {
		if !b.syncing {
			b.env.Workload().Send()
		}
		b.later()
	})
}

func (b *barrier) OnConfig(c *totem.ConfigChange) {
	b.syncing = true
	if c.Type == totem.Transitional {
		b.ring = totem.RingID{}
		return
	}
	b.ring, b.members = c.Ring, c.Members
	b.passed = make([]bool, len(c.Members))
	b.env.Workload().SendSync()
	var msg [12]byte
	binary.LittleEndian.PutUint32(msg[:], uint32(c.Ring.Rep))
	binary.LittleEndian.PutUint64(msg[4:], c.Ring.Seq)
	b.send(c.Ring, msg[:])
}

// send sends the barrier, again while there is no room.
func (b *barrier) send(ring totem.RingID, msg []byte) {
	if b.ring != ring || b.env.Mcast(groupBarrier, msg) {
		return
	}
	b.env.After(time.Millisecond, func() { b.send(ring, msg) })
}

func (b *barrier) OnMessage(d pg.Delivery) {
	switch {
	case d.Groups.Has(GroupLoad):
		b.env.Workload().Receive(d)
	case d.Groups.Has(groupBarrier) && len(d.Payload) == 12:
		ring := totem.RingID{
			Rep: totem.NodeID(binary.LittleEndian.Uint32(d.Payload)),
			Seq: binary.LittleEndian.Uint64(d.Payload[4:]),
		}
		if ring == b.ring && b.syncing {
			b.pass(d.From)
		}
	}
}

func (b *barrier) pass(from totem.NodeID) {
	all := true
	for i, id := range b.members {
		b.passed[i] = b.passed[i] || id == from
		all = all && b.passed[i]
	}
	if all {
		b.syncing = false
		b.env.TransAck()
	}
}
