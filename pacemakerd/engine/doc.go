// Package engine is pacemakerd's supervision of a node's daemons, as a state machine without I/O
// (daemons/pacemakerd/pcmkd_subdaemons.c of Pacemaker 2.1.5).
//
// The daemons are started in order, all at once. Every second one of them is looked at: whether its IPC
// service is offered by its process (Host.Probe, whose outcome comes with Probed). One that ends is started again; one that
// does not answer five times is killed for that. When the node is to leave, the daemons are stopped one by one, the last
// first, and each gets three minutes before it is killed, the controller as long as it takes: it has the resources stopped.
//
// # Invariants
//
//   - Of a daemon at most one process is known, and none is started while one is.
//   - A daemon is stopped when all after it have ended, and nothing is started once the node is to leave.
//   - Quit is called once, when no process is known any more.
//
// # Deviations from the reference
//
// A daemon that has ended while corosync was not to be reached is started as soon as it is: the reference
// notes that it is to be tried again, which only happens if its own connection to corosync was lost as well. That a
// service is offered is found out while other things go on.
package engine
