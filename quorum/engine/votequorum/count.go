package votequorum

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
)

// countQuorum computes how many votes are needed and how many there are
// (calculate_quorum). maxExpected, unless 0, replaces what the members expect.
// With downscaling allowed it has the configured number as its floor.
func (e *Engine) countQuorum(allowDecrease bool, maxExpected uint32) (quorum, total uint32) {
	if e.opt.allowDownscale && allowDecrease && maxExpected != 0 {
		maxExpected = max(e.evBarrier, maxExpected)
	}
	var expected uint32
	voters := 0
	for _, n := range e.nodes {
		e.log.Logf(loglevel.Debug, "node %d state=%d, votes=%d, expected=%d", n.id, n.state, n.votes, n.expected)
	}
	e.nodes.members(func(n *node) {
		expected = max(expected, n.expected)
		total += n.votes
		voters++
	})
	if e.us.flags&wire.FlagQdeviceCastVote != 0 {
		e.log.Logf(loglevel.Debug, "node 0 state=1, votes=%d", e.device.votes)
		total += e.device.votes
		voters++
	}
	if maxExpected > 0 {
		expected = maxExpected
	}
	quorum = max(majority(expected), majority(total))
	if !allowDecrease {
		quorum = max(e.quorum, quorum)
	}
	// Of two nodes each may go on alone: fencing decides between them. With a
	// third voter the rule would let two partitions go on, so it does not hold.
	if e.opt.twoNode && voters <= 2 {
		quorum = 1
	}
	return quorum, total
}

// majority is the least number that two disjoint sets of votes cannot both
// reach, as OpenVMS Cluster Systems counts it. The sum is made in 64 bits: a
// peer may claim any number of votes.
func majority(votes uint32) uint32 { return uint32((uint64(votes) + 2) / 2) }

// recalculate counts anew, decides, and tells of a change
// (recalculate_quorum). byNodes: expect no more than the members there are.
func (e *Engine) recalculate(allowDecrease, byNodes bool) {
	var total, members uint32
	e.nodes.members(func(n *node) {
		total += n.votes
		members++
	})
	if e.device.votes != 0 {
		total += e.device.votes
		members++
	}
	if !byNodes {
		members = 0
	}
	e.log.Logf(loglevel.Debug, "total_votes=%d, expected_votes=%d", int32(total), int32(e.us.expected))
	if total > e.us.expected {
		e.us.expected = total
		e.notifyExpectedVotes()
	}
	if e.opt.evTracking && e.us.expected > e.evTracked {
		e.setEVTracked(e.us.expected)
	}
	e.quorum, total = e.countQuorum(allowDecrease, members)
	e.expectOfMembers(members)
	e.decide(total)
}

// decide settles whether the votes present make quorum (are_we_quorate).
func (e *Engine) decide(total uint32) {
	if e.opt.waitForAll && e.waitingAll {
		if total != e.us.expected {
			e.log.Logf(loglevel.Notice, "Waiting for all cluster members. Current votes: %d expected_votes: %d",
				int32(total), int32(e.us.expected))
			return
		}
		e.setWaitingAll(false)
	}

	quorate := e.quorum <= total
	if quorate {
		e.noteExtremes()
	}
	if e.tieBreakerApplies(total) && e.tieBroken() {
		quorate = true
	}
	if e.device.masterWins && !quorate && e.deviceMaster() {
		e.log.Logf(loglevel.Debug, "node is quorate as part of master_wins partition")
		quorate = true
	}

	changed := quorate != e.quorate
	if changed {
		if quorate {
			e.log.Logf(loglevel.Debug, "quorum regained, resuming activity")
		} else {
			e.log.Logf(loglevel.Debug, "quorum lost, blocking activity")
		}
	}
	e.quorate = quorate
	e.us.setFlag(wire.FlagQuorate, quorate)
	if e.opt.waitForAll {
		// Who loses quorum has to see everybody again.
		e.setWaitingAll(!quorate)
	}
	if changed && !e.sync.running {
		e.reportQuorum()
	}
}

func (n *node) setFlag(f wire.NodeFlags, on bool) {
	if on {
		n.flags |= f
	} else {
		n.flags &^= f
	}
}

func (e *Engine) setWaitingAll(on bool) {
	e.waitingAll = on
	e.us.setFlag(wire.FlagWFAStatus, on)
	e.set8("wait_for_all_status", on)
}

func (e *Engine) setEVBarrier(votes uint32) {
	e.evBarrier = votes
	e.set32("ev_barrier", votes)
}

func (e *Engine) setEVTracked(votes uint32) {
	e.evTracked = votes
	e.set32("ev_tracking_barrier", votes)
	if e.store != nil {
		e.store.StoreBarrier(votes)
	}
}
