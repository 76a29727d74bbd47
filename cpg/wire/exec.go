package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// The messages of the ring by their number within the service: enum
// cpg_message_req_types.
const (
	ExecProcJoin     = 0
	ExecProcLeave    = 1
	ExecJoinList     = 2
	ExecMcast        = 3
	ExecDownListOld  = 4
	ExecDownList     = 5
	ExecPartialMcast = 6

	ExecCount = 7
)

// Reason says why a process joined or left: enum lib_cpg_confchg_reason.
type Reason uint32

// The reasons. Undefined stands in lists of members.
const (
	Undefined Reason = 0
	Join      Reason = 1 // the process joined
	Leave     Reason = 2 // the process left
	NodeDown  Reason = 3 // its node has left the ring
	NodeUp    Reason = 4 // its node has come to the ring
	ProcDown  Reason = 5 // the process went without leaving
)

func (r Reason) String() string {
	switch r {
	case Undefined:
		return "undefined"
	case Join:
		return "join"
	case Leave:
		return "leave"
	case NodeDown:
		return "nodedown"
	case NodeUp:
		return "nodeup"
	case ProcDown:
		return "procdown"
	}
	return "unknown"
}

// Partial tells where a fragment stands in its message: enum
// lib_cpg_partial_types.
type Partial uint32

// The kinds of fragments.
const (
	First     Partial = 1
	Continued Partial = 2
	Last      Partial = 3
)

// Source names the sender's connection (mar_message_source_t). Conn means
// something only to the sender; the reference puts a pointer there.
type Source struct {
	Node uint32
	Conn uint64
}

// execReader checks the header of a ring message and stands behind it.
func execReader(msg []byte, fn int, order mar.ByteOrder) mar.Reader {
	return headed(msg, uint32(service.CPG)<<16|uint32(fn), order)
}

// headed checks a request header and stands behind it; it reads no further
// than the header's size says.
func headed(msg []byte, want uint32, order mar.ByteOrder) mar.Reader {
	r := mar.NewReader(msg, order)
	id := num(r, "header.id")
	size := num(r, "header.size")
	if r.Err() != nil {
		return *r
	}
	switch {
	case id != want:
		r.Fail("header.id", "got %#x, want %#x", id, want)
	case size < service.HeaderSize || uint64(size) > uint64(len(msg)):
		r.Fail("header.size", "got %d, message has %d bytes", size, len(msg))
	default:
		r = mar.NewReader(msg[:size], order)
		r.Bytes("header", service.HeaderSize)
	}
	return *r
}

// appendHeader starts a message; setSize completes it.
func appendHeader(b []byte, id uint32, order mar.ByteOrder) []byte {
	b = appendNum(b, id, order)
	return appendNum(b, 0, order)
}

// setSize stores the length of the message that began at start.
func setSize(b []byte, start int, order mar.ByteOrder) []byte {
	order.PutUint32(b[start+8:], uint32(len(b)-start))
	return b
}

func appendExec(b []byte, fn int, order mar.ByteOrder) []byte {
	return appendHeader(b, uint32(service.CPG)<<16|uint32(fn), order)
}
