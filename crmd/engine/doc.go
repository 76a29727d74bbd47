// Package engine is a cluster's controller, pacemaker-controld, without its connections: the
// finite state machine with its queue of inputs, the election of the Designated Controller, the
// join of nodes, what the CIB is told of them, the scheduler's invocation, the routing of messages
// and the requests of clients, and the way out (daemons/controld of Pacemaker 2.1.5, its parts
// but for the transitioner and the resources, which are packages te and lrm).
//
// A Controller is told what happens, and when: by its host, which is the daemon, or a test's world.
// It acts through Host. Nothing of Host calls back before it has returned, and a Controller is for
// one goroutine at a time. What is handed over, elements above all, belongs to the receiver. After
// each event the Controller settles: inputs are worked off until none is left or one has to wait.
// NextDeadline is when Tick is due.
//
// # Invariants
//
//   - Actions are done one at a time in the order of package fsa; an action that cannot be done yet
//     stalls the machine with what is left, and the next event goes on with it.
//   - A node's join phase goes up one step at a time or back to the beginning.
//   - Of the scheduler's answers only that to the last request counts.
//   - Once the host was told to exit, nothing happens any more.
//
// # Where it differs from the reference
//
//   - Where that sleeps, this waits without standing still, or need not wait at all: to ask for a
//     DC, to connect to the CIB manager again, and until other updates of the CIB are done before
//     the scheduler gets it.
//   - If every node of corosync's list is in the process group, a node that has just started
//     gives a DC one second to answer, not dc-deadtime: nobody else can be waited for. Once it has heard
//     of a DC or an election it waits as long as the reference.
//   - A vote of a node that is in the process group is kept until quorum has told of the node, where the
//     reference drops it, and waits for the election to time out.
//   - A node that answers an offer of the present round joins, though that it was fenced before has been heard of
//     since. There it would be left out of the cluster, pending, until somebody else joins.
//   - Values of options are looked for with one query where the reference makes several.
//   - Peers are gone through in the order in which they came, where the reference walks a table
//     of no order.
package engine
