package pg

import (
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Level tells how full the send queue is: totem_q_level of the reference, whose
// IPC server slows clients down by it and stops them at Critical.
type Level int32

// The levels, TOTEM_Q_LEVEL_LOW and so on.
const (
	Low Level = iota
	Good
	High
	Critical
)

// Admission keeps the books of the send queues: how many packets they hold and
// how many are promised. The service side calls it, one call at a time, before
// it sends; the Packer takes off what has been packed. Avail, Reserved and
// Level may be read by anyone.
//
// The reference counts the packets in the ring's queues; here packing happens
// at the token, so bytes are counted and stand for the packets they will fill.
type Admission struct {
	mtu      int
	max      int // MESSAGE_QUEUE_MAX, in packets
	limit    int // totempg_size_limit
	bytes    [2]atomic.Int64
	trans    atomic.Bool
	reserved atomic.Int32
	level    atomic.Int32
}

// NewAdmission makes the books for payloads of at most mtu bytes (see
// NewPacker).
func NewAdmission(mtu int) *Admission {
	a := &Admission{mtu: mtu, max: 4 * totem.MessageSizeMax / mtu}
	a.limit = (a.max - 3) * a.perPacket()
	a.reserved.Store(1)
	a.level.Store(int32(Good))
	a.trans.Store(true)
	return a
}

// perPacket is how many bytes of a message the reference reckons a packet to
// carry: net_mtu - sizeof (struct totempg_mcast) - 16.
func (a *Admission) perPacket() int { return a.mtu - HeaderSize - 16 }

// SetTrans chooses the queue that messages go to from now on.
func (a *Admission) SetTrans(t bool) { a.trans.Store(t) }

// Avail is how many more packets the queue in use can hold.
func (a *Admission) Avail() int {
	used := int(a.bytes[set(a.trans.Load())].Load()) / (a.mtu - HeaderSize)
	return max(0, a.max-2-used)
}

// Reserved is how many packets are promised, one of them for good.
func (a *Admission) Reserved() int { return int(a.reserved.Load()) }

// SizeMax is what a message, group names included, must be below to be ever
// sent, in bytes.
func (a *Admission) SizeMax() int { return a.limit }

// SendOK tells whether a message of size bytes, group names included, can be
// queued now.
func (a *Admission) SendOK(size int) bool { return a.Avail() >= size/a.perPacket()+1 }

// Take enters a message of size bytes (its whole length, group header included)
// into the queue's books; false, and nothing entered, when there is no room.
// Who gets true must Add it to the Packer, in the queue that SetTrans chose.
func (a *Admission) Take(size int) bool {
	if !a.SendOK(size) {
		return false
	}
	a.add(set(a.trans.Load()), size)
	return true
}

// Force enters a message whether there is room or not: one that the
// synchronisation cannot do without.
func (a *Admission) Force(size int) { a.add(set(a.trans.Load()), size) }

// Pending tells whether anything in either queue has not been packed.
func (a *Admission) Pending() bool { return a.bytes[normal].Load() > 0 || a.bytes[trans].Load() > 0 }

// Reserve promises room for a message of size bytes, group names but no more of
// the group header included (totempg_groups_joined_reserve): the number of
// packets to Release later; 0 when there is no room now, -1 when there never
// will be. It looks at the level in passing, as the reference does.
func (a *Admission) Reserve(size int) (packets int, level Level, changed bool) {
	switch {
	case size >= a.limit:
		packets = -1
	case a.SendOK(size):
		packets = size/a.perPacket() + 1
		a.reserved.Add(int32(packets))
	}
	level, changed = a.CheckLevel()
	return packets, level, changed
}

// Release gives back what Reserve promised.
func (a *Admission) Release(packets int) { a.reserved.Add(-int32(packets)) }

// Level is the level found by the last CheckLevel.
func (a *Admission) Level() Level { return Level(a.level.Load()) }

// CheckLevel looks at the queue and tells its level and whether that has just
// changed. Between the bands the level stays what it was, so that it does not
// flap.
func (a *Admission) CheckLevel() (level Level, changed bool) {
	used := 100 - (a.Avail()-a.Reserved())*100/a.max
	old := a.Level()
	level = old
	switch {
	case used >= 75:
		level = Critical
	case used < 30:
		level = Low
	case used > 40 && used < 50:
		level = Good
	case used > 60 && used < 70:
		level = High
	}
	a.level.Store(int32(level))
	return level, level != old
}

func (a *Admission) add(queue, bytes int) {
	if a != nil {
		a.bytes[queue].Add(int64(bytes))
	}
}

func (a *Admission) sub(queue, bytes int) { a.add(queue, -bytes) }
