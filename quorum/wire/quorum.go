package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// The requests of libquorum, by number (enum req_quorum_types).
const (
	ReqQuorumGetQuorate = iota
	ReqQuorumTrackStart
	ReqQuorumTrackStop
	ReqQuorumGetType
	ReqQuorumModelGetType
	ReqQuorumCount
)

// The responses and events of libquorum, by number (enum res_quorum_types).
const (
	ResQuorumGetQuorate = iota
	ResQuorumTrackStart
	ResQuorumTrackStop
	ResQuorumNotification
	ResQuorumGetType
	ResQuorumModelGetType
	ResQuorumV1Quorum
	ResQuorumV1Nodelist
)

// Track flags of cs_track flags (corotypes.h).
const (
	TrackCurrent     = 0x01
	TrackChanges     = 0x02
	TrackChangesOnly = 0x04
)

// Model is how a libquorum client wants to be told (enum lib_quorum_model).
type Model uint32

// The models: V0 clients get [QuorumNotification], V1 clients
// [V1QuorumNotification] and [V1NodelistNotification].
const (
	ModelV0 Model = 0
	ModelV1 Model = 1
)

// QuorumTrackStart is req_lib_quorum_trackstart.
type QuorumTrackStart struct{ Flags uint32 }

// ParseQuorumTrackStart reads the request.
func ParseQuorumTrackStart(b []byte) (QuorumTrackStart, error) {
	r := ipcmsg.ReadRequest(b)
	m := QuorumTrackStart{Flags: r.U32("track_flags")}
	r.Align(8)
	return m, wrap("quorum trackstart", r)
}

// AppendTo appends the request.
func (m QuorumTrackStart) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqQuorumTrackStart).U32(m.Flags))
}

// QuorumModelGetType is req_lib_quorum_model_gettype: it chooses the model and
// asks for the type at once.
type QuorumModelGetType struct{ Model Model }

// ParseQuorumModelGetType reads the request. Unknown models are for the engine
// to refuse.
func ParseQuorumModelGetType(b []byte) (QuorumModelGetType, error) {
	r := ipcmsg.ReadRequest(b)
	m := QuorumModelGetType{Model: Model(r.U32("model"))}
	r.Align(8)
	return m, wrap("quorum model_gettype", r)
}

// AppendTo appends the request.
func (m QuorumModelGetType) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqQuorumModelGetType).U32(uint32(m.Model)))
}

// QuorumValue is the response to getquorate, gettype and model_gettype, which
// differ in their ID only: whether the cluster is quorate, or whether it has a
// quorum provider.
type QuorumValue struct {
	ID    int32 // ResQuorumGetQuorate, ResQuorumGetType or ResQuorumModelGetType
	Error cserr.Code
	Value uint32
}

// ParseQuorumValue reads the response that has the given id.
func ParseQuorumValue(b []byte, id int32) (QuorumValue, error) {
	r, h := response(b, id)
	m := QuorumValue{ID: h.ID, Error: h.Error, Value: r.U32("value")}
	r.Align(8)
	return m, wrap("quorum response", r)
}

// AppendTo appends the response.
func (m QuorumValue) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, m.ID, m.Error).U32(m.Value))
}

// QuorumNotification is the event of model V0 (res_lib_quorum_notification).
type QuorumNotification struct {
	Quorate int32
	RingSeq uint64
	View    []totem.NodeID
}

// ParseQuorumNotification reads the event.
func ParseQuorumNotification(b []byte) (QuorumNotification, error) {
	r, _ := response(b, ResQuorumNotification)
	m := QuorumNotification{Quorate: r.I32("quorate")}
	m.RingSeq = r.Align(8).U64("ring_seq")
	n := r.U32("view_list_entries")
	m.View = nodeIDs(r, "view_list", n)
	r.Bytes("padding", listTail)
	return m, wrap("quorum notification", r)
}

// listTail: where a list begins in the padding of its structure, at four bytes
// beyond a multiple of eight, the message is still as long as the padded
// structure and the list together, so that four bytes follow the list.
const listTail = 4

// AppendTo appends the event.
func (m QuorumNotification) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResQuorumNotification, cserr.OK)
	w.I32(m.Quorate).Align(8).U64(m.RingSeq).U32(uint32(len(m.View)))
	appendNodeIDs(w, m.View)
	return ipcmsg.Sized(w.Pad(listTail))
}

// V1QuorumNotification is the first event of model V1
// (res_lib_quorum_v1_quorum_notification).
type V1QuorumNotification struct {
	Quorate int32
	Ring    totem.RingID
	View    []totem.NodeID
}

// ParseV1QuorumNotification reads the event.
func ParseV1QuorumNotification(b []byte) (V1QuorumNotification, error) {
	r, _ := response(b, ResQuorumV1Quorum)
	m := V1QuorumNotification{Quorate: r.I32("quorate")}
	m.Ring = ringID(r, "ring_id")
	n := r.U32("view_list_entries")
	m.View = nodeIDs(r, "view_list", n)
	r.Bytes("padding", listTail)
	return m, wrap("quorum v1 quorum notification", r)
}

// AppendTo appends the event.
func (m V1QuorumNotification) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResQuorumV1Quorum, cserr.OK).I32(m.Quorate)
	appendRingID(w, m.Ring)
	w.U32(uint32(len(m.View)))
	appendNodeIDs(w, m.View)
	return ipcmsg.Sized(w.Pad(listTail))
}

// V1NodelistNotification is the second event of model V1
// (res_lib_quorum_v1_nodelist_notification). Joined and Left are empty when it
// answers trackstart.
type V1NodelistNotification struct {
	Ring                  totem.RingID
	Members, Joined, Left []totem.NodeID
}

// ParseV1NodelistNotification reads the event.
func ParseV1NodelistNotification(b []byte) (V1NodelistNotification, error) {
	r, _ := response(b, ResQuorumV1Nodelist)
	m := V1NodelistNotification{Ring: ringID(r, "ring_id")}
	members := r.U32("member_list_entries")
	joined := r.Align(8).U32("joined_list_entries")
	left := r.Align(8).U32("left_list_entries")
	m.Members = nodeIDs(r, "member_list", members)
	m.Joined = nodeIDs(r, "joined_list", joined)
	m.Left = nodeIDs(r, "left_list", left)
	r.Bytes("padding", listTail)
	return m, wrap("quorum v1 nodelist notification", r)
}

// AppendTo appends the event.
func (m V1NodelistNotification) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResQuorumV1Nodelist, cserr.OK)
	appendRingID(w, m.Ring)
	w.U32(uint32(len(m.Members))).Align(8).U32(uint32(len(m.Joined))).Align(8).U32(uint32(len(m.Left)))
	appendNodeIDs(w, m.Members)
	appendNodeIDs(w, m.Joined)
	appendNodeIDs(w, m.Left)
	return ipcmsg.Sized(w.Pad(listTail))
}
