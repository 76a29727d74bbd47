package peers

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Address is a process of a group.
type Address struct {
	Node, PID uint32
	// How it joined or left, as a log has it: "via cpg_join".
	How string
}

func (a Address) how() string {
	if a.How == "" {
		return ""
	}
	return " " + a.How
}

// ErrEvicted is a change of the group that leaves this process out of it.
var ErrEvicted = errors.New("local node was evicted")

// believed is how long a node may be in the group and believed lost. There are moments at
// which it is right: the group may tell before quorum does, or a node that died still has
// messages under way.
const believed = time.Minute

// Group follows a process group for a Cache (pcmk_cpg_membership).
type Group struct {
	Cache *Cache
	Name  string  // to log
	Self  Address // this process
	count int     // of changes, to log
}

// Change is a change of the group, at a time that is compared with others only. ErrEvicted
// tells that this node is not among the members.
//
// Only one process of a node is its daemon; another is one that starts while the first
// still runs. That it leaves is nothing of interest while any process of its node stays.
func (g *Group) Change(now time.Time, members, left, joined []Address) error {
	const function = "pcmk_cpg_membership"
	c := g.Cache
	c.leaving = left
	defer func() { c.leaving = nil }()
	for _, a := range left {
		g.left(a, members)
	}
	for _, a := range joined {
		c.logf(loglevel.Info, function, "Group %s event %d: node %d pid %d joined%s", g.Name, g.count, a.Node, a.PID, a.how())
	}
	found := false
	for _, a := range members {
		p := c.Get(a.Node, "")
		if p == nil {
			continue // there is no node 0
		}
		if a.Node == g.Self.Node {
			if a.PID != g.Self.PID {
				c.logf(loglevel.Warning, function, "Group %s event %d: detected duplicate local pid %d", g.Name, g.count, a.PID)
				continue
			}
			found = true
		}
		c.logf(loglevel.Info, function, "Group %s event %d: %s (node %d pid %d) is member", g.Name, g.count, orElse(p.Name, "peer node"), a.Node, a.PID)
		p = c.SetProcess(p, CPG, true)
		switch {
		case p == nil || p.State == Unknown || p.State == Member:
		case p.WhenLost.IsZero():
			p.WhenLost = now
		case now.Sub(p.WhenLost) > believed:
			c.logf(loglevel.Warning, function, "Node %d is member of group %s but was believed offline", a.Node, g.Name)
			c.SetState(p, Member, 0)
		}
	}
	g.count++
	if !found {
		c.logf(loglevel.Error, function, "Local node was evicted from group %s", g.Name)
		return fmt.Errorf("group %s: %w", g.Name, ErrEvicted)
	}
	return nil
}

// Leaving tells, while a change of the group is under way, whether a process of the node is among
// those that leave by it: for who does something else if all of some nodes do.
func (c *Cache) Leaving(name string) bool {
	p := c.Find(0, name)
	return p != nil && slices.ContainsFunc(c.leaving, func(a Address) bool { return a.Node == p.ID })
}

// left takes note of a process that left (node_left).
func (g *Group) left(a Address, members []Address) {
	const function = "node_left"
	c := g.Cache
	p := c.Find(a.Node, "")
	rival := -1
	if p != nil {
		rival = slices.IndexFunc(members, func(m Address) bool { return m.Node == a.Node })
	}
	name := "unknown node"
	if p != nil {
		name = orElse(p.Name, "peer node")
	}
	switch {
	case rival < 0:
		c.logf(loglevel.Info, function, "Group %s event %d: %s (node %d pid %d) left%s", g.Name, g.count, name, a.Node, a.PID, a.how())
		if p != nil {
			c.SetProcess(p, CPG, false)
		}
	case a.Node == g.Self.Node:
		c.logf(loglevel.Warning, function, "Group %s event %d: duplicate local pid %d left%s", g.Name, g.count, a.PID, a.how())
	default:
		c.logf(loglevel.Warning, function, "Group %s event %d: %s (node %d) duplicate pid %d left%s (%d remains)", g.Name, g.count, name, a.Node, a.PID, a.how(), members[rival].PID)
	}
}
