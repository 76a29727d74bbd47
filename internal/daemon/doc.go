// Package daemon is corosync's shell: it joins the ring's thread (totem/ring),
// the executive (internal/engine) with its services, the clients (internal/qb)
// and the machine around them.
//
//	sockets -> ring thread -> events -> service loop -> Assembler -> engine.Node -> engines
//	clients -> qb servers --------------------^ (service lock)            |
//	           ring thread <- messages <----------------------------------+
//
// One lock, the service lock, stands for the reference's one thread: whoever
// calls into the Node or its engines, or reads or writes the configuration map,
// holds it. The ring thread never waits for it: what it has for the services goes
// into a queue, and what they have for it comes out of one. Only when it finds
// the lock free and the service loop asleep does it empty the queue itself. So
// nothing that an event of the ring sets off may wait for the ring thread;
// requests and timers may ask it (Stats, NodeStatus), for it answers between two
// packets.
//
// Nothing under the lock waits for a client, a disk or the network. Logging
// hands lines over; clients' events that do not fit into their rings wait in
// memory; files are written by goroutines of their own, of which there is one
// for each purpose, however many ask for it.
package daemon
