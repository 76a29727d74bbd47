// Package controld is pacemaker-controld: it offers the service "crmd", is a member of the process group of that
// name, and is the Host of the controller's cores, crmd/engine and what that is made of (daemons/controld of
// Pacemaker 2.1.5).
//
// One lock guards the cores; clients, peers, the other daemons' answers and the timer take it in turn. What the cores
// want sent leaves from queues of the connections; only the executor is waited for, which answers at once. Changes of
// attributes go out one after the other from a goroutine of their own, and what the CIB manager or the fencer is asked
// for is answered later, or given up when its time is over.
//
// Deviations from the reference: a connection is made without the state machine standing still. A CIB manager that does not
// listen yet is tried twenty times within a second and not once more after one, the fencer four times a second, and
// a manager of attributes ten times a second for half a minute, where the reference loses the change: daemons that are
// started at the same time find each other at once.
package controld
