package wire

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// ResponseHeader is in front of every response and event.
type ResponseHeader = ipcmsg.ResponseHeader

// ParseResponseHeader reads the header of a response or an event; a size
// beyond the message is an error.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	r, h := ipcmsg.ReadResponse(b)
	return h, wrap("response header", r)
}

// response starts to read a response that must have the given id.
func response(b []byte, id int32) (*mar.Reader, ResponseHeader) {
	r, h := ipcmsg.ReadResponse(b)
	if h.ID != id {
		r.Fail("header.id", "%d, want %d", h.ID, id)
	}
	return r, h
}

// AppendResponse appends a response that has nothing but its header.
func AppendResponse(b []byte, id int32, code cserr.Code) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, id, code))
}

// AppendRequest appends a request that has nothing but its header.
func AppendRequest(b []byte, id int32) []byte { return ipcmsg.Finish(ipcmsg.NewRequest(b, id)) }

// wrap says which message an error is about.
func wrap(msg string, r *mar.Reader) error {
	if err := r.Err(); err != nil {
		return fmt.Errorf("%s: %w", msg, err)
	}
	return nil
}
