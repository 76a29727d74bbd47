// Package engine is the CPG service of a node: closed process groups on top of
// the ring's total order, as exec/cpg.c of corosync 3.1.7 has them.
//
// A process group is a name. Processes of any node join and leave it; each is
// told, in the same order as all others, who is in the group and what its
// members multicast. The ring orders all of it: a join takes effect when the
// ring delivers it, on every node at the same point between the messages.
//
// # Clients
//
// A connection is in at most one group and in one of four states:
//
//	            join            delivered        leave           delivered
//	unjoined ──────▶ joinStarted ──────▶ joined ──────▶ leaveStarted ──────▶ unjoined
//
// It may send from joinStarted on and is delivered to in joined and
// leaveStarted. A connection that ends while in a group leaves it with the
// reason ProcDown.
//
// # Synchronisation
//
// When the ring's membership changes, each node multicasts a joinlist, the
// processes that it has in groups, and waits until everybody's has come. Then,
// at the same point of the total order on every node (SyncActivate):
//
//   - processes of the nodes that did not come along leave with NodeDown;
//   - processes in others' joinlists that were unknown join with NodeUp;
//   - processes that were known but are in no joinlist leave with ProcDown.
//
// Invariant: after SyncActivate, all nodes of the ring know the same processes
// in the same groups, and each of them is on a node of the ring. Some things
// guard it that the reference lacks:
//
//   - What a round collected ends with the round. The reference keeps a
//     joinlist when the round breaks off while nodes wait for each other, and
//     announces its processes in the next one although their node is gone: a
//     ghost that nothing removes (corosync commit 2ab885ab).
//   - A leave that is delivered between a joinlist and SyncActivate strikes the
//     process from the joinlist. A sender leaves out of its joinlist who is
//     leaving ahead of it.
//   - A leave is never lost: when the ring's queue is full it waits here, until
//     SyncCompleted when a synchronisation comes: SyncActivate ends only CPG's
//     part of it, and the ring's queue is held back until all of it is done.
//   - A leave never overtakes what its process sent. During a synchronisation
//     the ring's queue holds back what was sent before it, and a join that comes
//     after its leave would be for good: the leave waits until all has landed.
//   - A node that has gone and come back while rounds broke off has gone: its
//     processes leave with NodeDown before they join with NodeUp.
//
// And a client that has left is unjoined: it may join again, which the
// reference refuses until it connects anew.
//
// # Rules
//
// The package is pure: it imports no net, os or log, starts no goroutine and
// reads no clock. The calls into an Engine come one at a time, as
// internal/service says. In the steady state a multicast and its delivery
// allocate nothing.
package engine
