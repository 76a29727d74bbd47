// Package cfg is a client of corosync's configuration service, in Go alone: what
// libcfg offers to C programs (corosync/cfg.h), against the C daemon and ours
// alike.
//
// A Conn asks after links and nodes, has the configuration reloaded, the log
// files reopened or a node killed, and shuts the local node down. A program that
// would not have the node go while it is busy tracks shutdowns: it is asked
// (Conn.NextShutdown) and replies.
//
// A Conn may be used by several goroutines. Waits end with their context. Errors
// of the daemon are of type Error and compare with the Err constants by
// errors.Is.
//
// The daemon serves root and whoever corosync.conf's uidgid sections name.
package cfg
