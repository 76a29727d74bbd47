package cpg

import (
	"context"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Member is a process in a group.
type Member struct {
	Node totem.NodeID
	PID  uint32
}

func (m Member) String() string { return fmt.Sprintf("%d:%d", m.Node, m.PID) }

// Reason says why a process joined or left a group.
type Reason = wire.Reason

// The reasons.
const (
	ReasonJoin     = wire.Join     // the process joined
	ReasonLeave    = wire.Leave    // the process left
	ReasonNodeDown = wire.NodeDown // its node left the cluster
	ReasonNodeUp   = wire.NodeUp   // its node came to the cluster with it
	ReasonProcDown = wire.ProcDown // the process ended without leaving
)

// Change is a process that joined or left.
type Change struct {
	Member
	Reason Reason
}

func (c Change) String() string { return fmt.Sprintf("%v (%v)", c.Member, c.Reason) }

// Event is a *Message, a *Membership or a *RingChange.
type Event interface{ event() }

// Message is what a member of the group has multicast.
type Message struct {
	Group string
	From  Member
	Data  []byte // the receiver's own
}

// Membership is a change of the group: who is in it from now on. A process is
// a member from the one that has it in Joined.
type Membership struct {
	Group   string
	Members []Member // by node, then process
	Left    []Change
	Joined  []Change
}

// RingChange is a change of the cluster's membership, after all Memberships
// that follow from it. It comes whether the connection is in a group or not.
type RingChange struct {
	Ring  totem.RingID
	Nodes []totem.NodeID
}

func (*Message) event()    {}
func (*Membership) event() {}
func (*RingChange) event() {}

// Next waits for the next event. When the daemon has ended the connection it
// returns ErrClosed, after all events that came before.
func (c *Conn) Next(ctx context.Context) (Event, error) {
	for {
		b, err := c.ipc.Event(ctx)
		if err != nil {
			return nil, wrap("event", err)
		}
		ev, err := c.decode(b)
		if err != nil {
			return nil, wrap("event", err)
		}
		if ev != nil {
			return ev, nil
		}
	}
}

// decode makes an Event of the daemon's; nil of a fragment that completes
// nothing.
func (c *Conn) decode(b []byte) (Event, error) {
	h, err := wire.ParseResponseHeader(b)
	if err != nil {
		return nil, err
	}
	switch h.ID {
	case wire.EventDeliver:
		d, err := wire.ParseDeliver(b)
		if err != nil {
			return nil, err
		}
		return &Message{string(d.Group), Member{totem.NodeID(d.Node), d.PID}, d.Message}, nil
	case wire.EventPartialDeliver:
		d, err := wire.ParsePartialDeliver(b)
		if err != nil {
			return nil, err
		}
		if m := c.assemble(&d); m != nil {
			return m, nil
		}
		return nil, nil
	case wire.EventConfchg:
		cc, err := wire.ParseConfchg(b)
		if err != nil {
			return nil, err
		}
		m := &Membership{cc.Group, membersOf(cc.Members), changesOf(cc.Left), changesOf(cc.Joined)}
		for _, l := range m.Left {
			delete(c.assemblies, l.Member)
		}
		return m, nil
	case wire.EventTotemConfchg:
		tc, err := wire.ParseTotemConfchg(b)
		if err != nil {
			return nil, err
		}
		return &RingChange{tc.Ring, tc.Members}, nil
	}
	return nil, fmt.Errorf("unknown event %d", h.ID)
}

func membersOf(list []wire.Address) []Member {
	out := make([]Member, len(list))
	for i, a := range list {
		out[i] = Member{totem.NodeID(a.Node), a.PID}
	}
	return out
}

func changesOf(list []wire.Address) []Change {
	if len(list) == 0 {
		return nil
	}
	out := make([]Change, len(list))
	for i, a := range list {
		out[i] = Change{Member{totem.NodeID(a.Node), a.PID}, a.Reason}
	}
	return out
}

// assembly is a large message of which fragments have come.
type assembly struct {
	size uint32 // of the whole
	data []byte
}

// assemble takes a fragment and returns the message when it was the last. A
// first fragment drops what its sender began before: it was interrupted and
// has been told so. Fragments without a first, or beyond the announced size,
// are dropped; memory grows with what has come, not with what was announced.
func (c *Conn) assemble(d *wire.PartialDeliver) *Message {
	from := Member{totem.NodeID(d.Node), d.PID}
	if d.Type == wire.First {
		c.assemblies[from] = &assembly{size: d.MsgLen}
	}
	a := c.assemblies[from]
	if a == nil {
		return nil
	}
	if uint64(len(a.data))+uint64(len(d.Message)) > uint64(a.size) {
		delete(c.assemblies, from)
		return nil
	}
	a.data = append(a.data, d.Message...)
	if d.Type != wire.Last {
		return nil
	}
	delete(c.assemblies, from)
	if len(a.data) != int(a.size) {
		return nil
	}
	return &Message{string(d.Group), from, a.data}
}
