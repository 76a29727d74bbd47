package srp

import "github.com/ringmaster-ha/ringmaster/totem"

// windowSize is how many messages of a ring may be outstanding
// (QUEUE_RTR_ITEMS_SIZE_MAX); a power of two, so that a number's place is a mask.
const windowSize = 16384

// seqLess compares sequence numbers, which wrap.
func seqLess(a, b uint32) bool { return int32(a-b) < 0 }

// slot is one place of a window.
type slot struct {
	pkt *totem.Packet // nil: not received
	// at is when a request for the message was last answered, or while it is
	// missing last made.
	at     totem.Instant
	from   totem.NodeID
	misses uint16 // token visits at which it was missing
	head   uint8  // where in the packet the multicast begins: 0, or after an encapsulation
	flags  slotFlags
}

type slotFlags uint8

const (
	swapped slotFlags = 1 << iota // its sender's byte order is not ours
	encaps                        // a message of recovery, with one of the old ring within
)

// window holds the multicasts of one ring, by sequence number, until all have
// them.
//
// Invariants: base-1 <= aru <= high; every number in (aru, high] that is not
// there is a hole, and there is none in [base, aru]; base <= delivered+1.
type window struct {
	base      uint32 // the lowest number that is kept
	aru       uint32 // all received up to here
	high      uint32 // the highest received
	delivered uint32 // handed up to here
	missed    uint32 // the highest that miss was called for, if inRange
	slots     []slot
}

func newWindow() *window {
	return &window{base: 1, slots: make([]slot, windowSize)}
}

func (w *window) slot(seq uint32) *slot { return &w.slots[seq%windowSize] }

// inRange tells whether the window has a place for a number.
func (w *window) inRange(seq uint32) bool { return seq-w.base < windowSize }

// has tells whether a message is there.
func (w *window) has(seq uint32) bool { return w.inRange(seq) && w.slot(seq).pkt != nil }

// miss returns the slot of a message that is missing, for what is noted of it.
// Precondition: inRange.
func (w *window) miss(seq uint32) *slot {
	if !w.inRange(w.missed) || seqLess(w.missed, seq) {
		w.missed = seq
	}
	return w.slot(seq)
}

// put keeps a message, which it retains, unless it has it already or has no
// place for it.
func (w *window) put(seq uint32, s slot) bool {
	if !w.inRange(seq) {
		return false
	}
	at := w.slot(seq)
	if at.pkt != nil {
		return false
	}
	s.pkt.Retain()
	*at = s
	if seqLess(w.high, seq) {
		w.high = seq
	}
	return true
}

// advance moves aru up to the first hole.
func (w *window) advance() {
	for w.aru != w.high && w.has(w.aru+1) {
		w.aru++
	}
}

// release lets go of everything up to a number.
func (w *window) release(to uint32) {
	for ; !seqLess(to, w.base); w.base++ {
		s := w.slot(w.base)
		if s.pkt != nil {
			s.pkt.Release()
		}
		*s = slot{}
	}
}

// reset empties the window for a new ring.
func (w *window) reset() {
	last := w.high
	if w.inRange(w.missed) && seqLess(last, w.missed) {
		last = w.missed
	}
	w.release(last)
	*w = window{base: 1, slots: w.slots}
}
