package engine

import (
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// notify tells this node's members of a group who has joined and left. The
// processes are in the registry already, or not any more.
func (e *Engine) notify(g *group, in, left []wire.Address) {
	for _, a := range in {
		if a.Node != uint32(e.self) {
			continue
		}
		for _, c := range g.clients {
			if c.pid == a.PID && c.state == joinStarted {
				c.state = joined
			}
		}
	}

	e.members = e.members[:0]
	for _, p := range g.procs {
		e.members = append(e.members, p.address(wire.Undefined))
	}
	ev := wire.Confchg{Group: g.name, Members: e.members, Left: left, Joined: in}
	encoded := false
	for _, c := range g.clients {
		if !c.receives() {
			continue
		}
		if !encoded {
			e.buf = ev.AppendTo(e.buf[:0])
			encoded = true
		}
		e.event(c.conn, e.buf, nil)
		c.transitions++
	}

	for _, a := range left {
		if a.Node == uint32(e.self) && a.Reason == wire.Leave {
			e.hasLeft(g, a.PID)
		}
	}

	// Who asked for the ring's membership gets it right after its own join. The
	// reference sends it with the first change of any group, so sometimes before.
	for _, c := range g.clients {
		if c.flags&wire.DeliverInitialTotemConf != 0 && !c.initialSent && c.receives() {
			c.initialSent = true
			e.notifyRing(c.conn)
		}
	}
}

// hasLeft lets clients whose leave has come back be without a group.
func (e *Engine) hasLeft(g *group, pid uint32) {
	for i := len(g.clients) - 1; i >= 0; i-- {
		if c := g.clients[i]; c.pid == pid && c.state == leaveStarted {
			e.detach(c)
			c.group, c.pid, c.state = nil, 0, unjoined
		}
	}
}

// notifyRing tells one client the ring's membership of the last completed
// synchronisation.
func (e *Engine) notifyRing(c service.Conn) {
	ev := wire.TotemConfchg{Ring: e.sync.ring, Members: e.sync.old}
	e.buf = ev.AppendTo(e.buf[:0])
	e.event(c, e.buf, nil)
}

// event sends an event in one or two parts without allocating.
func (e *Engine) event(c service.Conn, head, payload []byte) {
	e.parts[0], e.parts[1] = head, payload
	if payload == nil {
		c.Event(e.parts[:1]...)
	} else {
		c.Event(e.parts[:]...)
	}
}

// contains tells whether a sorted or unsorted list of nodes has one.
func contains(list []totem.NodeID, id totem.NodeID) bool {
	for _, n := range list {
		if n == id {
			return true
		}
	}
	return false
}
