// Package service is the contract between the Corosync services (CPG,
// votequorum, quorum, cfg, cmap, ...) and what carries them: the daemon's shell
// or the simulator.
//
// A service is a state machine without I/O. All calls into the engines of one
// node, timers included, come one at a time, in the order in which the ring
// delivers; an engine calls back only into its Host and Conns, from within such
// a call. It starts no goroutine, reads no clock, draws no random number but
// through its Host, and never blocks.
package service

import (
	"encoding/binary"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// ID numbers a service, on the wire and towards the C libraries: enum
// corosync_service_types of the reference.
type ID int

// The services that corosync 3.1.7 knows.
const (
	CMAP       ID = 0
	CFG        ID = 1
	CPG        ID = 2
	Quorum     ID = 3
	Pload      ID = 4
	Votequorum ID = 5
	Mon        ID = 6
	WD         ID = 7
)

// Max is SERVICES_COUNT_MAX: ids are below it.
const Max = 64

// Request describes one request of the client library.
type Request struct {
	// FlowControl: refuse with CS_ERR_TRY_AGAIN while the ring's send queue is
	// full or a synchronisation is under way (CS_LIB_FLOW_CONTROL_REQUIRED).
	FlowControl bool
	// MinSize is the least length of the request, header included; a shorter
	// one is answered with CS_ERR_INVALID_PARAM before the engine sees it.
	MinSize int
}

// Info is what the carrier must know of an engine.
type Info struct {
	ID   ID
	Name string // "corosync cluster closed process group service v1.01"
	IPC  string // the libqb service name, "cpg"; empty when it has no clients
	Ver  int    // interface version, 0 for all but a few
	// Priority orders start and stop: a lower one is started first.
	Priority       int
	AllowInquorate bool      // serve clients without quorum
	Requests       []Request // by request id
	ExecCount      int       // number of messages on the ring
}

// Engine is one service. Engine methods that a service has no use for are
// simply empty.
type Engine interface {
	Info() Info

	// Deliver is an executive message of this service, fn < Info().ExecCount.
	// msg includes its header (HeaderSize bytes) and is valid during the call;
	// it is at least that long and in the given byte order. What is malformed
	// beyond it is for the engine to count and drop.
	Deliver(from totem.NodeID, fn int, msg []byte, order mar.ByteOrder)

	// ConfigChange comes before the synchronisation that follows it.
	ConfigChange(c *totem.ConfigChange)

	// Open: a client has connected. An error refuses it.
	Open(c Conn) error
	// Request is a message of a client, id < len(Info().Requests), MinSize
	// checked. msg includes the libqb header in native byte
	// order and is valid during the call; the client cannot change it any more.
	Request(c Conn, id int, msg []byte)
	// Close: the client has gone; no more calls for c.
	Close(c Conn)

	// Dump logs the engine's state (SIGUSR2 of the reference).
	Dump()
	// Stop: the daemon is shutting down in order.
	Stop()
}

// Synchronizer is an engine that takes part in synchronisation
// (exec/sync.c): after each regular configuration, Init on all engines, then,
// for one service after the other in order of id, Process until it has sent all
// it must, a barrier over all nodes, and Activate. Abort undoes what Init and
// Process began, when another configuration comes in between.
type Synchronizer interface {
	SyncInit(trans, members []totem.NodeID, ring totem.RingID)
	SyncProcess() (done bool) // false: nothing could be sent now, call again
	SyncActivate()
	SyncAbort()
}

// SyncCompleter is an engine that wants to know when all services are
// synchronised. Until then what it sends, after its own Activate too, goes ahead
// of what waited in the ring's queue when the configuration changed.
type SyncCompleter interface {
	SyncCompleted()
}

// Conn is one client of the node's IPC. All methods may be called only from
// within an engine call; none blocks.
type Conn interface {
	// Serial is unique among all connections of this process's life.
	Serial() uint64
	PID() int
	UID() uint32
	GID() uint32
	// Respond answers the current request. The parts are copied.
	Respond(parts ...[]byte)
	// Event is sent asynchronously (dispatch). The parts are copied; what does
	// not fit into the client's ring waits in memory and keeps its order.
	Event(parts ...[]byte)
	// Queued is how many bytes of events wait in memory for the client.
	Queued() int
	// Disconnect ends the connection; Close follows.
	Disconnect()
	// Data is the engine's own state for this connection.
	Data() any
	SetData(any)
}

// Timer is a pending call. Stop is safe after it has run.
type Timer interface{ Stop() }

// Host is what an engine may do.
type Host interface {
	NodeID() totem.NodeID
	// Mcast sends an executive message of service id to all nodes, this one
	// included, in agreed order. It puts the header (id<<16|fn, size) in
	// front; parts are in native byte order and are copied. It reports false,
	// having sent nothing, when the ring's send queue is full.
	Mcast(id ID, fn int, parts ...[]byte) bool
	// After calls fn once after d; as every call into engines, one at a time.
	After(d time.Duration, fn func()) Timer
	// Now is the monotonic clock, WallNow the calendar's.
	Now() totem.Instant
	WallNow() time.Time
	// Rand returns a random number in [0,n).
	Rand(n int) int
	// Quorate is the cluster's present state; OnQuorum registers for changes.
	Quorate() bool
	// Log returns the logger of a subsystem ("CPG", "VOTEQ", ...).
	Log(subsys string) loglevel.Logger
}

// Order is the byte order in which this machine sends.
var Order mar.ByteOrder = binary.NativeEndian

// HeaderSize is the length of qb_ipc_request_header, in front of executive
// messages and client requests alike: a 32-bit id at 0 and a 32-bit size at 8,
// 16 bytes in all.
const HeaderSize = 16

// ResponseHeaderSize is the length of qb_ipc_response_header, in front of
// responses and events: id at 0, size at 8, error at 16, 24 bytes in all.
const ResponseHeaderSize = 24
