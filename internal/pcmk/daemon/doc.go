// Package daemon is how each of Pacemaker's daemons begins and ends: its log, its
// working directory, the modes of its files, what it does at signals, and what it says
// when it exits (crm_log_init, crm_exit and mainloop.c of lib/common in Pacemaker 2.1.5).
//
//	d := daemon.Start("pacemaker-schedulerd")
//	ctx, stop := d.Signals()
//	... serve until ctx ends ...
//	return d.Exit(crmexit.OK)
//
// SIGTERM ends the context. SIGUSR1, SIGUSR2 and SIGTRAP, which handle the blackbox of
// the reference, do nothing.
package daemon
