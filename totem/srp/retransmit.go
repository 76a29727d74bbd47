package srp

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// retransmit answers the token's requests for messages, at most *allowed, which
// it lowers by what it sent, and adds requests of our own (orf_token_rtr).
//
// Three rules keep a request from becoming a storm, which the reference has no
// answer to but to slow the whole ring down: a message is multicast again, and
// asked for again, not before the answer has had time to arrive; a request that
// nobody can answer any more leaves the list instead of going round for ever.
func (m *Machine) retransmit(now totem.Instant, t *wire.ORFToken, allowed *uint32) uint32 {
	if len(t.Rtr) > 0 && m.logs(loglevel.Notice) {
		m.logRetransmitList(t)
	}
	w := m.window()
	gap := m.cfg.resendGap()
	sent := uint32(0)
	keep := t.Rtr[:0]
	for _, r := range t.Rtr {
		switch {
		case r.Ring != m.ring || seqLess(r.Seq, w.base):
			// of another ring, or what all have had for two visits
		case !w.has(r.Seq):
			keep = append(keep, r)
		case w.slot(r.Seq).at != 0 && now.Sub(w.slot(r.Seq).at) < gap:
			// already on its way
		case sent < *allowed:
			s := w.slot(r.Seq)
			s.at = now
			s.pkt.Retain()
			m.mcast(s.pkt)
			m.stats.McastRetx++
			sent++
		default:
			keep = append(keep, r)
		}
	}
	t.Rtr = keep
	*allowed -= sent
	m.request(now, t, w)
	return sent
}

// Missing tells that messages have not come that only visits of the token bring:
// delivery waits for them.
func (m *Machine) Missing() bool {
	w := m.window()
	return w.aru != w.high || m.state == Operational && seqLess(w.aru, m.tok.lastSeq)
}

// request adds what we lack to the token's list once it has been missing for
// miss_count_const visits, by when a late packet would have come.
func (m *Machine) request(now totem.Instant, t *wire.ORFToken, w *window) {
	gap := m.cfg.resendGap()
	for seq := w.aru + 1; len(t.Rtr) < wire.RetransmitEntriesMax && !seqLess(t.Seq, seq) && w.inRange(seq); seq++ {
		if w.has(seq) {
			continue
		}
		s := w.miss(seq)
		if s.misses++; int(s.misses) < m.cfg.MissCountConst {
			continue
		}
		s.misses = uint16(min(int(s.misses), m.cfg.MissCountConst))
		if s.at != 0 && now.Sub(s.at) < gap || requested(t, seq) {
			continue
		}
		s.at = now
		t.Rtr = append(t.Rtr, wire.RtrItem{Ring: m.ring, Seq: seq})
	}
}

func requested(t *wire.ORFToken, seq uint32) bool {
	for _, r := range t.Rtr {
		if r.Seq == seq {
			return true
		}
	}
	return false
}

func (m *Machine) logRetransmitList(t *wire.ORFToken) {
	m.logf(loglevel.Debug, "Retransmit List %d", len(t.Rtr))
	var b strings.Builder
	for _, r := range t.Rtr {
		fmt.Fprintf(&b, "%x ", r.Seq)
	}
	m.logf(loglevel.Notice, "Retransmit List: %s", b.String())
}
