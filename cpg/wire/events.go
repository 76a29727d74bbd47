package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Deliver is res_lib_cpg_deliver_callback: a message to the group.
type Deliver struct {
	Group   []byte
	Node    uint32
	PID     uint32
	Message []byte
}

// DeliverHead is the length of an EventDeliver in front of its payload.
const DeliverHead = ResponseSize + nameSize + 24

// ParseDeliver reads an EventDeliver. The reference leaves the header's error
// unset.
func ParseDeliver(msg []byte) (Deliver, error) {
	r, _ := responseReader(msg, EventDeliver)
	var d Deliver
	d.Group = name(&r, "group_name")
	n := num(&r, "msglen")
	d.Node = num(&r, "nodeid")
	d.PID = num(&r, "pid")
	d.Message = payload(&r, "msglen", n)
	if r.Err() != nil {
		return Deliver{}, r.Err()
	}
	return d, nil
}

// AppendHead appends what is in front of a payload of n bytes.
func (d *Deliver) AppendHead(b []byte, n int) []byte {
	b = appendResponse(b, EventDeliver, DeliverHead+n, cserr.OK)
	b = appendName(b, d.Group, native)
	b = appendNum(b, uint32(n), native)
	b = appendNum(b, d.Node, native)
	return appendNum(b, d.PID, native)
}

// AppendTo appends the message.
func (d *Deliver) AppendTo(b []byte) []byte {
	return append(d.AppendHead(b, len(d.Message)), d.Message...)
}

// PartialDeliver is res_lib_cpg_partial_deliver_callback: a fragment.
type PartialDeliver struct {
	Group   []byte
	MsgLen  uint32 // of the whole message
	Node    uint32
	PID     uint32
	Type    Partial
	Message []byte // the fragment
}

// PartialDeliverHead is the length of an EventPartialDeliver in front of its
// fragment.
const PartialDeliverHead = ResponseSize + nameSize + 40

// ParsePartialDeliver reads an EventPartialDeliver.
func ParsePartialDeliver(msg []byte) (PartialDeliver, error) {
	r, _ := responseReader(msg, EventPartialDeliver)
	var d PartialDeliver
	d.Group = name(&r, "group_name")
	d.MsgLen = num(&r, "msglen")
	n := num(&r, "fraglen")
	d.Node = num(&r, "nodeid")
	d.PID = num(&r, "pid")
	d.Type = Partial(num(&r, "type"))
	d.Message = payload(&r, "fraglen", n)
	if r.Err() != nil {
		return PartialDeliver{}, r.Err()
	}
	return d, nil
}

// AppendHead appends what is in front of a fragment of n bytes.
func (d *PartialDeliver) AppendHead(b []byte, n int) []byte {
	b = appendResponse(b, EventPartialDeliver, PartialDeliverHead+n, cserr.OK)
	b = appendName(b, d.Group, native)
	b = appendNum(b, d.MsgLen, native)
	b = appendNum(b, uint32(n), native)
	b = appendNum(b, d.Node, native)
	b = appendNum(b, d.PID, native)
	return appendNum(b, uint32(d.Type), native)
}

// AppendTo appends the message.
func (d *PartialDeliver) AppendTo(b []byte) []byte {
	return append(d.AppendHead(b, len(d.Message)), d.Message...)
}

// Confchg is res_lib_cpg_confchg_callback: who is in the group now, who has
// left, who has joined. On the wire the left ones come before the joined ones.
type Confchg struct {
	Group   string
	Members []Address
	Left    []Address
	Joined  []Address
}

// confchgHead is the length in front of the lists.
const confchgHead = ResponseSize + nameSize + 24

// ParseConfchg reads an EventConfchg.
func ParseConfchg(msg []byte) (Confchg, error) {
	r, _ := responseReader(msg, EventConfchg)
	var c Confchg
	c.Group = string(name(&r, "group_name"))
	members := num(&r, "member_list_entries")
	joined := num(&r, "joined_list_entries")
	left := num(&r, "left_list_entries")
	c.Members = addresses(&r, "member_list", members)
	c.Left = addresses(&r, "left_list", left)
	c.Joined = addresses(&r, "joined_list", joined)
	if r.Err() != nil {
		return Confchg{}, r.Err()
	}
	return c, nil
}

func addresses(r *mar.Reader, field string, n uint32) []Address {
	if r.Err() == nil && uint64(n)*AddressSize > uint64(len(r.Rest())) {
		r.Fail(field, "%d entries, message has %d bytes left", n, len(r.Rest()))
	}
	if r.Err() != nil || n == 0 {
		return nil
	}
	list := make([]Address, n)
	for i := range list {
		list[i] = address(r, field)
	}
	return list
}

// AppendTo appends the message.
func (c *Confchg) AppendTo(b []byte) []byte {
	n := len(c.Members) + len(c.Left) + len(c.Joined)
	b = appendResponse(b, EventConfchg, confchgHead+n*AddressSize, cserr.OK)
	b = appendName(b, c.Group, native)
	b = appendNum(b, uint32(len(c.Members)), native)
	b = appendNum(b, uint32(len(c.Joined)), native)
	b = appendNum(b, uint32(len(c.Left)), native)
	for _, list := range [...][]Address{c.Members, c.Left, c.Joined} {
		for _, a := range list {
			b = appendAddress(b, a)
		}
	}
	return b
}

// TotemConfchg is res_lib_cpg_totem_confchg_callback: the ring's id and nodes.
type TotemConfchg struct {
	Ring    totem.RingID
	Members []totem.NodeID
}

// The list begins inside the structure's final padding, but the reference
// counts both: four bytes follow that mean nothing.
const (
	totemConfchgHead = ResponseSize + 16 + 4
	totemConfchgSize = ResponseSize + 16 + 8
)

// ParseTotemConfchg reads an EventTotemConfchg.
func ParseTotemConfchg(msg []byte) (TotemConfchg, error) {
	r, _ := responseReader(msg, EventTotemConfchg)
	var c TotemConfchg
	c.Ring.Rep = totem.NodeID(num(&r, "ring_id.nodeid"))
	c.Ring.Seq = r.U64("ring_id.seq")
	n := r.U32("member_list_entries")
	if r.Err() == nil && uint64(n)*4 > uint64(len(r.Rest())) {
		r.Fail("member_list_entries", "got %d, message has %d bytes left", n, len(r.Rest()))
	}
	if r.Err() != nil {
		return TotemConfchg{}, r.Err()
	}
	if n > 0 {
		c.Members = make([]totem.NodeID, n)
	}
	for i := range c.Members {
		c.Members[i] = totem.NodeID(r.U32("member_list"))
	}
	r.Bytes("padding", totemConfchgSize-totemConfchgHead)
	return c, r.Err()
}

// AppendTo appends the message.
func (c *TotemConfchg) AppendTo(b []byte) []byte {
	b = appendResponse(b, EventTotemConfchg, totemConfchgSize+4*len(c.Members), cserr.OK)
	b = appendNum(b, uint32(c.Ring.Rep), native)
	b = native.AppendUint64(b, c.Ring.Seq)
	b = native.AppendUint32(b, uint32(len(c.Members)))
	for _, id := range c.Members {
		b = native.AppendUint32(b, uint32(id))
	}
	return append(b, zeros[:totemConfchgSize-totemConfchgHead]...)
}
