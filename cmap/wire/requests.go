package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// Set is req_lib_cmap_set.
type Set struct {
	Key   string
	Type  icmap.Type
	Value []byte // aliases the input
}

// ParseSet reads a request.
func ParseSet(b []byte) (Set, error) {
	r := ipcmsg.ReadRequest(b)
	s := Set{Key: readKey(r)}
	n := r.Align(8).U64("value_len")
	s.Type = icmap.Type(r.U8("type"))
	r.Align(8)
	if n > uint64(len(r.Rest())) {
		r.Fail("value_len", "%d, but %d bytes follow", n, len(r.Rest()))
		return Set{}, r.Err()
	}
	s.Value = r.Bytes("value", int(n))
	return s, r.Err()
}

// AppendTo appends the request.
func (s Set) AppendTo(b []byte) []byte {
	w := ipcmsg.NewRequest(b, ReqSet).Name(s.Key).Align(8).U64(uint64(len(s.Value))).U8(uint8(s.Type)).Align(8).Bytes(s.Value)
	return ipcmsg.Sized(w)
}

// ParseKey reads a request that has a key only: ReqDelete.
func ParseKey(b []byte) (key string, err error) {
	r := ipcmsg.ReadRequest(b)
	key = readKey(r)
	return key, r.Err()
}

// ParsePrefix reads ReqIterInit; the empty prefix is every key's.
func ParsePrefix(b []byte) (prefix string, err error) {
	r := ipcmsg.ReadRequest(b)
	prefix = readName(r, "prefix")
	return prefix, r.Err()
}

// AppendKey appends a request that has a key, or a prefix, only.
func AppendKey(b []byte, id int32, key string) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, id).Name(key))
}

// Get is req_lib_cmap_get.
type Get struct {
	Key  string
	Room uint64 // bytes that the client has for the value; 0: it wants to know type and length only
}

// ParseGet reads a request.
func ParseGet(b []byte) (Get, error) {
	r := ipcmsg.ReadRequest(b)
	g := Get{Key: readKey(r), Room: r.Align(8).U64("value_len")}
	return g, r.Err()
}

// AppendTo appends the request.
func (g Get) AppendTo(b []byte) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, ReqGet).Name(g.Key).Align(8).U64(g.Room))
}

// Adjust is req_lib_cmap_adjust_int.
type Adjust struct {
	Key  string
	Step int32
}

// ParseAdjust reads a request.
func ParseAdjust(b []byte) (Adjust, error) {
	r := ipcmsg.ReadRequest(b)
	a := Adjust{Key: readKey(r), Step: r.Align(8).I32("step")}
	return a, r.Err()
}

// AppendTo appends the request.
func (a Adjust) AppendTo(b []byte) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, ReqAdjustInt).Name(a.Key).Align(8).I32(a.Step).Align(8))
}

// TrackAdd is req_lib_cmap_track_add.
type TrackAdd struct {
	Key    string // empty: all keys
	Events icmap.Event
	Inst   uint64 // the client's own mark, comes back in every notification
}

// ParseTrackAdd reads a request.
func ParseTrackAdd(b []byte) (TrackAdd, error) {
	r := ipcmsg.ReadRequest(b)
	t := TrackAdd{Key: readName(r, "key_name")}
	t.Events = icmap.Event(r.Align(8).I32("track_type"))
	t.Inst = r.Align(8).U64("track_inst_handle")
	return t, r.Err()
}

// AppendTo appends the request.
func (t TrackAdd) AppendTo(b []byte) []byte {
	w := ipcmsg.NewRequest(b, ReqTrackAdd).Name(t.Key).Align(8).I32(int32(t.Events)).Align(8).U64(t.Inst)
	return ipcmsg.Sized(w)
}

// ParseHandle reads a request that has a handle only: ReqIterNext,
// ReqIterFinalize and ReqTrackDelete.
func ParseHandle(b []byte) (uint64, error) {
	r := ipcmsg.ReadRequest(b)
	h := r.U64("handle")
	return h, r.Err()
}

// AppendHandle appends such a request.
func AppendHandle(b []byte, id int32, handle uint64) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, id).U64(handle))
}

// ParseSetMap reads which map is wanted.
func ParseSetMap(b []byte) (int32, error) {
	r := ipcmsg.ReadRequest(b)
	m := r.I32("map")
	return m, r.Err()
}

// AppendSetMap appends a request for a map.
func AppendSetMap(b []byte, m int32) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, ReqSetMap).I32(m).Align(8))
}

// zero is padding for AppendGetRes.
var zero [mar.NameLen]byte
