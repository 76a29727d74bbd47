package srp

import "github.com/ringmaster-ha/ringmaster/totem"

// State is the membership algorithm's state, with the reference's numbers.
type State int

// The states of the membership algorithm.
const (
	Operational State = iota + 1
	Gather
	Commit
	Recovery
)

// Machine is the protocol of one processor.
type Machine struct{ cfg Config }

// New makes a machine that has not started.
func New(cfg Config) *Machine { return &Machine{cfg: cfg} }

// Start begins to gather, as when the interface comes up.
func (m *Machine) Start(now totem.Instant) []Action { return nil }

// Receive takes one datagram.
func (m *Machine) Receive(now totem.Instant, p *totem.Packet) []Action { return nil }

// Tick runs the timers that are due.
func (m *Machine) Tick(now totem.Instant) []Action { return nil }

// NextDeadline is when Tick wants to be called.
func (m *Machine) NextDeadline() totem.Instant { return totem.Never }

// MessagesQueued tells that the source has got messages.
func (m *Machine) MessagesQueued(now totem.Instant) []Action { return nil }

// Drained tells that all that the sockets held has been received.
func (m *Machine) Drained(now totem.Instant) []Action { return nil }

// TransAck ends the use of the transitional queue begun with ring's WaitTransAck.
func (m *Machine) TransAck(now totem.Instant, ring totem.RingID) []Action { return nil }

// Leave sends the leave message; the machine is at its end.
func (m *Machine) Leave(now totem.Instant) []Action { return nil }

// ForceGather acts as if the token timeout had run out.
func (m *Machine) ForceGather(now totem.Instant) []Action { return nil }

// InterfaceChanged gathers anew after the interface has come up or gone down.
func (m *Machine) InterfaceChanged(now totem.Instant) []Action { return nil }

// Reconfigure takes over changed values of the totem section.
func (m *Machine) Reconfigure(now totem.Instant, cfg Config) []Action { return nil }

// State tells the membership algorithm's state.
func (m *Machine) State() State { return 0 }

// Ring is the ring that the machine is on or tries to form.
func (m *Machine) Ring() totem.RingID { return totem.RingID{} }

// Members are those of the last regular configuration.
func (m *Machine) Members() []totem.NodeID { return nil }

// Reachable tells whether a node is in the list of processors.
func (m *Machine) Reachable(id totem.NodeID) bool { return false }

// Stats are the counters up to now.
func (m *Machine) Stats(now totem.Instant) Stats { return Stats{} }

// ResetStats sets all counters to zero.
func (m *Machine) ResetStats() {}
