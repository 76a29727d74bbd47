package wire

import (
	"bytes"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// A zero-copy buffer is a file in shared memory that the client makes. It
// begins with a ZCHeader, then comes a ReqMcast with its payload.
const (
	// ZCHeaderSize is the length of struct coroipcs_zc_header.
	ZCHeaderSize = 16
	// ZCOverhead is what a buffer is longer than the payload it has room for.
	ZCOverhead = ZCHeaderSize + McastRequestHead
	// ZCPathMax is the room for the file's path, its final zero included.
	ZCPathMax = 128
	// ZCAddressOffset is where the service writes the buffer's address.
	ZCAddressOffset = 8
)

// ZCHeader is coroipcs_zc_header.
type ZCHeader struct {
	MapSize int32  // written by the client
	Address uint64 // written by the service; names the buffer in requests
}

// ParseZCHeader reads the head of a buffer.
func ParseZCHeader(b []byte) (ZCHeader, error) {
	r := mar.NewReader(b, native)
	var h ZCHeader
	h.MapSize = r.I32("map_size")
	r.Align(8)
	h.Address = r.U64("server_address")
	return h, r.Err()
}

// AppendTo appends the head.
func (h *ZCHeader) AppendTo(b []byte) []byte {
	b = appendNum(b, uint32(h.MapSize), native)
	return native.AppendUint64(b, h.Address)
}

// ZCAllocRequest asks the service to map a buffer. Size is that of the file.
type ZCAllocRequest struct {
	Size uint64
	Path string
}

// ParseZCAllocRequest reads a ReqZCAlloc. The path must end within its room.
func ParseZCAllocRequest(msg []byte) (ZCAllocRequest, error) {
	var q ZCAllocRequest
	r := requestReader(msg, ReqZCAlloc)
	q.Size = r.U64("map_size")
	path := r.Bytes("path_to_file", ZCPathMax)
	if r.Err() != nil {
		return ZCAllocRequest{}, r.Err()
	}
	end := bytes.IndexByte(path, 0)
	if end < 0 {
		r.Fail("path_to_file", "no end within %d bytes", ZCPathMax)
		return ZCAllocRequest{}, r.Err()
	}
	q.Path = string(path[:end])
	return q, nil
}

// AppendTo appends the message. Preconditions: the path is shorter than
// ZCPathMax and has no zero byte.
func (q *ZCAllocRequest) AppendTo(b []byte) []byte {
	start := len(b)
	b = appendHeader(b, ReqZCAlloc, native)
	b = native.AppendUint64(b, q.Size)
	p := q.Path[:min(len(q.Path), ZCPathMax-1)]
	b = append(b, p...)
	b = append(b, zeros[:ZCPathMax-len(p)]...)
	return setSize(b, start, native)
}

// ZCFreeRequest gives a buffer up.
type ZCFreeRequest struct {
	Size    uint64
	Address uint64
}

// ParseZCFreeRequest reads a ReqZCFree.
func ParseZCFreeRequest(msg []byte) (ZCFreeRequest, error) {
	r := requestReader(msg, ReqZCFree)
	var q ZCFreeRequest
	q.Size = r.U64("map_size")
	q.Address = r.U64("server_address")
	return q, r.Err()
}

// AppendTo appends the message.
func (q *ZCFreeRequest) AppendTo(b []byte) []byte {
	start := len(b)
	b = appendHeader(b, ReqZCFree, native)
	b = native.AppendUint64(b, q.Size)
	b = native.AppendUint64(b, q.Address)
	return setSize(b, start, native)
}

// ParseZCExecuteRequest reads a ReqZCExecute: the address of the buffer whose
// message is to be sent.
func ParseZCExecuteRequest(msg []byte) (uint64, error) {
	r := requestReader(msg, ReqZCExecute)
	a := r.U64("server_address")
	return a, r.Err()
}

// AppendZCExecuteRequest appends a ReqZCExecute.
func AppendZCExecuteRequest(b []byte, address uint64) []byte {
	start := len(b)
	b = appendHeader(b, ReqZCExecute, native)
	b = native.AppendUint64(b, address)
	return setSize(b, start, native)
}

// McastRequestLen reads the payload's length from the head of the ReqMcast in
// a buffer, McastRequestHead bytes.
func McastRequestLen(head []byte) (int, error) {
	r := mar.NewReader(head, native)
	id := r.U32("header.id")
	if r.Err() == nil && id != ReqMcast {
		r.Fail("header.id", "got %d, want %d", id, ReqMcast)
	}
	r.Bytes("header", 32-4)
	n := r.U32("msglen")
	if r.Err() == nil && n > totem.MessageSizeMax {
		r.Fail("msglen", "got %d, at most %d", n, totem.MessageSizeMax)
	}
	return int(n), r.Err()
}
