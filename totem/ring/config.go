package ring

import (
	"errors"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// ErrClosed is what the methods of a ring that has ended return.
var ErrClosed = errors.New("ring: closed")

// Config is what a Ring needs.
type Config struct {
	// SRP configures the protocol. Open fills in RingSeq, Pool and Source.
	SRP srp.Config
	// Transport makes the transport. It is called once, by Open.
	Transport func(Attachment) (Transport, error)

	// PayloadMTU is the room for payload in one packet, in bytes: totem.netmtu
	// less two mcast headers (net_mtu after totemsrp_net_mtu_adjust).
	PayloadMTU int
	// PacketSize is the capacity of the pool's packets, in bytes; it should
	// hold any ordered multicast. Longer datagrams are received too, up to 16
	// KiB more, by way of a copy. Zero: 2048.
	PacketSize int
	// Admission keeps the books of the send queue; may be nil.
	Admission *pg.Admission

	// StateDir is where the ring id is kept: /var/lib/corosync.
	StateDir string

	// RealTime asks for SCHED_RR at Priority (zero: the highest) for the ring
	// thread; where that is refused, a warning is logged.
	RealTime bool
	Priority int
	// Refused, if any, is called on the ring thread when that has been refused,
	// and then it is asked for once more.
	Refused func()

	// BacklogMax is how many bytes of events may wait for the receiver before
	// the ring pushes back; see the package comment. Zero: 8 MiB.
	BacklogMax int

	// Eager, if any, may take events on the ring thread itself; see Eager.
	Eager Eager

	// Log is the logger of subsystem MAIN: pauses and priorities.
	Log loglevel.Logger
}

// Eager is a receiver that can take events on the ring thread, while the
// goroutine that calls Next sleeps: that spares two changes of context for a
// message. It must never make the thread wait. When it takes long, the ring
// leaves the events to the goroutine for a while.
type Eager interface {
	// Try tells whether Take may be called now; it does not wait. After true
	// comes Done, in the same pass of the thread.
	Try() bool
	// Take gets events as Next returns them.
	Take([]Event)
	Done()
}

// Stats are the ring's counters: the protocol's and the thread's.
type Stats struct {
	SRP srp.Stats
	// Failures is how many multicasts in a row could not be sent.
	Failures uint32
	// LongestLate is the longest time that a timer of the ring thread was
	// late, LongestBusy the longest time that it worked without a look at its
	// sockets.
	LongestLate, LongestBusy time.Duration
	// LongestVisit is the longest time between two tokens that this processor
	// received.
	LongestVisit time.Duration
	// Backlog is how many bytes wait for the receiver of events.
	Backlog int64
	// HeldBack is how many times the token was kept because the receiver
	// lagged.
	HeldBack uint64
}
