package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// PeerProcess is the daemon of a node of the cluster joining the group or leaving it
// (attrd_peer_change_cb with crm_status_processes).
func (e *Engine) PeerProcess(now time.Time, name string, up bool) {
	is := "now"
	if !up {
		is = "no longer"
	}
	e.logf(loglevel.Debug, "attrd_peer_change_cb", "Node %s is %s a peer", name, is)
	if !up {
		e.removeVoter(now, name)
	}
}

// PeerState is a node of the cluster becoming a member or being lost; before is what it was,
// empty if that is not known (attrd_peer_change_cb with crm_status_nstate).
func (e *Engine) PeerState(now time.Time, name string, member bool, before string) {
	state := "lost"
	if member {
		state = "member"
	}
	if before == "" {
		before = "in unknown state"
	}
	e.logf(loglevel.Debug, "attrd_peer_change_cb", "Cluster node %s is now %s (was %s)", name, state, before)
	if member {
		if e.IsWriter() {
			e.syncTo(name)
		}
		return
	}
	e.removePeer(name, false, "loss")
	e.removeVoter(now, name)
}
