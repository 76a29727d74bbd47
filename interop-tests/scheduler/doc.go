// Package scheduler compares our crm_simulate with the reference's on CIBs made by
// seed: nodes, resources of all kinds, constraints of all kinds, options, utilization,
// tickets, and a status with histories, failures and lost nodes; some of them mutated,
// and with RINGMASTER_CORPUS set also mutations of the reference's own tests. Of each,
// the summary, the scores, the graph, the drawing, what is said on the standard error
// and the exit codes must be the same. The tests need no root:
//
//	go test -tags interop ./interop-tests/scheduler -seeds 10000 -from 1
//
// What a seed makes stays the same as long as the generator does. A CIB that makes a
// difference is written to the folder that -aside names.
package scheduler
