package wire

import (
	"bytes"
	"fmt"
)

const (
	pathMax = 4096 // PATH_MAX of the C library

	// ConnectRequestSize is sizeof(struct qb_ipc_connection_request).
	ConnectRequestSize = 24
	// ConnectResponseSize is sizeof(struct qb_ipc_connection_response). A
	// client of less than this max_msg_size asks for this much all the same.
	ConnectResponseSize = 40 + 3*pathMax

	offReqMax    = 16
	offType      = 24
	offMax       = 28
	offCookie    = 32
	offRequest   = 40
	offResponse  = offRequest + pathMax
	offEvent     = offResponse + pathMax
	maxSizeLimit = 1 << 30
)

// ConnectRequest is the first message of a client.
type ConnectRequest struct {
	MaxMsgSize uint32 // in bytes, of what the client wants to send and receive
}

// ParseConnectRequest reads one. libqb looks at the id only, so the size that
// the header claims is not checked either.
func ParseConnectRequest(b []byte) (ConnectRequest, error) {
	if len(b) != ConnectRequestSize {
		return ConnectRequest{}, fmt.Errorf("connect request: got %d bytes, want %d", len(b), ConnectRequestSize)
	}
	if id := int32(Order.Uint32(b[offID:])); id != IDAuthenticate {
		return ConnectRequest{}, fmt.Errorf("connect request id: got %d, want %d", id, IDAuthenticate)
	}
	return ConnectRequest{MaxMsgSize: Order.Uint32(b[offReqMax:])}, nil
}

// AppendTo appends the message.
func (r ConnectRequest) AppendTo(b []byte) []byte {
	b = RequestHeader{ID: IDAuthenticate, Size: ConnectRequestSize}.AppendTo(b)
	var a [ConnectRequestSize - RequestHeaderSize]byte
	Order.PutUint32(a[:], r.MaxMsgSize)
	return append(b, a[:]...)
}

// ConnectResponse is the server's answer.
type ConnectResponse struct {
	Error      int32 // 0 or -errno; of a refusal nothing else counts
	Type       Transport
	MaxMsgSize uint32 // what both sides reckon with, at least the client's wish
	Cookie     uint64 // the server's address of the connection; of no use
	// Shm: paths of the rings, to which "-header" is appended. Socket: Request
	// is the path of the control file, Response the base of the socket names.
	Request, Response, Event string
}

// ParseConnectResponse reads one.
func ParseConnectResponse(b []byte) (ConnectResponse, error) {
	var r ConnectResponse
	if len(b) != ConnectResponseSize {
		return r, fmt.Errorf("connect response: got %d bytes, want %d", len(b), ConnectResponseSize)
	}
	if id := int32(Order.Uint32(b[offID:])); id != IDAuthenticate {
		return r, fmt.Errorf("connect response id: got %d, want %d", id, IDAuthenticate)
	}
	r.Error = int32(Order.Uint32(b[offError:]))
	r.Type = Transport(Order.Uint32(b[offType:]))
	r.MaxMsgSize = Order.Uint32(b[offMax:])
	r.Cookie = Order.Uint64(b[offCookie:])
	for _, p := range []struct {
		field string
		off   int
		to    *string
	}{{"request", offRequest, &r.Request}, {"response", offResponse, &r.Response}, {"event", offEvent, &r.Event}} {
		s := b[p.off : p.off+pathMax]
		n := bytes.IndexByte(s, 0)
		if n < 0 {
			return ConnectResponse{}, fmt.Errorf("connect response %s: path without an end", p.field)
		}
		*p.to = string(s[:n])
	}
	if r.Error == 0 {
		if r.Type != Shm && r.Type != Socket {
			return ConnectResponse{}, fmt.Errorf("connect response type: got %d, want %d or %d", r.Type, Socket, Shm)
		}
		if r.MaxMsgSize == 0 || r.MaxMsgSize > maxSizeLimit {
			return ConnectResponse{}, fmt.Errorf("connect response max_msg_size: got %d, want 1 to %d", r.MaxMsgSize, maxSizeLimit)
		}
	}
	return r, nil
}

// AppendTo appends the message. Preconditions: the paths are shorter than
// PATH_MAX; what is longer is cut.
func (r ConnectResponse) AppendTo(b []byte) []byte {
	n := len(b)
	b = append(b, make([]byte, ConnectResponseSize)...)
	a := b[n:]
	id := IDAuthenticate
	Order.PutUint32(a[offID:], uint32(id))
	Order.PutUint32(a[offSize:], ConnectResponseSize)
	Order.PutUint32(a[offError:], uint32(r.Error))
	Order.PutUint32(a[offType:], uint32(r.Type))
	Order.PutUint32(a[offMax:], r.MaxMsgSize)
	Order.PutUint64(a[offCookie:], r.Cookie)
	copy(a[offRequest:offRequest+pathMax-1], r.Request)
	copy(a[offResponse:offResponse+pathMax-1], r.Response)
	copy(a[offEvent:offEvent+pathMax-1], r.Event)
	return b
}
