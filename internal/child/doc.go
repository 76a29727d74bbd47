// Package child runs programs to their end, as the daemons run agents: in a process group of its own, with what it is
// to read written beforehand, what it writes kept by whom the caller says, and the whole group killed when its time is
// over. The reference's counterpart is lib/services/services_linux.c.
//
// Start returns when the kernel has begun with the program, so that what fails until then is an
// error; whoever calls it does the fork itself. Wait needs no thread, and no goroutine but its own: the end comes by the process's
// descriptor, and the same goroutine takes what was written.
//
// Invariants: a process is reaped only when nobody kills it any more, so its number is never another's; what a
// program leaves behind does not hold up its end, even if that keeps its output open.
//
// Daemons and what runs agents import it. Programs that are to go with the daemon are package spawn's.
package child
