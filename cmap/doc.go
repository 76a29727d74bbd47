// Package cmap is a client of Corosync's configuration map: typed keys with the
// configuration and the state of the local daemon (cmap_keys(8) lists them). It
// speaks to the daemon itself, written in C or in Go, without libcmap and cgo.
//
// A Conn is one connection and works on one map: the configuration, or with
// Options.Map the statistics, whose values are made as they are read. Its
// methods may be called from several goroutines; each waits no longer than its
// context allows.
//
// Changes are pulled: Track registers what to watch for, Next waits for the
// next change. What is not pulled waits in the daemon's memory, so a client
// that tracks must go on calling Next.
//
// The daemon's errors are the Err variables; errors.Is finds them. It takes
// root, the daemon's own user, or an account that uidgid.d admits.
package cmap
