package corosyncconf

import (
	"net/netip"
	"path/filepath"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// DefaultFile is where the daemon looks for its configuration.
const DefaultFile = "/etc/corosync/corosync.conf"

// Env is what reading a configuration takes from the machine. Every function
// must be there; ReadDir and the lookups may fail.
type Env struct {
	// Root is put in front of every default path (not of those that the
	// configuration names), so that several nodes can live on one machine.
	Root string

	ReadFile func(path string) ([]byte, error)
	// ReadDir lists the regular files of a directory, links followed.
	ReadDir func(path string) ([]string, error)

	// UserID and GroupID look a name up; the boolean is false for unknown ones.
	UserID  func(name string) (uint32, bool, error)
	GroupID func(name string) (uint32, bool, error)

	// Hostname is the node's name as uname(2) has it.
	Hostname func() (string, error)
	// Interfaces lists the addresses of all interfaces.
	Interfaces func() ([]netip.Addr, error)
	// Resolve is getaddrinfo(3) in its order; of both families unless one is
	// asked for.
	Resolve func(name string, f Family) []netip.Addr
	// NameOf is getnameinfo(3): the name of an address, or the address itself.
	NameOf func(netip.Addr) string

	// Log takes the lines of subsystem TOTEM, and CFG what the configuration
	// service says about a reload; nil drops them.
	Log, CFG loglevel.Logger
}

// Family is an address family.
type Family int

// What Resolve may be asked for.
const (
	AnyFamily Family = iota
	IPv4
	IPv6
)

func (e *Env) logf(level loglevel.Level, format string, args ...any) {
	if e.Log != nil {
		e.Log.Logf(level, format, args...)
	}
}

// reloadf is logf for CFG.
func (e *Env) reloadf(level loglevel.Level, format string, args ...any) {
	if e.CFG != nil {
		e.CFG.Logf(level, format, args...)
	}
}

func (e *Env) path(p string) string {
	if e.Root == "" {
		return p
	}
	return filepath.Join(e.Root, p)
}

// IPVersion is totem.ip_version: which addresses of a name to use.
type IPVersion int

// The values of totem.ip_version.
const (
	IPv6First IPVersion = iota // ipv6-4
	IPv4First                  // ipv4-6
	IPv4Only                   // ipv4
	IPv6Only                   // ipv6
)

// resolve turns a name or an address of the configuration into an address:
// totemip_parse of the reference.
func (e *Env) resolve(name string, v IPVersion) (netip.Addr, bool) {
	family, say := AnyFamily, "IP"
	switch v {
	case IPv4Only:
		family, say = IPv4, "IPv4"
	case IPv6Only:
		family, say = IPv6, "IPv6"
	}
	var first, v4, v6 netip.Addr
	for _, a := range e.Resolve(name, family) {
		a = a.Unmap().WithZone("")
		if !first.IsValid() {
			first = a
		}
		if a.Is4() && !v4.IsValid() {
			v4 = a
		}
		if a.Is6() && !v6.IsValid() {
			v6 = a
		}
	}
	got := first
	switch {
	case v == IPv6First && v6.IsValid(), v == IPv6Only:
		got = v6
	case v == IPv4First && v4.IsValid(), v == IPv4Only:
		got = v4
	}
	if !got.IsValid() {
		e.logf(loglevel.Debug, "totemip_parse: %s address of %s not resolvable", say, name)
		return netip.Addr{}, false
	}
	n := 4
	if got.Is6() {
		n = 6
	}
	e.logf(loglevel.Debug, "totemip_parse: IPv%d address of %s resolved as %s", n, name, got)
	return got, true
}
