// Package execd is pacemaker-execd: it offers the service "lrmd", starts what its clients
// want of resources and alert agents, and tells them what came of it
// (daemons/execd/pacemaker-execd.c, execd_alerts.c of Pacemaker 2.1.5). Package lrmd decides, lrmd/agent
// and lrmd/fencing act, lrmd/wire is what clients say.
//
// One lock is held by whatever the Executor is told: requests, results, time. What
// it wants done happens under it, too, and never waits.
//
// Deviations from the reference: what of a request cannot be read as the number that it
// should be is refused with EINVAL, and named in the log. Where the service is taken, the exit status is the
// one that keeps pacemakerd from trying again, as the reference's message says. The fencer is
// waited for by the operation that needs it, and not by all others.
package execd
