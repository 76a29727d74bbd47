// Package sched decides what the cluster shall do: it takes the working set
// that package status has read from a CIB, and fills in constraints, the node
// and role of every resource, the actions that lead there, and their order. It
// is what Pacemaker's libpacemaker does in pcmk__schedule_actions
// (lib/pacemaker/pcmk_sched_*.c).
//
// Schedule (sched.go) runs the stages in order; each has files of its own:
//
//   - constraints.go, location.go, colocation.go, ticket.go: reading the
//     constraints other than order, the tags and templates in them;
//   - criteria.go: what speaks for and against nodes beside constraints: health,
//     shutdown locks, stickiness, failures;
//   - assign.go, finalize.go, group.go, clone.go, promotable.go, bundle.go and
//     what they stand on (nodes.go, scores.go, influence.go, instances.go,
//     promotion_score.go, utilization.go): where
//     each resource goes, and in which role;
//   - order_read.go, order_sets.go, order.go, internal.go: the orderings that are
//     configured, and those that follow from the variants of resources;
//   - changed.go: what the history has of other parameters than configured;
//   - probe.go, create.go, create_instances.go, recurring.go, notify.go, fence.go,
//     remote.go: the actions, and their order with fencing and connections;
//   - order_apply.go, update.go, update_instances.go: what orderings mean for
//     actions, whose flags (flags.go) follow from those of parts (own_actions.go),
//     and which orderings need not be looked at again (settled.go);
//     ingraph.go: which of these package graph takes.
//
// # Invariants
//
//   - Scheduling is a function of the working set: it reads no clock, does no
//     I/O and starts no goroutine. A working set is scheduled once.
//   - Whatever an order of iteration can decide is decided in the reference's
//     order; see the invariants of package status.
//
// Only the tools and daemons that schedule import it.
package sched
