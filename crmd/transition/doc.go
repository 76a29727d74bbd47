// Package transition is the transitioner of a cluster's controller: it carries out the graph that
// the scheduler made, event by event, each when those it waits for have happened
// (lib/pacemaker/pcmk_graph_consumer.c and daemons/controld/controld_te_*.c of Pacemaker
// 2.1.5).
//
// A graph comes as XML (Parse). Advance starts what can start, through an Executor, and says
// where the transition stands. What becomes of an action is told with Confirm or Fail, which lets others start at
// the next Advance. Abort has nothing more started that is less urgent than a priority, and says what comes
// after the graph; what has been started is waited for.
//
// parse.go reads a graph, run.go carries it out, abort.go ends it early, event.go finds the action that a result
// in the CIB belongs to, jobs.go counts what each node is busy with.
//
// # Invariants
//
//   - An action is started once at most, and not before all its inputs are confirmed.
//   - What has failed lets only those events start that wait for it at the highest priority: fencing and what
//     makes a node's loss known.
//   - A graph is complete when nothing runs and nothing can start; it then stays complete.
//
// It does no I/O and reads no clock. The controller imports it.
package transition
