package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// AppendStatus appends a response that says no more than how it went: to
// ReqSet, ReqDelete, ReqAdjustInt, ReqIterFinalize and ReqSetMap.
func AppendStatus(b []byte, id int32, code cserr.Code) []byte {
	return ipcmsg.Sized(ipcmsg.NewResponse(b, id, code))
}

// ParseStatus reads any response's error; nil when the request succeeded.
func ParseStatus(b []byte) error {
	r, h := ipcmsg.ReadResponse(b)
	if r.Err() != nil {
		return r.Err()
	}
	return h.Error.Err()
}

// AppendGetRes appends the response to ReqGet. The value is there when the
// client has given room; the response then has that many bytes for it.
func AppendGetRes(b []byte, v icmap.Value, room int) []byte {
	w := ipcmsg.NewResponse(b, ResGet, cserr.OK).U64(uint64(v.Len())).U8(uint8(v.Type())).Align(8)
	if room > 0 {
		w.Bytes(v.Bytes())
		for pad := room - v.Len(); pad > 0; pad -= len(zero) {
			w.Bytes(zero[:min(pad, len(zero))])
		}
	}
	return ipcmsg.Sized(w)
}

// AppendGetError appends the response to a ReqGet that failed.
func AppendGetError(b []byte, code cserr.Code) []byte {
	return ipcmsg.Sized(ipcmsg.NewResponse(b, ResGet, code).Pad(16))
}

// ParseGetRes reads the response to ReqGet. The value is none when no room was
// given; length and type are there in either case.
func ParseGetRes(b []byte, room uint64) (v icmap.Value, length uint64, t icmap.Type, err error) {
	r, h := ipcmsg.ReadResponse(b)
	if r.Err() != nil || h.Error != cserr.OK {
		return v, 0, 0, firstError(r.Err(), h.Error)
	}
	length = readLen(r)
	t = icmap.Type(r.U8("type"))
	r.Align(8)
	if r.Err() == nil && room > 0 {
		if length > room || length > uint64(len(r.Rest())) {
			r.Fail("value_len", "%d, but %d bytes follow", length, len(r.Rest()))
		} else if v, err = icmap.Decode(t, r.Bytes("value", int(length))); err != nil {
			r.Fail("value", "%d bytes are no %v", length, t)
		}
	}
	return v, length, t, r.Err()
}

// readLen reads a value's length, of which no daemon has longer ones.
func readLen(r *mar.Reader) uint64 {
	n := r.U64("value_len")
	if n > icmap.ValueMax+1 {
		r.Fail("value_len", "%d, at most %d", n, icmap.ValueMax+1)
	}
	return n
}

func firstError(err error, code cserr.Code) error {
	if err != nil {
		return err
	}
	return code.Err()
}

// AppendHandleRes appends a response with a handle: to ReqIterInit and
// ReqTrackAdd the new one, to ReqTrackDelete the client's own mark.
func AppendHandleRes(b []byte, id int32, code cserr.Code, handle uint64) []byte {
	return ipcmsg.Sized(ipcmsg.NewResponse(b, id, code).U64(handle))
}

// ParseHandleRes reads a response with a handle.
func ParseHandleRes(b []byte) (uint64, error) {
	r, h := ipcmsg.ReadResponse(b)
	if r.Err() != nil || h.Error != cserr.OK {
		return 0, firstError(r.Err(), h.Error)
	}
	handle := r.U64("handle")
	return handle, r.Err()
}

// NextRes is res_lib_cmap_iter_next.
type NextRes struct {
	Key  string
	Len  uint64
	Type icmap.Type
}

// AppendNextRes appends the response to ReqIterNext; after an error the rest
// of it is zero.
func AppendNextRes(b []byte, code cserr.Code, n NextRes) []byte {
	w := ipcmsg.NewResponse(b, ResIterNext, code).Name(n.Key).Align(8).U64(n.Len).U8(uint8(n.Type)).Align(8)
	return ipcmsg.Sized(w)
}

// ParseNextRes reads the response to ReqIterNext. At the end of the iteration
// the error is cserr.NoSections.
func ParseNextRes(b []byte) (NextRes, error) {
	r, h := ipcmsg.ReadResponse(b)
	if r.Err() != nil || h.Error != cserr.OK {
		return NextRes{}, firstError(r.Err(), h.Error)
	}
	n := NextRes{Key: r.Name("key_name")}
	n.Len = readLen(r.Align(8))
	n.Type = icmap.Type(r.U8("type"))
	if r.Align(8).Err() != nil {
		return NextRes{}, r.Err()
	}
	return n, nil
}

// Notify is res_lib_cmap_notify_callback. New is none on Delete, Old on Add.
type Notify struct {
	Inst     uint64 // from TrackAdd
	Key      string
	Event    icmap.Event
	New, Old icmap.Value
}

// AppendTo appends the notification.
func (n Notify) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResNotify, cserr.OK).U64(n.Inst).Name(n.Key).Align(8).I32(int32(n.Event)).Align(8)
	w.U8(uint8(n.New.Type())).Align(8).U8(uint8(n.Old.Type())).Align(8)
	w.U64(uint64(n.New.Len())).U64(uint64(n.Old.Len())).Bytes(n.New.Bytes()).Bytes(n.Old.Bytes())
	return ipcmsg.Sized(w)
}

// ParseNotify reads a notification.
func ParseNotify(b []byte) (Notify, error) {
	r, h := ipcmsg.ReadResponse(b)
	if r.Err() == nil && h.ID != ResNotify {
		r.Fail("id", "%d, want %d", h.ID, ResNotify)
	}
	n := Notify{Inst: r.U64("track_inst_handle"), Key: r.Name("key_name")}
	n.Event = icmap.Event(r.Align(8).I32("event"))
	newType := icmap.Type(r.Align(8).U8("new_value_type"))
	oldType := icmap.Type(r.Align(8).U8("old_value_type"))
	newLen := r.Align(8).U64("new_value_len")
	oldLen := r.U64("old_value_len")
	take := func(field string, t icmap.Type, length uint64) (v icmap.Value) {
		if length > uint64(len(r.Rest())) {
			r.Fail(field, "length %d, but %d bytes follow", length, len(r.Rest()))
		}
		b := r.Bytes(field, int(min(length, 1<<20)))
		if t == icmap.None && length == 0 || r.Err() != nil {
			return v
		}
		v, err := icmap.Decode(t, b)
		if err != nil {
			r.Fail(field, "%d bytes are no %v", length, t)
		}
		return v
	}
	n.New = take("new_value", newType, newLen)
	n.Old = take("old_value", oldType, oldLen)
	if r.Err() != nil {
		return Notify{}, r.Err()
	}
	return n, nil
}
