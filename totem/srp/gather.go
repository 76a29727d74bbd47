package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// gatherFrom is why the gather state is entered, with the reference's numbers.
type gatherFrom int

const (
	fromConsensusTimeout gatherFrom = iota
	_
	fromTokenLostOperational
	fromConsensusExpired
	fromTokenLostCommit
	fromTokenLostRecovery
	fromFailedToReceive
	fromForeignOperational
	fromForeignGather
	fromMergeOperational
	fromMergeGather
	fromMergeJoin
	fromJoinOperational
	fromJoinCommit
	fromJoinRecovery
	fromInterfaceChange
)

var gatherReasons = [...]string{
	fromConsensusTimeout:     "consensus timeout",
	fromTokenLostOperational: "The token was lost in the OPERATIONAL state.",
	fromConsensusExpired:     "The consensus timeout expired.",
	fromTokenLostCommit:      "The token was lost in the COMMIT state.",
	fromTokenLostRecovery:    "The token was lost in the RECOVERY state.",
	fromFailedToReceive:      "failed to receive",
	fromForeignOperational:   "foreign message in operational state",
	fromForeignGather:        "foreign message in gather state",
	fromMergeOperational:     "merge during operational state",
	fromMergeGather:          "merge during gather state",
	fromMergeJoin:            "merge during join",
	fromJoinOperational:      "join during operational state",
	fromJoinCommit:           "join during commit state",
	fromJoinRecovery:         "join during recovery",
	fromInterfaceChange:      "interface change",
}

func (g gatherFrom) String() string { return gatherReasons[g] }

// enterGather begins to look for who is there (memb_state_gather_enter).
func (m *Machine) enterGather(now totem.Instant, from gatherFrom) {
	m.tok.discard = true
	m.rec.originated = false
	m.memb.proc.add(m.self)
	m.wantJoin(now)
	m.timers.arm(joinTimer, now.Add(m.cfg.Join))
	m.timers.arm(consensusTimer, now.Add(m.cfg.Consensus))
	m.timers.stop(retransmitTimer)
	m.timers.stop(tokenTimer)
	m.timers.stop(warningTimer)
	m.timers.stop(mergeTimer)
	m.timers.stop(holdTimer)
	m.timers.stop(heartbeatTimer)
	m.memb.resetConsensus(m.self)
	m.logf(loglevel.Debug, "entering GATHER state from %d(%s).", int(from), from)
	m.state = Gather
	m.stats.GatherEntered++
	if from == fromConsensusExpired {
		m.stats.ContinuousGather++
	}
}

// joinBurst is how many memb_join go out at once in a twenty-fifth of the join
// timeout (2 ms by default). Where many nodes start together each learns of the
// others one by one, and to tell all others each time would take n^3 datagrams;
// those beyond the burst wait and are one, with all that has been learned.
const joinBurst = 4

// joinPace counts the memb_join of the present stretch of time.
type joinPace struct {
	began totem.Instant
	sent  int
}

// wantJoin has a memb_join sent: before the present call returns, or with
// send_join after a random part of it, where the reference sleeps.
func (m *Machine) wantJoin(now totem.Instant) {
	stretch := m.cfg.Join / 25
	if p := &m.joins; now.Sub(p.began) >= stretch {
		*p = joinPace{began: now}
	} else if p.sent >= joinBurst {
		if !m.timers.runs(sendJoinTimer) {
			m.timers.arm(sendJoinTimer, p.began.Add(stretch))
		}
		return
	}
	if us := int(m.cfg.SendJoin / time.Microsecond); us > 0 {
		if !m.timers.runs(sendJoinTimer) {
			m.timers.arm(sendJoinTimer, now.Add(time.Duration(m.cfg.Rand(us))*time.Microsecond))
		}
		return
	}
	m.joinDue = true
}

