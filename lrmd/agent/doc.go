// Package agent runs resource agents and alert agents for the executor: scripts of the
// classes ocf, lsb and heartbeat, and systemd's units over D-Bus
// (lib/services of Pacemaker 2.1.5).
//
// # Scripts
//
// An agent gets a process group of its own, the executor's environment, its action as
// argument, and its parameters: OCF agents as variables OCF_RESKEY_name, Heartbeat's
// as arguments in the order of their numeric names, in front of the action. LSB scripts get none. Parameters
// whose value is lrm:// are secrets, read from files. What was said last with the prefix
// ocf-exit-reason: on standard error is an OCF agent's reason. When its time is
// over, or it is cancelled, the whole group is killed, unless the operation says to leave
// it. A process that an agent leaves behind does not hold its result up.
//
// # Output
//
// What an agent writes is kept up to MaxOutput bytes a stream: the beginning and the end.
// The rest is read and dropped, so that the agent does not wait.
//
// # Class heartbeat
//
// Agents of /etc/ha.d/resource.d are not run by Pacemaker since version 1.1; here they
// are as they were by Heartbeat's local resource manager: for status counts what they
// print, "running" or "OK", and not their exit status.
//
// # Deviations from the reference
//
// The bound on output, and the class heartbeat. Agents are started one goroutine each, so that none
// waits for another's files, secrets or bus. A systemd that does not answer stops nobody else. A bus
// that was not there is looked for again by each operation; the reference, once it could not connect, never
// tries again.
//
// The executor's shell and tests import it.
package agent
