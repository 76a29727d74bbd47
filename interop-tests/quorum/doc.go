// Package quorum compares quorum of mixed rings with that of a ring of C nodes:
// the same story is told to both, and what corosync-quorumtool and
// corosync-cmapctl say on every node after every step must be the same.
package quorum
