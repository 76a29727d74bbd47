package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// The requests of clients: enum req_cpg_types.
const (
	ReqJoin                = 0
	ReqLeave               = 1
	ReqMcast               = 2
	ReqMembership          = 3
	ReqLocalGet            = 4
	ReqIterationInitialize = 5
	ReqIterationNext       = 6
	ReqIterationFinalize   = 7
	ReqFinalize            = 8
	ReqZCAlloc             = 9
	ReqZCFree              = 10
	ReqZCExecute           = 11
	ReqPartialMcast        = 12

	ReqCount = 13
)

// The responses and events towards clients: enum res_cpg_types. Responses to
// the zero-copy requests carry 0 (alloc, free) or ResMcast (execute).
const (
	ResJoin                = 0
	ResLeave               = 1
	ResMcast               = 2
	ResMembership          = 3
	EventConfchg           = 4
	EventDeliver           = 5
	ResLocalGet            = 7
	ResIterationInitialize = 9
	ResIterationNext       = 10
	ResIterationFinalize   = 11
	ResFinalize            = 12
	EventTotemConfchg      = 13
	EventPartialDeliver    = 17
	ResPartialSend         = 18
)

// MaxMembers is how many processes a group may have before libcpg's callers
// run out of room: CPG_MEMBERS_MAX.
const MaxMembers = 128

// The least lengths of the requests.
const (
	JoinSize                = 168
	LeaveSize               = 160
	McastRequestHead        = 40 // in front of the payload
	PartialRequestHead      = 56 // in front of the fragment
	MembershipSize          = 152
	LocalGetSize            = 16
	IterationInitializeSize = 160
	IterationHandleSize     = 24
	FinalizeSize            = 16
	ZCAllocSize             = 152
	ZCFreeSize              = 32
	ZCExecuteSize           = 24
)

// ResponseSize is the length of a response that is only a header.
const ResponseSize = service.ResponseHeaderSize

// requestReader checks the header of a request and stands behind it.
func requestReader(msg []byte, id uint32) mar.Reader { return headed(msg, id, native) }

// ResponseHeader is what every response and event begins with.
type ResponseHeader = ipcmsg.ResponseHeader

// ParseResponseHeader reads the header of a response or an event and checks
// its size against the message's.
func ParseResponseHeader(msg []byte) (ResponseHeader, error) { return ipcmsg.ParseResponseHeader(msg) }

// responseReader checks the header of a response or event with the given id
// and stands behind it.
func responseReader(msg []byte, id int32) (mar.Reader, cserr.Code) {
	r, h := ipcmsg.ReadResponse(msg)
	if r.Err() == nil {
		if h.ID != id {
			r.Fail("header.id", "got %d, want %d", h.ID, id)
		} else {
			r = ipcmsg.Body(msg[:h.Size])
		}
	}
	return *r, h.Error
}

func appendResponse(b []byte, id int32, size int, code cserr.Code) []byte {
	b = appendNum(b, uint32(id), native)
	b = appendNum(b, uint32(size), native)
	return appendNum(b, uint32(code), native)
}

// AppendResponse appends a response that is only a header.
func AppendResponse(b []byte, id int32, code cserr.Code) []byte {
	return appendResponse(b, id, ResponseSize, code)
}
