package daemon

import (
	"fmt"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/ring"
	"github.com/ringmaster-ha/ringmaster/totem/udp"
)

// udpNetwork is transport udp or udpu as network.
type udpNetwork struct {
	d *Daemon
	t *udp.Transport // the ring thread's
}

// udpConfig is what the UDP transports take from the configuration.
func udpConfig(t *corosyncconf.Totem, log loglevel.Logger) (udp.Config, error) {
	l := &t.Links[0]
	c := udp.Config{
		NodeID:  t.NodeID,
		BindNet: l.BindNet, Group: l.Mcast, Port: l.Port, TTL: l.TTL,
		BlockUnlisted: t.Volatile.BlockUnlistedIPs,
		Members:       udpMembers(l.Members),
		Downcheck:     ms(t.Volatile.Downcheck), Merge: ms(t.Volatile.Merge),
		MTU: payloadMTU(t),
		Log: log,
	}
	switch {
	case t.Transport == corosyncconf.UDPU:
		c.Mode = udp.Unicast
	case t.Transport == corosyncconf.UDP && t.Broadcast:
		c.Mode = udp.Broadcast
	case t.Transport == corosyncconf.UDP:
		c.Mode = udp.Multicast
	default:
		return c, fmt.Errorf("transport %v is not one of udp and udpu", t.Transport)
	}
	return c, nil
}

func udpMembers(list []corosyncconf.Member) []udp.Member {
	out := make([]udp.Member, len(list))
	for i, m := range list {
		out[i] = udp.Member{NodeID: m.NodeID, Addr: m.Addr}
	}
	return out
}

func (n *udpNetwork) attach(a ring.Attachment) (ring.Transport, error) {
	c, err := udpConfig(n.d.totem, n.d.log.Logger("TOTEM"))
	if err != nil {
		return nil, err
	}
	c.Pool, c.Wake = a.Pool, a.Wake
	if own := n.d.opts.Own; own.IsValid() {
		c.Interfaces = func() ([]udp.Interface, error) {
			return []udp.Interface{{Name: "lo", Up: true, Prefix: netip.PrefixFrom(own, own.BitLen())}}, nil
		}
	}
	n.t, err = udp.New(c)
	return n.t, err
}

func (n *udpNetwork) reconfigure(c *corosyncconf.Changes) {
	v := &c.Totem.Volatile
	block, downcheck, merge := v.BlockUnlistedIPs, ms(v.Downcheck), ms(v.Merge)
	removed, added := c.Removed[0], udpMembers(c.Added[0])
	n.d.ring.Do(func(totem.Instant) {
		n.t.SetBlockUnlisted(block)
		n.t.SetTimeouts(downcheck, merge)
		for _, m := range removed {
			n.t.RemoveMember(m.Addr)
		}
		for _, m := range added {
			n.t.AddMember(m)
		}
	})
}

func (n *udpNetwork) links(id totem.NodeID, out *cfgwire.NodeStatus) error {
	return n.d.ring.Ask(func(totem.Instant) {
		if s, ok := n.t.NodeStatus(id, out.Reachable); ok {
			out.Links[0] = cfgwire.Link{
				Enabled: s.Enabled, Connected: s.Connected, MTU: uint32(s.MTU), Src: s.Addr.String(),
			}
		}
	})
}

// status finds the link in order whatever its state, as the reference does.
func (n *udpNetwork) status(int) string { return "OK" }

// clearStats has nothing to clear: stats.knet.* is not UDP's.
func (n *udpNetwork) clearStats() {}

// cryptoPhase has nothing to do: there is no encryption.
func (n *udpNetwork) cryptoPhase(uint32) {}
