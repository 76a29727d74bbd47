package link

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// search is the search for a link's path MTU. Sizes are on the wire, in bytes.
type search struct {
	on       bool
	last     totem.Instant // when one ended well, zero: search at once
	retryAt  totem.Instant // not before, after one that failed
	good     int           // passes
	bad      int           // does not, 0: none known
	size     int           // of the probe under way
	length   int           // of that, sealed
	tries    int
	sent     totem.Instant
	deadline totem.Instant // for its answer
	again    totem.Instant // when to send the probe once more
	factor   int           // how many times the pong timeout an answer may take, when sealed
	warned   bool
}

const (
	// searchTries ends a search: to halve 128000 down to 576 takes fewer.
	searchTries = 30
	// searchRetry is the pause after a search that failed.
	searchRetry = 200 * time.Millisecond
	// sendRetry is the pause before a probe that found no room is sent again.
	sendRetry = 12500 * time.Microsecond
	// Sealing under load takes its time: the bounds of search.factor.
	factorMin = 2
	factorMax = 128
)

func (s *search) stop() {
	s.on, s.deadline, s.again = false, totem.Never, totem.Never
}

// searchDue is when the link's search wants to be looked at.
func (c *Core) searchDue(l *link) totem.Instant {
	s := &l.search
	switch {
	case s.on:
		return min(s.deadline, s.again)
	case !l.up || !l.pinged || c.cfg.MTU != 0:
		return totem.Never
	case s.last == 0:
		return s.retryAt
	}
	return s.last.Add(c.cfg.PMTUDInterval)
}

// tickMTU does what the search is due to do.
func (c *Core) tickMTU(now totem.Instant, l *link) {
	s := &l.search
	switch {
	case c.cfg.MTU != 0:
		if l.up {
			l.mtu = c.sec.MaxData(c.cfg.MTU - l.headers())
			c.mtuPending = true
		}
	case s.on && now >= s.deadline:
		c.probeLost(now, l)
	case s.on && now >= s.again:
		s.again = totem.Never
		c.sendProbe(now, l)
	case !s.on && now >= c.searchDue(l):
		c.startSearch(now, l)
	}
}

// searchAll has all MTUs searched for anew (force_pmtud_run). reset cuts messages
// to the least meanwhile and begins those searches again that are under way.
func (c *Core) searchAll(now totem.Instant, reset bool) {
	if reset {
		c.debugf("link: PMTUd has been reset to default")
		c.mtu = c.sec.MinData()
		c.do(Action{Kind: MTUChanged, MTU: c.mtu})
	}
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l == nil || l.search.on && !reset {
				continue
			}
			l.search.stop()
			l.search.last, l.search.retryAt = 0, 0
		}
	}
	c.soon()
}

func (c *Core) startSearch(now totem.Instant, l *link) {
	c.debugf("pmtud: Starting PMTUD for host: %d link: %d", l.host.id, l.Link)
	s := &l.search
	s.on, s.tries, s.warned = true, 0, false
	s.bad, s.good = 0, c.sec.Sealed(wire.PingLen)+l.headers()
	s.size = wire.MaxMTU
	c.probe(now, l)
}

// probe sends one of about the size that the search is at.
func (c *Core) probe(now totem.Instant, l *link) {
	s := &l.search
	if s.tries == searchTries {
		c.log.Logf(loglevel.Error, "pmtud: Aborting PMTUD process: Too many attempts. MTU might have changed during discovery.")
		c.searchFailed(now, l)
		return
	}
	s.tries++
	s.deadline = totem.Never
	c.sendProbe(now, l)
}

func (c *Core) sendProbe(now totem.Instant, l *link) {
	s := &l.search
	onWire, plain, ok := c.sec.Probe(s.size, l.headers())
	if !ok {
		c.debugf("pmtud: Aborting PMTUD process: link mtu smaller than crypto header detected (link might have been disconnected)")
		c.searchFailed(now, l)
		return
	}
	s.size = onWire
	m := wire.PMTUd{From: wire.HostID(c.cfg.NodeID), Link: l.Link, Size: uint16(onWire)}
	p := c.sealedProbe(&m, plain)
	if c.sec != (wire.Security{}) {
		c.stats.cryptProbes++
	}
	s.length = len(p.Data)
	c.do(Action{Kind: Probe, Ref: l.Ref, Packet: p})
}

// ProbeResult is how the kernel took a probe.
type ProbeResult uint8

const (
	ProbeOut    ProbeResult = iota // it is on its way
	ProbeTooBig                    // EMSGSIZE or EPERM
	ProbeLater                     // no room in the socket
	ProbeFailed                    // the network cannot be reached
)

// ProbeSent tells what became of a Probe; kernel is the MTU that the kernel knows
// of, if it told one with ProbeTooBig.
func (c *Core) ProbeSent(now totem.Instant, ref int, r ProbeResult, kernel int) {
	l := c.byRef(ref)
	if l == nil || !l.search.on {
		return
	}
	s := &l.search
	switch r {
	case ProbeOut:
		l.stats.TxPMTUPackets++
		l.stats.TxPMTUBytes += uint64(s.length)
		if s.deadline == totem.Never { // else it is one more of the same
			wait := l.timeout
			if c.sec != (wire.Security{}) {
				wait *= time.Duration(s.factor)
			}
			s.sent, s.deadline = now, now.Add(wait)
		}
		s.again = now.Add(l.PingInterval)
		c.heartbeatAt = min(c.heartbeatAt, s.deadline, s.again)
	case ProbeLater:
		l.stats.TxPMTURetries++
		s.again = now.Add(sendRetry)
		c.heartbeatAt = min(c.heartbeatAt, s.again)
	case ProbeTooBig:
		if kernel > 0 {
			c.debugf("udp: detected kernel MTU: %d", kernel)
			s.bad, s.size = kernel+1, kernel
		} else {
			s.bad = s.size
			s.size = (s.good + s.bad) / 2
		}
		c.probe(now, l)
	case ProbeFailed:
		c.debugf("pmtud: Unable to send pmtu packet to host: %d link: %d", l.host.id, l.Link)
		l.stats.TxPMTUErrors++
		c.searchFailed(now, l)
	}
}

