// Package pacemakerd is the daemon pacemakerd, which starts and watches all other daemons of Pacemaker on a node
// (daemons/pacemakerd of Pacemaker 2.1.5). pacemakerd/engine decides; here are processes, sockets and corosync.
//
// A node that lives in a folder (package root) has its daemons from this program's own file, and as the user who
// runs it.
package pacemakerd
