package ring

import (
	"sync"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// inbox is what other goroutines have for the ring thread: messages to send and
// calls to make, in order. Any number of writers, one reader. Neither ever waits
// for the other: a writer that loses its CPU in the middle delays nobody, which
// a mutex could not promise to a thread of real-time priority.
type inbox struct {
	head  atomic.Pointer[note] // the newest; a list towards older ones
	nodes sync.Pool
}

// note is one entry: a message, or a call to make on the ring thread.
type note struct {
	next  *note
	msg   *pg.Message
	trans bool
	call  func(*loop)
}

// put adds a note and tells whether the inbox was empty.
func (b *inbox) put(n *note) (first bool) {
	for {
		old := b.head.Load()
		n.next = old
		if b.head.CompareAndSwap(old, n) {
			return old == nil
		}
	}
}

func (b *inbox) newNote() *note {
	if n, ok := b.nodes.Get().(*note); ok {
		return n
	}
	return new(note)
}

// take empties the inbox and returns its notes, the oldest first.
func (b *inbox) take() *note {
	var list *note
	for n := b.head.Swap(nil); n != nil; {
		next := n.next
		n.next = list
		list, n = n, next
	}
	return list
}

// recycle gives a note back for another use.
func (b *inbox) recycle(n *note) {
	*n = note{}
	b.nodes.Put(n)
}

func (b *inbox) empty() bool { return b.head.Load() == nil }
