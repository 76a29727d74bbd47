package wire

import (
	"bytes"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// Request ids, enum req_cmap_types.
const (
	ReqSet          = 0
	ReqDelete       = 1
	ReqGet          = 2
	ReqAdjustInt    = 3
	ReqIterInit     = 4
	ReqIterNext     = 5
	ReqIterFinalize = 6
	ReqTrackAdd     = 7
	ReqTrackDelete  = 8
	ReqSetMap       = 9
	ReqCount        = 10
)

// Response ids, enum res_cmap_types. The notification pushes the answer to
// ReqSetMap out of step.
const (
	ResSet          = 0
	ResDelete       = 1
	ResGet          = 2
	ResAdjustInt    = 3
	ResIterInit     = 4
	ResIterNext     = 5
	ResIterFinalize = 6
	ResTrackAdd     = 7
	ResTrackDelete  = 8
	ResNotify       = 9
	ResSetMap       = 10
)

// The maps that ReqSetMap chooses from.
const (
	MapDefault int32 = 0
	MapStats   int32 = 1
)

// Sizes of the fixed parts, headers included, in bytes.
const (
	nameSize    = 8 + mar.NameLen
	keyEnd      = service.HeaderSize + nameSize
	SetSize     = keyEnd + 16 // the value follows
	KeySize     = keyEnd
	GetSize     = keyEnd + 8
	AdjustSize  = keyEnd + 8
	TrackSize   = keyEnd + 16
	HandleSize  = service.HeaderSize + 8
	SetMapSize  = service.HeaderSize + 8
	GetResSize  = service.ResponseHeaderSize + 16 // the value follows
	NextResSize = service.ResponseHeaderSize + nameSize + 16
	NotifySize  = service.ResponseHeaderSize + 8 + nameSize + 40 // the values follow
)

// MinSizes are the least lengths of the requests, by id.
var MinSizes = [ReqCount]int{SetSize, KeySize, GetSize, AdjustSize, KeySize, HandleSize, HandleSize, TrackSize, HandleSize, SetMapSize}

// readName reads a mar_name_t as the daemon does: up to the first NUL,
// whatever its length says, but for a length of 0, which is no name at all.
func readName(r *mar.Reader, field string) string {
	r.Align(8)
	n := r.U16(field)
	b := r.Align(8).Bytes(field, mar.NameLen)
	if n == 0 {
		return ""
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// readKey is readName for a key, which has to be there: its length is ignored
// altogether.
func readKey(r *mar.Reader) string {
	r.Align(8).U16("key name")
	b := r.Align(8).Bytes("key name", mar.NameLen)
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
