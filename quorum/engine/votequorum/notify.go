package votequorum

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
)

// tracking is the state of one client.
type tracking struct {
	on      bool
	context uint64
}

// notifyQuorum sends the quorum event to one client, or, with c nil, to all
// that track.
func (e *Engine) notifyQuorum(c service.Conn, context uint64) {
	e.log.Logf(loglevel.Debug, "Sending quorum callback, quorate = %d", bit(e.quorate))
	m := wire.QuorumNotify{Quorate: uint32(bit(e.quorate))}
	for _, n := range e.nodes {
		m.Nodes = append(m.Nodes, wire.Node{ID: n.id, State: n.state})
	}
	if e.us.flags&wire.FlagQdeviceRegistered != 0 {
		// The reference never gives the device a state.
		m.Nodes = append(m.Nodes, wire.Node{ID: wire.DeviceNodeID})
	}
	e.toTrackers(c, context, func(b []byte, context uint64) []byte {
		m.Context = context
		return m.AppendTo(b)
	})
}

// notifyNodelist sends the members of the last synchronisation.
func (e *Engine) notifyNodelist(c service.Conn, context uint64) {
	e.log.Logf(loglevel.Debug, "Sending nodelist callback. ring_id = %v", e.ring)
	m := wire.NodelistNotify{Ring: e.ring, Members: e.members}
	e.toTrackers(c, context, func(b []byte, context uint64) []byte {
		m.Context = context
		return m.AppendTo(b)
	})
}

func (e *Engine) notifyExpectedVotes() {
	e.log.Logf(loglevel.Debug, "Sending expected votes callback")
	m := wire.ExpectedVotesNotify{ExpectedVotes: e.us.expected}
	e.toTrackers(nil, 0, func(b []byte, context uint64) []byte {
		m.Context = context
		return m.AppendTo(b)
	})
}

// toTrackers sends an event to c, or to every tracker with its own context.
func (e *Engine) toTrackers(c service.Conn, context uint64, appendTo func(b []byte, context uint64) []byte) {
	if c != nil {
		c.Event(appendTo(nil, context))
		return
	}
	var buf []byte
	for _, t := range e.trackers {
		buf = appendTo(buf[:0], t.Data().(*tracking).context)
		t.Event(buf)
	}
}

// Open admits every client.
func (e *Engine) Open(c service.Conn) error {
	c.SetData(&tracking{})
	return nil
}

// Close forgets a client, and its device's registration that nobody waits for
// any more.
func (e *Engine) Close(c service.Conn) {
	e.untrack(c)
	if e.device.registering == c {
		e.device.registering = nil
	}
}

func (e *Engine) untrack(c service.Conn) {
	e.trackers = slices.DeleteFunc(e.trackers, func(t service.Conn) bool { return t == c })
}
