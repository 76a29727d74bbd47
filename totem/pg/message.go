package pg

import (
	"math/bits"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Message is one message on its way to the ring, group header included.
//
// Ownership: who got it from a Store fills Data and hands it on; Packer.Add
// takes it over for good, and gives it back to its Store when its last byte has
// been packed. Nobody else may touch it from Add on. A Message made without a
// Store is left to the collector.
type Message struct {
	Data  []byte
	store *Store
	class int
}

// release gives the buffer back. Only the Packer calls it.
func (m *Message) release() {
	if m.store != nil {
		m.store.giveBack(m)
	}
}

// classMin is the exponent of the smallest buffer, 512 bytes; classes double
// from there to what holds the largest message with its headers.
const (
	classMin   = 9
	classCount = 13
)

// storeIdleMax bounds what a Store keeps of unused buffers, in bytes.
const storeIdleMax = 8 << 20

// returnSlots is how many buffers can be under way back; more are left to the
// collector.
const returnSlots = 4096

// Store lends message buffers to the service side and takes them back from the
// ring thread without a lock: a ring of one writer (the Packer) and one reader
// (the service side, whose calls come one at a time).
type Store struct {
	free [classCount][]*Message
	idle int // bytes in free

	slots [returnSlots]*Message
	head  atomic.Uint32 // next to write, by the Packer
	tail  atomic.Uint32 // next to read, by the service side
}

// NewStore returns an empty store; its buffers come as they are needed.
func NewStore() *Store { return &Store{} }

// Get lends a message with empty Data and room for size bytes, at most
// totem.MessageSizeMax and a kilobyte of headers.
func (s *Store) Get(size int) *Message {
	s.collect()
	c := 0
	if size > 1<<classMin {
		c = bits.Len(uint(size-1)) - classMin
	}
	if c >= classCount { // larger than any message: not for keeping
		return &Message{Data: make([]byte, 0, size)}
	}
	if n := len(s.free[c]); n > 0 {
		m := s.free[c][n-1]
		s.free[c][n-1] = nil
		s.free[c] = s.free[c][:n-1]
		s.idle -= 1 << (classMin + c)
		m.Data = m.Data[:0]
		return m
	}
	return &Message{Data: make([]byte, 0, 1<<(classMin+c)), store: s, class: c}
}

// collect moves what the ring thread has given back to the free lists.
func (s *Store) collect() {
	tail := s.tail.Load()
	for head := s.head.Load(); tail != head; tail++ {
		m := s.slots[tail%returnSlots]
		s.slots[tail%returnSlots] = nil
		size := 1 << (classMin + m.class)
		if s.idle+size > storeIdleMax || cap(m.Data) < size {
			continue
		}
		s.free[m.class] = append(s.free[m.class], m)
		s.idle += size
	}
	s.tail.Store(tail)
}

func (s *Store) giveBack(m *Message) {
	head := s.head.Load()
	if head-s.tail.Load() == returnSlots {
		return
	}
	s.slots[head%returnSlots] = m
	s.head.Store(head + 1)
}

var _ [1<<(classMin+classCount-1) - totem.MessageSizeMax - 1024]struct{}
