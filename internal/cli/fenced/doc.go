// Package fenced is pacemaker-fenced: it offers the service "stonith-ng", is a member of the
// process group of that name, follows the CIB, and runs agents as stonithd/engine says
// (daemons/fenced/pacemaker-fenced.c of Pacemaker 2.1.5).
//
// One lock guards the engine; clients, peers, the CIB, agents' ends and the timer take it in
// turn. What the engine wants sent leaves from queues of the connections. What an agent
// says of itself is asked for with the lock held, once an agent, as the reference does
// it: nothing that comes meanwhile overtakes the registration that wants to know.
//
// Agents that run when the daemon ends go on by themselves: to kill one between off and on
// would be worse.
package fenced
