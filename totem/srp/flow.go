package srp

import "github.com/ringmaster-ha/ringmaster/totem/wire"

// flowControl shares the packets that a rotation of the token may carry among
// the processors in proportion to what each has waiting. The numbers are
// unsigned and may wrap, as they do in the reference: nodes of one ring may have
// different window sizes.
type flowControl struct {
	sent        uint32 // packets of our last visit (my_trc)
	lastBacklog uint32 // what we had waiting at our last visit (my_pbl)
	backlog     uint32 // and have now (my_cbl)
}

// allowed is how many packets this visit may send (fcc_calculate).
func (m *Machine) allowed(t *wire.ORFToken) uint32 {
	f := &m.flow
	window := uint32(m.cfg.WindowSize)
	n := min(uint32(m.cfg.MaxMessages), window-t.FCC)
	f.backlog = uint32(m.backlog())
	m.visits.backlog(int(f.backlog))
	if all := t.Backlog + f.backlog - f.lastBacklog; all != 0 {
		if share := window * f.lastBacklog / all; share > 0 {
			n = min(n, share)
		}
	}
	return n
}

// backlog is how many packets wait to be sent in the present state.
func (m *Machine) backlog() int {
	switch m.state {
	case Operational:
		return m.cfg.Source.Backlog(m.waitTransAck)
	case Recovery:
		return m.rec.pending()
	}
	return 0
}

// limit forbids new messages when the window has no room for them: a processor
// that lags keeps the others' messages in it (fcc_rtr_limit).
func (m *Machine) limit(t *wire.ORFToken, n uint32) uint32 {
	room := m.regular.base - 1 + windowSize - n - uint32(m.cfg.WindowSize)
	if m.state == Recovery {
		room = m.recovery.base - 1 + windowSize - n - uint32(m.cfg.WindowSize)
	}
	if seqLess(room, t.Seq) {
		return 0
	}
	return n
}

// account writes what we have sent and have waiting into the token in place of
// what we wrote a rotation ago (fcc_token_update).
func (f *flowControl) account(t *wire.ORFToken, sent uint32) {
	t.FCC += sent - f.sent
	t.Backlog += f.backlog - f.lastBacklog
	f.sent = sent
	f.lastBacklog = f.backlog
}
