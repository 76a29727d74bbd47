// Package qb and the packages below it speak libqb 2.0.6's IPC protocol: how
// the C libraries (libcpg, libquorum, libcmap, libcrmcommon, ...) and their
// daemons talk on one machine. docs/wire/libqb-ipc.md describes the format.
//
//	qb/wire        the set-up messages and the two message headers
//	qb/shm         shared memory that its owner may truncate under us, glibc's
//	               semaphore in it, and CPG's zero-copy buffers
//	qb/ringbuffer  one ring of chunks in two files
//	qb/server      a service, as a daemon offers it
//	qb/client      a connection to a service, of a C or a Go daemon
//
// This package itself holds what both ends share: the address of a service.
//
// Invariants of all of them: no cgo; whatever a peer wrote is copied once and
// only then looked at; no word that a peer can write is trusted as an index or
// a length; a fault on shared memory is an error of that one connection and
// never ends the process.
//
// It may be imported by daemons and public client packages; it imports nothing
// of the cluster's.
package qb
