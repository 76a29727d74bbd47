package peers

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// SetProcess says whether a process runs on a node (crm_update_peer_proc). Unless
// Config.KeepLost is set, the node becomes a member with CPG and is lost without it,
// whichever process changed. It returns nil if the node was reaped.
func (c *Cache) SetProcess(p *Peer, flag Process, runs bool) *Peer {
	processes, status := p.Processes&^flag, "offline"
	if runs {
		processes, status = p.Processes|flag, "online"
	}
	return c.setProcesses(p, processes, func() {
		c.logf(loglevel.Info, "crm_update_peer_proc", "Node %s[%d] - %s is now %s", p.Name, p.ID, flag, status)
	})
}

// SetProcesses says which processes run on a node, all of them.
func (c *Cache) SetProcesses(p *Peer, all Process) *Peer {
	return c.setProcesses(p, all, func() {
		if all <= NoProcess {
			c.logf(loglevel.Info, "crm_update_peer_proc", "Node %s[%d] - all processes are now offline", p.Name, p.ID)
			return
		}
		c.logf(loglevel.Info, "crm_update_peer_proc", "Node %s[%d] - %s is now (null)", p.Name, p.ID, all)
	})
}

func (c *Cache) setProcesses(p *Peer, processes Process, say func()) *Peer {
	if p.Remote || p.Processes == processes {
		return p // nobody starts daemons on remote nodes
	}
	ran := p.Processes
	p.Processes = processes
	say()
	c.c.Changed(Change{Kind: ProcessesChanged, Peer: p, Ran: ran})
	if c.c.KeepLost {
		return p
	}
	state := Lost
	if p.Processes&CPG != 0 {
		state = Member
	}
	return c.SetState(p, state, 0)
}

// SetState says whether a node, of the cluster or remote, is a member, and since which ring;
// 0 leaves that open (pcmk__update_peer_state). A node of the cluster that is no member any
// more is reaped, unless Config.KeepLost is set: then the result is nil.
func (c *Cache) SetState(p *Peer, state State, ring uint64) *Peer {
	if c.setState(p, state, ring) && c.reaps(p) {
		c.Reap(p.ID, p.Name)
		return nil
	}
	return p
}

// setState tells whether the state changed.
func (c *Cache) setState(p *Peer, state State, ring uint64) bool {
	if state == Member {
		p.WhenLost = time.Time{}
		if ring != 0 {
			p.LastSeen = ring
		}
	}
	if state == Unknown || p.State == state {
		return false
	}
	before := p.State
	p.State = state
	c.logf(loglevel.Notice, "update_peer_state_iter", "Node %s state is now %s | nodeid=%d previous=%s", orElse(p.Name, "(null)"), state, p.ID, orElse(string(before), "unknown"))
	c.c.Changed(Change{Kind: StateChanged, Peer: p, Before: before})
	return true
}

// reaps tells whether a node goes from the cache with its present state. The CIB alone
// removes remote nodes.
func (c *Cache) reaps(p *Peer) bool {
	return !c.c.KeepLost && !p.Remote && p.State != Member
}

// SetExpected says whether a node of the cluster is to be a member
// (pcmk__update_peer_expected).
func (c *Cache) SetExpected(p *Peer, expected State) {
	if p.Remote || expected == Unknown || p.Expected == expected {
		return
	}
	c.logf(loglevel.Info, "pcmk__update_peer_expected", "Node %s[%d] - expected state is now %s (was %s)", p.Name, p.ID, expected, orElse(string(p.Expected), "(null)"))
	p.Expected = expected
}

// Ring says which nodes the ring of that number has, by quorum (quorum_notification_cb):
// they are members, and all others of which anything is known are lost.
func (c *Cache) Ring(ring uint64, members []uint32) {
	const function = "quorum_notification_cb"
	for _, p := range c.nodes {
		p.LastSeen = 0
	}
	for i, id := range members {
		c.logf(loglevel.Debug, function, "Member[%d] %d ", i, id)
		if p := c.Get(id, ""); p != nil {
			c.SetState(p, Member, ring)
		}
	}
	for _, p := range c.Nodes() {
		switch {
		case p.LastSeen == ring:
		case p.State == Unknown:
			c.logf(loglevel.Info, "pcmk__reap_unseen_nodes", "State of node %s[%d] is still unknown", p.Name, p.ID)
		case c.setState(p, Lost, 0) && c.reaps(p):
			c.logf(loglevel.Notice, "update_peer_state_iter", "Purged 1 peer with id=%d and/or uname=%s from the membership cache", p.ID, p.Name)
			c.remove(p)
		}
	}
}
