// Package attrd is pacemaker-attrd: it offers the service "attrd", is a member of the process
// group of that name, and writes to the CIB what attrd/engine says
// (daemons/attrd/pacemaker-attrd.c of Pacemaker 2.1.5).
//
// One lock guards the engine; clients, peers, the CIB's answers and the timer take it in
// turn. What the engine wants sent leaves from queues of the connections.
//
// Deviations from the reference: a request without a task is logged and gets no answer, as
// there, but leaves no core file.
//
// What is written to the CIB is told to the alerts that it has (package alert), in the order in which it is
// written and by a connection to the executor of their own: an executor that does not answer
// holds up nothing else, where the reference waits for it. One that is not there is tried for a second, and then the
// alert is given up; the reference tries ten times without a pause. When the CIB loses its section of alerts none are
// sent any more; the reference goes on with those that it had.
package attrd
