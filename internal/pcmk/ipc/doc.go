// Package ipc is what all of Pacemaker's daemons and tools talk over on one machine: the
// messages of package frame on libqb's connections, as the end of a daemon ([Server]) and
// that of its clients ([Conn]). docs/wire/pcmk-ipc.md has the bytes and who may connect.
//
// # Daemons
//
// A Server calls its Handler from one goroutine, that of Serve, one call at a time and
// within Options.Locker, so a daemon whose state is under that lock needs no other.
// Sending may be done from anywhere and never blocks.
//
// # Deviations from the reference
//
// What a client has no room for waits in memory, in order, and goes to it as soon as it
// reads: there is no timer, and no number of messages at which a client is thrown out,
// like the 500 of the reference (cluster-ipc-limit). A client that does not read at all
// is disconnected once MaxQueued bytes wait for it.
//
// A message is compressed only if it does not fit into the connection's own largest
// message, which may be larger than that of the daemon.
//
// # Clients
//
// A Conn may be used by several goroutines. Dial refuses a server that is not
// Pacemaker's: one that runs neither as root, nor as hacluster, nor in group haclient.
//
// Daemons, tools and tests import it; it knows nothing of what the messages are about.
package ipc
