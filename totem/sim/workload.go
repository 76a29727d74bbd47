package sim

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// GroupLoad is the group of the workload's messages.
const GroupLoad = "load"

// Workload sends messages for one life of a node and tells the checker of what
// is delivered. A message carries who sent it, a number, and content that
// follows from both.
//
// Messages of the synchronisation overtake those that waited before it, so to
// the checker they are another process of the same node.
type Workload struct {
	n      *node
	number [2]uint64
	free   []byte
}

const loadHead = 4 + 4 + 8 + 8

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// proc is the checker's name of this life, or of its messages in synchronisation.
func (w *Workload) proc(sync int) evs.Proc {
	return evs.Proc{Node: w.n.id, Life: w.n.life*2 + uint32(sync)}
}

// Pause draws the time until the next turn to Send.
func (w *Workload) Pause() time.Duration {
	return w.n.w.exponential(w.n.w.opts.SendEvery)
}

// Send sends a burst of messages, as clients do that are served.
func (w *Workload) Send() {
	if w.n.w.calm {
		return
	}
	for range 1 + w.n.w.rnd.IntN(w.n.w.opts.Burst) {
		if !w.one(0, w.size()) {
			return
		}
	}
}

// SendSync sends what a node tells the others in a synchronisation.
func (w *Workload) SendSync() {
	if w.n.w.opts.SyncLoad == 0 {
		return
	}
	for range w.n.w.rnd.IntN(w.n.w.opts.SyncLoad + 1) {
		if !w.one(1, w.size()) {
			return
		}
	}
}

func (w *Workload) size() int {
	r := w.n.w.rnd
	switch {
	case r.Float64() < w.n.w.opts.Large:
		return r.IntN(80000)
	case r.IntN(4) == 0:
		return r.IntN(4000)
	default:
		return r.IntN(300)
	}
}

func (w *Workload) one(sync, size int) bool {
	seq := w.number[sync] + 1
	n := loadHead + size
	b := slices.Grow(w.free[:0], n+8)[:n+8] // the last number may be cut
	w.free = b
	binary.LittleEndian.PutUint32(b, uint32(w.n.id))
	binary.LittleEndian.PutUint32(b[4:], w.proc(sync).Life)
	binary.LittleEndian.PutUint64(b[8:], seq)
	x := w.n.w.rnd.Uint64() | 1
	for at := loadHead; at < n; at += 8 {
		binary.LittleEndian.PutUint64(b[at:], x)
		x = x*6364136223846793005 + 1442695040888963407
	}
	b = b[:n]
	sum := uint64(crc32.Checksum(b, crcTable)) | 1<<32
	// The checker must know of it before it can be delivered, which it is not
	// before this returns.
	if !w.n.Mcast(GroupLoad, b) {
		return false
	}
	w.number[sync] = seq
	w.n.w.check(evs.Event{Proc: w.proc(sync), Kind: evs.Send, Msg: evs.MsgID{From: w.proc(sync), Seq: seq}, Sum: sum})
	return true
}

// Receive tells the checker of a delivered message.
func (w *Workload) Receive(d pg.Delivery) {
	if len(d.Payload) < loadHead {
		w.n.w.fail(&evs.Violation{Property: evs.BasicDelivery, Proc: w.proc(0), Detail: "a message is delivered that is too short to be one"})
		return
	}
	le := binary.LittleEndian
	id := evs.MsgID{
		From: evs.Proc{Node: totem.NodeID(le.Uint32(d.Payload)), Life: le.Uint32(d.Payload[4:])},
		Seq:  le.Uint64(d.Payload[8:]),
	}
	sum := uint64(crc32.Checksum(d.Payload, crcTable)) | 1<<32
	if id.From.Node != d.From {
		w.n.w.fail(&evs.Violation{Property: evs.BasicDelivery, Proc: w.proc(0), Detail: id.String() + " is delivered under another sender"})
		return
	}
	w.n.delivered++
	w.n.w.delivered++
	w.n.w.check(evs.Event{Proc: w.proc(0), Kind: evs.Deliver, Msg: id, Sum: sum})
}
