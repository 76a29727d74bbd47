// Package cluster joins a daemon of Pacemaker to its namesakes on the other nodes: it is a
// member of their closed process group, keeps a peers.Cache of what corosync says of the
// nodes, and sends and receives their messages (cpg.c, corosync.c and cluster.c of
// lib/cluster in Pacemaker 2.1.5; docs/wire/pcmk-cluster.md). Pacemaker's daemons and
// nobody else import it.
//
//	c, err := cluster.Join(ctx, cluster.Options{Service: cpgmsg.Attrd, Handler: d, Locker: &d.mu, Log: log})
//	...
//	err = c.Send(nil, cpgmsg.Attrd, document) // to all, this node too
//	...
//	c.Close()
//
// Handlers run one at a time, with Options.Locker held, in the order that the group
// agrees on. Who calls Join with the lock held hears nothing before it lets go of it. The
// Cache belongs to whoever holds the lock. Send, NodeID and NodeName need no lock. A node
// whose name nobody has said is looked up in corosync's configuration with the lock held.
//
// Messages are for the group's daemons of all nodes or of one; what is meant for other nodes
// does not reach the Handler, and its own messages come back to a sender among all
// others. Which service they name is not looked at: elections name the controller in every
// group.
//
// # Where it differs from the reference
//
//   - Messages leave from a queue of their own, without the reference's pauses of 100 ms and
//     more when corosync takes nothing; what corosync took in parts when the group changed is
//     sent again. The queue is bounded: ErrQueueFull.
//   - A message that cannot be decoded is logged and dropped, as there; so is one whose text
//     is larger than package packed allows.
//   - corosync may also belong to the daemon's own user, so that a whole cluster can run
//     without root.
package cluster
