// Package te is the transitioner of a cluster's controller with what surrounds a transition: it
// has actions carried out by controllers, executors and the fencer of whatever node, learns from the CIB's
// changes what came of them, ends a transition when the world has changed, counts failures, and keeps
// busy nodes from being asked for too much (daemons/controld/controld_te_*.c, controld_transition.c,
// controld_fencing.c and controld_throttle.c of Pacemaker 2.1.5).
//
// A Transitioner does no I/O and reads no clock. It acts through a Host, and asks the rest of the
// controller through a Controller. Both are called while its own methods run; what they are given to call
// later they call later. After any method, NextDeadline is when Tick is due: a time that has passed already
// if a graph is to go on, which is done only then, so that what has come meanwhile is counted in.
//
// transitioner.go has its life and the graph, action.go carries out actions, abort.go ends a transition,
// diff.go reads changes of the CIB, event.go results, fence.go has fencing, cleanup.go what is left to do for
// nodes that were fenced, timer.go what ends late, throttle.go loads and limits.
//
// # Invariants
//
//   - An action is started once at most, after all that it waits for; what fails lets nothing follow but
//     what the scheduler wants to happen even so.
//   - Each action that was started ends: by its result, by the loss of its node, or by its timer.
//   - The fail count of a node's fencing is of those in a row.
//
// # Where it differs from the reference
//
// A local action whose result comes while it is started is not counted among its node's jobs at all; the
// reference takes it off without having added it, and allows one too many from then on. Fencing without a fencer waits for
// one for as long as the reference does, which does nothing else meanwhile. Results of fencing that
// the fencer owes when its connection ends are not waited for. The source of an abort in the log
// is the reference's function, without its line.
//
// The controller imports it.
package te
