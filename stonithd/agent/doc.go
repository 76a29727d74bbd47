// Package agent knows fence agents: which are installed, what they are called with, how
// they are run and what they say of themselves (the reference's lib/fencing/st_rhcs.c,
// st_lha.c and st_actions.c).
//
// An agent of the namespace stonith-ng is a program fence_* that reads its parameters,
// name=value, line by line from its standard input. A plugin of cluster-glue is called by
// the agent fence_legacy with the plugin's name as a parameter; that package's tool
// stonith says what it is.
//
// What an agent is called with is a pure function ([Arguments]); [Runner] runs it. Invariant:
// only an agent that has ended by itself with status 0 is a success. One that does not
// end in time is killed, and so is its process group; whatever it did until then, the
// result is a timeout.
//
// The reference kills the agent alone when it waits for it, and the process group when it
// does not; here it is always the group.
//
// The fencer, its clients and tools may import it.
package agent
