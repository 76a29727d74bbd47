package udp

import (
	"net/netip"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// AddMember adds a processor of the nodelist. It is active, as in the
// reference, until SetActive says otherwise.
func (t *Transport) AddMember(m Member) {
	if t.cfg.Mode == Unicast {
		t.cfg.Log.Logf(loglevel.Notice, "adding new UDPU member {%s}", m.Addr)
	}
	t.addMember(m)
}

// sayMembers logs the members that the ring starts with, once its interface is
// up, as the reference does.
func (t *Transport) sayMembers() {
	if t.said {
		return
	}
	t.said = true
	t.cfg.Log.Logf(loglevel.Info, "Configuring link 0")
	if t.cfg.Mode != Unicast {
		return
	}
	for _, m := range t.members {
		t.cfg.Log.Logf(loglevel.Notice, "adding new UDPU member {%s}", m.Addr)
	}
}

func (t *Transport) addMember(m Member) {
	m.Addr = m.Addr.Unmap().WithZone("")
	nm := &member{Member: m, active: true}
	nm.to.Set(m.Addr, t.cfg.Port, t.netif.bound.Index)
	t.members = append(t.members, nm)
	t.listed[m.Addr] = struct{}{}
}

// RemoveMember removes the first processor that has the address.
func (t *Transport) RemoveMember(addr netip.Addr) {
	addr = addr.Unmap().WithZone("")
	i := slices.IndexFunc(t.members, func(m *member) bool { return m.Addr == addr })
	if i < 0 {
		return
	}
	if t.cfg.Mode == Unicast {
		t.cfg.Log.Logf(loglevel.Notice, "removing UDPU member {%s}", addr)
	}
	t.members = slices.Delete(t.members, i, i+1)
	if !slices.ContainsFunc(t.members, func(m *member) bool { return m.Addr == addr }) {
		delete(t.listed, addr)
	}
}

// SetActive tells whether the processor is in the ring; see Mcast. The
// reference of version 3.1.7 leaves every member active.
func (t *Transport) SetActive(id totem.NodeID, on bool) {
	for _, m := range t.members {
		if m.NodeID == id {
			m.active = on
		}
	}
}

// SetBlockUnlisted changes totem.block_unlisted_ips at run time.
func (t *Transport) SetBlockUnlisted(on bool) { t.cfg.BlockUnlisted = on }

// SetTimeouts changes totem.downcheck and totem.merge at run time. What runs
// already keeps its time.
func (t *Transport) SetTimeouts(downcheck, merge time.Duration) {
	t.netif.downcheck, t.cfg.Merge = downcheck, merge
}

// isSelf tells whether a member is this node, which gets no copy of what it
// multicasts.
func (t *Transport) isSelf(m *member) bool {
	return m.NodeID == t.cfg.NodeID || m.Addr == t.netif.bound.Prefix.Addr()
}

// LinkStatus is what corosync-cfgtool shows of a node's one link.
type LinkStatus struct {
	Enabled   bool
	Connected bool
	MTU       int
	Addr      netip.Addr
}

// NodeStatus is the state of the link to a node; reachable is whether that is
// in the ring. false where the node is no member.
func (t *Transport) NodeStatus(id totem.NodeID, reachable bool) (LinkStatus, bool) {
	for _, m := range t.members {
		if m.NodeID == id {
			return LinkStatus{
				Enabled:   t.netif.state == regular,
				Connected: reachable,
				MTU:       t.cfg.MTU,
				Addr:      m.Addr,
			}, true
		}
	}
	return LinkStatus{}, false
}

// Interfaces is the status text of each interface; there is one, and the
// reference finds it in order whatever its state (totemudpu_ifaces_get).
func (t *Transport) Interfaces() []string { return []string{"OK"} }

// Addresses returns a node's addresses.
func (t *Transport) Addresses(id totem.NodeID) []netip.Addr {
	var list []netip.Addr
	for _, m := range t.members {
		if m.NodeID == id {
			list = append(list, m.Addr)
		}
	}
	return list
}
