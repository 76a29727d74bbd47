package srp

import "github.com/ringmaster-ha/ringmaster/totem"

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
	// ExpectRing: RingSeq is a processor's that wants to be in a ring with us, so
	// that a higher one is to be stored soon. A write that begins now may be done
	// by then.
	ExpectRing
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
	Swap   bool
	Change *totem.ConfigChange
	// Ring is the configuration of Change and WaitTransAck: TransAck hands it back.
	Ring    totem.RingID
	RingSeq uint64
	N       int
}

// emit adds an action to what the present call returns.
func (m *Machine) emit(a Action) { m.out = append(m.out, a) }

// mcast has a packet sent to all others. The action takes over one hold.
func (m *Machine) mcast(p *totem.Packet) { m.emit(Action{Kind: Mcast, Packet: p}) }

// packet gets a packet that has room for n bytes; recovery's encapsulation can
// make one larger than what the pool was made for.
func (m *Machine) packet(n int) *totem.Packet {
	if n <= m.cfg.Pool.Size() {
		return m.cfg.Pool.Get()
	}
	p := &totem.Packet{Data: make([]byte, 0, n)}
	p.Retain()
	return p
}
