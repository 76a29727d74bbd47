// Package client is how programs come to a CIB and work with it (the reference's lib/cib):
// that of the cluster, which pacemaker-based has (cib_native.c), that of another machine's
// (cib_remote.c), or a file in its place (cib_file.c), which a shadow is as well.
//
// [Open] chooses as the reference's cib_new does, by the environment: the shadow that
// CIB_shadow names, else the file that CIB_file names, else the daemon that listens on CIB_port of
// CIB_server, else the cluster. All give a [Conn], which takes [Request]s. [Conn.Do] waits for the answer. [Conn.Send] does not: that
// comes as an [Event], as do the notifications that Conn.Subscribe asks for.
//
// What the daemon, or the file, refuses is a [Refused], with the reference's number and text for
// it; [RC] is the number of any error.
//
// # Other machines
//
// Whoever CIB_user names logs in with CIB_passwd, over TLS unless CIB_encrypted says no;
// docs/wire/remote.md has the rest. Two deviations from the reference: its client says its name in a
// message to which there is no answer, and a daemon of its own that reads this and the first
// request at once loses the request, so that most tools fail over the port without TLS. Ours says its
// name when it logs in, which the reference's daemon understands too. And a connection on which there was no
// answer in time is closed, since nobody knows what comes next on it.
//
// # Files
//
// A file is read when it is opened, must be valid, and is written by Close if there was a
// request that changes something. That of the cluster itself, which nobody but root and the
// cluster's user may write, is written as package cib/disk does, with digest and backup,
// and belongs to the cluster; others are overwritten where they are.
//
// # Use
//
// A Conn may be used by several goroutines, of which one at a time waits for events. Any
// tool and any daemon may import the package; cibinput opens connections for tools, with
// the reference's messages about files that are odd.
package client
