package pg

import (
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// Packer packs messages into mcast payloads when the ring asks for them. It is
// a srp.Source and belongs to the ring thread.
//
// Where the reference packs when a message is sent, and closes a begun payload
// at the next token, the Packer packs at the token: the payloads come out the
// same, and messages that arrive while flow control holds them back share
// payloads that the reference would have sent half empty.
type Packer struct {
	mtu   int
	order mar.ByteOrder
	adm   *Admission

	q    [2]queue
	mode int // the set in use, an index into q: set by the last Next

	// pending: the number of the fragment that the last payload sent in this
	// set ended with. stale: there was one, the message will not go on, and
	// receivers must be told; broken is its number.
	pending [2]uint8
	stale   [2]bool
	broken  [2]uint8
	// guarded: what was sent last in trans was such a notice, see guard.
	guarded bool
}

const (
	normal = 0
	trans  = 1
)

func set(t bool) int {
	if t {
		return trans
	}
	return normal
}

// NewPacker makes a packer of payloads of at most mtu bytes: totem.netmtu less
// two mcast headers (net_mtu after totemsrp_net_mtu_adjust), 1410 for the
// default of 1500. What it packs it takes off adm's books; adm may be nil.
func NewPacker(mtu int, adm *Admission) *Packer {
	return &Packer{mtu: mtu, order: service.Order, adm: adm, mode: trans}
}

// Add queues messages, which it owns from here on. Empty ones are dropped.
// Admission has said beforehand that there is room.
func (p *Packer) Add(t bool, msgs ...*Message) {
	for _, m := range msgs {
		if len(m.Data) == 0 {
			m.release()
			continue
		}
		p.q[set(t)].push(m)
	}
}

// NewConfiguration tells that the ring has a new configuration (the
// WaitTransAck action): a message that is half sent will be sent again from its
// start, because its first half belongs to the configuration before and new
// members have not seen it.
func (p *Packer) NewConfiguration() {
	p.restart(normal)
	p.restart(trans)
}

// restart rewinds the half sent message of one set, if there is one.
func (p *Packer) restart(set int) {
	if p.pending[set] != 0 {
		p.broken[set] = p.pending[set]
		p.stale[set] = true
		p.pending[set] = 0
	}
	for i := range p.q {
		q := &p.q[i]
		if q.off > 0 && q.sentIn == set {
			p.adm.add(i, q.off)
			q.bytes += q.off
			q.off = 0
		}
	}
}

// enter switches to a set. A message half sent in trans may have reached
// receivers on both sides of their own switch, so both sets are suspect.
func (p *Packer) enter(set int) {
	if set == p.mode {
		return
	}
	if set == normal && p.pending[trans] != 0 {
		p.stale[normal] = true
	}
	p.NewConfiguration()
	p.mode = set
}

// guard tells whether the notice must go ahead of the next payload in trans. We
// learn that the synchronisation is over later than the ring's order has it, so
// what we still send as its messages may be put together in the normal set by
// receivers that hold our half message there; they would throw it away. To those
// that are still in the transitional set the notice means nothing.
func (p *Packer) guard(mode int) bool {
	return mode == trans && p.stale[normal] && p.pending[trans] == 0 && !p.guarded
}

// queue returns the queue to send from in a set. What is left over of the
// synchronisation's messages once it is over goes first; the reference keeps
// those until the next configuration change.
func (p *Packer) queue(set int) int {
	if set == normal && p.q[normal].off == 0 && p.q[trans].n > 0 {
		return trans
	}
	return set
}

// Backlog is how many payloads wait, a begun one included; srp.Source.
func (p *Packer) Backlog(t bool) int {
	bytes := p.q[trans].bytes + 2*p.q[trans].n
	if !t {
		bytes += p.q[normal].bytes + 2*p.q[normal].n
	}
	if bytes == 0 {
		return 0
	}
	room := p.mtu - HeaderSize
	n := (bytes + room - 1) / room
	if p.stale[set(t)] {
		n++
	}
	return n
}

// Next appends the next payload to buf; srp.Source.
func (p *Packer) Next(t bool, buf []byte) ([]byte, bool) {
	mode := set(t)
	p.enter(mode)
	qi := p.queue(mode)
	q := &p.q[qi]
	if q.n == 0 {
		return buf, false
	}
	if p.stale[mode] || p.guard(mode) {
		p.stale[mode] = false
		p.guarded = true
		return p.appendReset(buf), true
	}
	p.guarded = false

	// First how many messages go in, then the header, then their bytes. The
	// rule is mcast_msg's: a message that leaves room for the length and a byte
	// of another leaves the payload open; any other is cut, or just fits, and
	// closes it.
	room := p.mtu - HeaderSize
	count, used, off := 0, 0, q.off
	cut := 0 // bytes taken of the closing message, 0 when none closes
	fragmented := uint8(0)
	for count < q.n && cut == 0 {
		rest := len(q.at(count).Data) - off
		off = 0
		left := room - 2*(count+1) - used
		if mode == trans && count > 0 && rest > left && rest <= room-2 {
			break // see guard: what need not be cut is not
		}
		count++
		if rest < left-2 {
			used += rest
			continue
		}
		cut = min(rest, left)
		if cut < rest {
			fragmented = q.number(count)
		}
	}

	continuation := p.pending[mode]
	start := len(buf)
	buf = appendHeader(buf, p.order, fragmented, continuation, count)
	taken := 0
	for i := range count {
		m := q.at(0)
		b := m.Data[q.off:]
		if i == count-1 && cut > 0 {
			b = b[:cut]
		}
		p.order.PutUint16(buf[start+HeaderSize+2*i:], uint16(len(b)))
		buf = append(buf, b...)
		taken += len(b)
		q.off += len(b)
		if q.off == len(m.Data) {
			q.off = 0
			q.pop()
			m.release()
		}
	}
	q.bytes -= taken
	q.sentIn = mode
	q.last = fragmented
	p.pending[mode] = fragmented
	p.adm.sub(qi, taken)
	return buf, true
}

// appendReset appends a payload that continues a fragment which nobody has
// seen. Every receiver finds the chain broken there, throws this away with what
// it held, and is at a message's boundary again. The one message in it is for
// no group, should it ever be delivered.
func (p *Packer) appendReset(buf []byte) []byte {
	n := uint8(255)
	for n == p.broken[normal] || n == p.broken[trans] {
		n--
	}
	start := len(buf)
	buf = appendHeader(buf, p.order, 0, n, 1)
	p.order.PutUint16(buf[start+HeaderSize:], 2)
	return append(buf, 0, 0)
}

// queue is a FIFO of messages of which the first may be partly sent.
type queue struct {
	ring   []*Message // power of two long
	head   int
	n      int
	bytes  int   // not yet packed, over all messages
	off    int   // how much of the first message has been packed
	sentIn int   // the set that that part was sent in
	last   uint8 // the number of the fragment that it ended with
}

func (q *queue) at(i int) *Message { return q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue) push(m *Message) {
	if q.n == len(q.ring) {
		ring := make([]*Message, max(64, 2*len(q.ring)))
		for i := range q.n {
			ring[i] = q.at(i)
		}
		q.ring, q.head = ring, 0
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = m
	q.n++
	q.bytes += len(m.Data)
}

func (q *queue) pop() {
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
}

// number is the number of a fragment that ends a payload of count messages: 1
// for the first of a message, then up to 255 and from 1 again. A 1 tells
// receivers that throw a message away that another one may begin here.
func (q *queue) number(count int) uint8 {
	if count > 1 || q.off == 0 || q.last == 255 {
		return 1
	}
	return q.last + 1
}
