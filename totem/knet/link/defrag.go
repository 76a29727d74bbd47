package link

import (
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// defragMax is how many messages of a sender are put together at a time
// (KNET_DEFRAG_BUFFERS).
const defragMax = 32

// partial is a message of which fragments have come. All but the last fragment
// are of one length, which is not known while only the last has come: then that
// waits at the end of the buffer.
type partial struct {
	pkt  *totem.Packet // nil: not in use
	seq  uint16
	when totem.Instant // of the last fragment

	frags    uint8 // how many there are
	got      int
	have     [256 / 64]uint64
	size     int // of all but the last, 0: not known yet
	last     int // size of the last
	lastWait bool
}

func (p *partial) free() {
	if p.pkt != nil {
		p.pkt.Release()
	}
	*p = partial{}
}

// defrag is where a sender's fragments become messages.
type defrag struct {
	parts [defragMax]partial
	used  int
	twice uint64 // fragments that had come before
}

// reset drops what is incomplete.
func (d *defrag) reset() {
	if d.used == 0 {
		return
	}
	for i := range d.parts {
		d.parts[i].free()
	}
	d.used = 0
}

// expire drops what the window's last number has left behind.
func (d *defrag) expire(last uint16) {
	if d.used == 0 {
		return
	}
	for i := range d.parts {
		if p := &d.parts[i]; p.pkt != nil && last-p.seq > defragMax {
			d.drop(p)
		}
	}
}

func (d *defrag) drop(p *partial) {
	p.free()
	d.used--
}

// find returns the message that a fragment belongs to, a new one if need be, for
// which the oldest makes room; nil when it is one that was given up.
func (d *defrag) find(w *window, h *wire.Data, pool *totem.Pool) *partial {
	var free, oldest *partial
	for i := range d.parts {
		switch p := &d.parts[i]; {
		case p.pkt == nil:
			if free == nil {
				free = p
			}
		case p.seq == h.Seq:
			return p
		case oldest == nil || p.when < oldest.when:
			oldest = p
		}
	}
	if !w.begin(h.Seq) {
		return nil
	}
	if free == nil {
		d.drop(oldest)
		free = oldest
	}
	*free = partial{pkt: pool.Get(), seq: h.Seq, frags: h.Frags}
	d.used++
	return free
}

// add takes a fragment. When that completes the message, it is returned; the
// caller then holds it.
func (d *defrag) add(now totem.Instant, w *window, h *wire.Data, data []byte, pool *totem.Pool) *totem.Packet {
	p := d.find(w, h, pool)
	if p == nil {
		return nil
	}
	p.when = now
	if p.have[h.Frag/64]&(1<<(h.Frag%64)) != 0 {
		d.twice++
		return nil
	}
	room := p.pkt.Data[:min(cap(p.pkt.Data), wire.MaxUserData)]
	if !p.put(room, h, data) {
		d.drop(p)
		return nil
	}
	p.have[h.Frag/64] |= 1 << (h.Frag % 64)
	if p.got++; p.got < int(p.frags) {
		return nil
	}
	at := int(p.frags-1) * p.size
	if at+p.last > len(room) {
		d.drop(p)
		return nil
	}
	if p.lastWait {
		copy(room[at:], room[len(room)-p.last:])
	}
	pkt := p.pkt
	pkt.Data = room[:at+p.last]
	p.pkt = nil
	d.drop(p)
	return pkt
}

// put copies a fragment to where it belongs; false when it cannot be of this
// message.
func (p *partial) put(room []byte, h *wire.Data, data []byte) bool {
	if h.Frags != p.frags {
		return false
	}
	if h.Frag == p.frags {
		p.last = len(data)
		if p.size == 0 {
			if len(data) > len(room) {
				return false
			}
			p.lastWait = true
			copy(room[len(room)-len(data):], data)
			return true
		}
	} else {
		if p.size == 0 {
			p.size = len(data)
			// The last one waits at the end: nothing may be written over it.
			if int(p.frags-1)*p.size+p.last > len(room) {
				return false
			}
		}
		if len(data) != p.size {
			return false
		}
	}
	at := int(h.Frag-1) * p.size
	if at+len(data) > len(room) {
		return false
	}
	copy(room[at:], data)
	return true
}
