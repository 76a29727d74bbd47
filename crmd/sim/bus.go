package sim

import (
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// Times of the network and the ring.
const (
	hopLeast, hopMost       = 100 * time.Microsecond, 2 * time.Millisecond
	reformLeast, reformMost = 1200 * time.Millisecond, 3 * time.Second
)

// part is the nodes of one ring. Its members get the same messages and changes of groups in the same
// order, each at its own pace. While it is held, because somebody cannot be reached, nothing is ordered.
type part struct {
	ring    uint64
	members []*node
	held    bool
}

// member is a daemon of a node in a process group, and what the group was when last told.
type member struct {
	group   string
	pid     uint32
	view    []peers.Address
	handler handler
}

// handler is a daemon that is in a group.
type handler interface {
	// message is one for this node.
	message(from *node, s cpgmsg.Service, text string)
	changed(members, left, joined []peers.Address)
}

// outgoing is a message that waits for a ring.
type outgoing struct {
	group   string
	to      string
	service cpgmsg.Service
	text    string
}

// deliver has something arrive at a node after all that has arrived before.
func (w *World) deliver(n *node, do func()) {
	at := w.now.Add(w.between(hopLeast, hopMost))
	if at.Before(n.arrival) {
		at = n.arrival
	}
	n.arrival = at
	w.at(at, n, do)
}

// send sends a message to a group.
func (n *node) send(group, to string, s cpgmsg.Service, text string) {
	o := outgoing{group, to, s, text}
	if n.part == nil || n.part.held {
		n.out = append(n.out, o)
		return
	}
	n.order(o)
}

// order puts a message into its place among all.
func (n *node) order(o outgoing) {
	for _, to := range n.part.members {
		m := to.groups[o.group]
		if m == nil || o.to != "" && o.to != to.name {
			continue
		}
		n.w.deliver(to, func() {
			if to.groups[o.group] == m {
				m.handler.message(n, o.service, o.text)
			}
		})
	}
}

// join makes a daemon a member of a group.
func (n *node) join(group string, h handler) *member {
	n.pids++
	m := &member{group: group, pid: n.pids, handler: h}
	n.groups[group] = m
	if n.part != nil && !n.part.held {
		n.w.tell(n.part, group)
	}
	return m
}

// leave takes a daemon out of a group.
func (n *node) leave(group string) {
	delete(n.groups, group)
	if n.part != nil && !n.part.held {
		n.w.tell(n.part, group)
	}
}

// tell tells the members of a group who they are.
func (w *World) tell(p *part, group string) {
	var now []peers.Address
	for _, n := range p.members {
		if m := n.groups[group]; m != nil {
			now = append(now, peers.Address{Node: n.id, PID: m.pid})
		}
	}
	for _, n := range p.members {
		m := n.groups[group]
		if m == nil {
			continue
		}
		var left, joined []peers.Address
		for _, a := range m.view {
			if !slices.Contains(now, a) {
				left = append(left, a)
			}
		}
		for _, a := range now {
			if !slices.Contains(m.view, a) {
				joined = append(joined, a)
			}
		}
		m.view = now
		if len(left)+len(joined) == 0 {
			continue
		}
		w.deliver(n, func() {
			if n.groups[group] == m {
				m.handler.changed(now, left, joined)
			}
		})
	}
}

// groups in which daemons are, in the order in which changes are told.
var groupNames = []string{groupCIB, groupAttributes, groupFencer, groupController}

// disturbed says that who can be reached has changed: the rings will form anew.
func (w *World) disturbed() {
	for _, p := range w.parts {
		p.held = p.held || slices.ContainsFunc(p.members, func(n *node) bool { return !n.up || n.absent() || n.side != p.members[0].side }) ||
			len(p.members) != len(w.reachable(p.members[0]))
	}
	if w.reforming.IsZero() {
		w.reforming = w.now.Add(w.between(reformLeast, reformMost))
		w.at(w.reforming, nil, w.reform)
	}
}

// absent tells whether a node that is up is silent for long enough to be given up.
func (n *node) absent() bool { return n.paused.Sub(n.w.now) > 0 }

// reachable are the nodes that a node reaches, itself too.
func (w *World) reachable(n *node) (all []*node) {
	for _, o := range w.nodes {
		if o == n || o.up && !o.absent() && !n.absent() && o.side == n.side {
			all = append(all, o)
		}
	}
	return all
}

// reform forms the rings by who can be reached.
func (w *World) reform() {
	w.reforming = time.Time{}
	var parts []*part
	for _, n := range w.nodes {
		if !n.up || slices.ContainsFunc(parts, func(p *part) bool { return slices.Contains(p.members, n) }) {
			continue
		}
		members := w.reachable(n)
		if n.part != nil && !n.part.held && slices.Equal(n.part.members, members) {
			parts = append(parts, n.part)
			continue
		}
		w.ring += 4
		parts = append(parts, &part{ring: w.ring, members: members})
	}
	w.parts = parts
	for _, p := range parts {
		if p.members[0].part == p {
			continue
		}
		for _, n := range p.members {
			n.part = p
		}
		w.formed(p)
	}
}

// formed tells the nodes of a new ring of it, and sends what has waited.
func (w *World) formed(p *part) {
	var ids []uint32
	for _, n := range p.members {
		ids = append(ids, n.id)
	}
	quorate := 2*len(ids) > len(w.nodes)
	if !quorate {
		for _, n := range p.members {
			n.minorities++
		}
	}
	w.trace(nil, "ring %d of %v, quorate %v", p.ring, ids, quorate)
	quorum := func() {
		for _, n := range p.members {
			w.deliver(n, func() { n.quorum(p.ring, ids, quorate) })
		}
	}
	first := w.rand.IntN(2) == 0
	if first {
		quorum()
	}
	for _, g := range groupNames {
		w.tell(p, g)
	}
	if !first {
		quorum()
	}
	for _, n := range p.members {
		out := n.out
		n.out = nil
		for _, o := range out {
			n.order(o)
		}
	}
}
