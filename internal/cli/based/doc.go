// Package based is pacemaker-based, the daemon that keeps a node's CIB: it serves cib_ro,
// cib_rw and cib_shm to programs on the node, is a member of the closed process group
// cib, and keeps the CIB in files (daemons/based/pacemaker-based.c of Pacemaker 2.1.5).
// cib/manager decides, cib/disk has the files; here are sockets, signals and time.
//
// All of the manager's calls are made under one lock, and what they say is done
// before it is released, so that clients and peers see everything in order. The disk is
// written to by a goroutine of its own, from a CIB that nobody changes any more.
// Whatever the reason to end, a CIB that waits for the disk is written first.
//
// # Other machines
//
// Where the CIB that it starts with says so, it listens on a TCP port for clients on other machines, of whom a user
// of group haclient logs in with his password (based_remote.c; docs/wire/remote.md, package
// password). What such a client does or leaves keeps nobody else waiting: the reference stands still while it waits
// for the rest of a message, while it verifies a password and while a client does not
// read.
//
// Deviations from the reference: a write to the disk is made by this process, not by a
// copy of it, and what clients write when the daemon is told to end is not lost on the
// disk. A manager with --stand-alone makes changes (see cib/manager). A client on another machine that
// sends what is no message is disconnected, after it has logged in as before; so is one that leaves 256 MiB
// unread, or all of it for a minute. At most 64 clients may be about to log in.
package based
