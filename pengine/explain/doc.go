// Package explain says in plain sentences why a resource is, or is not, on a node,
// why it is started, moved, stopped or restarted now, and why a node is fenced. The
// reference has no such thing: its scheduler gives sums of scores (crm_simulate -s)
// and, at log level trace, what went into them.
//
// Of explains a working set that has been scheduled with a status.Trace, the record
// that the scheduler itself keeps of what changed each score, how nodes were
// compared, who was promoted and why fencing was asked for. Nothing is worked out
// again:
//
//   - subject.go finds what is asked about, near.go what may have been meant;
//   - primitive.go answers for one resource, collective.go for groups, clones and
//     bundles, fencing.go for nodes;
//   - decision.go says what decided between nodes, verdict.go what speaks for and
//     against each, cause.go, tag.go, rule.go and source.go where a part of a score
//     comes from;
//   - change.go says why something is done, or not, now;
//   - print.go shows the answer as text and as XML.
//
// # Invariants
//
//   - The terms of a node's score add up to it: status.AddScores, from 0, over all
//     of them, unless one says that it sets the score.
//   - The node that an answer names is the node in the schedule, and the change that
//     it names is the one that the transition's summary has: both are read there.
//   - It is a function of the working set.
//
// Only the tools that simulate import it.
package explain
