package daemon

import (
	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
)

// network is what the daemon sees of the ring's transport beyond carrying the
// ring. Its methods are called under the service lock.
type network interface {
	// attach makes the transport for the ring thread.
	attach(ring.Attachment) (ring.Transport, error)
	// reconfigure makes a configuration live, members that have come and gone
	// included.
	reconfigure(*corosyncconf.Changes)
	// cryptoPhase does a step of the change of keys that reconfigure has begun.
	cryptoPhase(phase uint32)
	// clearStats sets the counters of stats.knet to zero.
	clearStats()
	// status is what cfg tells of one of this node's own links.
	status(link int) string
	// links fills in a node's links.
	links(id totem.NodeID, out *cfgwire.NodeStatus) error
}

// newNetwork is the transport that the configuration names.
func (d *Daemon) newNetwork() network {
	if d.totem.Transport == corosyncconf.Knet {
		return &knetNetwork{d: d}
	}
	return &udpNetwork{d: d}
}