func (m *Machine) sendJoin(now totem.Instant) {
	m.timers.stop(sendJoinTimer)
	m.joins.sent++
	m.sendLists(wire.Join{
		Header:     wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: uint32(m.self)},
		SystemFrom: m.self, RingSeq: m.ring.Seq,
		Proc: m.memb.proc, Failed: m.memb.failed,
	})
}

// sendLeave says goodbye: we are the last of those that failed, and the header
// is from nobody (memb_leave_message_send). It is not delayed, for we go.
func (m *Machine) sendLeave() {
	m.logf(loglevel.Debug, "sending join/leave message")
	m.memb.failed.add(m.self)
	failed := append(m.memb.failed.minus(nodeSet{m.self}), m.self)
	m.sendLists(wire.Join{
		Header:     wire.Header{Order: wire.Native, Type: wire.TypeJoin},
		SystemFrom: m.self, RingSeq: m.ring.Seq,
		Proc: m.memb.proc.minus(nodeSet{m.self}), Failed: failed,
	})
}

func (m *Machine) sendLists(j wire.Join) {
	p := m.packet(1024 + 4*(len(j.Proc)+len(j.Failed)))
	p.Data = j.AppendTo(p.Data)
	m.stats.MembJoinTx++
	m.mcast(p)
}

func (m *Machine) sendMergeDetect() {
	d := wire.MergeDetect{
		Header:     wire.Header{Order: wire.Native, Type: wire.TypeMergeDetect, NodeID: uint32(m.self)},
		SystemFrom: m.self, Ring: m.ring,
	}
	p := m.packet(0)
	p.Data = d.AppendTo(p.Data)
	m.stats.MembMergeDetectTx++
	m.mcast(p)
}

// consensusExpired holds those for failed that have not agreed in time
// (memb_state_consensus_timeout_expired).
func (m *Machine) consensusExpired(now totem.Instant) {
	m.stats.ConsensusTimeouts++
	if m.memb.agreed() {
		m.memb.resetConsensus(m.self)
		m.armToken(now)
		return
	}
	m.memb.blame()
	m.enterGather(now, fromConsensusTimeout)
}

// onJoin is a memb_join or a goodbye (message_handler_memb_join).
func (m *Machine) onJoin(now totem.Instant, j *wire.Join) {
	// Our own are not handed to us: one in our name is forged, or of a node that has
	// our id, and must not make us hold ourselves for failed.
	if m.pause.flushing || j.SystemFrom == m.self {
		m.stats.RxMsgDropped++
		return
	}
	if j.RingSeq > m.ringSeq {
		m.ringSeq = j.RingSeq
		m.emit(Action{Kind: ExpectRing, RingSeq: m.ringSeq})
	}
	switch m.state {
	case Operational:
		if m.settling && !m.memb.members.has(j.SystemFrom) {
			m.stats.RxMsgDropped++ // it is said again: see meet
			return
		}
		if !m.ignoreJoin(j) {
			m.processJoin(now, j)
		}
	case Gather:
		m.processJoin(now, j)
	case Commit, Recovery:
		if !m.memb.next.has(j.SystemFrom) || j.RingSeq < m.ring.Seq {
			return
		}
		from := fromJoinCommit
		if m.state == Recovery {
			m.recoveryLost(now)
			from = fromJoinRecovery
		}
		m.noteLeave(j)
		m.learn(j)
		m.enterGather(now, from)
	}
}

// ignoreJoin tells that a memb_join is older than the ring that we are on, or of
// one that holds us for failed (ignore_join_under_operational).
func (m *Machine) ignoreJoin(j *wire.Join) bool {
	return nodeSet(j.Failed).has(m.self) ||
		m.memb.members.has(j.SystemFrom) && j.RingSeq < m.ring.Seq
}

