package logsys

import "sync/atomic"

// queueLen is how many lines may wait for the writer; a power of two. libqb
// bounds the waiting bytes to 512000, which lines of ordinary length make
// about as many.
const queueLen = 4096

// queue is a bounded queue of many producers and one consumer without a lock
// (D. Vyukov's, with a turn number per slot): a producer that is preempted
// half-way delays the reader, never another producer, so the ring's real-time
// thread cannot be made to wait by an ordinary goroutine that logs.
type queue struct {
	slots []slot
	_     [64]byte // tail and head on cache lines of their own
	tail  atomic.Uint64
	_     [64]byte
	head  uint64 // of the consumer
	wake  chan struct{}
}

type slot struct {
	// turn is the position that may be written here next; position+1 once it
	// has been written and may be read.
	turn atomic.Uint64
	rec  *record
}

func newQueue(n int) *queue {
	q := &queue{slots: make([]slot, n), wake: make(chan struct{}, 1)}
	for i := range q.slots {
		q.slots[i].turn.Store(uint64(i))
	}
	return q
}

// put reports false when the queue is full.
func (q *queue) put(r *record) bool {
	for {
		pos := q.tail.Load()
		s := &q.slots[pos%uint64(len(q.slots))]
		switch turn := s.turn.Load(); {
		case turn == pos:
			if !q.tail.CompareAndSwap(pos, pos+1) {
				continue
			}
			s.rec = r
			s.turn.Store(pos + 1)
			select {
			case q.wake <- struct{}{}:
			default: // a wake-up is under way already
			}
			return true
		case turn < pos:
			return false
		}
	}
}

// get returns nil when nothing is there; only the consumer calls it.
func (q *queue) get() *record {
	s := &q.slots[q.head%uint64(len(q.slots))]
	if s.turn.Load() != q.head+1 {
		return nil
	}
	r := s.rec
	s.rec = nil
	s.turn.Store(q.head + uint64(len(q.slots)))
	q.head++
	return r
}
