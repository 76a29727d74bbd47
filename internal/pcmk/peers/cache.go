package peers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Config is what a Cache needs of the world; the zero value is a Cache that asks nobody.
type Config struct {
	// NameOf tells a node's name by the configuration, empty if it has none.
	NameOf func(id uint32) string
	// HasNodeList tells whether corosync has a list of nodes: only then is a node that
	// took another's name certain to have taken its place.
	HasNodeList func() bool
	// Changed hears of changes.
	Changed func(Change)
	// KeepLost keeps nodes that are lost, and leaves Peer.State to who calls
	// SetState; without it the state follows the process group (crm_set_autoreap).
	KeepLost bool
	Log      loglevel.Logger
}

// Cache is the nodes that a daemon knows.
type Cache struct {
	c      Config
	nodes  []*Peer // of the cluster, in the order in which they came
	remote map[string]*Peer
	known  []*Peer // of the CIB
	// leaving are who the change of the group that is under way tells to have left.
	leaving []Address
}

// New returns an empty Cache.
func New(c Config) *Cache {
	if c.NameOf == nil {
		c.NameOf = func(uint32) string { return "" }
	}
	if c.HasNodeList == nil {
		c.HasNodeList = func() bool { return false }
	}
	if c.Changed == nil {
		c.Changed = func(Change) {}
	}
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	return &Cache{c: c, remote: map[string]*Peer{}}
}

func (c *Cache) logf(level loglevel.Level, function, format string, args ...any) {
	if c.c.Log.Enabled(level) {
		loglevel.LogfAt(c.c.Log, level, function, format, args...)
	}
}

// Nodes are those of the cluster, in the order in which they came. The list is the
// caller's.
func (c *Cache) Nodes() []*Peer { return slices.Clone(c.nodes) }

// ActiveNodes counts those that are active, this node too (crm_active_peers).
func (c *Cache) ActiveNodes() int {
	n := 0
	for _, p := range c.nodes {
		if p.Active() {
			n++
		}
	}
	return n
}

func (c *Cache) remove(p *Peer) {
	c.nodes = slices.DeleteFunc(c.nodes, func(q *Peer) bool { return p == q })
}

func (c *Cache) byName(name string) *Peer {
	if name == "" {
		return nil
	}
	for _, p := range c.nodes {
		if p.Name != "" && same(p.Name, name) {
			return p
		}
	}
	return nil
}

