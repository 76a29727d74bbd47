// Package totem holds the vocabulary that every layer of the ring shares:
// node ids, ring ids, configuration changes, time and counted packets.
//
// The protocol itself is in totem/srp (the single ring protocol of Amir,
// Moser, Melliar-Smith, Agarwal and Ciarfella, "The Totem Single-Ring Ordering
// and Membership Protocol", 1995, in corosync's dialect), its bytes in
// totem/wire, packing and fragmentation above it in totem/pg, the thread that
// carries the token in totem/ring, plain UDP in totem/udp.
//
// Everything here is a value or is safe for use from several goroutines.
package totem

import (
	"fmt"
	"time"
)

// NodeID identifies a node; corosync.conf(5) nodelist.node.nodeid. Zero is
// never a valid id.
type NodeID uint32

// RingID names a configuration: its representative (the lowest node id of the
// ring) and a sequence number that only grows. It prints as corosync logs it,
// with the sequence in hexadecimal.
type RingID struct {
	Rep NodeID
	Seq uint64
}

func (r RingID) String() string { return fmt.Sprintf("%x.%x", uint32(r.Rep), r.Seq) }

// Instant is a point on the monotonic clock, in nanoseconds since an arbitrary
// start. Cores never read a clock: the shell or the simulator hands it in.
type Instant int64

// Never is an instant that is not reached: no deadline.
const Never = Instant(1<<63 - 1)

// Add returns the instant d after i.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// ConfigType tells the two configuration changes of extended virtual synchrony
// apart: first the transitional one, of those that come along from the old
// ring, then the regular one.
type ConfigType int

// The values are totem_configuration_type of the reference.
const (
	Regular ConfigType = iota
	Transitional
)

func (t ConfigType) String() string {
	if t == Transitional {
		return "transitional"
	}
	return "regular"
}

// ConfigChange is what the ring tells the layers above when the set of
// processors that deliver together changes. The lists are sorted by node id
// and belong to the receiver.
type ConfigChange struct {
	Type    ConfigType
	Members []NodeID
	Left    []NodeID
	Joined  []NodeID
	Ring    RingID
}

// MessageSizeMax is the largest message that the process-group layer carries,
// in bytes: MESSAGE_SIZE_MAX of the reference.
const MessageSizeMax = 1024 * 1024

// ProcessorCountMax is the most nodes that a ring may have.
const ProcessorCountMax = 384
