package engine

import (
	"maps"
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// syncState is what a synchronisation works with.
type syncState struct {
	// transitional: a change of the ring has begun and SyncCompleted has not come.
	// What is sent now goes ahead of what waited in the ring's queue before, until
	// the last service is synchronised, and CPG is not that.
	transitional bool

	old  []totem.NodeID // members at the last SyncActivate
	ring totem.RingID   // of the last SyncActivate

	// The round under way.
	running     bool
	members     []totem.NodeID
	pendingRing totem.RingID
	downSent    bool
	listed      []listedProc // in the order of arrival

	// survivors are those of old that have come along with this node ever since,
	// through all rounds that broke off; nil before the first round.
	survivors []totem.NodeID
}

// listedProc is a process that its node says it has.
type listedProc struct {
	node   totem.NodeID
	pid    uint32
	group  string
	joined bool // it joined during the round; no joinlist takes that back
}

func (l *listedProc) is(node totem.NodeID, pid uint32, group []byte) bool {
	return l.node == node && l.pid == pid && l.group == string(group)
}

// confirm notes a process that joins while a round is under way: whether its
// node's joinlist has it or not, it is there.
func (s *syncState) confirm(node totem.NodeID, pid uint32, group []byte) {
	if s.running {
		s.listed = append(s.listed, listedProc{node, pid, string(group), true})
	}
}

// strike takes a process that leaves while a round is under way out of what
// its node has said before.
func (s *syncState) strike(node totem.NodeID, pid uint32, group []byte) {
	s.listed = slices.DeleteFunc(s.listed, func(l listedProc) bool { return l.is(node, pid, group) })
}

// left returns the members of old that did not come along.
func (s *syncState) left() []totem.NodeID {
	var list []totem.NodeID
	for _, id := range s.old {
		if !contains(s.survivors, id) {
			list = append(list, id)
		}
	}
	return list
}

// SyncInit implements service.Synchronizer.
func (e *Engine) SyncInit(trans, members []totem.NodeID, ring totem.RingID) {
	s := &e.sync
	if s.survivors == nil {
		s.survivors = slices.Clone(s.old)
	}
	s.survivors = slices.DeleteFunc(s.survivors, func(id totem.NodeID) bool { return !contains(trans, id) })
	if s.survivors == nil {
		s.survivors = []totem.NodeID{}
	}
	s.transitional = true
	s.running = true
	s.members = slices.Clone(members)
	s.pendingRing = ring
	s.downSent = false
	// Whatever broke the last round off, and in whichever phase: nothing of it
	// may be taken for this one's.
	s.listed = nil
}

// SyncProcess implements service.Synchronizer.
func (e *Engine) SyncProcess() (done bool) {
	s := &e.sync
	if !s.downSent {
		d := wire.DownList{OldMembers: uint32(len(s.old)), Left: s.left()}
		if !e.mcastNow(wire.ExecDownList, d.AppendTo(nil, service.Order)[service.HeaderSize:], nil) {
			return false
		}
		s.downSent = true
	}
	own := e.selectProcs(func(p *proc) bool { return p.node == e.self && !p.leaving })
	if len(own) == 0 {
		return true
	}
	list := make([]wire.JoinListEntry, len(own))
	for i, p := range own {
		list[i] = wire.JoinListEntry{PID: p.pid, Group: p.group.name}
	}
	return e.mcastNow(wire.ExecJoinList, wire.AppendJoinList(nil, list, service.Order)[service.HeaderSize:], nil)
}

func (e *Engine) deliverJoinList(from totem.NodeID, msg []byte, order mar.ByteOrder) error {
	list, err := wire.ParseJoinList(msg, order)
	if err != nil {
		return err
	}
	e.debugf("got joinlist message from node %d", from)
	s := &e.sync
	if !s.running {
		return nil // of a round that has broken off
	}
	// A joinlist holds all of a node's processes: a second one, of a node that
	// could not send the first before the round broke off, replaces it.
	s.listed = slices.DeleteFunc(s.listed, func(l listedProc) bool { return l.node == from && !l.joined })
	for _, j := range list {
		s.listed = append(s.listed, listedProc{node: from, pid: j.PID, group: j.Group})
	}
	return nil
}

// SyncAbort implements service.Synchronizer.
func (e *Engine) SyncAbort() {
	e.sync.running = false
	e.sync.listed = nil
}

// SyncActivate implements service.Synchronizer.
func (e *Engine) SyncActivate() {
	s := &e.sync
	left, before := s.left(), len(s.old)
	s.old = append(s.old[:0], s.members...)
	s.ring = s.pendingRing
	s.survivors = nil
	s.running = false

	e.debugf("my downlist: members(old:%d left:%d)", before, len(left))
	e.nodesDown(left)
	e.nodesUp()
	e.removeZombies()
	s.listed = nil
	for _, c := range e.clients { // in a group or not
		e.notifyRing(c.conn)
	}
}

// SyncCompleted implements service.SyncCompleter.
func (e *Engine) SyncCompleted() {
	e.sync.transitional = false
	e.flushOutbox()
}

// nodesDown lets all processes of nodes leave, with one event for each group.
func (e *Engine) nodesDown(nodes []totem.NodeID) {
	if len(nodes) == 0 {
		return
	}
	gone := make(map[*group][]wire.Address)
	for _, p := range e.selectProcs(func(p *proc) bool { return contains(nodes, p.node) }) {
		gone[p.group] = append(gone[p.group], p.address(wire.NodeDown))
		e.remove(p)
	}
	for _, g := range byName(gone) {
		list := gone[g]
		e.debugf("left_list_entries:%d", len(list))
		for i, a := range list {
			e.debugf("left_list[%d] group:%s, ip:%s, pid:%d", i, wire.PrintName(g.name),
				e.opt.Interfaces(totem.NodeID(a.Node)), a.PID)
		}
		e.notify(g, nil, list)
		e.release(g)
	}
}

// nodesUp lets the processes that others have listed join, with one event for
// each group. The reference goes through the joinlists from the last one back,
// which clients see in the order of the joined ones.
func (e *Engine) nodesUp() {
	s := &e.sync
	up := make(map[*group][]wire.Address)
	for i := range s.listed {
		l := &s.listed[len(s.listed)-1-i]
		e.debugf("joinlist_messages[%d] group:%s, ip:%s, pid:%d", i, wire.PrintName(l.group),
			e.opt.Interfaces(l.node), l.pid)
		if l.node == e.self || !contains(s.members, l.node) {
			continue
		}
		g := e.make([]byte(l.group))
		if e.add(g, l.node, l.pid) {
			up[g] = append(up[g], wire.Address{Node: uint32(l.node), PID: l.pid, Reason: wire.NodeUp})
		}
	}
	for _, g := range byName(up) {
		e.notify(g, up[g], nil)
	}
}

// removeZombies lets processes leave whose nodes have not listed them: they
// went while this node was not listening.
func (e *Engine) removeZombies() {
	type key struct {
		node  totem.NodeID
		pid   uint32
		group string
	}
	alive := make(map[key]bool, len(e.sync.listed))
	for _, l := range e.sync.listed {
		if contains(e.sync.members, l.node) {
			alive[key{l.node, l.pid, l.group}] = true
		}
	}
	for _, p := range e.selectProcs(func(p *proc) bool { return p.node != e.self }) {
		if !alive[key{p.node, p.pid, p.group.name}] {
			e.leave(p, wire.ProcDown)
		}
	}
}

// byName returns the groups of a map in the order of their names, in which the
// reference tells them.
func byName(m map[*group][]wire.Address) []*group {
	return slices.SortedFunc(maps.Keys(m), func(a, b *group) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
}
