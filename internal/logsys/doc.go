// Package logsys is corosync's logging: what corosync.conf(5) says in its
// logging section, done as the reference's exec/logsys.c, exec/logconfig.c and
// libqb's log targets do it, line for line.
//
// A System has up to three kinds of target: standard error, syslog and any
// number of files. A line belongs to a subsystem ("TOTEM", "QUORUM", ...), and
// each subsystem has its own levels and may have its own file. Beside them the
// flight recorder ("blackbox") keeps the last lines in memory, to be dumped in
// libqb's file format on request.
//
//	caller --format--> queue (bounded, lock-free) --> writer goroutine --> targets
//	                                                          \--> flight recorder
//
// Invariants:
//   - A caller never blocks and never takes a lock that the writer, a disk or
//     syslogd can hold: it formats its line and puts it into the queue, or
//     counts it as lost when the queue is full. The writer says the count
//     before the next line.
//   - Only the writer goroutine touches open files, the syslog socket and the
//     flight recorder.
//   - A configuration is replaced as a whole; one that cannot be applied (a
//     file that cannot be opened) changes nothing.
//
// The package may be imported by the daemon and by what it starts; cores get a
// loglevel.Logger instead.
package logsys
