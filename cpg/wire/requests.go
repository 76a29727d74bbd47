package wire

import "github.com/ringmaster-ha/ringmaster/internal/mar"

// DeliverInitialTotemConf in JoinRequest.Flags asks for the ring's membership
// right after the join: CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF.
const DeliverInitialTotemConf = 0x01

// JoinRequest is req_lib_cpg_join. A group name that is too long is not an
// error of the format: the service answers it.
type JoinRequest struct {
	Group   []byte
	TooLong bool // the length exceeds NameMax; Group is empty
	PID     uint32
	Flags   uint32
}

// looseName reads a mar_cpg_name_t as name does, but tells a length that is
// too long apart from what is malformed.
func looseName(r *mar.Reader, field string) (g []byte, tooLong bool) {
	r.Align(8)
	n := num(r, field)
	b := r.Bytes(field, NameMax)
	if n > NameMax {
		return nil, b != nil
	}
	if b == nil {
		return nil, false
	}
	return b[:n], false
}

// ParseJoinRequest reads a ReqJoin.
func ParseJoinRequest(msg []byte) (JoinRequest, error) {
	var q JoinRequest
	r := requestReader(msg, ReqJoin)
	q.Group, q.TooLong = looseName(&r, "group_name")
	q.PID = num(&r, "pid")
	q.Flags = num(&r, "flags")
	return q, r.Err()
}

// AppendTo appends the message.
func (q *JoinRequest) AppendTo(b []byte) []byte {
	start := len(b)
	b = appendHeader(b, ReqJoin, native)
	b = appendName(b, q.Group, native)
	b = appendNum(b, q.PID, native)
	b = appendNum(b, q.Flags, native)
	return setSize(b, start, native)
}

// LeaveRequest is req_lib_cpg_leave.
type LeaveRequest struct {
	Group []byte
	PID   uint32
}

// ParseLeaveRequest reads a ReqLeave.
func ParseLeaveRequest(msg []byte) (LeaveRequest, error) {
	var q LeaveRequest
	r := requestReader(msg, ReqLeave)
	q.Group = name(&r, "group_name")
	q.PID = num(&r, "pid")
	return q, r.Err()
}

// AppendTo appends the message.
func (q *LeaveRequest) AppendTo(b []byte) []byte {
	start := len(b)
	b = appendHeader(b, ReqLeave, native)
	b = appendName(b, q.Group, native)
	b = appendNum(b, q.PID, native)
	return setSize(b, start, native)
}

// McastRequest is req_lib_cpg_mcast: a message to the joined group. It gets no
// response. Its header is as long as a response's.
type McastRequest struct {
	Guarantee uint32
	Message   []byte
}

// ParseMcastRequest reads a ReqMcast.
func ParseMcastRequest(msg []byte) (McastRequest, error) {
	var q McastRequest
	r := requestReader(msg, ReqMcast)
	r.Bytes("header", ResponseSize-16)
	q.Guarantee = num(&r, "guarantee")
	n := num(&r, "msglen")
	q.Message = payload(&r, "msglen", n)
	if r.Err() != nil {
		return McastRequest{}, r.Err()
	}
	return q, nil
}

// AppendHead appends what is in front of a payload of n bytes.
func (q *McastRequest) AppendHead(b []byte, n int) []byte {
	b = appendResponse(b, ReqMcast, McastRequestHead+n, 0)
	b = appendNum(b, q.Guarantee, native)
	return appendNum(b, uint32(n), native)
}

// AppendTo appends the message.
func (q *McastRequest) AppendTo(b []byte) []byte {
	return append(q.AppendHead(b, len(q.Message)), q.Message...)
}

// PartialMcastRequest is req_lib_cpg_partial_mcast: a fragment of a message.
type PartialMcastRequest struct {
	Guarantee uint32
	MsgLen    uint32 // of the whole message
	Type      Partial
	Message   []byte // the fragment
}

