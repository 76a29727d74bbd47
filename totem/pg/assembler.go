package pg

import (
	"encoding/binary"
	"errors"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// AssemblyMax is how many bytes of one message are ever held, its group header
// included: the largest message and a packet more, as in the reference, which
// aborts beyond it.
const AssemblyMax = totem.MessageSizeMax + 65536

// Delivery is one whole message. Groups and Payload are valid during the call
// only: they alias the packet or the assembly.
type Delivery struct {
	From    totem.NodeID
	Groups  Groups
	Payload []byte // after the group header
	Order   mar.ByteOrder
}

// AssemblerStats counts what came and what was dropped.
type AssemblerStats struct {
	Messages  uint64 // whole messages delivered
	Malformed uint64 // payloads whose header or lengths are wrong
	Broken    uint64 // payloads that do not continue what came before
	Discarded uint64 // payloads dropped after that until a message's boundary
	Oversize  uint64 // messages that grew beyond AssemblyMax
	BadGroups uint64 // messages whose group header is wrong
	Crowded   uint64 // fragments of more senders than a ring can have
}

// Assembler puts messages together from the ring's deliveries. It belongs to
// the service loop; calls come in the ring's order. It may be called from
// within its own deliver function with TransAck only, which is where a
// synchronisation ends.
type Assembler struct {
	deliver func(Delivery)
	log     loglevel.Logger
	mode    int
	sets    [2]map[totem.NodeID]*assembly
	spare   []*assembly
	stats   AssemblerStats
}

// assembly is one sender's unfinished message. There is one only while the
// sender's last payload ended within a message.
type assembly struct {
	buf  []byte
	last uint8 // number of the fragment that must be continued
	// throwAway: the chain broke; payloads are dropped until one that ends with
	// a message or in the first part of one (THROW_AWAY_ACTIVE).
	throwAway bool
	// lost: buf does not hold what the fragment numbers say it should; the
	// message is dropped when it ends.
	lost bool
}

// spareMax bounds the unused assemblies that are kept with their buffers.
const spareMax = 8

// NewAssembler calls deliver for every whole message. Like the reference it
// begins in the transitional set, as if a configuration were under way.
func NewAssembler(deliver func(Delivery), log loglevel.Logger) *Assembler {
	if log == nil {
		log = loglevel.Discard
	}
	return &Assembler{
		deliver: deliver,
		log:     log,
		mode:    trans,
		sets:    [2]map[totem.NodeID]*assembly{{}, {}},
	}
}

// Stats returns the counters.
func (a *Assembler) Stats() AssemblerStats { return a.stats }

// WaitTransAck switches to the transitional set: the ring's action of that name.
func (a *Assembler) WaitTransAck() {
	a.log.Logf(loglevel.Debug, "waiting_trans_ack changed to %d", 1)
	a.mode = trans
}

// TransAck switches back to the normal set: the synchronisation is over.
func (a *Assembler) TransAck() {
	a.log.Logf(loglevel.Debug, "waiting_trans_ack changed to %d", 0)
	a.mode = normal
}

// Change drops what nodes that left had begun. It comes before the services
// hear of the change.
func (a *Assembler) Change(c *totem.ConfigChange) {
	for _, id := range c.Left {
		for i := range a.sets {
			a.drop(i, id)
		}
	}
}

func (a *Assembler) drop(set int, id totem.NodeID) {
	as := a.sets[set][id]
	if as == nil {
		return
	}
	delete(a.sets[set], id)
	if len(a.spare) < spareMax {
		*as = assembly{buf: as.buf[:0]}
		a.spare = append(a.spare, as)
	}
}

// hold returns the sender's assembly, a new one if there is none, nil when
// there are more senders than a ring can have.
func (a *Assembler) hold(set int, id totem.NodeID) *assembly {
	as := a.sets[set][id]
	switch {
	case as != nil:
		return as
	case len(a.sets[set]) >= totem.ProcessorCountMax:
		a.stats.Crowded++
		return nil
	case len(a.spare) > 0:
		as = a.spare[len(a.spare)-1]
		a.spare = a.spare[:len(a.spare)-1]
	default:
		as = &assembly{}
	}
	a.sets[set][id] = as
	return as
}

// Receive takes one delivery of the ring: the payload, its sender, and whether
// the sender's byte order differs from ours. Malformed payloads are counted,
// logged as the reference logs them and dropped; they change nothing.
func (a *Assembler) Receive(from totem.NodeID, payload []byte, swap bool) {
	order := service.Order
	if swap {
		order = swapped
	}
	p, err := ParsePayload(payload, order)
	if err != nil {
		a.stats.Malformed++
		a.complain(from, err)
		return
	}
	// The set is the one in use when the payload arrives, even if a message in
	// it ends the synchronisation.
	set := a.mode
	as := a.sets[set][from]
	count := p.Count()
	if as != nil && p.Continuation == 0 {
		// It stands where a message goes on, yet none does here.
		as.lost = true
	}
	switch {
	case as != nil && as.throwAway:
		a.resume(as, &p)
	case as == nil && p.Continuation != 0, as != nil && p.Continuation != as.last:
		a.stats.Broken++
		if a.log.Enabled(loglevel.Debug) {
			a.log.Logf(loglevel.Debug, "fragmented continuation %d is not equal to assembly last_frag_num %d", p.Continuation, as.lastFrag())
		}
		if p.Fragmented != 0 {
			if as = a.hold(set, from); as != nil {
				as.throwAway, as.buf = true, as.buf[:0]
			}
		}
	case p.Fragmented == 0:
		a.run(from, as, &p, count)
	default:
		a.run(from, as, &p, count-1)
		if as = a.hold(set, from); as != nil {
			as.keep(&p, a)
		}
	}
	if p.Fragmented == 0 {
		a.drop(set, from)
	}
}

// resume looks for the end of what is thrown away. As in the reference, the
// payload in which it ends yields nothing, and the fragment number that the
// next must continue stays what it was: after a payload that ends in the first
// part of a message, that message is found broken too unless the number
// happens to match.
func (a *Assembler) resume(as *assembly, p *Payload) {
	a.stats.Discarded++
	if p.Fragmented > 1 {
		return
	}
	as.throwAway = false
	as.buf = as.buf[:0]
	// Of more than two messages the reference keeps the wrong one, of one it
	// keeps it behind a copy of itself: neither is a message's beginning.
	as.lost = p.Count() != 2
	if p.Fragmented != 0 && !as.lost {
		as.buf = append(as.buf, p.data[p.length(0):]...)
	}
}

// run delivers the first n messages of a payload that continues where as is.
func (a *Assembler) run(from totem.NodeID, as *assembly, p *Payload, n int) {
	data := p.data
	for i := range n {
		size := p.length(i)
		msg := data[:size:size]
		data = data[size:]
		if i == 0 && as != nil {
			switch {
			case as.lost:
				a.stats.Discarded++
				continue
			case len(as.buf)+size > AssemblyMax:
				a.stats.Oversize++
				continue
			}
			as.buf = append(as.buf, msg...)
			msg = as.buf
		}
		g, body, err := ParseGroups(msg, p.order)
		if err != nil {
			a.stats.BadGroups++
			continue
		}
		a.stats.Messages++
		a.deliver(Delivery{From: from, Groups: g, Payload: body, Order: p.order})
	}
}

// keep stores the unfinished message at the payload's end.
func (as *assembly) keep(p *Payload, a *Assembler) {
	as.last = p.Fragmented
	n := p.Count()
	if n > 1 {
		as.buf, as.lost = as.buf[:0], false // the message begins here
	}
	part := p.data[len(p.data)-p.length(n-1):]
	if len(as.buf)+len(part) > AssemblyMax {
		a.stats.Oversize++
		as.buf, as.lost, as.throwAway = as.buf[:0], true, true
		return
	}
	if !as.lost {
		as.buf = append(as.buf, part...)
	}
}

func (as *assembly) lastFrag() uint8 {
	if as == nil {
		return 0
	}
	return as.last
}

func (a *Assembler) complain(from totem.NodeID, err error) {
	if !a.log.Enabled(loglevel.Warning) {
		return
	}
	var le *LengthError
	switch {
	case errors.As(err, &le):
		a.log.Logf(loglevel.Warning, "Message (totempg_mcast) received from node %d doesn't have expected length of %d (has %d) bytes...  Ignoring.", from, le.Want, le.Got)
	case errors.Is(err, ErrLens):
		a.log.Logf(loglevel.Warning, "Message (totempg_mcast datasize) received from node %d is too short...  Ignoring.", from)
	default:
		a.log.Logf(loglevel.Warning, "Message (totempg_mcast) received from node %d is too short...  Ignoring.", from)
	}
}

// swapped is the byte order that this machine has not.
var swapped mar.ByteOrder = func() mar.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}()
