package corosyncconf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

const localPosKey = "nodelist.local_node_pos"

// findLocal finds which node of the nodelist this machine is, and stores its
// position: by the host's name and its shorter forms, by names and addresses
// of the interfaces, and at last by what the nodelist's own names resolve to.
// If nothing fits, found is false and pos is that of the last node, with which
// the reference goes on until Validate complains.
func (r *reader) findLocal(cached bool) (pos uint32, found, any bool) {
	if cached {
		if p, err := r.m.GetUint32(localPosKey); err == nil {
			return p, true, true
		}
	}
	host, err := r.env.Hostname()
	if err != nil {
		return 0, false, false
	}
	addrs, addrErr := r.env.Interfaces()
	if p, ok := r.byHostname(host); ok {
		pos, found = p, true
	} else if addrErr != nil {
		return 0, false, false
	} else if p, ok := r.byInterface(addrs); ok {
		pos, found = p, true
	} else {
		pos, found, any = r.byAddress(addrs)
	}
	if found {
		any = true
		r.m.SetUint32(localPosKey, pos)
	}
	return pos, found, any
}

func (r *reader) byHostname(host string) (uint32, bool) {
	for {
		if pos, ok := r.byName(host, false); ok {
			return pos, true
		}
		i := strings.LastIndexByte(host, '.')
		if i < 0 {
			return r.byName(host, true)
		}
		host = host[:i]
	}
}

func (r *reader) byInterface(addrs []netip.Addr) (uint32, bool) {
	for _, a := range addrs {
		n := r.env.NameOf(a)
		if pos, ok := r.byName(n, false); ok {
			return pos, true
		}
		if short, _, ok := strings.Cut(n, "."); ok {
			if pos, ok := r.byName(short, false); ok {
				return pos, true
			}
		}
		if pos, ok := r.byName(a.String(), false); ok && a.Is4() {
			return pos, true
		}
	}
	return 0, false
}

func (r *reader) byAddress(addrs []netip.Addr) (pos uint32, found, any bool) {
	for key, v := range r.m.Iterate("nodelist.node.") {
		p, item, ok := nodeKey(key)
		if !ok {
			continue
		}
		pos, any = p, true
		s, isStr := v.Str()
		if item != "name" && item != "ring0_addr" || !isStr {
			continue
		}
		for _, a := range r.env.Resolve(s, AnyFamily) {
			for _, b := range addrs {
				if a.Unmap().WithZone("") == b.Unmap().WithZone("") {
					return pos, true, true
				}
			}
		}
	}
	return pos, false, any
}

// byName finds a node by its name or its address on link 0.
func (r *reader) byName(find string, strip bool) (uint32, bool) {
	for key, v := range r.m.Iterate("nodelist.node.") {
		pos, item, ok := nodeKey(key)
		s, isStr := v.Str()
		if !ok || !isStr || item != "name" && item != "ring0_addr" {
			continue
		}
		if strip {
			s, _, _ = strings.Cut(s, ".")
		}
		if s == find {
			return pos, true
		}
	}
	return 0, false
}

// localNode works out this node's id.
func (r *reader) localNode() *InputError {
	t := r.t
	pos, _, any := r.findLocal(true)
	if !any {
		return nil
	}
	t.LocalPos = int(pos)
	id, _ := r.m.GetUint32(nodeItem(pos, "nodeid"))
	if id == 0 {
		if t.Transport == Knet {
			return r.fail("Knet requires an explicit nodeid for the local node", fmt.Sprintf("nodelist.node.%d", pos))
		}
		gen, ok := r.generateID(r.str(nodeItem(pos, "ring0_addr")))
		if !ok {
			return r.fail("An IPV6 network requires that a node ID be specified", nodeItem(pos, "ring0_addr"))
		}
		id = gen
	}
	t.NodeID = totem.NodeID(id)
	return nil
}

// generateID makes an id out of an IPv4 address.
func (r *reader) generateID(addr string) (uint32, bool) {
	a, ok := r.env.resolve(addr, IPv4Only)
	if !ok {
		return 0, false
	}
	b := a.As4()
	id := binary.BigEndian.Uint32(b[:])
	if r.t.ClearNodeHiBit {
		id &= 0x7fffffff
	}
	return id, true
}

