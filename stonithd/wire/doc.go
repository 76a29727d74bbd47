// Package wire is what fencers and their clients write to each other, over IPC and over
// CPG: docs/wire/fencing.md has each message. It turns values into elements and back; the
// frames around them are those of internal/pcmk/ipc and internal/pcmk/cpgmsg.
//
// Invariants: what an element says that has no form here is an error that names the
// attribute, never a guess. A [Result] that an element does not state in full is never a
// success (ResultOf), for what is not certain must not count as fenced.
//
// The fencer, its clients and the executor may import it.
package wire
