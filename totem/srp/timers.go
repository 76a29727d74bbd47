package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// timer names one deadline of the machine.
type timer int

const (
	tokenTimer      timer = iota // the token, or in the gather state the consensus, is lost
	warningTimer                 // the token is late
	retransmitTimer              // send our last token again: nothing has come back of it
	holdTimer                    // the representative lets go of a token that it holds
	mergeTimer                   // call out to other rings
	joinTimer                    // repeat memb_join
	consensusTimer               // those that do not agree have failed
	sendJoinTimer                // the random delay of memb_join is over
	heartbeatTimer               // the token is late by the heartbeat's measure
	pauseTimer                   // so that we are called often enough to notice a pause
	flushTimer                   // stop dropping membership messages after a pause
	timerCount
)

// timers are the deadlines; one that does not run is totem.Never.
type timers [timerCount]totem.Instant

func (t *timers) init() {
	for i := range t {
		t[i] = totem.Never
	}
}

func (t *timers) arm(i timer, at totem.Instant) { t[i] = at }
func (t *timers) stop(i timer)                  { t[i] = totem.Never }
func (t *timers) runs(i timer) bool             { return t[i] != totem.Never }

func (t *timers) next() totem.Instant {
	at := totem.Never
	for _, d := range t {
		at = min(at, d)
	}
	return at
}

// postpone moves a running timer that is due before at to at.
func (t *timers) postpone(i timer, at totem.Instant) {
	if t.runs(i) && t[i] < at {
		t[i] = at
	}
}

// runTimers fires what is due, the longest due first, each at most once.
func (m *Machine) runTimers(now totem.Instant) {
	var fired [timerCount]bool
	for {
		due, at := timer(-1), now
		for i, d := range m.timers {
			if d <= at && !fired[i] {
				if due < 0 || d < at {
					due, at = timer(i), d
				}
			}
		}
		if due < 0 {
			return
		}
		fired[due] = true
		m.timers.stop(due)
		m.fire(now, due)
	}
}

func (m *Machine) fire(now totem.Instant, t timer) {
	switch t {
	case tokenTimer:
		m.tokenTimeout(now)
	case warningTimer:
		m.tokenLate(now)
	case retransmitTimer:
		if m.state != Gather {
			m.resendToken()
			m.armRetransmit(now)
		}
	case holdTimer:
		if m.state == Operational || m.state == Recovery {
			m.resendToken()
		}
	case mergeTimer:
		if m.state == Operational {
			m.sendMergeDetect()
		}
	case joinTimer:
		if m.state == Gather {
			m.wantJoin(now)
			m.timers.arm(joinTimer, now.Add(m.cfg.Join))
		}
	case consensusTimer:
		m.consensusExpired(now)
	case sendJoinTimer:
		m.joinDue = true
	case heartbeatTimer:
		m.logf(loglevel.Debug, "HeartBeat Timer expired Invoking token loss mechanism in state %d ", int(m.state))
		m.tokenTimeout(now)
	case flushTimer:
		m.pause.flushing = false
	}
}

func (m *Machine) armToken(now totem.Instant) {
	m.timers.arm(tokenTimer, now.Add(m.cfg.Token))
	if m.cfg.TokenWarning != 0 {
		m.timers.arm(warningTimer, now.Add(m.cfg.tokenWarning()))
	}
}

func (m *Machine) armRetransmit(now totem.Instant) {
	m.timers.arm(retransmitTimer, now.Add(m.cfg.TokenRetransmit))
}

func (m *Machine) armHeartbeat(now totem.Instant, on bool) {
	if on && m.heartbeat != 0 {
		m.timers.arm(heartbeatTimer, now.Add(m.heartbeat))
	} else {
		m.timers.stop(heartbeatTimer)
	}
}

func (m *Machine) tokenLate(now totem.Instant) {
	if m.cfg.TokenWarning == 0 {
		return
	}
	m.logf(loglevel.Notice, "Token has not been received in %d ms ", millis(now)-millis(m.visits.lastRx))
	m.timers.arm(warningTimer, now.Add(m.cfg.tokenWarning()))
}

// tokenTimeout is the loss of the token, which in the gather state stands for
// the consensus (timer_function_orf_token_timeout).
func (m *Machine) tokenTimeout(now totem.Instant) {
	switch m.state {
	case Operational:
		m.logf(loglevel.Debug, "The token was lost in the OPERATIONAL state.")
		m.logf(loglevel.Notice, "A processor failed, forming new configuration: token timed out (%dms), waiting %dms for consensus.",
			m.cfg.Token.Milliseconds(), m.cfg.Consensus.Milliseconds())
		m.emit(Action{Kind: CheckInterface})
		m.enterGather(now, fromTokenLostOperational)
		m.stats.OperationalTokenLost++
	case Gather:
		m.logf(loglevel.Debug, "The consensus timeout expired (%dms).", m.cfg.Consensus.Milliseconds())
		m.consensusExpired(now)
		m.enterGather(now, fromConsensusExpired)
		m.stats.GatherTokenLost++
	case Commit:
		m.logf(loglevel.Debug, "The token was lost in the COMMIT state.")
		m.enterGather(now, fromTokenLostCommit)
		m.stats.CommitTokenLost++
	case Recovery:
		m.logf(loglevel.Debug, "The token was lost in the RECOVERY state.")
		m.recoveryLost(now)
	}
}

// resendGap is how long an answer to a request for retransmission is given to
// arrive before it is asked for, or sent, again.
func (c *Config) resendGap() time.Duration {
	return min(5*time.Millisecond, c.TokenRetransmit/8)
}
