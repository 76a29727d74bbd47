package totem

import (
	"net/netip"
	"sync/atomic"
)

// Packet is one datagram in a buffer that its holders count, so that the bytes
// that the kernel wrote are the bytes that the assembler reads: no copy between.
//
// Whoever is given a Packet without being told otherwise may read it until the
// call returns; who wants it longer calls Retain and later Release. Nobody
// writes to Data after a second holder exists.
type Packet struct {
	Data []byte // the datagram; its capacity is the pool's packet size
	// From is where a received datagram came from, for log lines; the zero value
	// where that is not known.
	From netip.AddrPort
	refs atomic.Int32
	pool *Pool
}

// Retain adds a holder.
func (p *Packet) Retain() { p.refs.Add(1) }

// Release gives up one hold; the last one returns the buffer to its pool.
func (p *Packet) Release() {
	switch n := p.refs.Add(-1); {
	case n < 0:
		panic("totem: packet released more often than retained")
	case n == 0 && p.pool != nil:
		p.pool.put(p)
	}
}

// Pool hands out packets of one capacity and keeps at most a bounded number of
// idle ones. It is safe for concurrent use, and nobody ever waits in it: the
// thread that carries the token takes packets from it while the services give
// some back, and a mutex would let whoever loses the CPU with it in hand stop
// the token.
//
// The idle packets are a queue of fixed length in which each slot has a turn
// number (D. Vyukov's bounded queue of many producers and consumers). A slot
// whose owner is interrupted between taking its turn and passing it on makes
// the queue look empty or full for a moment; then a packet is made or left to
// the collector, which is no harm.
type Pool struct {
	size  int
	slots []poolSlot // a power of two many
	_     [64]byte   // the two ends on cache lines of their own
	out   atomic.Uint64
	_     [56]byte
	in    atomic.Uint64
	_     [56]byte
}

// poolSlot holds an idle packet when turn is one more than a multiple of the
// queue's length plus the slot's index, and none when it is not.
type poolSlot struct {
	turn atomic.Uint64
	pkt  *Packet
}

// NewPool makes a pool of packets with the given capacity in bytes, which
// keeps at least idle unused ones, and less than twice as many.
func NewPool(size, idle int) *Pool {
	n := 2 // with a single slot, full and empty would look alike
	for n < idle {
		n *= 2
	}
	p := &Pool{size: size, slots: make([]poolSlot, n)}
	for i := range p.slots {
		p.slots[i].turn.Store(uint64(i))
	}
	return p
}

// Size is the capacity of the pool's packets in bytes.
func (p *Pool) Size() int { return p.size }

// Get returns a packet with one holder, the caller, and empty Data.
func (p *Pool) Get() *Packet {
	pkt := p.take()
	if pkt == nil {
		pkt = &Packet{Data: make([]byte, 0, p.size), pool: p}
	}
	pkt.refs.Store(1)
	pkt.Data = pkt.Data[:0]
	pkt.From = netip.AddrPort{}
	return pkt
}

// take removes the packet that has been idle longest; nil when there is none.
func (p *Pool) take() *Packet {
	for {
		at := p.out.Load()
		s := &p.slots[at&uint64(len(p.slots)-1)]
		switch ahead := int64(s.turn.Load() - (at + 1)); {
		case ahead < 0:
			return nil
		case ahead == 0 && p.out.CompareAndSwap(at, at+1):
			pkt := s.pkt
			s.pkt = nil
			s.turn.Store(at + uint64(len(p.slots)))
			return pkt
		}
	}
}

// put keeps a packet that nobody holds any more, if there is room.
func (p *Pool) put(pkt *Packet) {
	if cap(pkt.Data) < p.size {
		return
	}
	for {
		at := p.in.Load()
		s := &p.slots[at&uint64(len(p.slots)-1)]
		switch ahead := int64(s.turn.Load() - at); {
		case ahead < 0:
			return
		case ahead == 0 && p.in.CompareAndSwap(at, at+1):
			s.pkt = pkt
			s.turn.Store(at + 1)
			return
		}
	}
}
