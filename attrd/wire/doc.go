// Package wire is what pacemaker-attrd, the manager of node attributes, says and is told:
// requests of its clients over IPC, their answers, and the messages of its peers over the
// closed process group "attrd" (the reference's lib/common/ipc_attrd.c and daemons/attrd/).
// docs/wire/attrd.md describes them.
//
// All are one XML element, and the same request that a client makes travels on to the
// peers. So there is one type, [Message], with what any of them may have; nil texts
// are left out, which is not the same as empty ones: an update without a value deletes.
// [Decode] refuses what no version of the protocol sends, with an error that names the
// attribute. The votes of the election of the writer, in the same group, are
// internal/pcmk/election's and are told by [IsVote].
//
// Functions of their arguments; the daemon, its clients and their tests import it.
package wire
