// Package pg is the process-group layer of corosync (exec/totempg.c): it packs
// messages into the payloads of the ring's mcasts, many small ones into one or
// one large one over many, and puts them together again where they are
// delivered. Its bytes are described in docs/wire/totempg.md.
//
// Three parts, each used from one place:
//
//   - Packer is the ring thread's: a srp.Source that takes whole messages in
//     and gives payloads out, at token visits, with one copy and no allocation.
//   - Assembler is the service loop's: it takes the ring's deliveries and
//     configuration changes in order and yields whole messages.
//   - Admission stands between clients and the ring: how full the send queue
//     is, who has reserved room in it, and the queue level that slows clients
//     down. It alone may be used from several goroutines.
//
// # The two sets
//
// After a configuration change the nodes synchronise their services before
// anything else is said. Messages of that time go through a queue of their own
// (trans) on the sending side and through assemblies of their own on the
// receiving side, so that a message whose beginning was sent before the change
// stays where it is until the synchronisation is over (TransAck).
//
// # Invariants
//
// A sender's payloads, read in ring order within one set, are a chain: each
// one's continuation number equals the one before's fragmented number, and both
// are zero between messages. The Packer never breaks the chain silently: where
// a configuration change cuts through a message it closes the chain with a
// payload that every receiver discards, and sends the message again from its start,
// so that members who have come since see it whole too. The Assembler holds at
// most one unfinished message per sender and set, never more than
// AssemblyMax bytes of it, and nothing of a sender who left.
//
// The package is pure: no clock, no goroutine, no I/O. It may be imported by
// the ring, the daemon's service loop and the simulator.
package pg
