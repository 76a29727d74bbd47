// Package votequorum is the quorum provider of Corosync: each node has votes,
// and the partition that holds more than half of the expected ones is quorate.
// It is exec/votequorum.c's behaviour, message by message, as a state machine
// without I/O behind the contract of internal/service.
//
// # How votes are counted
//
// Every node multicasts a nodeinfo: its votes, the votes it expects in all and
// its flags. They are exchanged in every synchronisation and whenever one of
// them changes, so that all nodes of a view compute from the same table:
//
//	quorum = max((expected+2)/2, (present+2)/2)
//
// with expected the highest that any member names. Quorum never falls on its
// own; an administrator, an orderly leave with allow_downscale, and
// last_man_standing can lower it. The features bend the rule:
//
//   - two_node: with at most two voters, one vote suffices.
//   - wait_for_all: after a start, no quorum before all have been seen once.
//   - auto_tie_breaker: of two equal halves the one with the lowest, the
//     highest, or the first listed node is quorate.
//   - last_man_standing: some time after nodes were lost, the rest expects no
//     more than itself.
//   - allow_downscale: nodes that leave in order are expected no longer.
//   - expected_votes_tracking: the highest number of votes ever expected is
//     remembered, over restarts too.
//   - a quorum device (corosync-qdevice) adds votes as long as it polls; with
//     master_wins the partition that has its vote is quorate in any case.
//
// # Who calls what
//
// [New] reads the configuration, joins the trackers of the configuration map
// and multicasts the first nodeinfo. From then on the carrier calls the
// methods of service.Engine and service.Synchronizer. Every change of quorum
// goes to Config.Report at once when it happens outside a synchronisation, and
// once at the end of each synchronisation.
//
// # Deviations from the reference
//
// Quorum is counted in 32 bits; the reference keeps it in 8, so that it wraps
// to a small number with more than 510 votes.
//
// The barrier of expected_votes_tracking reaches the disk; the reference has
// closed its file by the time it writes, and warns instead. And it is a minimum
// of the configured expected votes, as votequorum(5) has it; in the reference it
// takes their place, so that a node without a nodelist expects nobody at its
// first start.
//
// Messages that would fail an assertion of the reference (a name that is not
// terminated, news of the device of a node nobody knows) are dropped and
// counted. A client that dies while its device registers leaves no trace. What
// a synchronisation could not send because the queue was full, it sends later.
//
// The package imports no net, os, log or time source; it may be imported by
// quorum/engine, the daemon and tests.
package votequorum
