// Package cfgsvc is corosync's configuration service, CFG (exec/cfg.c): the
// status of rings and nodes, the end of a node, shutdown by agreement of those
// who track it, reload of corosync.conf on all nodes at once, reopening of log
// files.
//
// The Engine is a core without I/O; what it needs done it asks of Actions, which
// the daemon implements. Both are used under the service lock only.
//
// A shutdown: one client at a time asks (TryShutdown). Every other client that
// tracks is asked in turn by an event, and has cfg.shutdown_timeout (5 s) to
// reply; who stops tracking or goes away counts as a yes, silence as a no. On
// agreement, or regardless of it when so flagged, the node says on the ring
// that it is going, and goes when that message comes back.
//
// A reload: the request goes round the ring, and each node reads its own file
// when the message is delivered, all of them at the same point of the order.
// Reloads that overlap are done one after the other.
package cfgsvc