func (c *Cache) byID(id uint32) *Peer {
	if id == 0 {
		return nil
	}
	for _, p := range c.nodes {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (c *Cache) dump(level loglevel.Level) {
	for _, p := range c.nodes {
		c.logf(level, "pcmk__search_cluster_node_cache", "Node %d/%s = %p", p.ID, p.Name, p)
	}
}

// Find looks for a node of the cluster by its id, its name, or both; 0 and the empty name
// stand for any. It returns nil if there is none, and where id and name belong to two
// different nodes it settles the matter (pcmk__search_cluster_node_cache):
//
//   - Only the name is there, with another id: a different node, so nil.
//   - Only the id is there, with another name: that node.
//   - Both are there, of one name: the node has changed its id; the old entry goes.
//   - Both are there, of two names: the node with the id.
//   - The entry with the id has no name, the one with the name no id: they are one node,
//     and the entry without id goes. If both have ids, the one asked for is the node.
func (c *Cache) Find(id uint32, name string) *Peer {
	const function = "pcmk__search_cluster_node_cache"
	byID, byName := c.byID(id), c.byName(name)
	switch {
	case byID == byName:
	case byID == nil:
		if id == 0 || byName.ID == 0 {
			return byName
		}
		c.dump(loglevel.Warning)
		c.logf(loglevel.Crit, function, "Node %d and %d share the same name '%s'", id, byName.ID, name)
	case byName == nil:
		if name != "" && byID.Name != "" {
			c.dump(loglevel.Warning)
			c.logf(loglevel.Crit, function, "Node '%s' and '%s' share the same cluster nodeid %d: assuming '%s' is correct", name, byID.Name, id, name)
		}
	case byID.Name != "" && same(name, byID.Name):
		c.logf(loglevel.Notice, function, "Node '%s' has changed its ID from %d to %d", byID.Name, byName.ID, byID.ID)
		c.remove(byName)
	case byID.Name != "":
		c.logf(loglevel.Warning, function, "Node '%s' and '%s' share the same cluster nodeid: %d %s", byID.Name, byName.Name, id, name)
		c.dump(loglevel.Info)
	case byName.ID != 0:
		c.logf(loglevel.Warning, function, "Node %d and %d share the same name: '%s'", byID.ID, byName.ID, name)
	default:
		// Who reports members and processes knows them by id only, so that entry has
		// their state.
		c.dump(loglevel.Debug)
		c.logf(loglevel.Info, function, "Merging %p into %p", byName, byID)
		c.remove(byName)
	}
	return byID
}

// Get is Find that makes an entry if there is none, and learns from id and name what the
// entry lacks; without a name it asks Config.NameOf (crm_get_peer). Either must be given:
// without both there is no node, and it returns nil.
func (c *Cache) Get(id uint32, name string) *Peer {
	const function = "crm_get_peer"
	if id == 0 && name == "" {
		return nil
	}
	p := c.Find(id, name)
	if name == "" && (p == nil || p.Name == "") {
		name = c.c.NameOf(id)
		if p == nil && name != "" {
			p = c.Find(id, name)
		}
	}
	if p == nil {
		p = &Peer{}
		c.nodes = append(c.nodes, p)
		c.logf(loglevel.Info, function, "Created entry %p for node %s/%d (%d total)", p, orElse(name, "(null)"), id, len(c.nodes))
	}
	if id > 0 && name != "" && (p.ID == 0 || p.Name == "") {
		c.logf(loglevel.Info, function, "Node %d is now known as %s", id, name)
	}
	if p.ID == 0 {
		p.ID = id
	}
	if p.Name == "" && name != "" {
		c.rename(p, name)
	}
	if p.UUID == "" {
		if p.ID > 0 {
			p.UUID = strconv.FormatUint(uint64(p.ID), 10)
			c.logf(loglevel.Info, function, "Node %d has uuid %s", id, p.UUID)
		} else {
			c.logf(loglevel.Info, function, "Cannot obtain a UUID for node %d/%s", id, p.Name)
		}
	}
	return p
}

// rename gives a node its name (update_peer_uname).
func (c *Cache) rename(p *Peer, name string) {
	if strings.ContainsFunc(name, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		c.logf(loglevel.Warning, "update_peer_uname", "Node names with capitals are discouraged, consider changing '%s'", name)
	}
	p.Name = name
	c.c.Changed(Change{Kind: Named, Peer: p})
	if !p.Remote {
		c.removeConflicting(p)
	}
}

// removeConflicting removes inactive nodes with the name and another id, if corosync knows
// which id is the right one (remove_conflicting_peer).
func (c *Cache) removeConflicting(p *Peer) {
	if p.ID == 0 || p.Name == "" || !c.c.HasNodeList() {
		return
	}
	c.nodes = slices.DeleteFunc(c.nodes, func(q *Peer) bool {
		if q.ID == 0 || q.ID == p.ID || q.Name == "" || !same(q.Name, p.Name) || q.Active() {
			return false
		}
		c.logf(loglevel.Warning, "remove_conflicting_peer", "Removing cached offline node %d/%s which has conflicting uname with %d", q.ID, q.Name, p.ID)
		return true
	})
}

// Reap removes nodes of the cluster that are not active: those with the id or, with id 0,
// the name; with neither, those without a name. It tells how many (reap_crm_member).
func (c *Cache) Reap(id uint32, name string) int {
	const function = "reap_crm_member"
	matches := 0
	c.nodes = slices.DeleteFunc(c.nodes, func(p *Peer) bool {
		if id != 0 && p.ID != id || id == 0 && !same(p.Name, name) || p.Active() {
			return false
		}
		c.logf(loglevel.Info, "crm_reap_dead_member", "Removing node with name %s and id %d from membership cache", orElse(p.Name, "unknown"), p.ID)
		matches++
		return true
	})
	which := ""
	if name != "" {
		which = " and/or uname=" + name
	}
	if matches == 0 {
		c.logf(loglevel.Info, function, "No peers with id=%d%s to purge from the membership cache", id, which)
		return 0
	}
	s := ""
	if matches > 1 {
		s = "s"
	}
	c.logf(loglevel.Notice, function, "Purged %d peer%s with id=%d%s from the membership cache", matches, s, id, which)
	return matches
}

// NameOf tells the name of the node that the CIB knows by an id, a remote node or one of the
// cluster; empty if there is none (crm_peer_uname).
func (c *Cache) NameOf(uuid string) string {
	if c.remote[uuid] != nil {
		return uuid
	}
	for _, p := range c.nodes {
		if p.UUID != "" && same(p.UUID, uuid) {
			if p.Name != "" {
				return p.Name
			}
			break
		}
	}
	id, err := strconv.ParseUint(uuid, 10, 32)
	if err != nil || id == 0 {
		c.logf(loglevel.Error, "crm_peer_uname", "Invalid Corosync node ID '%s'", uuid)
		return ""
	}
	p := c.Find(uint32(id), "")
	if p == nil {
		return ""
	}
	p.UUID = uuid
	return p.Name
}
