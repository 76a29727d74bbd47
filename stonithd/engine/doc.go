// Package engine is the fencer, pacemaker-fenced, as a state machine without I/O
// (daemons/fenced/ of Pacemaker 2.1.5). docs/wire/fencing.md has its messages,
// internal/cli/fenced is the daemon around it.
//
// A fencer does two things. It runs devices: those that clients have registered and those
// of the CIB that this node may use, one action at a time each, and more where
// pcmk_action_limit says so (devices.go, command.go, search.go). And it leads operations
// against nodes (operation.go, lead.go):
//
//	client --Request--> query to all --Message--> answers --> the best peer runs a device
//	                                                          |
//	     client <--reply-- all finish <--broadcast-- done or failed, or the next peer or level
//
// Every fencer knows of every operation, its own and its peers', by the queries and by the
// broadcasts about their ends, and remembers them: the history (history.go), which fencers
// merge when asked to. An operation like one that is under way waits for that instead
// (a duplicate). A fencer that is asked to fence its own node has a peer lead the
// operation (a relay). With a topology (topology.go) the levels are tried in order until
// all devices of one have done it; a reboot by a level of several devices becomes off by
// all, then on by all.
//
// An Engine is told what happens with the time at which it does, and answers through its
// Host: nothing of a Host may call the Engine back. It arms no timer: NextDeadline is when
// Tick is due. None of it is safe for concurrent use.
//
// # Invariants
//
//   - An operation is done only if an agent has said so, or a human has, or the time has
//     passed after which a watchdog has certainly reset the node. A time that runs out, a
//     peer that is gone, a message that cannot be read: all these are failures.
//   - A request to fence is answered once, at once with an error or when the broadcast about
//     its end has come back; a device's run is answered once.
//   - Devices are walked in the order in which GLib's table would be (package ghash), for
//     answers show it.
//
// # Deviations from the reference
//
// That one device of a topology has done its part is never taken for the end of the whole: the
// reference does so in a fencer that was restarted meanwhile, and where the target is the
// operation's originator.
//
// What a peer's history says of an operation that this fencer leads does not take its
// place: the leader knows best. For the same reason what two fencers began at the same
// time, and a third takes for duplicates, ends there with the broadcasts of both. What a peer adds to a history is merged, as the reference
// means to, and did before 2.1. A result that comes after the end changes nothing, where the
// reference makes it the operation's in this node's history alone. A request that waits
// for the operation of a peer that is lost fails at once; there it is never answered. (There, a partition that has given the operation's node up
// would make the leader forget it, and its client never hear.) An internal run of list or
// status is never merged with a client's, and a run that has begun not with one that has
// ended. Where the reference would walk an automatic unfencing list of another peer for
// ever, the walk ends. A request whose numbers are none is refused.
package engine
