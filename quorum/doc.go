// Package quorum tells a program whether its node is in the quorate part of a
// Corosync cluster, who is in it, and how the votes stand: what libquorum and
// libvotequorum offer, in Go and without cgo. It talks to the daemon of this
// node, be it Corosync's own or Ringmaster's.
//
// A [Client] knows of quorum and membership and is there with any quorum
// provider, or none. [Votes] is for the provider corosync_votequorum: it reads
// and changes votes, and lets a quorum device take part.
//
//	c, err := quorum.Dial(ctx, quorum.Options{})
//	...
//	err = c.Track(ctx, quorum.Current|quorum.Changes)
//	for {
//		e, err := c.Next(ctx)
//		switch e := e.(type) {
//		case quorum.Change:     // e.Quorate
//		case quorum.Membership: // e.Joined, e.Left
//		}
//	}
//
// # Errors
//
// What the daemon answers comes as an [Error], so that
// errors.Is(err, quorum.ErrInvalidParam) and the like tell one from another. An
// operation that the daemon cannot take right now fails with ErrTryAgain and may
// be repeated. When the daemon ends, all calls fail with [ErrDisconnected]; dial
// again to go on.
//
// # Concurrency
//
// A connection may be used by several goroutines. Requests take turns. Next is
// for one goroutine at a time, and runs beside requests. A context that ends
// makes a call return its error; the connection stays usable.
//
// The engines that answer these clients inside Ringmaster's own daemon are in
// quorum/engine, the bytes in quorum/wire.
package quorum
