// Package attrd is pacemaker-attrd: it offers the service "attrd", is a member of the process
// group of that name, and writes to the CIB what attrd/engine says
// (daemons/attrd/pacemaker-attrd.c of Pacemaker 2.1.5).
//
// One lock guards the engine; clients, peers, the CIB's answers and the timer take it in
// turn. What the engine wants sent leaves from queues of the connections.
//
// Deviations from the reference: a request without a task is logged and gets no answer, as
// there, but leaves no core file. Alerts are not sent (attrd/engine).
package attrd
