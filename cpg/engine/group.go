package engine

import (
	"cmp"
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// proc is one process in one group (struct process_info of the reference).
type proc struct {
	node  totem.NodeID
	pid   uint32
	group *group
	seq   uint64 // when it became known, among all of this node's life
	// leaving: this node has sent the leave of its process already, and it goes
	// ahead of a joinlist of the round under way.
	leaving bool
}

func (p *proc) address(r wire.Reason) wire.Address {
	return wire.Address{Node: uint32(p.node), PID: p.pid, Reason: r}
}

// compareProcs is the order of the reference's process list: by node, then
// pid, then in the order of becoming known.
func compareProcs(a, b *proc) int {
	return cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.pid, b.pid), cmp.Compare(a.seq, b.seq))
}

// group is a name with the processes that are in it and this node's clients.
// It exists while it has either.
type group struct {
	name    string
	procs   []*proc // by node and pid, each at most once
	clients []*client
}

func (g *group) search(node totem.NodeID, pid uint32) (int, bool) {
	return slices.BinarySearchFunc(g.procs, struct{}{}, func(p *proc, _ struct{}) int {
		return cmp.Or(cmp.Compare(p.node, node), cmp.Compare(p.pid, pid))
	})
}

func (g *group) find(node totem.NodeID, pid uint32) *proc {
	if i, ok := g.search(node, pid); ok {
		return g.procs[i]
	}
	return nil
}

// hasNode tells whether a process of the node is in the group.
func (g *group) hasNode(node totem.NodeID) bool {
	i, _ := g.search(node, 0)
	return i < len(g.procs) && g.procs[i].node == node
}

// registry holds the groups by name.
type registry struct {
	groups map[string]*group
	last   *group // the one looked up last: most traffic is of one group
	seq    uint64
}

// lookup returns the group with the name, or nil.
func (r *registry) lookup(name []byte) *group {
	if r.last != nil && r.last.name == string(name) {
		return r.last
	}
	g := r.groups[string(name)]
	if g != nil {
		r.last = g
	}
	return g
}

// make returns the group with the name, made where there is none.
func (r *registry) make(name []byte) *group {
	g := r.lookup(name)
	if g == nil {
		g = &group{name: string(name)}
		if r.groups == nil {
			r.groups = make(map[string]*group)
		}
		r.groups[g.name] = g
	}
	return g
}

// release forgets a group that has nobody.
func (r *registry) release(g *group) {
	if len(g.procs) > 0 || len(g.clients) > 0 || r.groups[g.name] != g {
		return // the last: a finalized client may hold on to a former group
	}
	delete(r.groups, g.name)
	if r.last == g {
		r.last = nil
	}
}

// add makes a process known and reports whether it was not.
func (r *registry) add(g *group, node totem.NodeID, pid uint32) bool {
	i, found := g.search(node, pid)
	if found {
		return false
	}
	r.seq++
	g.procs = slices.Insert(g.procs, i, &proc{node: node, pid: pid, group: g, seq: r.seq})
	return true
}

// remove makes a process unknown. The group stays: the caller releases it.
func (r *registry) remove(p *proc) {
	g := p.group
	if i, ok := g.search(p.node, p.pid); ok {
		g.procs = slices.Delete(g.procs, i, i+1)
	}
}

// selectProcs returns all processes that match, in the order of compareProcs.
func (r *registry) selectProcs(match func(*proc) bool) []*proc {
	var list []*proc
	for _, g := range r.groups {
		for _, p := range g.procs {
			if match(p) {
				list = append(list, p)
			}
		}
	}
	slices.SortFunc(list, compareProcs)
	return list
}

// sorted returns the groups that have processes, in the order in which their
// first processes stand in the process list.
func (r *registry) sorted() []*group {
	list := make([]*group, 0, len(r.groups))
	for _, g := range r.groups {
		if len(g.procs) > 0 {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b *group) int { return compareProcs(a.procs[0], b.procs[0]) })
	return list
}