// members fills the links' lists from the nodelist, in the order of the map:
// node 10 comes before node 2, as in the reference.
func (r *reader) members() *InputError {
	t := r.t
	for i := range t.Links {
		t.Links[i].Members = nil
	}
	for key, v := range r.m.Iterate("nodelist.node.") {
		pos, item, ok := nodeKey(key)
		link, isRing := ringNumber(item)
		addr, isStr := v.Str()
		if !ok || !isRing || !isStr {
			continue
		}
		if link >= LinkMax {
			return r.fail(fmt.Sprintf("interface ring number %d is bigger than allowed maximum %d", link, LinkMax-1), key)
		}
		id, err := r.memberID(pos, addr, key)
		if err != nil {
			return err
		}
		a, ok := r.env.resolve(addr, t.IPVersion)
		if !ok {
			return r.fail(fmt.Sprintf("failed to parse node address '%s'", addr), key)
		}
		l := &t.Links[link]
		if len(l.Members) == totem.ProcessorCountMax {
			return r.fail(fmt.Sprintf("more than %d nodes in the nodelist", totem.ProcessorCountMax), key)
		}
		l.Members = append(l.Members, Member{Addr: a, NodeID: id})
		l.Configured = true
	}
	r.linkDefaults()
	return nil
}

func (r *reader) memberID(pos uint32, addr, key string) (totem.NodeID, *InputError) {
	id, _ := r.m.GetUint32(nodeItem(pos, "nodeid"))
	if r.t.Transport == Knet {
		switch {
		case id == 0:
			return 0, r.fail(fmt.Sprintf("Knet requires an explicit nodeid to be specified for address '%s'.", addr), key)
		case id >= knetNodeIDMax:
			return 0, r.fail(fmt.Sprintf("Knet requires nodeid to be less than %d for address '%s'.", knetNodeIDMax, addr), nodeItem(pos, "nodeid"))
		}
	} else if s, err := r.m.GetString(nodeItem(pos, "ring0_addr")); id == 0 && err == nil {
		gen, ok := r.generateID(s)
		if !ok {
			return 0, r.fail(fmt.Sprintf("An IPV6 network requires that a node ID be specified for address '%s'.", addr), key)
		}
		id = gen
		r.env.logf(loglevel.Debug, "Generated nodeid = %d for %s", id, s)
		r.derive(nodeItem(pos, "nodeid"), icmap.Uint32(id), key)
	}
	return totem.NodeID(id), nil
}

// linkDefaults completes links that the nodelist alone has brought.
func (r *reader) linkDefaults() {
	t := r.t
	pos, _, any := r.findLocal(false)
	if !any {
		return
	}
	for i := range t.Links {
		l := &t.Links[i]
		if !l.Configured {
			continue
		}
		r.env.logf(loglevel.Debug, "Configuring link %d params", i)
		s, err := r.m.GetString(nodeItem(pos, fmt.Sprintf("ring%d_addr", i)))
		if err != nil {
			continue
		}
		a, ok := r.env.resolve(s, t.IPVersion)
		if !ok {
			continue
		}
		l.Local = a
		if l.Knet.Priority == 0 {
			l.Knet.Priority = 1
		}
		if l.Knet.PingPrecision == 0 {
			l.Knet.PingPrecision = pingPrecision
		}
		if l.Knet.PongCount == 0 {
			l.Knet.PongCount = pongCount
		}
		if l.Port == 0 {
			l.Port = defaultPort + uint16(i)
		}
		if l.TTL == 0 && t.Transport == Knet {
			l.TTL = 1
		}
	}
}

// duplicateID finds a node id that two nodes have. The reference misses some
// when there are more than ten nodes; we do not.
func (f *File) duplicateID() *InputError {
	type node struct{ pos, id uint32 }
	var nodes []node
	for key := range f.Map.Iterate("nodelist.node.") {
		if pos, item, ok := nodeKey(key); ok && item == "nodeid" {
			if id, err := f.Map.GetUint32(key); err == nil {
				nodes = append(nodes, node{pos, id})
			}
		}
	}
	slices.SortFunc(nodes, func(a, b node) int { return int(a.pos) - int(b.pos) })
	seen := make(map[uint32]bool)
	for _, n := range nodes {
		if seen[n.id] {
			return f.fail(fmt.Sprintf("Nodeid %d appears twice in corosync.conf", n.id), nodeItem(n.pos, "nodeid"))
		}
		seen[n.id] = true
	}
	return nil
}