// ParsePartialMcastRequest reads a ReqPartialMcast.
func ParsePartialMcastRequest(msg []byte) (PartialMcastRequest, error) {
	var q PartialMcastRequest
	r := requestReader(msg, ReqPartialMcast)
	r.Bytes("header", ResponseSize-16)
	q.Guarantee = num(&r, "guarantee")
	q.MsgLen = num(&r, "msglen")
	n := num(&r, "fraglen")
	q.Type = Partial(num(&r, "type"))
	q.Message = payload(&r, "fraglen", n)
	if r.Err() != nil {
		return PartialMcastRequest{}, r.Err()
	}
	return q, nil
}

// AppendHead appends what is in front of a fragment of n bytes.
func (q *PartialMcastRequest) AppendHead(b []byte, n int) []byte {
	b = appendResponse(b, ReqPartialMcast, PartialRequestHead+n, 0)
	b = appendNum(b, q.Guarantee, native)
	b = appendNum(b, q.MsgLen, native)
	b = appendNum(b, uint32(n), native)
	return appendNum(b, uint32(q.Type), native)
}

// AppendTo appends the message.
func (q *PartialMcastRequest) AppendTo(b []byte) []byte {
	return append(q.AppendHead(b, len(q.Message)), q.Message...)
}

// ParseMembershipRequest reads a ReqMembership: the group asked for.
func ParseMembershipRequest(msg []byte) ([]byte, error) {
	r := requestReader(msg, ReqMembership)
	g := name(&r, "group_name")
	return g, r.Err()
}

// AppendMembershipRequest appends a ReqMembership.
func AppendMembershipRequest(b []byte, group string) []byte {
	start := len(b)
	b = appendHeader(b, ReqMembership, native)
	return setSize(appendName(b, group, native), start, native)
}

// AppendBareRequest appends a request that is only a header: ReqLocalGet or
// ReqFinalize.
func AppendBareRequest(b []byte, id uint32) []byte {
	start := len(b)
	return setSize(appendHeader(b, id, native), start, native)
}

// IterationType says what an iteration goes over: cpg_iteration_type_t.
type IterationType uint32

// The kinds of iterations.
const (
	NameOnly IterationType = 1 // the groups' names
	OneGroup IterationType = 2 // the processes of one group
	All      IterationType = 3 // all processes
)

// IterationRequest is req_lib_cpg_iterationinitialize. Group means something
// only for OneGroup; libcpg leaves it uninitialised for the others, so that
// its length is not checked then.
type IterationRequest struct {
	Group []byte
	Type  IterationType
}

// ParseIterationRequest reads a ReqIterationInitialize.
func ParseIterationRequest(msg []byte) (IterationRequest, error) {
	var q IterationRequest
	r := requestReader(msg, ReqIterationInitialize)
	g, tooLong := looseName(&r, "group_name")
	q.Type = IterationType(num(&r, "iteration_type"))
	if q.Type == OneGroup {
		if tooLong {
			r.Fail("group_name", "length above %d", NameMax)
		}
		q.Group = g
	}
	return q, r.Err()
}

// AppendTo appends the message.
func (q *IterationRequest) AppendTo(b []byte) []byte {
	start := len(b)
	b = appendHeader(b, ReqIterationInitialize, native)
	b = appendName(b, q.Group, native)
	b = appendNum(b, uint32(q.Type), native)
	return setSize(b, start, native)
}

// ParseHandleRequest reads a ReqIterationNext or ReqIterationFinalize, as id
// says: the iteration's handle.
func ParseHandleRequest(msg []byte, id uint32) (uint64, error) {
	r := requestReader(msg, id)
	h := r.U64("iteration_handle")
	return h, r.Err()
}

// AppendHandleRequest appends a ReqIterationNext or ReqIterationFinalize.
func AppendHandleRequest(b []byte, id uint32, handle uint64) []byte {
	start := len(b)
	b = appendHeader(b, id, native)
	b = native.AppendUint64(b, handle)
	return setSize(b, start, native)
}
