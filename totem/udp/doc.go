// Package udp carries the ring's datagrams over plain UDP: the transports
// "udpu" (unicast to every member) and "udp" (multicast or broadcast) of
// corosync.conf(5). docs/wire/udp.md tells what goes over which socket.
//
// A Transport belongs to one thread, the ring thread, which calls all of its
// methods but those said to be safe. No method waits: sockets are non-blocking,
// a bind that fails is tried again at a deadline, and the interfaces of the
// host are looked up by a goroutine of their own, whose answer the next Tick
// picks up.
//
// Invariants:
//   - What a node multicasts is never fed back to it: the machine has dealt
//     with its own copy.
//   - A token is never handed over before the multicasts that had arrived when
//     it was read (the reference's totemnet_recv_flush).
//   - Datagrams are read into pooled packets and sent from them; nothing is
//     allocated per packet.
//
// The reference's files are exec/totemudpu.c, exec/totemudp.c and
// exec/totemip.c. The package knows sockets, not the protocol: of a datagram it
// looks at nothing but the message type, to tell ordered multicasts from the
// membership's.
package udp
