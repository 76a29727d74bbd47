// Package crmmon is crm_mon(8): what a cluster is about, once or all the time, as text, XML
// or a page, for people, files and monitoring (the reference's tools/crm_mon.c). What it
// shows is package show's.
//
// Once it is, unless a CIB of the cluster is to be watched: then a watcher follows the CIB and
// the fencer, and shows the status anew when something changes: on a console with keys, as text,
// or in a file; and a daemon can run a program for each operation.
//
// Deviations: the console needs no ncurses, and does not show what is below the last line,
// which the reference writes over that; a signal ends the wait for a cluster with status 0; a file
// is not written once more at the end.
package crmmon
