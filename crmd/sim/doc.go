// Package sim is a whole Pacemaker cluster in one process, for tests: the cores of all daemons
// of N nodes, on simulated corosync groups, disks and agents, under one seed.
//
// bus.go delivers messages, changes of groups and quorum to the nodes; world.go has the clock and
// what goes wrong; cib.go, executor.go, attributes.go, fencer.go, scheduler.go and controller.go are a
// node's daemons around their cores; agents.go is what resources do; admin.go are those who
// change the configuration; processes.go has single daemons die and be started again; check.go
// says what must hold.
//
// # What must hold
//
//   - Of a resource that is no clone at most one instance is active in the world, from the moment that
//     its start is asked of an agent until its stop has been done or its node is off: a daemon that dies takes no instance with it,
//     and what an agent has begun it ends.
//   - Of a clone there are no more instances than its limits allow, in the world and on a node, and no more promoted:
//     from the moment that an agent is asked to promote until it has demoted, stopped, or its node is off. So none is
//     promoted on two sides of a partition.
//   - What an administrator wrote from a node in a ring with quorum, and was told there that it is done, is in the CIB in the
//     end, or what was asked for after it or has had no answer. In a seed where a node without quorum changes the configuration on its own
//     (what was on its way to it when the ring broke) this is not looked at: the two CIBs may have one version.
//   - Nothing is fenced that the configuration does not have the cluster fence; who is told to be off is.
//   - When faults end the cluster settles: one DC, all nodes online, what shall run runs, of clones
//     as many instances as there shall be, promoted as many as shall be, all nodes with one CIB.
//
// A seed determines everything, so that what it shows can be shown again. Only the sim command and tests
// import it.
package sim
