package link

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// host is another node, or this one.
type host struct {
	id        wire.HostID
	links     [wire.MaxLinks]*link
	active    []*link // those that carry messages now
	best      uint8   // in mode passive, the link that does or was the last to
	reachable bool

	win window
	def defrag
	// untimed and timed are the numbers of the last pings of each kind: what
	// they mean is to be done once, however many links they come over.
	untimed, timed uint16
	gotData        bool // since the last untimed ping
}

// node is the host's id in the ring's words.
func (h *host) node() totem.NodeID { return totem.NodeID(h.id) }

// forget drops what is known of the host's messages.
func (h *host) forget(seq uint16) {
	h.win.reset(seq)
	h.def.reset()
}

// configured counts the host's links.
func (h *host) configured() (n int) {
	for _, l := range h.links {
		if l != nil {
			n++
		}
	}
	return n
}

// choose finds the links that carry what goes to the host
// (_host_dstcache_update_sync).
func (c *Core) choose(h *host) {
	h.active = h.active[:0]
	for _, l := range h.links {
		if l == nil || !l.up || !l.validMTU {
			continue
		}
		switch {
		case c.cfg.Mode != Passive, len(h.active) == 0:
			h.active = append(h.active, l)
		case l.Priority > h.active[0].Priority:
			h.active[0] = l
		}
	}
	if c.cfg.Mode != Passive {
		c.log.Logf(loglevel.Info, "host: host: %d has %d active links", h.id, len(h.active))
	} else {
		if len(h.active) > 0 {
			h.best = h.active[0].Link
		}
		pri := uint8(0)
		if l := h.links[h.best]; l != nil {
			pri = l.Priority
		}
		c.log.Logf(loglevel.Info, "host: host: %d (passive) best link: %d (pri: %d)", h.id, h.best, pri)
	}
	if len(h.active) == 0 {
		c.log.Logf(loglevel.Warning, "host: host: %d has no active links", h.id)
		h.forget(0)
	}
	if now := len(h.active) > 0; now != h.reachable {
		h.reachable = now
		c.do(Action{Kind: HostChanged, Host: h.node(), Reachable: now})
	}
}

// AddSelf makes the loopback link, which only counts.
func (c *Core) AddSelf(s Spec) {
	h := &host{id: wire.HostID(c.cfg.NodeID), reachable: true}
	l := &link{Spec: s, host: h, enabled: true, up: true, mtu: wire.MaxMTU, validMTU: true}
	l.stats.LatencyMin, l.stats.UpCount = ^uint32(0), 1
	h.links[s.Link] = l
	c.self = h
}

// AddLink adds a link to a host, which is new with its first link. The error is
// about what no configuration file gets past its checks with.
func (c *Core) AddLink(now totem.Instant, s Spec) error {
	switch {
	case s.Host == 0 || s.Host > 0xffff:
		return fmt.Errorf("knet: node id %d: want 1 to 65535", s.Host)
	case int(s.Link) >= wire.MaxLinks:
		return fmt.Errorf("knet: link %d: want 0 to %d", s.Link, wire.MaxLinks-1)
	case c.isSelf(s.Host):
		return fmt.Errorf("knet: node %d is this one", s.Host)
	}
	id := wire.HostID(s.Host)
	h := c.byID[id]
	if h == nil {
		h = &host{id: id}
		c.byID[id] = h
		c.hosts = append(c.hosts, h)
		c.debugf("host: Host %d has new switching policy: %d", id, c.cfg.Mode)
	}
	if h.links[s.Link] != nil {
		return fmt.Errorf("knet: host %d link %d is currently configured", s.Host, s.Link)
	}
	l := newLink(h, s)
	l.mtu = c.sec.MaxData(minMTU(s.Remote) - l.headers())
	h.links[s.Link] = l
	c.debugf("link: host: %d link: %d is configured", id, s.Link)
	c.choose(h)
	c.backoffAt = min(c.backoffAt, now.Add(backoffEvery))
	c.soon()
	return nil
}

// minMTU is what every network of the address's family can carry.
func minMTU(remote netip.AddrPort) int {
	if remote.Addr().Is6() {
		return 1280
	}
	return wire.MinMTU
}

// RemoveLink removes a link, and the host with its last one. ref was the shell's
// number; ok is false when there is no such link.
func (c *Core) RemoveLink(id totem.NodeID, n uint8) (ref int, ok bool) {
	l := c.find(id, n)
	if l == nil {
		return 0, false
	}
	h := l.host
	was := l.up
	h.links[n] = nil
	c.debugf("link: host: %d link: %d is disabled", h.id, n)
	if was {
		c.choose(h)
	}
	c.debugf("link: host: %d link: %d config has been wiped", h.id, n)
	if h.configured() > 0 {
		return l.Ref, true
	}
	h.forget(0)
	delete(c.byID, h.id)
	c.hosts = slices.DeleteFunc(c.hosts, func(o *host) bool { return o == h })
	return l.Ref, true
}

// SetTimers changes what corosync.conf says of a link.
func (c *Core) SetTimers(id totem.NodeID, n uint8, t Timers) {
	l := c.find(id, n)
	if l == nil {
		return
	}
	old := l.Timers
	l.Timers = t
	if t.Priority != old.Priority {
		c.debugf("link: host: %d link: %d priority set to: %d", l.host.id, n, t.Priority)
		c.choose(l.host)
	}
	if t.PongCount != old.PongCount {
		c.debugf("link: host: %d link: %d pong count update: %d", l.host.id, n, t.PongCount)
	}
	if t.PingInterval != old.PingInterval || t.PingTimeout != old.PingTimeout || t.Precision != old.Precision {
		c.debugf("link: host: %d link: %d timeout update - interval: %d timeout: %d precision: %d",
			l.host.id, n, t.PingInterval.Microseconds(), t.PingTimeout.Microseconds(), t.Precision)
	}
	c.soon()
}

// find returns a link to another host; nil when there is none.
func (c *Core) find(id totem.NodeID, n uint8) *link {
	if id > 0xffff || int(n) >= wire.MaxLinks {
		return nil
	}
	h := c.byID[wire.HostID(id)]
	if h == nil {
		return nil
	}
	return h.links[n]
}
