package srp

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// Config is what the machine needs to know of its node and of corosync.conf's
// totem section. Durations of zero are not defaulted here: the configuration
// package has applied corosync.conf(5)'s defaults.
type Config struct {
	NodeID totem.NodeID
	// RingSeq is what the ringid file held, 0 without one.
	RingSeq uint64

	Token                       time.Duration // token, already grown by the node count
	TokenWarning                int           // token_warning, per cent of Token; 0: off
	TokenRetransmit             time.Duration
	TokenRetransmitsBeforeLoss  int
	Hold                        time.Duration
	Join                        time.Duration
	SendJoin                    time.Duration
	Consensus                   time.Duration
	Merge                       time.Duration
	Downcheck                   time.Duration
	FailToRecvConst             int
	SeqnoUnchangedConst         int
	WindowSize                  int
	MaxMessages                 int
	MissCountConst              int
	CancelTokenHoldOnRetransmit bool
	MaxNetworkDelay             time.Duration
	HeartbeatFailuresAllowed    int
	Threads                     int // only logged, as the reference does
	// NetMTU is totem.netmtu, in bytes; it is logged, less the two heads of a
	// message in recovery. The Source keeps to it.
	NetMTU int

	Pool   *totem.Pool
	Source Source
	Rand   func(n int) int // in [0,n)
	Log    loglevel.Logger // subsystem TOTEM
}

// Source is where the machine takes new messages from when it has the token:
// totem/pg's packers. trans chooses the queue for messages of the
// synchronisation that follows a configuration change; while the machine
// waits for TransAck it sends from that one only, else from the other.
type Source interface {
	// Backlog is how many packets wait; a packet begun counts.
	Backlog(trans bool) int
	// Next appends the payload of the next packet to buf, whose capacity has
	// room for one; false when none waits.
	Next(trans bool, buf []byte) ([]byte, bool)
}

// normalise puts bounds where arithmetic relies on them.
func (c *Config) normalise() {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	if c.Rand == nil {
		c.Rand = func(int) int { return 0 }
	}
	c.WindowSize = min(max(c.WindowSize, 1), windowSize/4)
	c.MaxMessages = min(max(c.MaxMessages, 1), windowSize/4)
}

// logConfig says what the reference says of its configuration when it starts.
func (m *Machine) logConfig() {
	c := &m.cfg
	ms := func(d time.Duration) int64 { return d.Milliseconds() }
	m.logf(loglevel.Debug, "Token Timeout (%d ms) retransmit timeout (%d ms)", ms(c.Token), ms(c.TokenRetransmit))
	if c.TokenWarning != 0 {
		w := c.tokenWarning()
		m.logf(loglevel.Debug, "Token warning every %d ms (%d%% of Token Timeout)", ms(w), c.TokenWarning)
		if w < c.TokenRetransmit {
			m.logf(loglevel.Debug, "The token warning interval (%d ms) is less than the token retransmit timeout (%d ms) "+
				"which can lead to spurious token warnings. Consider increasing the token_warning parameter.", ms(w), ms(c.TokenRetransmit))
		}
	} else {
		m.logf(loglevel.Debug, "Token warnings disabled")
	}
	m.logf(loglevel.Debug, "token hold (%d ms) retransmits before loss (%d retrans)", ms(c.Hold), c.TokenRetransmitsBeforeLoss)
	m.logf(loglevel.Debug, "join (%d ms) send_join (%d ms) consensus (%d ms) merge (%d ms)", ms(c.Join), ms(c.SendJoin), ms(c.Consensus), ms(c.Merge))
	m.logf(loglevel.Debug, "downcheck (%d ms) fail to recv const (%d msgs)", ms(c.Downcheck), c.FailToRecvConst)
	m.logf(loglevel.Debug, "seqno unchanged const (%d rotations) Maximum network MTU %d", c.SeqnoUnchangedConst, c.NetMTU-2*wire.McastLen)
	m.logf(loglevel.Debug, "window size per rotation (%d messages) maximum messages per rotation (%d messages)", c.WindowSize, c.MaxMessages)
	m.logf(loglevel.Debug, "missed count const (%d messages)", c.MissCountConst)
	m.logf(loglevel.Debug, "send threads (%d threads)", c.Threads)
	m.logf(loglevel.Debug, "heartbeat_failures_allowed (%d)", c.HeartbeatFailuresAllowed)
	m.logf(loglevel.Debug, "max_network_delay (%d ms)", ms(c.MaxNetworkDelay))
	if c.HeartbeatFailuresAllowed == 0 {
		m.logf(loglevel.Debug, "HeartBeat is Disabled. To enable set heartbeat_failures_allowed > 0")
		return
	}
	total := c.heartbeatTimeout()
	if m.heartbeat != 0 {
		m.logf(loglevel.Debug, "total heartbeat_timeout (%d ms)", ms(total))
		return
	}
	m.logf(loglevel.Debug, "total heartbeat_timeout (%d ms) is not less than token timeout (%d ms)", ms(total), ms(c.Token))
	m.logf(loglevel.Debug, "heartbeat_timeout = heartbeat_failures_allowed * token_retransmit_timeout + max_network_delay")
	m.logf(loglevel.Debug, "heartbeat timeout should be less than the token timeout. Heartbeat is disabled!!")
}

// tokenWarning is how long a token may stay away before that is said.
func (c *Config) tokenWarning() time.Duration {
	return (time.Duration(c.TokenWarning) * c.Token / 100).Truncate(time.Millisecond)
}

func (c *Config) heartbeatTimeout() time.Duration {
	return time.Duration(c.HeartbeatFailuresAllowed)*c.TokenRetransmit + c.MaxNetworkDelay
}

// setHeartbeat uses the heartbeat when it is asked for and shorter than the
// token timeout, which it is there to beat.
func (m *Machine) setHeartbeat() {
	m.heartbeat = 0
	if t := m.cfg.heartbeatTimeout(); m.cfg.HeartbeatFailuresAllowed > 0 && t < m.cfg.Token {
		m.heartbeat = t
	} else {
		m.timers.stop(heartbeatTimer)
	}
}
