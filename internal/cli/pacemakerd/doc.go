// Package pacemakerd is pacemakerd(8), which starts Pacemaker's daemons, watches them and
// stops them: the shell around pacemakerd/engine (daemons/pacemakerd/ of Pacemaker 2.1.5).
//
// A main function reads the options; run.go is the daemon, an owner of the engine that is told
// by goroutines, one each for the clients (server.go), each daemon's end (host.go), corosync
// (corosync.go) and the looks at daemons (probe.go). All calls of the engine are made under
// node.mu.
//
// With RINGMASTER_ROOT (package root) a node belongs to whoever runs it: all daemons
// run as that user, as this same program under their names, and nothing resets the machine.
//
// Deviations: systemd is told when the daemons have been started and when they stop, for
// units of the type notify; Debian's is simple. Daemons are not run by valgrind
// (PCMK_valgrind_enabled).
package pacemakerd
