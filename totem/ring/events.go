package ring

import (
	"context"
	"net/netip"
	"runtime"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// EventKind says which fields of an Event count.
type EventKind uint8

const (
	// Deliver: the payload Packet.Data[Off:] from processor From, in agreed
	// order; Swap when the sender's byte order is not ours. The receiver
	// releases Packet.
	Deliver EventKind = iota + 1
	// Change: the configuration Change, in order with Deliver.
	Change
	// WaitTransAck: from here on the assembler's transitional set counts, until
	// the receiver has called Ring.TransAck with RingID.
	WaitTransAck
	// InterfaceUp and InterfaceDown: the transport is bound to Addr.
	InterfaceUp
	InterfaceDown
	// Paused: the ring thread stood still for Pause.
	Paused
	// Fatal: the ring cannot go on because of Err, which has been logged.
	Fatal
)

// Event is what the ring tells the services, in order.
type Event struct {
	Kind   EventKind
	Swap   bool
	From   totem.NodeID
	Off    int
	Packet *totem.Packet
	Change *totem.ConfigChange
	RingID totem.RingID
	Addr   netip.Addr
	Pause  Pause
	Err    error
}

// chunkLen is how many events one chunk of the queue holds.
const chunkLen = 128

// chunk is a piece of the queue: written by the ring thread, read by the
// receiver up to n.
type chunk struct {
	n    atomic.Int32
	next atomic.Pointer[chunk]
	ev   [chunkLen]Event
}

// events is the queue from the ring thread to the receiver, one goroutine each.
// It has no bound of its own and no lock; backlog tells the ring thread how far
// the receiver is behind.
type events struct {
	tail *chunk // the ring thread's
	// spare is a chunk that the receiver is through with.
	spare atomic.Pointer[chunk]

	head *chunk // the receiver's
	pos  int    // of head
	got  int64  // bytes of the events last returned

	backlog atomic.Int64
	waiting atomic.Bool
	ready   chan struct{}
	end     chan struct{} // closed when there will be no more
}

func newEvents() *events {
	c := new(chunk)
	return &events{tail: c, head: c, ready: make(chan struct{}, 1), end: make(chan struct{})}
}

// eventCost is what an event without payload counts in the backlog, in bytes.
const eventCost = 64

func (e *Event) cost() int64 {
	if e.Packet == nil {
		return eventCost
	}
	return int64(len(e.Packet.Data)) + eventCost
}

// slot returns where the next event goes; publish makes it visible. Writing in
// place spares a copy of what is most of a cache line pair.
func (q *events) slot() *Event {
	c := q.tail
	if c.n.Load() == chunkLen {
		n := q.spare.Swap(nil)
		if n == nil {
			n = new(chunk)
		}
		c.next.Store(n)
		q.tail, c = n, n
	}
	return &c.ev[c.n.Load()]
}

func (q *events) publish(cost int64) {
	q.backlog.Add(cost)
	q.tail.n.Add(1)
}

func (q *events) push(e Event) {
	*q.slot() = e
	q.publish(e.cost())
}

// own takes the receiver's part of the queue over from the receiver, if that
// waits in next. The one whose swap of waiting succeeds owns it: the ring thread
// until it calls ready or puts waiting back, the receiver else.
func (q *events) own() bool {
	return q.backlog.Load() != 0 && q.waiting.Load() && q.waiting.CompareAndSwap(true, false)
}

// wake hands what the ring thread owns back to the receiver, which it wakes.
func (q *events) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// disown hands what the ring thread owns, and has emptied, back to the receiver,
// which sleeps on.
func (q *events) disown() {
	q.forget()
	q.waiting.Store(true)
}

// next returns the events that wait, at least one; ErrClosed when the ring has
// ended and all has been read.
func (q *events) next(ctx context.Context) ([]Event, error) {
	q.forget()
	for {
		if list := q.poll(); list != nil {
			return list, nil
		}
		q.waiting.Store(true)
		if q.backlog.Load() != 0 && q.waiting.CompareAndSwap(true, false) {
			continue
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			q.reclaim()
			return nil, ctx.Err()
		case <-q.end:
			if list := q.poll(); list != nil {
				return list, nil
			}
			return nil, ErrClosed
		}
	}
}

// reclaim takes the queue back from the ring thread, which may have it just now
// and will not for long.
func (q *events) reclaim() {
	for !q.waiting.CompareAndSwap(true, false) {
		select {
		case <-q.ready:
			return
		default:
			runtime.Gosched()
		}
	}
}

// poll returns what can be read of the present chunk.
func (q *events) poll() []Event {
	if q.pos == chunkLen {
		n := q.head.next.Load()
		if n == nil {
			return nil
		}
		old := q.head
		q.head, q.pos = n, 0
		old.next.Store(nil)
		old.n.Store(0)
		clear(old.ev[:])
		q.spare.Store(old)
	}
	n := int(q.head.n.Load())
	if n == q.pos {
		return nil
	}
	list := q.head.ev[q.pos:n]
	q.pos = n
	for i := range list {
		q.got += list[i].cost()
	}
	return list
}

// forget takes the events last returned off the backlog.
func (q *events) forget() {
	if q.got != 0 {
		q.backlog.Add(-q.got)
		q.got = 0
	}
}
