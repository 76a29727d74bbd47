// Package lrmd is the executor of one node: it has the resources that a client registered,
// the operations that are asked of them, and what comes of those
// (daemons/execd/execd_commands.c and lib/services/services.c of Pacemaker 2.1.5).
//
// # An operation's way
//
//	Exec ──> pending ──> active ──> Launch ──> Complete ──> Notify
//	            ▲           │         ▲           │
//	       start delay      └─> blocked (another  └─> waits for its interval, if
//	                            process of the        it recurs, and is launched again
//	                            resource runs)
//
// Of one resource one operation at a time is active, in the order of the requests; a
// recurring one is active only the first time, and after that comes back on its own. No
// two processes of one resource run at once, whatever they belong to. Resources do not
// wait for each other, and nothing is dropped for being too much.
//
// A recurring operation that is asked for again is the one that there is: it gets the new
// call's number and runs at once. A stop cancels all recurring operations of its resource.
//
// What systemd has only begun is asked after until it is done, within the operation's
// timeout. Operations of fence devices are the fencer's, but for probes, which are
// answered from what was last known.
//
// # What it does not do
//
// An Executor does no I/O and reads no clock: time comes with every call, and Effects say
// what is to be done, in order. Its shell is internal/cli/execd, which starts
// agents with lrmd/agent and asks the fencer with lrmd/fencing. An Executor is not safe for
// concurrent use, and effects are valid until its next call.
//
// # Deviations from the reference
//
// Where a process of a cancelled operation has to be killed, the reference waits for its
// end; here the operation is cancelled at once, and the next of its resource
// starts when the process is gone. An operation that waits for a process of its resource
// to end, and is asked for again, is queued once and not twice. A recurring operation
// without an agent is forgotten when it has failed, and tried again when it is asked for
// again; the reference then never answers.
package lrmd
