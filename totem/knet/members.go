package knet

import (
	"net"
	"net/netip"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// AddMember adds a node on one link. This node itself has one link of its own,
// which carries nothing.
func (t *Transport) AddMember(now totem.Instant, m Member) {
	t.now = now
	m.Local, m.Remote = unmap(m.Local), unmap(m.Remote)
	if m.NodeID == t.cfg.NodeID {
		if len(t.core.Links(m.NodeID, nil)) == 0 {
			t.sayMember(&m, 0)
			t.core.AddSelf(link.Spec{Host: m.NodeID, Ref: -1, Local: m.Local, Remote: m.Remote, Timers: m.Timers})
		}
		return
	}
	t.sayMember(&m, m.Link)
	if !m.Local.IsValid() || !m.Remote.IsValid() || m.Local.Addr().Is4() != m.Remote.Addr().Is4() {
		t.cfg.Log.Logf(loglevel.Error, "knet_link_set_config failed: no link from %v to %v", m.Local, m.Remote)
		return
	}
	s, err := t.socketFor(m.Local)
	if err != nil {
		t.cfg.KnetLog.Logf(loglevel.Error, "udp: %v", err)
		t.cfg.Log.Logf(loglevel.Error, "knet_link_set_config failed: %v", err)
		return
	}
	p := &peer{remote: m.Remote, sock: s}
	p.to.Set(m.Remote.Addr(), m.Remote.Port(), zone(m.Local.Addr()))
	ref := slices.Index(t.peers, nil)
	if ref < 0 {
		ref = len(t.peers)
		t.peers = append(t.peers, nil)
	}
	err = t.core.AddLink(now, link.Spec{
		Host: m.NodeID, Link: m.Link, Ref: ref, Local: m.Local, Remote: m.Remote, Timers: m.Timers,
	})
	if err != nil {
		t.cfg.Log.Logf(loglevel.Error, "knet_link_set_config failed: %v", err)
		t.letGo(s)
		return
	}
	t.peers[ref] = p
	t.run()
}

func (t *Transport) sayMember(m *Member, n uint8) {
	if t.cfg.Log.Enabled(loglevel.Debug) {
		t.cfg.Log.Logf(loglevel.Debug, "knet: member_add: %d (%s), link=%d", m.NodeID, m.Remote.Addr(), n)
		t.cfg.Log.Logf(loglevel.Debug, "knet:      local: %d (%s)", t.cfg.NodeID, m.Local.Addr())
	}
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// RemoveMember removes a node from one link.
func (t *Transport) RemoveMember(now totem.Instant, id totem.NodeID, n uint8) {
	t.now = now
	t.cfg.Log.Logf(loglevel.Debug, "knet: member_remove: %d, link=%d", id, n)
	if id == t.cfg.NodeID {
		return
	}
	t.Flush()
	ref, ok := t.core.RemoveLink(id, n)
	if !ok {
		return
	}
	p := t.peers[ref]
	t.peers[ref] = nil
	t.letGo(p.sock)
	t.run()
}

// socketFor finds or opens the socket of one of this node's addresses.
func (t *Transport) socketFor(local netip.AddrPort) (*socket, error) {
	for _, s := range t.socks {
		if s.local == local {
			s.users++
			return s, nil
		}
	}
	s, err := open(local, zone(local.Addr()))
	if err != nil {
		return nil, err
	}
	s.users = 1
	t.socks = append(t.socks, s)
	t.polled = nil
	return s, nil
}

// letGo closes a socket with its last link.
func (t *Transport) letGo(s *socket) {
	if s.users--; s.users > 0 {
		return
	}
	t.socks = slices.DeleteFunc(t.socks, func(o *socket) bool { return o == s })
	t.polled = nil
	s.close()
}

// zone is the interface that has a link-local address; 0 for others.
func zone(a netip.Addr) int {
	if !a.IsLinkLocalUnicast() || a.Is4() {
		return 0
	}
	list, err := net.Interfaces()
	if err != nil {
		return 0
	}
	for _, i := range list {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, n := range addrs {
			if ipn, ok := n.(*net.IPNet); ok && ipn.IP.Equal(a.AsSlice()) {
				return i.Index
			}
		}
	}
	return 0
}

// Configure changes the options of all links, SetTimers those of a link.
func (t *Transport) Configure(now totem.Instant, o link.Options) {
	t.now = now
	log := t.cfg.Log
	log.Logf(loglevel.Debug, "knet_enable access list: %d", b2i(o.ACL))
	log.Logf(loglevel.Debug, "knet_pmtud_interval now %d", int(o.PMTUDInterval.Seconds()))
	log.Logf(loglevel.Debug, "knet_mtu now %d", o.MTU)
	t.core.Configure(now, o)
	t.run()
}

// SetTimers changes what is configured of a link to a node.
func (t *Transport) SetTimers(id totem.NodeID, n uint8, timers link.Timers) {
	t.core.SetTimers(id, n, timers)
	t.run()
}

// Links are the links to a node.
func (t *Transport) Links(id totem.NodeID) []link.Status { return t.core.Links(id, nil) }

// Stats are the counters of all links together.
func (t *Transport) Stats() link.Stats { return t.core.Stats() }

// Dropped counts what was received for nothing.
func (t *Transport) Dropped() link.Dropped { return t.core.Dropped() }

// ClearStats sets all counters to zero.
func (t *Transport) ClearStats() { t.core.ClearStats() }