// processJoin compares a memb_join with what we know (memb_join_process).
func (m *Machine) processJoin(now totem.Instant, j *wire.Join) {
	m.noteLeave(j)
	proc, failed := nodeSet(j.Proc), nodeSet(j.Failed)
	b := &m.memb
	switch {
	case proc.equals(b.proc) && failed.equals(b.failed):
		if j.NodeID != 0 {
			m.agreeWith(now, j.SystemFrom)
		} else {
			m.formRing(now)
		}
	case proc.within(b.proc) && failed.within(b.failed):
		// nothing that we have not heard
	case b.failed.has(j.SystemFrom):
		// of one that we hold for failed
	default:
		// The reference answers with a memb_join of its own even if it has learned
		// nothing, and begins the consensus timeout anew. Processors that have come
		// to hold different ones for failed and share no ring then answer each other
		// for ever, each message with one to every other.
		if m.learn(j) || m.state == Operational {
			m.enterGather(now, fromMergeJoin)
		}
		return
	}
	if m.state == Operational {
		m.enterGather(now, fromJoinOperational)
	}
}

// noteLeave remembers who has said goodbye.
func (m *Machine) noteLeave(j *wire.Join) {
	who, ok := j.Leave()
	if !ok {
		return
	}
	m.logf(loglevel.Debug, "Received LEAVE message from %d", who)
	if who != 0 {
		m.memb.leaving.add(who)
	}
}

// learn takes over what a memb_join tells. Who holds us for failed is held for
// failed; whom a member of our ring holds for failed is believed. It tells
// whether any of that was news.
func (m *Machine) learn(j *wire.Join) bool {
	b := &m.memb
	proc, failed := nodeSet(j.Proc), nodeSet(j.Failed)
	if proc.equals(b.proc) && failed.equals(b.failed) ||
		proc.within(b.proc) && failed.within(b.failed) || b.failed.has(j.SystemFrom) {
		return false
	}
	known := len(b.proc) + len(b.failed)
	b.proc.merge(proc)
	switch {
	case failed.has(m.self):
		b.failed.add(j.SystemFrom)
	case b.members.has(j.SystemFrom):
		// Of those only that we know, which real lists are limited to. Others
		// would fill the list, and then nobody could be held for failed whom we
		// wait for in vain: no ring would ever be formed again.
		for _, id := range failed {
			if b.proc.has(id) {
				b.failed.add(id)
			}
		}
	}
	return len(b.proc)+len(b.failed) > known
}

// agreeWith notes that a processor has sent the very lists that we have.
func (m *Machine) agreeWith(now totem.Instant, id totem.NodeID) {
	m.memb.consensus.add(id)
	m.formRing(now)
}

// formRing sends a commit token when all agree and we are to represent them.
func (m *Machine) formRing(now totem.Instant) {
	b := &m.memb
	if !b.agreed() {
		return
	}
	if b.failedToRecv {
		b.failedToRecv = false
		b.proc.set([]totem.NodeID{m.self})
		b.failed.set(nil)
	} else if !b.lowest(m.self) {
		return
	}
	m.createCommitToken()
	m.enterCommit(now)
}

// onMergeDetect is the call of another ring's representative.
func (m *Machine) onMergeDetect(now totem.Instant, d *wire.MergeDetect) {
	if d.Ring != m.ring {
		m.meet(now, d.SystemFrom, fromMergeOperational, fromMergeGather)
	}
}

// meet is a message of another ring: its sender is someone to gather with.
// It tells whether the state has an opinion on such messages.
//
// A ring is not left for strangers before the token has come round on it once,
// unlike with the reference: they are heard again, within a join timeout or that
// of merging, while our memb_join would reach members that are in recovery still.
// One of the reference on multicast ends on an assertion if it finds such a
// memb_join behind the token that it is handling (docs/wire/totem.md).
func (m *Machine) meet(now totem.Instant, id totem.NodeID, operational, gather gatherFrom) bool {
	switch m.state {
	case Operational:
		if m.settling {
			return false
		}
		m.memb.proc.add(id)
		m.enterGather(now, operational)
	case Gather:
		if !m.memb.proc.has(id) {
			m.memb.proc.add(id)
			m.enterGather(now, gather)
		}
	default:
		return false
	}
	return true
}
