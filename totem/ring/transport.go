package ring

import (
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Transport carries the ring's datagrams: totem/udp's or totem/knet's. Everything
// that it does, it does on the ring thread, and none of its methods waits.
type Transport interface {
	Start(now totem.Instant)
	Close()

	// Poll appends what to wait for. Deadline is when Tick wants to be called.
	Poll([]unix.PollFd) []unix.PollFd
	Deadline() totem.Instant
	// Tick does what is due and tells what became of the interface.
	Tick(now totem.Instant) totem.InterfaceEvent
	// Receive hands over what has arrived, each held by the caller for the time
	// of the call only, and tells whether nothing is left.
	Receive(fn func(*totem.Packet)) (drained bool)

	// Mcast and Unicast queue a packet, whose hold they take over, for all other
	// processors or one; Flush sends.
	Mcast(p *totem.Packet)
	Unicast(to totem.NodeID, p *totem.Packet)
	Flush()

	// Check has the interface looked at, after the loss of the token; Processors
	// tells how many have formed a ring.
	Check()
	Processors(now totem.Instant, n int)

	// Failures is how many multicasts in a row could not be sent
	// (continuous_sendmsg_failures).
	Failures() uint32
}

// Attachment is what the ring thread gives its transport.
type Attachment struct {
	Pool *totem.Pool // of packets that hold any message of the ring
	// Wake makes the ring thread call Tick soon; any goroutine may call it.
	Wake func()
}
