package peers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Where the CIB names nodes (include/crm/common/xml_internal.h).
const (
	memberNodes      = "//cib/configuration/nodes/node[not(@type) or @type='member']"
	guestNodes       = "//cib//configuration//primitive//meta_attributes//nvpair[@name='remote-node']"
	remoteNodes      = "//cib//configuration//primitive[@type='remote'][@provider='pacemaker']"
	remoteNodeStates = "//cib//status//node_state[@remote_node='true']"
)

// Remote is the remote or guest node of that name, made if there is none; its state is then
// Unknown (crm_remote_peer_get). nil without a name.
func (c *Cache) Remote(name string) *Peer {
	if name == "" {
		return nil
	}
	if p := c.remote[name]; p != nil {
		return p
	}
	p := &Peer{UUID: name, Remote: true}
	c.remote[name] = p
	c.rename(p, name)
	return p
}

// FindRemote is the remote or guest node of that name, nil if there is none.
func (c *Cache) FindRemote(name string) *Peer { return c.remote[name] }

// RemoveRemote forgets one (crm_remote_peer_cache_remove).
func (c *Cache) RemoveRemote(name string) { delete(c.remote, name) }

// Remotes are the remote and guest nodes by name.
func (c *Cache) Remotes() []*Peer {
	var all []*Peer
	for _, name := range slices.Sorted(maps.Keys(c.remote)) {
		all = append(all, c.remote[name])
	}
	return all
}

// FindAny is the remote node of that name, or else the node of the cluster that Find finds
// (pcmk__search_node_caches).
func (c *Cache) FindAny(id uint32, name string) *Peer {
	if p := c.remote[name]; p != nil {
		return p
	}
	return c.Find(id, name)
}

// GetAny is the remote node of that name, or else the node of the cluster that Get makes
// (crm_get_peer_full).
func (c *Cache) GetAny(id uint32, name string) *Peer {
	if p := c.remote[name]; p != nil {
		return p
	}
	return c.Get(id, name)
}

// FindKnown is FindAny, and where that finds nobody the known node of that id and name
// (pcmk__search_known_node_cache). What is known of one are its UUID and Name.
func (c *Cache) FindKnown(id uint32, name string) *Peer {
	if p := c.FindAny(id, name); p != nil {
		return p
	}
	uuid := ""
	if id != 0 {
		uuid = strconv.FormatUint(uint64(id), 10)
	}
	return c.findKnown(uuid, name)
}

// Refresh takes the remote, guest and known nodes from a CIB
// (pcmk__refresh_node_caches_from_cib).
func (c *Cache) Refresh(cib *etree.Element) {
	c.RefreshRemotes(cib)
	for _, p := range c.known {
		p.dirty = true
	}
	c.each(cib, memberNodes, func(e *etree.Element) {
		id, name := e.SelectAttrValue("id", ""), e.SelectAttrValue("uname", "")
		if id == "" || name == "" {
			return
		}
		switch p := c.findKnown(id, name); {
		case p == nil:
			c.known = append(c.known, &Peer{UUID: id, Name: name})
		case p.dirty:
			p.Name, p.dirty = name, false
		}
	})
	c.known = slices.DeleteFunc(c.known, func(p *Peer) bool { return p.dirty })
}

// RefreshRemotes takes the remote and guest nodes from a CIB: those of its status with their
// state, and those of its configuration that have no status yet, whose state stays Unknown
// until they are seen to have started. All others are forgotten
// (crm_remote_peer_cache_refresh).
func (c *Cache) RefreshRemotes(cib *etree.Element) {
	for _, p := range c.remote {
		p.dirty = true
	}
	c.each(cib, remoteNodeStates, func(e *etree.Element) {
		c.refreshRemote(e.SelectAttrValue("id", ""), stateOf(e))
	})
	c.each(cib, guestNodes, func(e *etree.Element) {
		c.refreshRemote(e.SelectAttrValue("value", ""), Unknown)
	})
	c.each(cib, remoteNodes, func(e *etree.Element) {
		c.refreshRemote(e.SelectAttrValue("id", ""), Unknown)
	})
	maps.DeleteFunc(c.remote, func(_ string, p *Peer) bool { return p.dirty })
}

func (c *Cache) each(cib *etree.Element, expression string, f func(*etree.Element)) {
	found, err := xpath.Select(cib, expression)
	if err != nil {
		panic(fmt.Sprintf("peers: %s: %v", expression, err)) // it is one of ours
	}
	for _, e := range found {
		f(e)
	}
}

// refreshRemote notes what the CIB says of a node; the first that it says counts.
func (c *Cache) refreshRemote(name string, state State) {
	p := c.remote[name]
	switch {
	case name == "":
		return
	case p == nil:
		p = c.Remote(name)
	case p.dirty:
		p.dirty = false
	default:
		return
	}
	c.SetState(p, state, 0)
}

// stateOf is a remote node's state: it is a member unless its in_ccm denies it
// (remote_state_from_cib).
func stateOf(nodeState *etree.Element) State {
	switch strings.ToLower(nodeState.SelectAttrValue("in_ccm", "")) {
	case "false", "off", "no", "n", "0":
		return Lost
	}
	return Member
}

// findKnown is Find for known nodes (find_known_node). Where id and name are given, both
// must belong to one node, unless one of the two is that of another node too.
func (c *Cache) findKnown(uuid, name string) *Peer {
	var byID, byName *Peer
	for _, p := range c.known {
		if byName == nil && name != "" && same(p.Name, name) {
			byName = p
		}
		if byID == nil && uuid != "" && same(p.UUID, uuid) {
			byID = p
		}
	}
	var found *Peer
	switch {
	case byID == byName:
		found = byID
	case byID == nil:
		if uuid == "" {
			found = byName
		}
	case byName == nil:
		if name == "" {
			found = byID
		}
	case same(name, byID.Name):
		found = byID
	case same(uuid, byName.UUID):
		found = byName
	}
	if found == nil {
		c.logf(loglevel.Debug, "find_known_node", "Couldn't find node %s with name %s", uuid, name)
	}
	return found
}
