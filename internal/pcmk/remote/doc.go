// Package remote is the framing of Pacemaker's messages over TCP (lib/common/remote.c of
// Pacemaker 2.1.5): between a CIB manager and clients on other machines, and between a
// controller and the executor of a remote node. docs/wire/remote.md describes it.
//
// A [Conn] frames what goes over any stream, TLS or not.
//
// No length is believed: memory is taken as bytes arrive, up to what the receiver allows.
//
// Daemons, and libraries of their clients, import it. It opens no sockets.
package remote
