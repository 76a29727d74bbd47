package server

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// Peer is who a client is, as the kernel vouches: process, real user and group.
type Peer struct {
	PID      int
	UID, GID uint32
}

// Handler is the service. Its calls come one at a time from Serve's goroutine.
type Handler interface {
	// Open: a client is connected and has been told so. An error disconnects
	// it; Close is then not called.
	Open(c *Conn) error
	// Request: msg is a request, of the length that its header says, at least
	// wire.RequestHeaderSize. It is ours (the client cannot change it) and
	// valid during the call.
	Request(c *Conn, msg []byte)
	// Close: the connection has ended; exactly once for each Open that
	// returned nil. err tells why, nil when the client asked or went.
	Close(c *Conn, err error)
}

// Options describe a service. The zero value of each field is a default.
type Options struct {
	Name    string         // of the service: "cpg"
	Type    wire.Transport // wire.Shm or wire.Socket
	Handler Handler

	// Accept decides about a client before anything is made for it. An
	// error that wraps a syscall.Errno is told to the client as -errno, any
	// other as -EACCES. nil admits everybody.
	Accept func(Peer) error
	// Group, if any, names for a client the group whose members may use its
	// connection; the files stay with our user, so that the kernel turns away a
	// client that is not in the group (qb_ipcs_connection_auth_set). Without it,
	// or where it says no, they are given to the client. Called after Accept.
	Group func(Peer) (gid uint32, ok bool)
	// Locker, if any, is held during all calls of the Handler and Accept; the
	// requests that one client has pipelined are handled under one hold.
	Locker sync.Locker
	// Lend, if any, says which requests a thread that must not wait may handle;
	// such a thread can then take those of this service itself: see Lent. It is
	// asked with Locker held. LentPending is called, with Locker held too, when
	// Lent.Pending has become true by other means than Lent.Serve.
	Lend        func(msg []byte) bool
	LentPending func()
	// Cork, if any, may hold back notifications; see Cork.
	Cork *Cork
	Log  loglevel.Logger

	// MinMsgSize is the least max_msg_size that clients get, in bytes
	// (qb_ipcs_enforce_buffer_size).
	MinMsgSize uint32
	// MaxMsgSize is the most that a client may ask for: 64 MiB. A client that
	// wants more is refused with -EMSGSIZE. libqb knows no limit.
	MaxMsgSize uint32
	// MaxQueued is how many bytes may wait in memory for one client before it
	// is disconnected: 256 MiB. libqb's users know no limit.
	MaxQueued int
	// BrakeQueued is how many bytes may wait before the multicasts of a client that
	// reads are refused until half of that is gone: 32 MiB. One that has read nothing
	// for BrakeFor, 250 ms, is not refused any.
	BrakeQueued int
	BrakeFor    time.Duration
	// SetupTimeout is how long a client may take to say who it is: 10 s; and
	// MaxSetup how many such clients there may be: 128, beyond which the
	// oldest of them goes.
	SetupTimeout time.Duration
	MaxSetup     int

	// ShmDir is where connections have their directories: /dev/shm. Clients
	// are told the path.
	ShmDir string
	// SocketDir, if any, is where the socket of the service is, instead of
	// the abstract name space; see qb.FilesystemSockets.
	SocketDir string
}

func (o *Options) setDefaults() error {
	if o.Handler == nil {
		return errors.New("qb server: no handler")
	}
	if o.Type != wire.Shm && o.Type != wire.Socket {
		return fmt.Errorf("qb server: transport %d: want %d or %d", o.Type, wire.Socket, wire.Shm)
	}
	if o.Accept == nil {
		o.Accept = func(Peer) error { return nil }
	}
	if o.Locker == nil {
		o.Locker = noLock{}
	}
	if o.LentPending == nil {
		o.LentPending = func() {}
	}
	if o.Cork == nil {
		o.Cork = new(Cork)
	}
	if o.Log == nil {
		o.Log = loglevel.Discard
	}
	setDefault(&o.MaxMsgSize, 64<<20)
	setDefault(&o.MaxQueued, 256<<20)
	setDefault(&o.BrakeQueued, 32<<20)
	setDefault(&o.BrakeFor, 250*time.Millisecond)
	setDefault(&o.SetupTimeout, 10*time.Second)
	setDefault(&o.MaxSetup, 128)
	setDefault(&o.ShmDir, "/dev/shm")
	setDefault(&o.SocketDir, qb.DefaultSocketDir())
	return nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// owner is to whom the files of a client's connection are given.
func (o *Options) owner(p Peer) ringbuffer.Owner {
	if o.Group != nil {
		if gid, ok := o.Group(p); ok {
			return ringbuffer.Owner{GID: gid, Shared: true}
		}
	}
	return ringbuffer.Owner{UID: p.UID, GID: p.GID}
}

type noLock struct{}

func (noLock) Lock()   {}
func (noLock) Unlock() {}

// Rate is how eagerly requests are taken: enum qb_ipcs_rate_limit.
type Rate int32

// The rates of libqb. Off is told to clients as 1, Off2 as 2: a libqb client
// refuses to send (EAGAIN) at 1, and at 2 only where it has asked for it.
const (
	Fast   Rate = iota // up to 50 requests of a client at a time
	Normal             // up to 5
	Slow               // one
	Off
	Off2
)

func (r Rate) batch() int {
	switch r {
	case Fast:
		return 50
	case Slow:
		return 1
	}
	return 5
}

// flow is the flow-control word of a rate.
func (r Rate) flow() uint32 {
	switch r {
	case Off:
		return 1
	case Off2:
		return 2
	}
	return 0
}

// Stats are the counters of a service (struct qb_ipcs_stats) and our own.
type Stats struct {
	Active, Closed uint64 // connections
	Refused        uint64 // by Accept or for want of resources
	Malformed      uint64 // set-ups and messages that made no sense
	SetupTimeouts  uint64 // clients that did not say who they are
	Overrun        uint64 // disconnected because of MaxQueued
}

// ConnStats are the counters of a connection: struct qb_ipcs_connection_stats
// and the daemon's own queue (cs_ipcs_conn_context), as stats.ipcs.* shows them.
type ConnStats struct {
	Requests, Responses, Events uint64
	SendRetries, RecvRetries    uint64
	FlowControl                 uint32 // 0, 1 or 2
	FlowControlCount            uint64 // how often it has changed
	Queueing                    bool   // events wait in memory
	Queued                      uint32 // so many, since queueing began
	Sent                        uint32 // events sent, since queueing began or ended
}
