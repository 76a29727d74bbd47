package quorum

import (
	"context"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Client is a connection to the quorum service.
type Client struct {
	session
	provider bool
	peer     Daemon
}

// Daemon is a process that answers as corosync, by what the kernel says of it.
type Daemon struct {
	PID      int // 0: of another PID namespace
	UID, GID uint32
}

// Daemon is who answers. Where any user may make sockets, a caller that runs for the
// system compares.
func (c *Client) Daemon() Daemon { return c.peer }

// newClient settles the model of the events and learns whether there is a
// provider.
func newClient(ctx context.Context, c conn) (*Client, error) {
	q := &Client{session: session{conn: c}}
	v, err := q.value(ctx, "initialize", wire.QuorumModelGetType{Model: wire.ModelV1}.AppendTo(nil), wire.ResQuorumModelGetType)
	if err != nil {
		return nil, err
	}
	q.provider = v
	return q, nil
}

func (c *Client) value(ctx context.Context, op string, req []byte, id int32) (bool, error) {
	res, err := c.call(ctx, op, req)
	if err != nil {
		return false, err
	}
	v, err := wire.ParseQuorumValue(res, id)
	if err != nil {
		return false, fmt.Errorf("quorum: %s: %w", op, err)
	}
	return v.Value != 0, nil
}

// HasProvider tells whether the cluster has a quorum provider. Without one
// every node is always quorate.
func (c *Client) HasProvider() bool { return c.provider }

// Quorate tells whether this node is quorate now.
func (c *Client) Quorate(ctx context.Context) (bool, error) {
	return c.value(ctx, "get quorate", wire.AppendRequest(nil, wire.ReqQuorumGetQuorate), wire.ResQuorumGetQuorate)
}

// Track asks for events. With ErrExist the present state comes all the same, if
// it was asked for.
func (c *Client) Track(ctx context.Context, flags TrackFlags) error {
	return c.status(ctx, "start tracking", wire.QuorumTrackStart{Flags: uint32(flags)}.AppendTo(nil))
}

// Untrack ends what Track began. Events that are under way still come.
func (c *Client) Untrack(ctx context.Context) error {
	return c.status(ctx, "stop tracking", wire.AppendRequest(nil, wire.ReqQuorumTrackStop))
}

// Event is a [Change] or a [Membership].
type Event interface{ quorumEvent() }

// Change says whether the node is quorate, and who is there: after each
// synchronisation of the cluster, and when quorum comes or goes between two.
type Change struct {
	Quorate bool
	Ring    totem.RingID
	Members []totem.NodeID
}

// Membership says who is there after a synchronisation of the cluster. A node
// that has restarted is in both Joined and Left. As an answer to Track, both
// are empty.
type Membership struct {
	Ring                  totem.RingID
	Members, Joined, Left []totem.NodeID
}

func (Change) quorumEvent()     {}
func (Membership) quorumEvent() {}

// Next waits for the next event.
func (c *Client) Next(ctx context.Context) (Event, error) {
	b, err := c.conn.Event(ctx)
	if err != nil {
		return nil, fmt.Errorf("quorum: event: %w", csipc.Coded(err))
	}
	e, err := parseEvent(b)
	if err != nil {
		return nil, fmt.Errorf("quorum: event: %w", err)
	}
	return e, nil
}

func parseEvent(b []byte) (Event, error) {
	h, err := wire.ParseResponseHeader(b)
	if err != nil {
		return nil, err
	}
	switch h.ID {
	case wire.ResQuorumV1Quorum:
		m, err := wire.ParseV1QuorumNotification(b)
		return Change{Quorate: m.Quorate != 0, Ring: m.Ring, Members: m.View}, err
	case wire.ResQuorumV1Nodelist:
		m, err := wire.ParseV1NodelistNotification(b)
		return Membership(m), err
	}
	return nil, fmt.Errorf("unknown event %d: %w", h.ID, ErrLibrary)
}
