package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Address is one process of a group (mar_cpg_address_t). Reason is Undefined
// in lists of members.
type Address struct {
	Node   uint32
	PID    uint32
	Reason Reason
}

// AddressSize is the length of an Address.
const AddressSize = 24

func address(r *mar.Reader, field string) Address {
	var a Address
	a.Node = num(r, field)
	a.PID = num(r, field)
	a.Reason = Reason(num(r, field))
	return a
}

func appendAddress(b []byte, a Address) []byte {
	b = appendNum(b, a.Node, native)
	b = appendNum(b, a.PID, native)
	return appendNum(b, uint32(a.Reason), native)
}

// MembershipResponseSize is the length of a ResMembership: its list has room
// for totem.ProcessorCountMax processes.
const MembershipResponseSize = 32 + totem.ProcessorCountMax*AddressSize

// ParseMembershipResponse reads a ResMembership.
func ParseMembershipResponse(msg []byte) ([]Address, cserr.Code, error) {
	r, code := responseReader(msg, ResMembership)
	n := num(&r, "member_count")
	if r.Err() == nil && uint64(n)*AddressSize > uint64(len(r.Rest())) {
		r.Fail("member_count", "got %d, message has %d bytes left", n, len(r.Rest()))
	}
	if r.Err() != nil {
		return nil, code, r.Err()
	}
	list := make([]Address, n)
	for i := range list {
		list[i] = address(&r, "member_list")
	}
	return list, code, r.Err()
}

// AppendMembershipResponse appends a ResMembership. More than
// totem.ProcessorCountMax processes are cut: there is no room for them.
func AppendMembershipResponse(b []byte, list []Address, code cserr.Code) []byte {
	start := len(b)
	list = list[:min(len(list), totem.ProcessorCountMax)]
	b = appendResponse(b, ResMembership, MembershipResponseSize, code)
	b = appendNum(b, uint32(len(list)), native)
	for _, a := range list {
		b = appendAddress(b, a)
	}
	for len(b)-start < MembershipResponseSize {
		b = append(b, zeros[:min(len(zeros), MembershipResponseSize-(len(b)-start))]...)
	}
	return b
}

// ParseLocalGetResponse reads a ResLocalGet: the node's id.
func ParseLocalGetResponse(msg []byte) (uint32, cserr.Code, error) {
	r, code := responseReader(msg, ResLocalGet)
	id := num(&r, "local_nodeid")
	return id, code, r.Err()
}

// AppendLocalGetResponse appends a ResLocalGet.
func AppendLocalGetResponse(b []byte, node uint32, code cserr.Code) []byte {
	b = appendResponse(b, ResLocalGet, ResponseSize+8, code)
	return appendNum(b, node, native)
}

// ParseIterationResponse reads a ResIterationInitialize: the handle.
func ParseIterationResponse(msg []byte) (uint64, cserr.Code, error) {
	r, code := responseReader(msg, ResIterationInitialize)
	h := r.U64("iteration_handle")
	return h, code, r.Err()
}

// AppendIterationResponse appends a ResIterationInitialize.
func AppendIterationResponse(b []byte, handle uint64, code cserr.Code) []byte {
	b = appendResponse(b, ResIterationInitialize, ResponseSize+8, code)
	return native.AppendUint64(b, handle)
}

// Description is one step of an iteration (mar_cpg_iteration_description_t).
// Node and PID are zero where only names are asked for.
type Description struct {
	Group string
	Node  uint32
	PID   uint32
}

// IterationNextSize is the length of a ResIterationNext.
const IterationNextSize = ResponseSize + nameSize + 8

// ParseIterationNextResponse reads a ResIterationNext. With a code other than
// cserr.OK the description is empty, whatever is in its place.
func ParseIterationNextResponse(msg []byte) (Description, cserr.Code, error) {
	r, code := responseReader(msg, ResIterationNext)
	if code != cserr.OK {
		r.Bytes("description", nameSize+8)
		return Description{}, code, r.Err()
	}
	var d Description
	d.Group = string(name(&r, "description.group"))
	d.Node = r.U32("description.nodeid")
	d.PID = r.U32("description.pid")
	return d, code, r.Err()
}

// AppendTo appends a ResIterationNext.
func (d *Description) AppendTo(b []byte, code cserr.Code) []byte {
	b = appendResponse(b, ResIterationNext, IterationNextSize, code)
	b = appendName(b, d.Group, native)
	b = native.AppendUint32(b, d.Node)
	return native.AppendUint32(b, d.PID)
}
