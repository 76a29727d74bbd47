package engine

import (
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// receivers returns the group if any local client may be told of a message of
// the node. A node of which no process is in the group is not listened to: to
// the members here it has not joined yet.
func (e *Engine) receivers(name []byte, from totem.NodeID) *group {
	g := e.lookup(name)
	if g == nil {
		return nil
	}
	for _, c := range g.clients {
		if !c.receives() {
			continue
		}
		if !g.hasNode(from) {
			e.stats.UnknownNode++
			e.log.Logf(loglevel.Warning, "Unknown node -> we will not deliver message")
			return nil
		}
		return g
	}
	return nil
}

func (e *Engine) deliverMcast(from totem.NodeID, msg []byte, order mar.ByteOrder) error {
	m, err := wire.ParseMcast(msg, order)
	if err != nil {
		return err
	}
	if g := e.receivers(m.Group, from); g != nil {
		ev := wire.Deliver{Group: m.Group, Node: uint32(from), PID: m.PID}
		e.buf = ev.AppendHead(e.buf[:0], len(m.Message))
		e.deliverTo(g, m.Message)
	}
	if from == e.self {
		e.landed(m.Source.Conn)
	}
	return nil
}

func (e *Engine) deliverPartial(from totem.NodeID, msg []byte, order mar.ByteOrder) error {
	m, err := wire.ParsePartialMcast(msg, order)
	if err != nil {
		return err
	}
	if e.log.Enabled(loglevel.Debug) {
		e.log.Logf(loglevel.Debug, "Got fragmented message from node %d, size = %d bytes", from, len(m.Message))
	}
	if g := e.receivers(m.Group, from); g != nil {
		ev := wire.PartialDeliver{Group: m.Group, MsgLen: m.MsgLen, Node: uint32(from), PID: m.PID, Type: m.Type}
		e.buf = ev.AppendHead(e.buf[:0], len(m.Message))
		e.deliverTo(g, m.Message)
	}
	if from == e.self {
		e.landed(m.Source.Conn)
	}
	return nil
}

// deliverTo sends e.buf and the payload to the group's local members.
func (e *Engine) deliverTo(g *group, payload []byte) {
	for _, c := range g.clients {
		if c.receives() {
			e.event(c.conn, e.buf, payload)
		}
	}
	e.parts[1] = nil
}
