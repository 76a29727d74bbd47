// Package peers is what a daemon of Pacemaker knows of the cluster's nodes: the peer cache
// (lib/cluster/membership.c of Pacemaker 2.1.5).
//
// It has three parts, as the reference has. The nodes of the cluster are found by id, by
// name, or both; what corosync says makes them, and what it says no more reaps them. Remote
// and guest nodes are found by name; the CIB makes them and removes them. Known nodes are
// those that the CIB's configuration names, for questions about who is not here.
//
// Nodes of the cluster may be in conflict: two ids with one name, while a node gets a new
// id, or two names with one id. Cache.Find says which is believed. Invariants: a Peer of
// the cluster has an id or a name; no two have one id; once nothing is lost or being
// renamed, no two have one name.
//
// # Changes
//
// Config.Changed hears each change at the moment at which the reference calls its callback
// (crm_set_status_callback): a peer that is about to be reaped is still in the cache. It
// may read the cache and must not change it. A Peer that has been reaped stays as it was
// for who holds it, and is never taken up again.
//
// A Cache is not safe for use by several goroutines: package cluster, which feeds it, holds
// its daemon's lock. It does no I/O; names and configuration come through Config.
//
// # Where it differs from the reference
//
// Peers are kept in the order in which they came, where the reference walks a table whose
// order is drawn anew in each process: with two entries of one name it is ours always the
// older one that is found. Two names with one id are logged, but leave no core file.
// An empty name stands for none.
package peers
