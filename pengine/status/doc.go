// Package status reads a CIB into the scheduler's working set: what Pacemaker's
// libpe_status does (lib/pengine). The document is walked once; what comes out
// is typed, indexed and refers to itself by pointer:
//
//   - cluster options, nodes with their attributes, utilization and health;
//   - resources of every variant (primitive, group, clone, bundle), expanded
//     from templates, with meta-attributes, operations and instances;
//   - tags, tickets, operation history, failures, fail counts, digests;
//   - what follows from the history: where each resource is active, in which
//     role, which nodes are online, clean, pending, and who has to be fenced;
//   - the actions that unpacking itself creates: fencing, stops of failed
//     resources, active recurring monitors, clean-ups of history.
//
// Unpack (unpack.go) goes section by section; what it makes is in files by the thing:
//
//   - unpack_config.go, option.go, health.go: cluster options;
//   - unpack_nodes.go, node.go, nodetable.go: nodes, and tables of them with scores;
//   - unpack_resources.go, unpack_resource.go, template.go, unpack_bundle.go, params.go,
//     unpack_operation.go: resources, resource.go and operation.go what is known of each;
//   - unpack_status.go, read_history.go: the states of nodes, and the history as it is
//     written; unpack_history.go, migration.go, expiry.go, failcount.go,
//     active_entries.go: what follows from it;
//   - create.go, action.go, actions.go: how an action comes to be, and how it is found;
//     fence.go those of nodes, digest.go whether parameters have changed;
//   - constraint.go, flags.go, enum.go, score.go: what package sched fills in;
//     record.go and trace.go keep what it decided by.
//
// Package sched goes on from there: it adds constraints, assigns resources to
// nodes, creates the remaining actions and orders them, all in these types.
//
// # Invariants
//
//   - Unpack is a function of the document and Options: it reads no clock, does
//     no I/O, starts no goroutine and leaves the document as it is.
//   - A Node and a Resource keep their Index for the life of the WorkingSet;
//     indexes are dense, in order of creation.
//   - Every list is in the order in which the reference's list is walked,
//     because action numbers, scores and messages depend on it. Two exceptions
//     are named where they are declared: WorkingSet.Actions and Resource.Actions
//     hold the oldest first although the reference walks the newest first
//     (NewestFirst does that), and so do Action.Before and Action.After.
//   - Where the reference walks a GLib hash table and the result can show, the
//     walk is in that table's order too (internal/ghash); where the outcome does
//     not depend on the order, ours is any.
//   - A name, an id or a key is compared with regard to case where the reference
//     does, and without where it does not: node names, node ids and action keys
//     are compared without.
//
// Only the scheduler's packages and the tools that print status import it.
package status
