// Package engine is the manager of node attributes, pacemaker-attrd, as a state machine
// without I/O (daemons/attrd/ of Pacemaker 2.1.5). docs/wire/attrd.md has its messages,
// internal/cli/attrd is the daemon around it.
//
// Every daemon of a cluster has a table of all attributes: for each a value on each node.
// A client's request changes nothing by itself: the daemon sends it to all peers, itself
// among them, in the one order that the process group gives to all messages; what comes
// back from there is applied. So the tables are equal wherever the same messages were
// seen. One of the daemons, the writer, writes the values to the status section of the
// CIB, except those of private attributes. The writer is elected (package election), and
// gives its table to nodes that join and, once elected, to all.
//
//	client --Request--> Engine --Host.Send--> group --Deliver--> Engine --Host.Modify--> CIB
//
// An Engine is told what happens (Request, Deliver, Vote, PeerState, PeerProcess, Wrote,
// Replaced, Tick) with the time at which it does, and answers through its Host: nothing
// of a Host may call the Engine back. It arms no timer: NextDeadline is when Tick is due.
// None of it is safe for concurrent use.
//
// # Invariants
//
//   - Only what Deliver brings changes a value, and the loss of a node, which all see at
//     the same place among the messages.
//   - Of this node's own values nobody knows better: one that a peer's table contradicts
//     is told again to all.
//   - At most one write of an attribute is under way. What has changed meanwhile is written
//     when the write has been answered; one that fails is tried again, after the
//     attribute's delay or two seconds.
//   - The tables are walked in the order in which GLib's would be (package ghash), because
//     answers and the CIB show it.
//
// # Deviations from the reference
//
// A table that the writer gives away may be overtaken by updates: those are ordered
// before it, but were not yet known to the writer when it made it, and the receiver then
// goes back to what the update has replaced. The reference leaves it at that, and the nodes
// differ. Here the writer notes what changes until its table has come by in the group, and
// then tells that again (resend.go).
//
// An operation without a name among several of one request is refused, where the
// reference ends by a null pointer. Regular expressions have what POSIX gives to the
// extended ones, not what the GNU C library adds.
package engine
