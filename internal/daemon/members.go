package daemon

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// members keeps the keys runtime.members.* of the map.
type members struct {
	cmap      *icmap.Map
	addresses func(totem.NodeID) []netip.Addr // by link
	log       loglevel.Logger
}

// change notes who has left and who has joined.
func (m *members) change(c *totem.ConfigChange) {
	for _, id := range c.Left {
		m.set(m.cmap.SetString(memberKey(id, "status"), "left"))
		m.log.Logf(loglevel.Debug, "Member left: %s", m.links(id))
	}
	for _, id := range c.Joined {
		if _, err := m.cmap.Get(memberKey(id, "ip")); err == nil {
			m.set(m.cmap.AddNumber(memberKey(id, "join_count"), 1))
		} else {
			m.set(m.cmap.SetString(memberKey(id, "ip"), m.links(id)))
			m.set(m.cmap.SetUint32(memberKey(id, "join_count"), 1))
		}
		m.set(m.cmap.SetString(memberKey(id, "status"), "joined"))
		m.log.Logf(loglevel.Debug, "Member joined: %s", m.links(id))
	}
}

func (m *members) set(err error) {
	if err != nil {
		m.log.Logf(loglevel.Error, "runtime.members: %v", err)
	}
}

func memberKey(id totem.NodeID, name string) string {
	return fmt.Sprintf("runtime.members.%d.%s", id, name)
}

// links prints a node's addresses as corosync does: "r(0) ip(10.0.0.1) ", the
// blank at the end included.
func (m *members) links(id totem.NodeID) string {
	addrs := m.addresses(id)
	if len(addrs) == 0 {
		return "no interface found for nodeid"
	}
	var b strings.Builder
	for i, a := range addrs {
		if a.IsValid() {
			fmt.Fprintf(&b, "r(%d) ip(%s) ", i, a)
		}
	}
	return b.String()
}
