// Package sim is a whole Pacemaker cluster in one process, for tests: the cores of all daemons
// of N nodes, on simulated corosync groups, disks and agents, under one seed.
//
// bus.go delivers messages, changes of groups and quorum to the nodes; world.go has the clock and
// what goes wrong; cib.go, executor.go, attributes.go, fencer.go, scheduler.go and controller.go are a
// node's daemons around their cores; agents.go is what resources and fence devices do; check.go
// says what must hold.
//
// # What must hold
//
//   - Of a resource that is no clone at most one instance is active in the world, from the moment that
//     its start is asked of an agent until its stop has been done or its node is off.
//   - Nothing is fenced that the configuration does not have the cluster fence; who is told to be off is.
//   - When faults end the cluster settles: one DC, all nodes online, what shall run runs, all nodes with
//     one CIB.
//
// A seed determines everything, so that what it shows can be shown again. Only the sim command and tests
// import it.
package sim
