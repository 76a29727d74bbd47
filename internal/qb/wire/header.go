package wire

import "fmt"

// Lengths of the headers, and where their fields are: every member is aligned
// to 8 bytes.
const (
	RequestHeaderSize  = 16
	ResponseHeaderSize = 24

	offID    = 0
	offSize  = 8
	offError = 16
)

// RequestHeader is qb_ipc_request_header.
type RequestHeader struct {
	ID   int32
	Size int32 // of the whole message, header included
}

// ParseRequestHeader reads the header in front of b. Size is checked to cover
// the header and to be no more than there is.
func ParseRequestHeader(b []byte) (RequestHeader, error) {
	if len(b) < RequestHeaderSize {
		return RequestHeader{}, fmt.Errorf("request header: got %d bytes, want %d", len(b), RequestHeaderSize)
	}
	h := RequestHeader{ID: int32(Order.Uint32(b[offID:])), Size: int32(Order.Uint32(b[offSize:]))}
	if h.Size < RequestHeaderSize || int64(h.Size) > int64(len(b)) {
		return RequestHeader{}, fmt.Errorf("request size: got %d, want %d to %d", h.Size, RequestHeaderSize, len(b))
	}
	return h, nil
}

// AppendTo appends the header; padding is zero.
func (h RequestHeader) AppendTo(b []byte) []byte {
	var a [RequestHeaderSize]byte
	Order.PutUint32(a[offID:], uint32(h.ID))
	Order.PutUint32(a[offSize:], uint32(h.Size))
	return append(b, a[:]...)
}

// ResponseHeader is qb_ipc_response_header, in front of responses and events.
type ResponseHeader struct {
	ID    int32
	Size  int32 // of the whole message, header included
	Error int32 // meaning is the service's; -errno in the set-up response
}

// ParseResponseHeader reads the header in front of b. Size is checked to be no
// more than there is; some daemons send events with a size of zero.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	if len(b) < ResponseHeaderSize {
		return ResponseHeader{}, fmt.Errorf("response header: got %d bytes, want %d", len(b), ResponseHeaderSize)
	}
	h := ResponseHeader{
		ID:    int32(Order.Uint32(b[offID:])),
		Size:  int32(Order.Uint32(b[offSize:])),
		Error: int32(Order.Uint32(b[offError:])),
	}
	if h.Size < 0 || int64(h.Size) > int64(len(b)) {
		return ResponseHeader{}, fmt.Errorf("response size: got %d, want 0 to %d", h.Size, len(b))
	}
	return h, nil
}

// AppendTo appends the header; padding is zero.
func (h ResponseHeader) AppendTo(b []byte) []byte {
	var a [ResponseHeaderSize]byte
	Order.PutUint32(a[offID:], uint32(h.ID))
	Order.PutUint32(a[offSize:], uint32(h.Size))
	Order.PutUint32(a[offError:], uint32(h.Error))
	return append(b, a[:]...)
}
