package votequorum

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// node is what is known of one node (struct cluster_node).
type node struct {
	id       totem.NodeID
	state    wire.NodeState
	votes    uint32
	expected uint32
	flags    wire.NodeFlags
}

// nodeTable holds every node that has ever been heard of. Its order is that in
// which clients are told of them, and the reference's: by id as a signed number,
// except that one higher than all others goes before the last.
type nodeTable []*node

// nodesMax bounds the table: all processors of a ring and one more. When it is
// full the first dead node makes room, as in the reference.
const nodesMax = totem.ProcessorCountMax + 1

func (t *nodeTable) add(n *node) bool {
	if len(*t) >= nodesMax {
		i := slices.IndexFunc(*t, func(n *node) bool { return n.state == wire.StateDead })
		if i < 0 {
			return false
		}
		*t = slices.Delete(*t, i, i+1)
	}
	i := slices.IndexFunc(*t, func(other *node) bool { return int32(n.id) < int32(other.id) })
	if i < 0 {
		i = max(0, len(*t)-1)
	}
	*t = slices.Insert(*t, i, n)
	return true
}

// members calls f for every node that counts.
func (t nodeTable) members(f func(*node)) {
	for _, n := range t {
		if n.state == wire.StateMember {
			f(n)
		}
	}
}

// find returns the node, or nil.
func (e *Engine) find(id totem.NodeID) *node {
	for _, n := range e.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// expectOfMembers sets what every member expects; 0 leaves it.
func (e *Engine) expectOfMembers(votes uint32) {
	if votes != 0 {
		e.nodes.members(func(n *node) { n.expected = votes })
	}
}

// onNodeinfo takes what a node says of itself, or of its device.
func (e *Engine) onNodeinfo(from totem.NodeID, m wire.Nodeinfo) {
	e.log.Logf(loglevel.Debug, "got nodeinfo message from cluster node %d", from)
	e.log.Logf(loglevel.Debug, "nodeinfo message[%d]: votes: %d, expected: %d flags: %d",
		m.NodeID, int32(m.Votes), int32(m.ExpectedVotes), int32(m.Flags))
	if m.NodeID == wire.DeviceNodeID {
		e.onDeviceInfo(from, m)
		return
	}
	e.logFlags(m.Flags)

	n := e.find(m.NodeID)
	isNew := n == nil
	if isNew {
		n = &node{id: m.NodeID, state: wire.StateDead}
		if !e.nodes.add(n) {
			e.log.Logf(loglevel.Crit, "Unable to find memory for node %d data!!", m.NodeID)
			return
		}
	}
	old := *n

	n.flags, n.votes, n.state = m.Flags, m.Votes, wire.StateMember
	allowDecrease, byNodes := false, false
	if n.flags&wire.FlagLeaving != 0 {
		n.state = wire.StateLeaving
		allowDecrease, byNodes = true, true
	}
	if !e.quorate && n.flags&wire.FlagQuorate != 0 {
		// Who has quorum knows best what to expect.
		allowDecrease = true
		e.us.expected = m.ExpectedVotes
	}
	if n.flags&wire.FlagQuorate != 0 || e.opt.evTracking {
		n.expected = m.ExpectedVotes
	} else {
		n.expected = e.us.expected
	}
	if e.opt.lastManStanding && n.votes > 1 {
		e.log.Logf(loglevel.Warning, "Last Man Standing feature is supported only when all"+
			"cluster nodes votes are set to 1. Disabling LMS.")
		e.opt.lastManStanding = false
		e.stopLastMan()
	}
	if isNew || n == e.us || n.flags&wire.FlagFirst != 0 || *n != old {
		e.recalculate(allowDecrease, byNodes)
	}
	e.forgetWaiting(n.flags)
}

// forgetWaiting: whom a quorate node that waits for nobody talks to, need not
// wait either.
func (e *Engine) forgetWaiting(f wire.NodeFlags) {
	if e.opt.waitForAll && f&wire.FlagWFAStatus == 0 && f&wire.FlagQuorate != 0 {
		e.setWaitingAll(false)
	}
}

// onReconfigure takes a value that is changed on all nodes at once.
func (e *Engine) onReconfigure(from totem.NodeID, m wire.Reconfigure) {
	e.log.Logf(loglevel.Debug, "got reconfigure message from cluster node %d for %d", from, m.NodeID)
	switch m.Param {
	case wire.ParamExpectedVotes:
		e.expectOfMembers(m.Value)
		e.notifyExpectedVotes()
		e.setEVBarrier(m.Value)
		if e.opt.evTracking {
			e.us.expected = max(e.us.expected, e.evTracked)
		}
		e.recalculate(true, false)
	case wire.ParamNodeVotes:
		if m.NodeID == wire.DeviceNodeID {
			e.device.votes = m.Value
		} else if n := e.find(m.NodeID); n != nil {
			n.votes = m.Value
		} else {
			return
		}
		e.recalculate(true, false)
	case wire.ParamCancelWFA:
		e.setWaitingAll(false)
		e.log.Logf(loglevel.Info, "wait_for_all_status reset by user on node %d.", m.NodeID)
		e.recalculate(false, false)
	}
}

// logFlags spells a node's flags out (decode_flags).
func (e *Engine) logFlags(f wire.NodeFlags) {
	if !e.log.Enabled(loglevel.Debug) {
		return
	}
	yn := func(bit wire.NodeFlags) string {
		if f&bit != 0 {
			return "Yes"
		}
		return "No"
	}
	e.log.Logf(loglevel.Debug,
		"flags: quorate: %s Leaving: %s WFA Status: %s First: %s Qdevice: %s QdeviceAlive: %s QdeviceCastVote: %s QdeviceMasterWins: %s",
		yn(wire.FlagQuorate), yn(wire.FlagLeaving), yn(wire.FlagWFAStatus), yn(wire.FlagFirst),
		yn(wire.FlagQdeviceRegistered), yn(wire.FlagQdeviceAlive), yn(wire.FlagQdeviceCastVote), yn(wire.FlagQdeviceMasterWins))
}
