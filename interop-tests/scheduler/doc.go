// Package scheduler compares our crm_simulate with the reference's on CIBs made by
// seed: nodes, remote nodes and guests, resources of all kinds, templates, tags,
// constraints of all kinds, rules, options, utilization, fencing, tickets, and a status
// with histories, failures, migrations under way and lost nodes, in the words of old
// and new schemas; some of them mutated, and with RINGMASTER_CORPUS set also mutations
// of the reference's own tests. For each there are two command lines with the same
// events made up: one for the summary, and one for the scores or for XML. What is
// printed, what is said on the standard error, the graph, the drawing and the exit
// status must be the same. Nothing is compared where the reference dies of the CIB, but
// ours must not crash; and where it says something else when it is asked again, for it
// reads memory that nobody has written. The tests need no root:
//
//	go test -tags interop ./interop-tests/scheduler -seeds 10000 -from 1
//
// What a seed makes stays the same as long as the generator does. A CIB that makes a
// difference is written to the folder that -aside names, with its command lines as
// processing instructions after the root; -file compares one again, and -reduce makes
// it as small as can be. Such a CIB belongs, with names of its own, into
// internal/cli/crmsimulate/testdata/found.
package scheduler
