// Package server offers a service to clients of libqb's IPC (lib/ipcs.c,
// ipc_setup.c, ipc_shm.c, ipc_socket.c), over rings in shared memory or over
// datagram sockets.
//
// One goroutine, that of Serve, waits for all clients of a service at once, as
// a thread of the C daemons does; a client that is idle costs a file descriptor
// and its mapped rings, but no goroutine. It accepts, authenticates, takes
// requests and calls the Handler, one call at a time, within Options.Locker.
// Requests are copied out of shared memory before anything looks at them.
//
// Respond, Event and Disconnect of a Conn may be called from any goroutine,
// also from within the Handler, and never block: what the client has no room
// for waits in memory, in order, and Serve's goroutine sends it once there is
// room. The other way round the Handler may block, which holds up the other
// clients of this service and nobody else.
//
// Requests of a kind that Options.Lend names can be taken by another thread in
// place of Serve's goroutine (Lent), with the same Locker held.
//
// A request that the Handler cannot take now, and has no way to refuse, is kept
// (Conn.Postpone): what a client has put into its ring is not lost.
//
// A client that reads, but for which ever more waits, is refused its multicasts for
// a while by its flow-control word (brake); libqb lets its memory grow.
//
// A client may do what it likes to the memory and the sockets it shares with
// us: it is counted (Stats.Malformed), costs that client its connection, and
// nothing else.
//
// Lock order: Options.Locker, Server.rateMu, Conn.mu, then Server.mu or Cork.mu. Handlers are called
// with Locker held and none of the others.
package server