// probeLost takes the silence after a probe.
func (c *Core) probeLost(now totem.Instant, l *link) {
	s := &l.search
	if c.sec != (wire.Security{}) && s.factor < factorMax {
		s.factor *= 2
		c.debugf("pmtud: Increasing PMTUd response timeout multiplier to (%d) for host %d link: %d", s.factor, l.host.id, l.Link)
		c.probe(now, l)
		return
	}
	if !s.warned {
		s.warned = true
		c.log.Logf(loglevel.Warning, "pmtud: possible MTU misconfiguration detected. "+
			"kernel is reporting MTU: %d bytes for host %d link %d but the other node is "+
			"not acknowledging packets of this size. ", s.size, l.host.id, l.Link)
		c.log.Logf(loglevel.Warning, "pmtud: This can be caused by this node interface MTU "+
			"too big or a network device that does not support or has been misconfigured to manage MTU "+
			"of this size, or packet loss. knet will continue to run but performances might be affected.")
	}
	s.bad = s.size
	s.size = (s.good + s.bad) / 2
	c.probe(now, l)
}

// probeAnswered takes the answer to a probe.
func (c *Core) probeAnswered(now totem.Instant, l *link, size int) {
	s := &l.search
	if !s.on || size != s.size || s.deadline == totem.Never {
		return
	}
	if c.sec != (wire.Security{}) && s.factor > factorMin && now.Sub(s.sent) < l.timeout*time.Duration(s.factor)/2 {
		s.factor /= 2
		c.debugf("pmtud: Decreasing PMTUd response timeout multiplier to (%d) for host %d link: %d", s.factor, l.host.id, l.Link)
	}
	found := size == wire.MaxMTU || s.bad != 0 && s.bad == size+1 || s.bad == s.good
	if c.sec.Block > 0 {
		found = size+c.sec.Block >= wire.MaxMTU || s.bad != 0 && s.bad <= size+c.sec.Block
	}
	if !found {
		s.good = size
		s.size = (s.good + s.bad) / 2
		if s.bad == 0 {
			s.size = wire.MaxMTU
		}
		c.probe(now, l)
		return
	}
	was := l.mtu
	l.mtu = c.sec.MaxData(size - l.headers())
	s.stop()
	valid := l.mtu >= c.sec.MinData()
	if !valid {
		c.log.Logf(loglevel.Info, "pmtud: Invalid MTU detected for host: %d link: %d mtu: %d", l.host.id, l.Link, l.mtu)
		s.retryAt = now.Add(searchRetry)
	} else {
		if was != 0 && was != l.mtu {
			c.log.Logf(loglevel.Info, "pmtud: PMTUD link change for host: %d link: %d from %d to %d", l.host.id, l.Link, was, l.mtu)
		}
		c.debugf("pmtud: PMTUD completed for host: %d link: %d current link mtu: %d", l.host.id, l.Link, l.mtu)
		s.last = now
	}
	c.setValidMTU(l, valid)
	c.mtuPending = true
	c.takeMTU()
	c.heartbeatAt = min(c.heartbeatAt, c.due(l))
}

func (c *Core) searchFailed(now totem.Instant, l *link) {
	l.search.stop()
	l.search.last, l.search.retryAt = 0, now.Add(searchRetry)
	c.setValidMTU(l, false)
	c.mtuPending = true
}

func (c *Core) setValidMTU(l *link, valid bool) {
	if l.validMTU != valid {
		l.validMTU = valid
		c.choose(l.host)
	}
}

// leastCut is the least that messages are cut to, whatever totem.knet_mtu says: a
// message has 255 fragments at most. The reference's count overflows.
const leastCut = (wire.MaxUserData + 254) / 255

// takeMTU cuts messages to what the narrowest link carries, once no search is
// under way.
func (c *Core) takeMTU() {
	if !c.mtuPending {
		return
	}
	least := wire.MaxMTU + 1
	for _, h := range c.hosts {
		for _, l := range h.links {
			switch {
			case l == nil || !l.up:
			case c.cfg.MTU == 0 && (l.search.on || l.search.last == 0 && l.validMTU):
				return
			case l.validMTU:
				least = min(least, l.mtu)
			}
		}
	}
	c.mtuPending = false
	if least > wire.MaxMTU {
		return
	}
	if least = max(least, leastCut); least == c.mtu {
		return
	}
	c.mtu = least
	c.log.Logf(loglevel.Info, "pmtud: Global data MTU changed to: %d", least)
	c.do(Action{Kind: MTUChanged, MTU: least})
}

func (c *Core) byRef(ref int) *link {
	for _, h := range c.hosts {
		for _, l := range h.links {
			if l != nil && l.Ref == ref {
				return l
			}
		}
	}
	return nil
}

// TooBig tells that the kernel refused a datagram for its length: the MTUs are
// searched for again.
func (c *Core) TooBig(now totem.Instant, kernel int) {
	c.debugf("udp: detected kernel MTU: %d", kernel)
	c.searchAll(now, false)
}
