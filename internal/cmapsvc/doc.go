// Package cmapsvc is the cmap service: it lets clients read, change and watch
// the daemon's map of keys (exec/cmap.c of the reference) and the second map,
// "stats", whose values are made when they are asked for (exec/stats.c).
//
// On the ring it tells the other nodes its totem.config_version, when members
// synchronise and whenever it changes; what the others say is kept in
// runtime.members.ID.config_version. A node whose version is not the highest
// at its first synchronisation with others leaves: it has slept through a
// change of the configuration.
//
// The stats map has keys that the reference's has not: what knet received for
// nothing, by why, as stats.knet.handle.rx_dropped_*, and tx_dropped.
//
// The engine runs under the service lock as every engine does, does no I/O and
// imports nothing that does.
package cmapsvc
