package wire

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// The lengths of libqb's headers (qb_ipc_request_header and
// qb_ipc_response_header), padding included.
const (
	RequestHeaderSize  = 16
	ResponseHeaderSize = 24
)

// ResponseHeader is in front of every response and event.
type ResponseHeader struct {
	ID    int32
	Size  int32 // of the whole message, in bytes
	Error int32 // a cs_error_t
}

// ParseResponseHeader reads the header of a response or an event; a size
// beyond the message is an error.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	r := mar.NewReader(b, native)
	h := responseHeader(r, len(b))
	return h, wrap("response header", r)
}

func responseHeader(r *mar.Reader, room int) ResponseHeader {
	var h ResponseHeader
	h.ID = r.I32("header.id")
	r.Align(8)
	h.Size = r.I32("header.size")
	r.Align(8)
	h.Error = r.I32("header.error")
	r.Align(8)
	if h.Size < ResponseHeaderSize || int(h.Size) > room {
		r.Fail("header.size", "%d of a message of %d bytes", h.Size, room)
	}
	return h
}

// response starts to read a response that must have the given id.
func response(b []byte, id int32) (*mar.Reader, ResponseHeader) {
	r := mar.NewReader(b, native)
	h := responseHeader(r, len(b))
	if h.ID != id {
		r.Fail("header.id", "%d, want %d", h.ID, id)
	}
	return r, h
}

// newResponse starts a message of the given id and error; its size is put in
// by finish.
func newResponse(b []byte, id, errno int32) *mar.Writer {
	return mar.NewWriter(b, native).I32(id).Align(8).I32(0).Align(8).I32(errno).Align(8)
}

// finish pads the message to 8 bytes, as a C structure, and notes its size.
func finish(w *mar.Writer) []byte {
	w.Align(8)
	return sized(w)
}

func sized(w *mar.Writer) []byte {
	b, n := w.Buf(), w.Len()
	native.PutUint32(b[len(b)-n+8:], uint32(n))
	return b
}

// AppendResponse appends a response that has nothing but its header.
func AppendResponse(b []byte, id, errno int32) []byte {
	return finish(newResponse(b, id, errno))
}

// AppendRequest appends a request that has nothing but its header.
func AppendRequest(b []byte, id int32) []byte { return finish(newRequest(b, id)) }

func newRequest(b []byte, id int32) *mar.Writer {
	return mar.NewWriter(b, native).I32(id).Align(8).I32(0).Align(8)
}

// request starts to read a request. Its id and size have been seen to by the
// carrier, which chose the handler by them.
func request(b []byte) *mar.Reader {
	r := mar.NewReader(b, native)
	r.Bytes("header", RequestHeaderSize)
	return r
}

// wrap says which message an error is about.
func wrap(msg string, r *mar.Reader) error {
	if err := r.Err(); err != nil {
		return fmt.Errorf("%s: %w", msg, err)
	}
	return nil
}
