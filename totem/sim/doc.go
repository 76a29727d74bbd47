// Package sim runs whole rings in one process, in virtual time, from a seed:
// every node a srp.Machine with totem/pg above it, as the daemon wires them, and
// a world that loses, delays, doubles and reorders their datagrams, cuts and
// heals networks, stops, kills and restarts nodes and lets their clocks drift.
//
// A quarter of the worlds are knet's: packets of 64 kB, lost with any of their
// frames, through devices that hold a few of them, so that a burst loses its own end
// and the token behind it.
//
// Everything that is left to chance is drawn from one generator, and nothing
// depends on the machine's clock, on map order or on goroutines: a seed is a
// run. Two runs of a seed have the same trace hash.
//
// Safety, the properties of extended virtual synchrony (totem/evs), is checked
// at every event. Liveness is asked for at the end only: when the faults have
// stopped, all nodes must come to be in one ring, and everything that living
// nodes sent must be delivered.
//
// What a node does with messages and configuration changes is its App. The
// default one synchronises with a barrier as exec/sync.c does and carries the
// workload; other layers (the sync engine, CPG, votequorum) plug in with
// Options.NewApp.
//
// The package is for tests and the sim command.
package sim
