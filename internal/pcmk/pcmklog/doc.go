// Package pcmklog is the log of Pacemaker's daemons: a file with everything from info on,
// which all daemons of a node share, and syslog with what an administrator should see
// (lib/common/logging.c of Pacemaker 2.1.5). What goes where is said by the options
// debug, logfacility, logpriority, logfile, stderr and trace_functions of package env.
//
//	Nov 22 17:18:18.579 node1 pacemaker-schedulerd[103] (main) 	notice: Starting ...
//
// A line's text may have details behind " | ", which syslog does not get.
//
// A line is in the file when the call returns; a file that cannot be written to loses
// lines, and nothing else. A Log is a loglevel.Sited and safe for concurrent use.
//
// Deviations: lines of the file are not cut at 512 bytes. There is no blackbox, and no
// tracing by file, tag or format, for these are the reference's own.
package pcmklog
