package corosync

import (
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf/host"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// stateDir is where ring ids and black boxes are kept: system.state_dir, or the
// default.
func stateDir(m *icmap.Map) string {
	if s, err := m.GetString("system.state_dir"); err == nil {
		return s
	}
	return root.Path("/var/lib/corosync")
}

// environment is the machine as the configuration sees it.
func environment(log *logsys.System) *corosyncconf.Env {
	env := host.New(root.Dir(), log.Logger("TOTEM"))
	env.CFG = log.Logger("CFG")
	if own, ok := root.Address(); ok {
		env.Interfaces = func() ([]netip.Addr, error) { return []netip.Addr{own}, nil }
	}
	return env
}

// own is the one address that is this node's, where it lives in a folder; the
// zero address for a real node.
func own() netip.Addr {
	a, _ := root.Address()
	return a
}
