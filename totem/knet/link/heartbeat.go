package link

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// link is one link to a host. Times are zero where something has not happened.
type link struct {
	Spec
	host    *host
	enabled bool
	up      bool

	pingAt   totem.Instant // when the next ping is due
	pinged   bool          // one has been sent
	lastPong totem.Instant // zero: none since the link was last down
	pongs    uint8         // received while down
	broken   bool          // the kernel says that the other side cannot be reached
	backoff  int           // how many times the pong timeout counts
	timeout  time.Duration // the pong timeout, with backoff and latency

	latency time.Duration // average
	samples uint32        // of which it is one, up to the precision

	mtu      int // user data that a datagram over this link may hold
	validMTU bool
	search   search

	stats Counters
}

// backoffMax is the factor of a new link's pong timeout
// (KNET_LINK_PONG_TIMEOUT_BACKOFF), latencyFactor how much the latency counts in
// it (KNET_LINK_PONG_TIMEOUT_LAT_MUL).
const (
	backoffMax    = 10
	latencyFactor = 2
)

func newLink(h *host, s Spec) *link {
	l := &link{Spec: s, host: h, enabled: true, validMTU: true, backoff: backoffMax}
	l.timeout = l.PingTimeout * backoffMax
	l.search.factor = factorMin
	l.search.deadline = totem.Never
	l.stats.LatencyMin = ^uint32(0)
	return l
}

// headers is how long the headers of IP and UDP are.
func (l *link) headers() int {
	if l.Remote.Addr().Is6() {
		return wire.IPv6Overhead + wire.UDPOverhead
	}
	return wire.IPv4Overhead + wire.UDPOverhead
}

// shorten lets the pong timeout of a new link go to its configured value.
func (l *link) shorten() {
	if l.backoff > 1 {
		l.backoff--
	}
	l.timeout = l.PingTimeout*time.Duration(l.backoff) + l.latency*latencyFactor
}

// due is when the link wants to be looked at.
func (c *Core) due(l *link) totem.Instant {
	at := l.pingAt
	if l.lastPong != 0 {
		at = min(at, l.lastPong.Add(l.timeout))
	}
	return min(at, c.searchDue(l))
}

// heartbeat pings the link when that is due, and notices that it is down.
func (c *Core) heartbeat(now totem.Instant, l *link) {
	if l.broken {
		l.broken = false
		c.down(now, l)
		return
	}
	if now >= l.pingAt {
		c.ping(now, l, true)
	}
	if l.lastPong != 0 && now >= l.lastPong.Add(l.timeout) {
		c.down(now, l)
	}
}

// ping sends a ping. All links of all hosts are pinged out of turn each time that
// the numbers of messages have gone through an eighth of their range, for those
// who get few of the messages to keep up with them.
func (c *Core) ping(now totem.Instant, l *link, timed bool) {
	l.pingAt = now.Add(l.PingInterval)
	ping := wire.Ping{
		From: wire.HostID(c.cfg.NodeID), Link: l.Link, Time: wire.MakeStamp(int64(now)), Seq: c.seq, Timed: timed,
	}
	c.scratch = ping.AppendTo(c.scratch[:0])
	p := c.seal()
	if c.sec != (wire.Security{}) {
		c.stats.cryptPings++
	}
	l.stats.TxPingPackets++
	l.stats.TxPingBytes += uint64(len(p.Data))
	l.pinged = true
	c.send(l, KindPing, p)
}

// pingAll pings everybody out of turn.
func (c *Core) pingAll(now totem.Instant) {
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l != nil {
				c.ping(now, l, false)
			}
		}
	}
}

// send queues a datagram for a link; it takes over the caller's hold.
func (c *Core) send(l *link, k Kind, p *totem.Packet) {
	c.do(Action{Kind: Send, Ref: l.Ref, What: k, Packet: p})
}

// down has a link start again as if it were new.
func (c *Core) down(now totem.Instant, l *link) {
	l.search.stop()
	l.search.last = 0
	l.pongs, l.lastPong, l.backoff = 0, 0, backoffMax
	if !l.up {
		return
	}
	c.log.Logf(loglevel.Info, "link: host: %d link: %d is down", l.host.id, l.Link)
	l.up = false
	l.stats.DownCount++
	c.choose(l.host)
}

// pong takes the answer to a ping.
func (c *Core) pong(now totem.Instant, l *link, p *wire.Ping, length int) {
	l.stats.RxPongPackets++
	l.stats.RxPongBytes += uint64(length)
	sent, ok := p.Time.Nanoseconds()
	if !ok || sent > int64(now) {
		return
	}
	l.lastPong = now
	took := now.Sub(totem.Instant(sent))
	if took > l.PingTimeout {
		c.debugf("rx: Incoming pong packet from host: %d link: %d has higher latency than pong_timeout. Discarding",
			l.host.id, l.Link)
		return
	}
	l.samples = max(min(l.samples+1, l.Precision), 1)
	n := time.Duration(l.samples)
	l.latency = (l.latency*(n-1) + took) / n
	if l.latency < l.timeout && !l.up {
		if l.pongs >= l.PongCount {
			c.upAgain(now, l)
		} else {
			l.pongs++
			c.debugf("rx: host: %d link: %d received pong: %d", l.host.id, l.Link, l.pongs)
		}
	}
	us := uint32(l.latency.Microseconds())
	l.stats.LatencyMax = max(l.stats.LatencyMax, us)
	l.stats.LatencyMin = min(l.stats.LatencyMin, us)
	l.stats.LatencyAve, l.stats.LatencySamples = us, l.samples
}

func (c *Core) upAgain(now totem.Instant, l *link) {
	c.log.Logf(loglevel.Info, "rx: host: %d link: %d is up", l.host.id, l.Link)
	l.up = true
	l.stats.UpCount++
	c.log.Logf(loglevel.Info, "link: Resetting MTU for link %d because host %d joined", l.Link, l.host.id)
	c.searchAll(now, true)
	c.choose(l.host)
}

// Unreachable takes from the kernel that the other side of a link cannot be
// reached (an ICMP error): it is down at once, if it was up.
func (c *Core) Unreachable(ref int) {
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l != nil && l.Ref == ref && l.up {
				c.debugf("udp: Setting down host %d link %d", h.id, l.Link)
				l.broken = true
				c.soon()
			}
		}
	}
}
