package srp

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// pauseState shows pauses of our own: we should be called with a packet or a timer every
// fifth of a token timeout at least.
type pauseState struct {
	stamp    totem.Instant // when we were called last
	flushing bool          // membership messages may be older than the pause
	// absent: a pause has outlasted the token timeout since the ring was formed,
	// so that the others may have formed another without us.
	absent bool
}

// stampPause notes that we are being called. The reference has a timer for it, of which
// every call tells as much: without it an idle node wakes up half as often.
func (m *Machine) stampPause(now totem.Instant) {
	m.pause.stamp = now
	m.timers.arm(pauseTimer, now.Add(m.cfg.Token/5))
}

// notice looks for a pause of our own: nobody has called us for more than
// half a token timeout. What happened meanwhile says nothing about the others.
// The reference drops everything that its sockets hold when the next memb_join
// arrives; here only memb_join and memb_commit_token are dropped, until the shell
// says that it has read all (or a fifth of a token timeout is over), and losses
// that would be noticed now are given the time in which a living ring or a
// gathering one must be heard again.
func (m *Machine) notice(now totem.Instant) {
	paused := now.Sub(m.pause.stamp)
	m.stampPause(now)
	if paused <= m.cfg.Token/2 {
		return
	}
	ms := paused.Milliseconds()
	m.logf(loglevel.Notice, "Process pause detected for %d ms, flushing membership messages.", ms)
	m.emit(Action{Kind: Paused, N: int(ms)})
	m.pause = pauseState{stamp: now, flushing: true, absent: m.pause.absent || paused >= m.cfg.Token}
	m.timers.arm(flushTimer, now.Add(m.cfg.Token/5))
	grace := now.Add(max(m.cfg.TokenRetransmit, 2*m.cfg.Join))
	for _, t := range []timer{tokenTimer, warningTimer, heartbeatTimer, consensusTimer} {
		m.timers.postpone(t, grace)
	}
}
