// Package service is what pacemaker-schedulerd does with a request, apart from sockets
// and files (daemons/schedulerd/schedulerd_messages.c of Pacemaker 2.1.5): it schedules
// the CIB that came, makes the reply, says in the log what will happen, and says in which
// series of inputs the CIB is to be kept.
//
// A CIB that is the same as the last is scheduled again, for time has passed, but not
// kept again: the reply names the file of the first time.
//
// A Calculator is the memory of one daemon: what the last CIB was, how many transitions
// there have been, which warnings have been given. Large graphs it writes on several
// processors; it does no I/O and is not safe for concurrent use; the daemon imports it.
package service
