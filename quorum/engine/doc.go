// Package engine is the quorum service of Corosync (exec/vsf_quorum.c): it
// knows whether this node is in the primary component, says so to the other
// services and to libquorum's clients, and reports the membership of every
// synchronisation to them.
//
// Who decides is a provider, named by the key quorum.provider: votequorum (the
// package below this one), or none, in which case every node is always
// quorate. The YKD provider of the reference is not offered.
//
// [New] starts the service and its provider; [Service.Engines] are the engines
// that the daemon's shell or a simulator then carries. Clients in Go are in
// package quorum, not here.
//
// Like every engine it does no I/O; it may be imported by the daemon and by
// tests.
package engine
