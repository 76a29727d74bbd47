package totem

import (
	"net/netip"
	"sync"
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

// Pool hands out packets of one capacity. It is safe for concurrent use and
// keeps at most a bounded number of idle buffers.
type Pool struct {
	size int
	mu   sync.Mutex
	free []*Packet
	max  int
}

// NewPool makes a pool of packets with the given capacity in bytes, which
// keeps at most idle unused ones.
func NewPool(size, idle int) *Pool { return &Pool{size: size, max: idle} }

// Size is the capacity of the pool's packets in bytes.
func (p *Pool) Size() int { return p.size }

// Get returns a packet with one holder, the caller, and empty Data.
func (p *Pool) Get() *Packet {
	p.mu.Lock()
	n := len(p.free)
	if n == 0 {
		p.mu.Unlock()
		pkt := &Packet{Data: make([]byte, 0, p.size), pool: p}
		pkt.refs.Store(1)
		return pkt
	}
	pkt := p.free[n-1]
	p.free = p.free[:n-1]
	p.mu.Unlock()
	pkt.refs.Store(1)
	pkt.Data = pkt.Data[:0]
	pkt.From = netip.AddrPort{}
	return pkt
}

func (p *Pool) put(pkt *Packet) {
	if cap(pkt.Data) < p.size {
		return
	}
	p.mu.Lock()
	if len(p.free) < p.max {
		p.free = append(p.free, pkt)
	}
	p.mu.Unlock()
}
