package srp

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// createCommitToken is what the representative of an agreed ring begins with
// (memb_state_commit_token_create).
func (m *Machine) createCommitToken() {
	m.logf(loglevel.Debug, "Creating commit token because I am the rep.")
	addrs := m.memb.candidates()
	slices.Sort(addrs)
	m.commit = wire.CommitToken{
		Header: wire.Header{Order: wire.Native, Type: wire.TypeCommitToken, NodeID: uint32(m.self)},
		Ring:   totem.RingID{Rep: m.self, Seq: m.ringSeq + 4},
		Addrs:  addrs,
		Memb:   make([]wire.MembEntry, len(addrs)),
	}
}

// enterCommit fills our entry into the commit token and passes it on
// (memb_state_commit_enter). From here on the ring has its new name.
func (m *Machine) enterCommit(now totem.Instant) {
	if !m.saved {
		m.saved = true
		m.oldRing = m.ring
		m.logf(loglevel.Debug, "Saving state aru %x high seq received %x", m.regular.aru, m.regular.high)
	}
	m.fillCommitEntry()
	c := &m.commit
	m.tok.target = c.Addrs[int(c.MembIndex)%len(c.Addrs)]
	m.sendCommitToken(now)

	m.joinDue = false
	m.timers.stop(sendJoinTimer)
	m.timers.stop(joinTimer)
	m.timers.stop(consensusTimer)
	m.ring = c.Ring
	m.ringSeq = m.ring.Seq
	m.emit(Action{Kind: StoreRing, RingSeq: m.ring.Seq})
	m.logf(loglevel.Debug, "entering COMMIT state.")
	m.state = Commit
	m.armRetransmit(now)
	m.armToken(now)
	m.stats.CommitEntered++
	m.stats.ContinuousGather = 0
	m.flow = flowControl{}
}

// fillCommitEntry writes where we come from and what we have of it into the
// commit token. Of those that come from the same ring, all that have less than
// the one with most lack messages (memb_state_commit_token_update).
func (m *Machine) fillCommitEntry() {
	c := &m.commit
	m.memb.next.set(c.Addrs)
	me := &c.Memb[c.MembIndex]
	*me = wire.MembEntry{Ring: m.oldRing, Aru: m.regular.aru, HighDelivered: m.regular.delivered}
	if m.regular.aru == m.regular.high {
		me.ReceivedFlg = 1
	}
	entries := c.Memb[:c.MembIndex+1]
	highest := me.Aru
	for _, e := range entries {
		if e.Ring == me.Ring && seqLess(highest, e.Aru) {
			highest = e.Aru
		}
	}
	for i := range entries {
		if e := &entries[i]; e.Ring == me.Ring && seqLess(e.Aru, highest) {
			e.ReceivedFlg = 0
		}
	}
	c.MembIndex++
}

func (m *Machine) sendCommitToken(now totem.Instant) {
	c := &m.commit
	c.TokenSeq++
	c.Header = wire.Header{Order: wire.Native, Type: wire.TypeCommitToken, NodeID: uint32(m.self)}
	p := m.packet(64 + 28*len(c.Addrs))
	p.Data = c.AppendTo(p.Data)
	m.stats.MembCommitTokenTx++
	m.keepToken(p)
	m.resendToken()
	m.armRetransmit(now)
}

// onCommitToken is a commit token: the first time around it collects, the second
// it takes us into recovery, and when the representative sees it a third time it
// becomes the token (message_handler_memb_commit_token).
func (m *Machine) onCommitToken(now totem.Instant, c *wire.CommitToken) {
	if m.pause.flushing {
		m.stats.RxMsgDropped++
		return
	}
	switch m.state {
	case Gather:
		if !m.acceptCommit(c) {
			return
		}
		m.copyCommit(c)
		m.enterCommit(now)
	case Commit:
		if c.Ring == m.ring && int(c.MembIndex) == len(c.Addrs) && slices.Equal(c.Addrs, m.memb.next) && m.ours(c) {
			m.copyCommit(c)
			m.enterRecovery(now)
		}
	case Recovery:
		if c.Ring != m.ring || m.self != m.ring.Rep || m.rec.originated {
			return
		}
		m.rec.originated = true
		m.logf(loglevel.Debug, "Sending initial ORF token")
		m.sendInitialToken()
		m.armToken(now)
		m.armRetransmit(now)
	}
}

// acceptCommit tells whether a commit token is of the ring that we gather for,
// newer than ours, and at our entry.
func (m *Machine) acceptCommit(c *wire.CommitToken) bool {
	return nodeSet(c.Addrs).equals(m.memb.candidates()) &&
		c.Ring.Seq > m.ring.Seq &&
		int(c.MembIndex) < len(c.Addrs) && c.Addrs[c.MembIndex] == m.self
}

// ours tells whether our entry in a commit token that has been around is the one
// that we wrote. The token is sent again when it seems lost, so one that a former
// life of this processor has filled in may still come; with that, we would not
// be among those that come along from our own old ring.
func (m *Machine) ours(c *wire.CommitToken) bool {
	i := slices.Index(c.Addrs, m.self)
	return i >= 0 && c.Memb[i].Ring == m.oldRing
}

// copyCommit takes a received commit token over, lists and all.
func (m *Machine) copyCommit(c *wire.CommitToken) {
	addrs, memb := append(m.commit.Addrs[:0], c.Addrs...), append(m.commit.Memb[:0], c.Memb...)
	m.commit = *c
	m.commit.Addrs, m.commit.Memb = addrs, memb
}
