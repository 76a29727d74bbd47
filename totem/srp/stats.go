package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// tokenStatsMax is TOTEM_TOKEN_STATS_MAX: how many token visits are remembered.
const tokenStatsMax = 100

// maxContinuousGather is MAX_NO_CONT_GATHER: gathering in vain more often than
// this suggests a firewall or a broken interface.
const maxContinuousGather = 3

// Stats are the counters behind the stats.srp.* keys of cmap, named as there
// (totemsrp_stats_t).
type Stats struct {
	ORFTokenTx, ORFTokenRx               uint64
	MembMergeDetectTx, MembMergeDetectRx uint64
	MembJoinTx, MembJoinRx               uint64
	McastTx, McastRetx, McastRx          uint64
	MembCommitTokenTx, MembCommitTokenRx uint64
	TokenHoldCancelTx, TokenHoldCancelRx uint64
	OperationalEntered                   uint64
	OperationalTokenLost                 uint64
	GatherEntered                        uint64
	GatherTokenLost                      uint64
	CommitEntered                        uint64
	CommitTokenLost                      uint64
	RecoveryEntered                      uint64
	RecoveryTokenLost                    uint64
	ConsensusTimeouts                    uint64
	RxMsgDropped                         uint64
	// ContinuousGather counts consensus timeouts since the last ring.
	ContinuousGather uint32

	// What follows is computed by Machine.Stats.

	TimeSinceTokenLastReceived  uint64 // milliseconds
	FirewallEnabledOrNICFailure bool   // of gathering alone; the transport has its own reason
	MTTRxToken                  uint32 // mean time between tokens, milliseconds
	AvgTokenWorkload            uint32 // mean time that we held a token, milliseconds
	AvgBacklogCalc              uint32 // mean backlog at a token visit, packets
}

// tokenVisit is one entry of the visits remembered, times in milliseconds of
// the 32-bit clock that the reference keeps.
type tokenVisit struct {
	rx, tx  uint32
	backlog int32
}

// tokenLog remembers the last token visits (token_event_stats_collector).
type tokenLog struct {
	visits           [tokenStatsMax]tokenVisit
	earliest, latest int
	lastRx           totem.Instant
}

func millis(i totem.Instant) uint32 {
	return uint32(uint64(i) / uint64(time.Millisecond))
}

func (l *tokenLog) received(now totem.Instant) {
	l.latest = (l.latest + 1) % tokenStatsMax
	if l.earliest == l.latest {
		l.earliest = (l.earliest + 1) % tokenStatsMax
		l.visits[l.earliest] = tokenVisit{}
	}
	v := &l.visits[l.latest]
	v.rx, v.tx = millis(now), 0
	l.lastRx = now
}

func (l *tokenLog) sent(now totem.Instant) { l.visits[l.latest].tx = millis(now) }

func (l *tokenLog) backlog(n int) { l.visits[l.latest].backlog = int32(n) }

// averages walks from the latest visit back to the earliest, as the reference's
// corosync_totem_stats_updater in main.c does.
func (l *tokenLog) averages() (mtt, workload, backlog uint32) {
	var rx, held, queued, n uint32
	for t := l.latest; ; {
		prev := (t + tokenStatsMax - 1) % tokenStatsMax
		if prev == l.earliest {
			break
		}
		v, p := l.visits[t], l.visits[prev]
		if v.tx != 0 || v.rx-p.rx > 0 {
			rx += v.rx - p.rx
			held += v.tx - v.rx
			queued += uint32(v.backlog)
			n++
		}
		t = prev
	}
	if n == 0 {
		return 0, 0, 0
	}
	return rx / n, held / n, queued / n
}

// Stats are the counters up to now, with what is computed from them.
func (m *Machine) Stats(now totem.Instant) Stats {
	s := m.stats
	s.TimeSinceTokenLastReceived = uint64(millis(now) - millis(m.visits.lastRx))
	s.FirewallEnabledOrNICFailure = s.ContinuousGather > maxContinuousGather
	s.MTTRxToken, s.AvgTokenWorkload, s.AvgBacklogCalc = m.visits.averages()
	return s
}

// ResetStats sets all counters to zero (totemsrp_stats_clear).
func (m *Machine) ResetStats() {
	m.stats = Stats{}
	m.visits = tokenLog{lastRx: m.visits.lastRx}
}
