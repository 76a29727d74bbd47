// Package root lets a whole node live in a folder, so that several can live on
// one machine without namespaces and without rights: RINGMASTER_ROOT is put in
// front of every path that a daemon or a tool uses by default, and
// RINGMASTER_ADDRESS is the one address, of the loopback net, that the node then
// takes for its own. Neither is set on a real node.
package root

import (
	"net/netip"
	"os"
	"path/filepath"
)

// The environment variables.
const (
	EnvDir     = "RINGMASTER_ROOT"
	EnvAddress = "RINGMASTER_ADDRESS"
)

// Dir is the folder, empty for a real node.
func Dir() string { return os.Getenv(EnvDir) }

// Path is where the absolute path p is on this node.
func Path(p string) string {
	if d := Dir(); d != "" {
		return filepath.Join(d, p)
	}
	return p
}

// SocketDir is where the node's IPC sockets are, empty for the abstract name
// space of a real node.
func SocketDir() string {
	if Dir() == "" {
		return ""
	}
	return Path("/run")
}

// Address is the node's own address and true, when it is to be no other.
func Address() (netip.Addr, bool) {
	a, err := netip.ParseAddr(os.Getenv(EnvAddress))
	return a, err == nil && Dir() != "" && a.IsLoopback()
}
