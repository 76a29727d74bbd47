// Package election is how one of the nodes of a Pacemaker cluster becomes the one that acts
// for all: the controllers elect the DC this way, and attrd its writer
// (lib/cluster/election.c of Pacemaker 2.1.5).
//
// A node offers itself by a vote to all. Each of the others compares: the one with the
// older feature set is better (it must be, so that no node has to understand
// what is newer than it), then the one that has used more CPU time, then the one whose
// name comes first. Who is worse answers with a no-vote; who is better holds its own
// election. Whoever has the no-votes of all active peers, or has lost to nobody until
// the timeout, has won.
//
// An Election is a state machine without I/O: votes, the timer and the clock's readings
// go in, messages to send and the timer's orders come out. It keeps these invariants:
//
//   - Only what answers the present round of this node's own election counts for it.
//   - A node that has lost within the last two seconds does not begin a new election
//     because of a vote that it would win against: who beat it shall win.
//   - While the timer runs the state is InProgress.
package election
