package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Config is what the machine needs to know of its node and of corosync.conf's
// totem section. Durations of zero are not defaulted here: the configuration
// package has applied corosync.conf(5)'s defaults.
type Config struct {
	NodeID totem.NodeID
	// RingSeq is what the ringid file held, 0 without one.
	RingSeq uint64

	Token                       time.Duration // token, already grown by the node count
	TokenWarning                int           // token_warning, per cent of Token; 0: off
	TokenRetransmit             time.Duration
	TokenRetransmitsBeforeLoss  int
	Hold                        time.Duration
	Join                        time.Duration
	SendJoin                    time.Duration
	Consensus                   time.Duration
	Merge                       time.Duration
	Downcheck                   time.Duration
	FailToRecvConst             int
	SeqnoUnchangedConst         int
	WindowSize                  int
	MaxMessages                 int
	MissCountConst              int
	CancelTokenHoldOnRetransmit bool
	MaxNetworkDelay             time.Duration
	HeartbeatFailuresAllowed    int
	Threads                     int // only logged, as the reference does
	// NetMTU is the room in one packet for srp's header and payload, in bytes,
	// the transport's own headers taken off already (net_mtu after
	// totemnet_net_mtu_adjust).
	NetMTU int

	Pool   *totem.Pool
	Source Source
	Rand   func(n int) int // in [0,n)
	Log    loglevel.Logger // subsystem TOTEM
}

// Source is where the machine takes new messages from when it has the token:
// totem/pg's packers. trans chooses the queue for messages of the
// synchronisation that follows a configuration change; while the machine
// waits for TransAck it sends from that one only, else from the other.
type Source interface {
	// Backlog is how many packets wait; a packet begun counts.
	Backlog(trans bool) int
	// Next appends the payload of the next packet to buf, whose capacity has
	// room for one; false when none waits.
	Next(trans bool, buf []byte) ([]byte, bool)
}

// ActionKind says which fields of an Action count.
type ActionKind uint8

// What a machine wants done, in the order of the slice.
const (
	// Mcast: send Packet to all processors, not to this one. The machine has
	// already dealt with its own copy.
	Mcast ActionKind = iota + 1
	// Unicast: send Packet to processor To (the token).
	Unicast
	// Deliver: the payload Packet.Data[Off:] from processor From in agreed order.
	// The action holds the packet once; who carries it out releases it.
	Deliver
	// Change: a configuration change, in order with Deliver.
	Change
	// WaitTransAck: from here in the order of Deliver and Change on, and until
	// TransAck is called, the source's trans queue is used and the assembler
	// above must use its transitional set.
	WaitTransAck
	// StoreRing: write RingSeq to stable storage, beside the token's path.
	StoreRing
	// CheckInterface: look whether the interface we are bound to is still up
	// (totemnet_iface_check).
	CheckInterface
	// Processors: the transport serves N processors from now on
	// (totemnet_processor_count_set); with one it watches its interface every
	// Downcheck.
	Processors
	// Paused: the machine was not called for N milliseconds although a timer was
	// due. Membership messages are dropped as possibly stale until Drained is
	// called, which the shell does as soon as it has read all that the sockets
	// held. The shell may tell where the pause came from.
	Paused
)

// Action is one thing to do. Mcast, Unicast and Deliver carry one hold on
// Packet, which who carries them out releases.
type Action struct {
	Kind   ActionKind
	Packet *totem.Packet
	Off    int
	From   totem.NodeID
	To     totem.NodeID
	// Swap: the sender's byte order is not ours (endian_conversion_required).
	Swap    bool
	Change  *totem.ConfigChange
	// Ring is the configuration of Change and WaitTransAck: TransAck hands it back.
	Ring    totem.RingID
	RingSeq uint64
	N       int
}
