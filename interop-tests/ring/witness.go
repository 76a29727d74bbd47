package ring

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	cpgwire "github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// witness has seen every packet of the rings, and can tell which messages of a
// sender another node is able to put together. Rings of one node leave nothing on
// the network and are unknown to it.
type witness struct {
	mu    sync.Mutex
	rings map[totem.RingID]*seenRing
}

// seenRing is what went over the network in one ring.
type seenRing struct {
	packets map[uint32]packet // by place in the ring's order, from 1
	// from is the ring that each member was in before, as the commit token has it.
	from map[totem.NodeID]totem.RingID
}

// packet is one that the ring ordered: a payload of totempg, or nothing in place
// of one from the ring before (recovery sends those again).
type packet struct {
	from    totem.NodeID
	payload []byte
	swap    bool
}

func newWitness() *witness { return &witness{rings: map[totem.RingID]*seenRing{}} }

func (w *witness) ring(id totem.RingID) *seenRing {
	r := w.rings[id]
	if r == nil {
		r = &seenRing{packets: map[uint32]packet{}, from: map[totem.NodeID]totem.RingID{}}
		w.rings[id] = r
	}
	return r
}

// datagram takes one, whatever it is, in any order and any number of times.
func (w *witness) datagram(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var head wire.Mcast
	var token wire.CommitToken
	if n, err := head.Parse(b); err == nil {
		r := w.ring(head.Ring)
		if _, again := r.packets[head.Seq]; again {
			return
		}
		p := packet{from: head.SystemFrom, swap: head.Order != wire.Native}
		if head.Encapsulated != wire.Encapsulated {
			p.payload = slices.Clone(b[n:])
		}
		r.packets[head.Seq] = p
	} else if _, err := token.Parse(b); err == nil {
		for i, e := range token.Memb {
			if e.Ring != (totem.RingID{}) { // filled in by now
				w.ring(token.Ring).from[token.Addrs[i]] = e.Ring
			}
		}
	}
}

// reach finds the messages of a sender that another node is able to deliver in a
// ring. It knows nothing of the sender from before the ring in which they met. ok
// is false if packets are missing, so that nobody can tell.
func (w *witness) reach(sender, other totem.NodeID, ring totem.RingID) (got map[evs.MsgID]bool, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := pg.NewAssembler(func(d pg.Delivery) {
		if id, ok := message(d); ok {
			got[id] = true
		}
	}, loglevel.Discard)
	for _, id := range w.path(sender, other, ring) {
		got = map[evs.MsgID]bool{}
		r := w.rings[id]
		if r == nil || !r.complete() {
			return nil, false
		}
		a.WaitTransAck()
		synced := r.synced()
		for seq := range uint32(len(r.packets)) {
			if p := r.packets[seq+1]; p.from == sender && p.payload != nil {
				a.Receive(p.from, p.payload, p.swap)
			}
			if seq+1 == synced {
				a.TransAck()
			}
		}
	}
	return got, true
}

// path is the rings that two nodes have come through together until this one,
// which is the last.
func (w *witness) path(a, b totem.NodeID, ring totem.RingID) (rings []totem.RingID) {
	for {
		rings = append(rings, ring)
		r := w.rings[ring]
		if r == nil || r.from[a] != r.from[b] || w.rings[r.from[a]] == nil {
			slices.Reverse(rings)
			return rings
		}
		ring = r.from[a]
	}
}

// blind tells that nothing has been seen.
func (w *witness) blind() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.rings) == 0
}

// unseen tells of packets that were not seen though later ones of their ring were.
func (w *witness) unseen() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, r := range w.rings {
		var missing []uint32
		for seq, n := uint32(1), len(r.packets); n > 0; seq++ {
			if _, ok := r.packets[seq]; ok {
				n--
			} else {
				missing = append(missing, seq)
			}
		}
		if len(missing) > 0 {
			out = append(out, fmt.Sprintf("ring %v: %d of %d, first %d", id, len(missing), len(missing)+len(r.packets), missing[0]))
		}
	}
	slices.Sort(out)
	return out
}

// complete tells whether no packet is missing up to the last.
func (r *seenRing) complete() bool {
	return len(r.packets) == 0 || int(slices.Max(slices.Collect(maps.Keys(r.packets)))) == len(r.packets)
}

// synced is the place of the packet that ends the synchronisation: the last with
// a message of it. 0 is none.
func (r *seenRing) synced() (last uint32) {
	var seq uint32
	a := pg.NewAssembler(func(d pg.Delivery) {
		if d.Groups.Has(groupSync) {
			last = seq
		}
	}, loglevel.Discard)
	for range r.packets {
		seq++
		if p := r.packets[seq]; p.payload != nil {
			a.Receive(p.from, p.payload, p.swap)
		}
	}
	return last
}

// groupSync is the totempg group of the synchronisation's own messages.
const groupSync = "sync"

// message reads which of cpgnode's messages it is: struct head of cpgnode.c.
func message(d pg.Delivery) (evs.MsgID, bool) {
	m, err := cpgwire.ParseMcast(d.Payload, d.Order)
	if err != nil || len(m.Message) < 24 {
		return evs.MsgID{}, false
	}
	order := binary.NativeEndian
	return evs.MsgID{
		From: evs.Proc{Node: totem.NodeID(order.Uint32(m.Message)), Life: order.Uint32(m.Message[8:])},
		Seq:  order.Uint64(m.Message[16:]),
	}, true
}
