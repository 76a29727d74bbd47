// Package echo is the service that the C programs beside it are clients of, in
// Go: MsgEcho answers with the request, MsgEvents sends events that tell their
// number. It is for tests and benchmarks only.
package echo

import (
	"encoding/binary"

	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// Requests.
const (
	MsgEcho   = 1
	MsgEvents = 2
)

// Service is the handler.
type Service struct{}

// Open admits all.
func (Service) Open(*server.Conn) error { return nil }

// Close has nothing to do.
func (Service) Close(*server.Conn, error) {}

// Request answers.
func (Service) Request(c *server.Conn, msg []byte) {
	h, err := wire.ParseRequestHeader(msg)
	if err != nil {
		return
	}
	switch h.ID {
	case MsgEcho:
		c.Respond(msg)
	case MsgEvents:
		if len(msg) < 24 {
			return
		}
		count := binary.NativeEndian.Uint32(msg[16:])
		size := int(binary.NativeEndian.Uint32(msg[20:]))
		if size < wire.ResponseHeaderSize || size > c.MaxMsgSize() {
			return
		}
		b := make([]byte, size)
		for i := range count {
			Event(b, int32(i))
			c.Event(b)
		}
	}
}

// Event fills b, which has at least a header's length, with event number i.
func Event(b []byte, i int32) {
	wire.ResponseHeader{ID: MsgEvents, Size: int32(len(b)), Error: i}.AppendTo(b[:0])
	for k := wire.ResponseHeaderSize; k < min(len(b), 256); k++ {
		b[k] = byte(k*7 + int(i))
	}
}
