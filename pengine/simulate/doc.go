// Package simulate changes a CIB as a cluster would by what happens to it: events
// that somebody makes up (Inject), and the execution of a transition (Execute). It is
// Pacemaker's lib/pacemaker/{pcmk_injections,pcmk_simulate,pcmk_graph_consumer}.c.
//
// cib.go and result.go change a CIB, inject.go and execute.go say by what; events.go
// and log.go tell of it.
//
// # Invariants
//
//   - Only the section status is changed, and beyond it only quorum, the watchdog
//     and, for nodes brought online, the list of nodes.
//   - Events of a graph are carried out in the reference's order: pass by pass over
//     the synapses, each in its place as soon as all that it waits for is done.
//   - Times of results are the caller's: there is no clock here.
//
// # Deviations
//
//   - Where something happens to a node that neither configuration nor status know,
//     its id is its name; the reference aborts.
//   - Of a history that a node has twice only the first is written to; the reference
//     merges all of the second into it.
package simulate
