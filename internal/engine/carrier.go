package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// The process groups of the ring that the executive uses.
const (
	GroupServices = "a"    // messages between service engines
	GroupSync     = "sync" // messages of the synchronisation
)

// Carrier is what a Node acts through: the ring below it and the shell around
// it. No method blocks.
type Carrier interface {
	NodeID() totem.NodeID
	// Send queues one message, the concatenation of parts, for a group. trans
	// chooses the ring's transitional queue. False: the queue is full and
	// nothing was sent; messages of GroupSync are never refused, there are only
	// two for each service and configuration.
	Send(trans bool, group string, parts ...[]byte) bool
	// Reserve sets room aside in the send queue for a message of size bytes and
	// returns how much, for Release; 0 when there is none, negative when no
	// message may be so large.
	Reserve(size int) int
	Release(reserved int)
	// TransAck tells the ring that the synchronisation for this ring is done.
	TransAck(ring totem.RingID)
	After(d time.Duration, fn func()) service.Timer
	Now() totem.Instant
	WallNow() time.Time
	Rand(n int) int
	Log(subsys string) loglevel.Logger
}

// Observer is told what a Node does, for the parts of the daemon around it.
type Observer interface {
	// SyncState: a synchronisation is under way or has ended.
	SyncState(inProcess bool)
	// Membership comes with each configuration change, before the engines see it.
	Membership(c *totem.ConfigChange)
	// Quorum: the cluster has won or lost quorum.
	Quorum(quorate bool)
}
