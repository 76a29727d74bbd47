// Package lrm is what a controller knows and does of the resources on its own node, through
// the node's executor (daemons/controld/controld_execd.c, controld_execd_state.c and
// controld_metadata.c of Pacemaker 2.1.5).
//
// A Local takes messages that ask for operations (Invoke), asks the executor for them,
// and records what comes of each (Event) in the CIB's history or, for what has none,
// answers the transitioner that has asked. It remembers what of its resources a new
// DC wants to know (State), with what parameters they are to be stopped, and what is
// under way, which a node that leaves waits for (VerifyStopped).
//
//	start.go     an operation's way to the executor
//	result.go    what its results mean
//	update.go    how they are written: the CIB's history, answers, digests.go
//	invoke.go    which requests there are; cancel.go, remove.go, fail.go some of them
//	metadata.go  what agents say of their parameters
//	memory.go    what is remembered; leave.go what of it counts when a node leaves
//
// # Invariants
//
//   - An operation is refused, fails at once, or is known as pending until the executor
//     has told its result; then it is in the CIB, or its transitioner has an answer, once.
//   - Recurring operations of a resource are cancelled before anything but a monitor or
//     a notification of it is asked for.
//   - A resource is stopped with the parameters that it was started with.
//
// A Local does no I/O and reads no clock: time comes with every call, and Host and
// Controller are asked for all else. They call back later, never before the call that
// they were given the function by has returned. It is not safe for concurrent use.
// The controller's engine imports it.
//
// # Deviations from the reference
//
// Whether a user may delete a history is asked for without waiting, so that other
// things can happen before the deletion. An agent that has not said what its parameters are
// when an operation was asked for is not asked again when its result comes: the entry has
// no digests of restart and secure parameters then. A resource that has just been
// registered is not asked back from the executor. A DC that a node joins is told of operations that are under
// way there; the reference's hears of finished ones only, forgets that the others have been begun, and may start
// a resource on another node while it is being started here. Clearing the failure of
// one operation of a resource that has none ends the reference's daemon, and nothing happens here. The order in
// which operations are cancelled, and resources listed, is that of the reference's tables as long as nothing
// was deleted from those.
package lrm
