package engine

import (
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Subsystem is something that a controller connects to.
type Subsystem uint8

// The subsystems.
const (
	CIB Subsystem = iota
	ClusterLayer
	Executor
	Scheduler
	Fencer
	Attributes // no connection: it is enough that the manager takes clients once
	numSubsystems
)

var subsystemNames = [...]string{"CIB manager", "cluster layer", "executor", "scheduler", "fencer", "attribute manager"}

func (s Subsystem) String() string { return subsystemNames[s] }

// Host is what a Controller acts through. The calls return at once.
type Host interface {
	// Send sends a message to the daemons of a service: those of the node called to, or all if
	// to is empty, this node's too. It is false if the message was not taken.
	Send(to string, s cpgmsg.Service, e *etree.Element) bool

	// CIB asks the CIB manager. The result is the call's number, or below 1 if it could not be
	// made. then, if not nil, is called with the answer, or an error with a method RC that gives its
	// crmexit.RC; also after Controller.CIBTimeout without an answer. It is not called
	// for a call that could not be made, nor after the connection is lost.
	CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int

	// Attribute asks the manager of attributes for a change.
	Attribute(m *attrdwire.Message)

	// Exec asks the local executor, which answers at once: info is what it has to tell.
	Exec(r *lrmdwire.Request) (answer int, info *etree.Element, err error)

	// Metadata is what an agent says of itself.
	Metadata(class, provider, agent string, then func(now time.Time, xml string, err error))

	// Fence asks the fencer, and gives the number of the call. A call that could not be made has an
	// error as its result, later.
	Fence(f *stonithwire.Fence, options stonithwire.CallOptions, then func(now time.Time, r stonithwire.Result)) int
	// SyncFencing has all fencers tell each other what they know of fencing. It is false without a
	// connection.
	SyncFencing() bool
	// Load is how busy this node is.
	Load() te.Load

	// Schedule sends a message to the scheduler. Its answer comes with Controller.Scheduled.
	Schedule(e *etree.Element) bool

	// Reply tells an IPC client something, as an event. It is false if there is no such client.
	Reply(client string, e *etree.Element) bool
	// Dismiss ends a client's connection.
	Dismiss(client string)
	// Serve opens the IPC service, or closes it.
	Serve(on bool) error

	// Connect begins to connect to a subsystem; the outcome comes with Controller.Connected, that of
	// ClusterLayer, if it went well, with Controller.Joined. Connecting to CIB includes its notifications.
	// Whether the scheduler or the fencer can be reached may be tried for as long as needed.
	Connect(s Subsystem)
	// Disconnect ends a connection, or the attempt to make one. Controller.Lost is not called for it.
	Disconnect(s Subsystem)

	// SaveCIB keeps a CIB on which the scheduler has failed.
	SaveCIB(id string, cib *etree.Element)
	// CPUTime is what the process has used in user mode.
	CPUTime() time.Duration
	// Watchdog tells whether SBD runs on this node.
	Watchdog() bool
	// CheckWatchdog sees to it that a stonith-watchdog-timeout can be kept on this node, if fencers rely on its
	// watchdog, and ends the daemon if not. Without a connection to the fencer nobody does.
	CheckWatchdog(timeout string)
	// NewID is an id that nothing else has, in the form of a UUID.
	NewID() string

	// Panic resets this node at once.
	Panic()
	// Exit ends the daemon. Nothing is called any more.
	Exit(code crmexit.Code)
}

// Node is a node of corosync's list of nodes.
type Node struct {
	ID   uint32
	Name string
}

// Cluster is what the connection to the cluster layer tells.
type Cluster struct {
	Name string // this node's
	UUID string // and its id in the CIB
	// ClusterName is what corosync's configuration calls the cluster, "" for nothing.
	ClusterName string
	// Nodes is corosync's list of nodes, empty if it has none.
	Nodes []Node
	// Peers is the cache that the host feeds. It has to keep those that are lost
	// (peers.Config.KeepLost).
	Peers *peers.Cache
}
