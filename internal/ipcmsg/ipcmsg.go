// Package ipcmsg reads and writes what the messages between a client and
// corosync's services have in common: libqb's headers (qb_ipc_request_header and
// qb_ipc_response_header), whose members lie at multiples of 8 bytes, in front of
// C structures in this machine's byte order. The wire packages of the services
// build on it; docs/wire/libqb-ipc.md describes the headers.
package ipcmsg

import (
	"encoding/binary"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// The lengths of the headers in bytes, padding included.
const (
	RequestHeaderSize  = 16
	ResponseHeaderSize = 24
)

// sizeAt is where both headers have the size of the whole message.
const sizeAt = 8

var native mar.ByteOrder = binary.NativeEndian

// NewRequest appends a request's header to b; Sized or Finish puts in the size.
func NewRequest(b []byte, id int32) *mar.Writer {
	return mar.NewWriter(b, native).I32(id).Align(8).I32(0).Align(8)
}

// NewResponse appends the header of a response or an event to b; Sized or Finish
// puts in the size.
func NewResponse(b []byte, id int32, code cserr.Code) *mar.Writer {
	return mar.NewWriter(b, native).I32(id).Align(8).I32(0).Align(8).I32(int32(code)).Align(8)
}

// Sized notes the length of the message in its header and returns the buffer.
func Sized(w *mar.Writer) []byte {
	b, n := w.Buf(), w.Len()
	native.PutUint32(b[len(b)-n+sizeAt:], uint32(n))
	return b
}

// Finish is Sized after padding to 8 bytes, as C does a structure.
func Finish(w *mar.Writer) []byte { return Sized(w.Align(8)) }

// ReadRequest returns a reader behind the header of a request. Its id and size
// have been seen to by the carrier, which chose the handler by them.
func ReadRequest(b []byte) *mar.Reader { return behind(b, RequestHeaderSize) }

// Body returns a reader behind the header of a response that ReadResponse or
// ParseResponseHeader has seen.
func Body(b []byte) *mar.Reader { return behind(b, ResponseHeaderSize) }

func behind(b []byte, n int) *mar.Reader {
	r := mar.NewReader(b, native)
	r.Bytes("header", n)
	return r
}

// ResponseHeader is in front of every response and event.
type ResponseHeader struct {
	ID    int32
	Size  int32 // of the whole message, in bytes
	Error cserr.Code
}

// ReadResponse reads the header of a response or an event and returns a reader
// behind it. A size that does not cover the header, or is beyond the message, is
// the reader's error.
func ReadResponse(b []byte) (*mar.Reader, ResponseHeader) {
	r := mar.NewReader(b, native)
	var h ResponseHeader
	h.ID = r.I32("header.id")
	h.Size = r.Align(8).I32("header.size")
	h.Error = cserr.Code(r.Align(8).I32("header.error"))
	r.Align(8)
	if h.Size < ResponseHeaderSize || int64(h.Size) > int64(len(b)) {
		r.Fail("header.size", "%d of a message of %d bytes", h.Size, len(b))
	}
	return r, h
}

// ParseResponseHeader reads the header of a response or an event.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	r, h := ReadResponse(b)
	return h, r.Err()
}
