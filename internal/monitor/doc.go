// Package monitor has Go's own monitor thread look at a daemon less often.
//
// While anything runs in a process, the runtime's monitor (sysmon of its proc.go) wakes each 20 us: it takes the processor
// slot of a goroutine that has been in a system call for as long, and interrupts one that has computed for
// 10 ms. A daemon that is woken for every message of the cluster, does some 50 us of work and sleeps again spends
// a tenth of its time on that, the executor a sixth. Relax lets the kernel wake that one thread up to
// Slack later, together with something else if it can. What the monitor does is then done that much later, as it may be anyway: after
// a while without work it looks each 10 ms only. Nothing else is late: the slack of the other threads stays.
//
// A thread may only do this for another with CAP_SYS_NICE, so that it is those of Pacemaker's daemons that run as root which have
// it. Corosync, which could, does without: whoever is to run after a goroutine in a system call waits for the monitor,
// and in three pairs of runs the median latency of a message was 5 % longer with it.
//
// Any program's shell may import it, no core.
package monitor
