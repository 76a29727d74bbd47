package corosyncconf

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// bindFromNodelist gives each link of the local node its address as
// bindnetaddr: config_convert_nodelist_to_interface.
func (r *reader) bindFromNodelist() *InputError {
	pos, _, ok := r.findLocal(true)
	if !ok {
		return nil
	}
	for key, v := range r.m.Iterate(nodeItem(pos, "")) {
		_, item, _ := nodeKey(key)
		link, ok := ringNumber(item)
		addr, isStr := v.Str()
		if !ok || !isStr {
			continue
		}
		r.derive(linkItem(link, "bindnetaddr"), icmap.String(addr), key)
	}
	return nil
}

// derive stores a key that no line said, and remembers the line that it comes
// from.
func (r *reader) derive(key string, v icmap.Value, from string) {
	if r.m.Set(key, v) == nil {
		r.f.pos[key] = r.f.At(from)
	}
}

// interfaces reads the totem.interface keys: get_interface_params.
func (r *reader) interfaces(reload bool) *InputError {
	t := r.t
	if reload {
		// What has been taken out of the file goes back to its default.
		for i := range t.Links {
			l := &t.Links[i]
			l.Configured = false
			l.Knet.PingTimeout, l.Knet.PingInterval = 0, 0
			l.Knet.PingPrecision, l.Knet.PongCount = pingPrecision, pongCount
		}
	}
	seen := [LinkMax]bool{}
	for key := range r.m.Iterate("totem.interface.") {
		number, item, ok := strings.Cut(strings.TrimPrefix(key, "totem.interface."), ".")
		if !ok || number == "" || item == "" {
			continue
		}
		if t.Transport == UDP && item != "bindnetaddr" {
			continue
		}
		n := atoi(number)
		if n >= LinkMax {
			return r.fail(fmt.Sprintf("interface ring number %d is bigger than allowed maximum %d", n, LinkMax-1), key)
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		if err := r.link(n, reload); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) link(n uint32, reload bool) *InputError {
	t, l := r.t, &r.t.Links[n]
	if !reload {
		if err := r.linkAddresses(n); err != nil {
			return err
		}
		if r.str(linkItem(n, "broadcast")) == "yes" {
			t.Broadcast = true
		}
	}
	if !reload || t.Transport == Knet {
		l.Port = defaultPort + uint16(n)
		if t.Broadcast {
			l.Port = defaultPort + 2*uint16(n)
		}
		if p, err := r.m.GetUint16(linkItem(n, "mcastport")); err == nil {
			l.Port = p
		}
		l.TTL = 1
		if v, err := r.m.GetUint8(linkItem(n, "ttl")); err == nil {
			l.TTL = v
		}
		l.Knet.SCTP = false
		if s, err := r.m.GetString(linkItem(n, "knet_transport")); err == nil {
			switch s {
			case "sctp":
				l.Knet.SCTP = true
			case "udp":
			default:
				return r.fail("Unrecognised knet_transport. expected 'udp' or 'sctp'", linkItem(n, "knet_transport"))
			}
		}
	}
	l.Configured = true
	l.Knet.Priority = 1
	if v, err := r.m.GetUint8(linkItem(n, "knet_link_priority")); err == nil {
		l.Knet.Priority = v
	}
	for _, p := range []struct {
		item string
		to   *uint32
		def  uint32 // 0: Totem.knetPingTimers knows
	}{
		{"knet_ping_interval", &l.Knet.PingInterval, 0},
		{"knet_ping_timeout", &l.Knet.PingTimeout, 0},
		{"knet_ping_precision", &l.Knet.PingPrecision, pingPrecision},
		{"knet_pong_count", &l.Knet.PongCount, pongCount},
	} {
		*p.to = p.def
		if v, err := r.m.GetUint32(linkItem(n, p.item)); err == nil {
			*p.to = v
		}
	}
	return r.linkMembers(n)
}

func (r *reader) linkAddresses(n uint32) *InputError {
	t, l := r.t, &r.t.Links[n]
	var ok bool
	if s, err := r.m.GetString(linkItem(n, "bindnetaddr")); err == nil {
		if l.BindNet, ok = r.env.resolve(s, t.IPVersion); !ok {
			return r.fail(fmt.Sprintf("failed to parse bindnet address '%s'", s), linkItem(n, "bindnetaddr"))
		}
	}
	if s, err := r.m.GetString(linkItem(n, "mcastaddr")); err == nil {
		if l.Mcast, ok = r.env.resolve(s, t.IPVersion); !ok {
			return r.fail(fmt.Sprintf("failed to parse mcast address '%s'", s), linkItem(n, "mcastaddr"))
		}
	} else if t.Transport == UDP && r.str0("totem.cluster_name") {
		l.Mcast = clusterMcast(t.ClusterName, n, t.Links[0].BindNet.Is6())
	}
	return nil
}

// linkMembers reads the old member sections; a nodelist makes them void.
func (r *reader) linkMembers(n uint32) *InputError {
	l := &r.t.Links[n]
	l.Members = nil
	for key, v := range r.m.Iterate(linkItem(n, "member.")) {
		if len(l.Members) == 0 {
			if r.str0("nodelist.node.0.ring0_addr") {
				r.deprecated("member section is used together with nodelist. Members ignored.")
				break
			}
			r.deprecated("member section is deprecated.")
		}
		s, ok := v.Str()
		if !ok {
			continue
		}
		addr, ok := r.env.resolve(s, r.t.IPVersion)
		if !ok {
			return r.fail(fmt.Sprintf("failed to parse node address '%s'", s), key)
		}
		l.Members = append(l.Members, Member{Addr: addr})
	}
	return nil
}

// clusterMcast makes a group address out of the cluster's name, so that
// clusters on one network do not hear each other.
func clusterMcast(name string, link uint32, v6 bool) netip.Addr {
	var h int32
	for i := range len(name) {
		h = h<<1 + int32(int8(name[i]))
	}
	id := uint16(h) + uint16(link)
	if v6 {
		return netip.AddrFrom16([16]byte{0: 0xff, 1: 0x15, 14: byte(id >> 8), 15: byte(id)})
	}
	return netip.AddrFrom4([4]byte{239, 192, byte(id >> 8), byte(id % 0xff)})
}

// storeDerived puts back into the map what transport udp made up itself.
func (r *reader) storeDerived() {
	if r.t.Transport != UDP {
		return
	}
	for i := range r.t.Links {
		l := &r.t.Links[i]
		if !l.Configured {
			continue
		}
		if key := linkItem(uint32(i), "mcastaddr"); !r.str0(key) && l.Mcast.IsValid() {
			r.derive(key, icmap.String(l.Mcast.String()), "totem.cluster_name")
		}
		key := linkItem(uint32(i), "mcastport")
		if _, err := r.m.GetUint16(key); err != nil {
			r.derive(key, icmap.Uint16(l.Port), linkItem(uint32(i), "bindnetaddr"))
		}
	}
}

// knetPingTimers works out what depends on the token timeout. The reference
// stores the results for every transport.
func (t *Totem) knetPingTimers(m *icmap.Map) {
	for i := range t.Links {
		l := &t.Links[i]
		if !l.Configured {
			continue
		}
		k := &l.Knet
		if k.PongCount == 0 {
			k.PongCount = pongCount
		}
		if k.PingTimeout == 0 {
			k.PingTimeout = t.Volatile.Token / k.PongCount
		}
		m.SetUint32(fmt.Sprintf("runtime.config.totem.interface.%d.knet_ping_timeout", i), k.PingTimeout)
		if k.PingInterval == 0 {
			k.PingInterval = uint32(uint64(t.Volatile.Token) / (2 * uint64(k.PongCount)))
		}
		m.SetUint32(fmt.Sprintf("runtime.config.totem.interface.%d.knet_ping_interval", i), k.PingInterval)
	}
}
