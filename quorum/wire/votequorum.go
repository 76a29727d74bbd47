package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// The requests of libvotequorum, by number (enum req_votequorum_types).
const (
	ReqGetInfo = iota
	ReqSetExpected
	ReqSetVotes
	ReqTrackStart
	ReqTrackStop
	ReqQdeviceRegister
	ReqQdeviceUnregister
	ReqQdeviceUpdate
	ReqQdevicePoll
	ReqQdeviceMasterWins
	ReqCount
)

// The responses and events of libvotequorum, by number (enum
// res_votequorum_types). The engine answers all but getinfo with ResStatus.
const (
	ResStatus = iota
	ResGetInfo
	ResTrackStart
	ResQuorumNotify
	ResExpectedVotesNotify
	ResNodelistNotify
)

// GetInfo is req_lib_votequorum_getinfo; node id 0 asks for the local node.
type GetInfo struct{ NodeID totem.NodeID }

// ParseGetInfo reads the request.
func ParseGetInfo(b []byte) (GetInfo, error) {
	r := ipcmsg.ReadRequest(b)
	m := GetInfo{NodeID: totem.NodeID(r.U32("nodeid"))}
	r.Align(8)
	return m, wrap("votequorum getinfo", r)
}

// AppendTo appends the request.
func (m GetInfo) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqGetInfo).U32(uint32(m.NodeID)))
}

// SetExpected is req_lib_votequorum_setexpected.
type SetExpected struct{ ExpectedVotes uint32 }

// ParseSetExpected reads the request.
func ParseSetExpected(b []byte) (SetExpected, error) {
	r := ipcmsg.ReadRequest(b)
	m := SetExpected{ExpectedVotes: r.U32("expected_votes")}
	r.Align(8)
	return m, wrap("votequorum setexpected", r)
}

// AppendTo appends the request.
func (m SetExpected) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqSetExpected).U32(m.ExpectedVotes))
}

// SetVotes is req_lib_votequorum_setvotes; node id 0 is the quorum device.
type SetVotes struct {
	Votes  uint32
	NodeID totem.NodeID
}

// ParseSetVotes reads the request.
func ParseSetVotes(b []byte) (SetVotes, error) {
	r := ipcmsg.ReadRequest(b)
	m := SetVotes{Votes: r.U32("votes"), NodeID: totem.NodeID(r.U32("nodeid"))}
	return m, wrap("votequorum setvotes", r)
}

// AppendTo appends the request.
func (m SetVotes) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqSetVotes).U32(m.Votes).U32(uint32(m.NodeID)))
}

// TrackStart is req_lib_votequorum_trackstart. Context comes back with every
// event.
type TrackStart struct {
	Context uint64
	Flags   uint32
}

// ParseTrackStart reads the request.
func ParseTrackStart(b []byte) (TrackStart, error) {
	r := ipcmsg.ReadRequest(b)
	m := TrackStart{Context: r.U64("context"), Flags: r.U32("track_flags")}
	r.Align(8)
	return m, wrap("votequorum trackstart", r)
}

// AppendTo appends the request.
func (m TrackStart) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqTrackStart).U64(m.Context).U32(m.Flags))
}

// QdeviceName is req_lib_votequorum_qdevice_register or _unregister.
type QdeviceName struct{ Name string }

// ParseQdeviceName reads the request.
func ParseQdeviceName(b []byte) (QdeviceName, error) {
	r := ipcmsg.ReadRequest(b)
	m := QdeviceName{Name: deviceName(r, "name")}
	r.Align(8)
	return m, wrap("votequorum qdevice register", r)
}

// AppendTo appends the request with id ReqQdeviceRegister or
// ReqQdeviceUnregister.
func (m QdeviceName) AppendTo(b []byte, id int32) []byte {
	w := ipcmsg.NewRequest(b, id)
	appendDeviceName(w, m.Name)
	return ipcmsg.Finish(w)
}

// QdeviceUpdate is req_lib_votequorum_qdevice_update.
type QdeviceUpdate struct{ OldName, NewName string }

// ParseQdeviceUpdate reads the request.
func ParseQdeviceUpdate(b []byte) (QdeviceUpdate, error) {
	r := ipcmsg.ReadRequest(b)
	m := QdeviceUpdate{OldName: deviceName(r, "oldname"), NewName: deviceName(r, "newname")}
	r.Align(8)
	return m, wrap("votequorum qdevice update", r)
}

// AppendTo appends the request.
func (m QdeviceUpdate) AppendTo(b []byte) []byte {
	w := ipcmsg.NewRequest(b, ReqQdeviceUpdate)
	appendDeviceName(w, m.OldName)
	appendDeviceName(w, m.NewName)
	return ipcmsg.Finish(w)
}

// QdevicePoll is req_lib_votequorum_qdevice_poll.
type QdevicePoll struct {
	Name     string
	CastVote uint32
	Ring     totem.RingID // the ring that the device has decided about
}

// ParseQdevicePoll reads the request.
func ParseQdevicePoll(b []byte) (QdevicePoll, error) {
	r := ipcmsg.ReadRequest(b)
	m := QdevicePoll{Name: deviceName(r, "name")}
	m.CastVote = r.Align(4).U32("cast_vote")
	m.Ring = ringID(r, "ring_id")
	return m, wrap("votequorum qdevice poll", r)
}

// AppendTo appends the request.
func (m QdevicePoll) AppendTo(b []byte) []byte {
	w := ipcmsg.NewRequest(b, ReqQdevicePoll)
	appendDeviceName(w, m.Name)
	w.Align(4).U32(m.CastVote)
	appendRingID(w, m.Ring)
	return ipcmsg.Finish(w)
}

// QdeviceMasterWins is req_lib_votequorum_qdevice_master_wins.
type QdeviceMasterWins struct {
	Name  string
	Allow uint32
}

// ParseQdeviceMasterWins reads the request.
func ParseQdeviceMasterWins(b []byte) (QdeviceMasterWins, error) {
	r := ipcmsg.ReadRequest(b)
	m := QdeviceMasterWins{Name: deviceName(r, "name")}
	m.Allow = r.Align(4).U32("allow")
	r.Align(8)
	return m, wrap("votequorum qdevice master_wins", r)
}

// AppendTo appends the request.
func (m QdeviceMasterWins) AppendTo(b []byte) []byte {
	w := ipcmsg.NewRequest(b, ReqQdeviceMasterWins)
	appendDeviceName(w, m.Name)
	return ipcmsg.Finish(w.Align(4).U32(m.Allow))
}
