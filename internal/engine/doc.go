// Package engine is the executive of one node without its I/O: the table of
// services, the synchronisation that follows every configuration change, and
// the gates that a client's request passes. It is what exec/main.c, sync.c,
// service.c and the deciding half of ipc_glue.c are in the reference.
//
//	ring --Deliver/Change--> Node --Deliver/ConfigChange/Sync*--> service engines
//	client --Request-------> Node --gate--> service engine --Mcast--> Node --> ring
//
// A Node is a state machine: it has one caller at a time, the daemon's service
// loop or the simulator, and acts only through its Carrier. It starts no
// goroutine and reads no clock.
//
// What holds always:
//   - between a transitional configuration and the end of the synchronisation
//     that follows it, everything that a service sends travels in the ring's
//     transitional queue, ahead of all that clients had queued before; a service
//     with something to send that must not go ahead waits for SyncCompleted;
//   - a service's SyncActivate is called only when every member of the
//     configuration has sent its barrier for that service and ring;
//   - a service whose SyncInit was called in a round and whose SyncActivate was
//     not gets SyncAbort before the next round, in whatever phase the round was
//     (the reference forgot those that waited at the barrier, which is where the
//     ghost members of its CPG came from).
package engine
