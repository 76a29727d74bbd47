// Package quorumtool is corosync-quorumtool(8): it shows whether a cluster has
// quorum and how the votes stand, waits for changes, and changes votes. Options,
// output and exit statuses are those of the reference's
// tools/corosync-quorumtool.c.
//
// It reads through [Services], so that tests can be the daemon. Of the
// reference's faults one is not repeated: sorted by name it shows each node's
// own votes.
package quorumtool
