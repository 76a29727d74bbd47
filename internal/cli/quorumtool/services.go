package quorumtool

import (
	"context"
	"net/netip"
	"time"

	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Services is how the tool reaches the daemon and the world. A connection is
// made when it is asked for; its end is the process's.
type Services interface {
	Map(ctx context.Context) (Map, error)
	Quorum(ctx context.Context) (Quorum, error)
	Nodes(ctx context.Context) (Nodes, error)
	Votes(ctx context.Context) (Votes, error)
	// HostName is the name of an address, or the address itself.
	HostName(ctx context.Context, addr netip.Addr) string
	Now() time.Time
}

// Map is what is read from cmap.
type Map interface {
	GetString(ctx context.Context, key string) (string, error)
	GetUint32(ctx context.Context, key string) (uint32, error)
	// Keys lists the keys that begin with prefix, in order.
	Keys(ctx context.Context, prefix string) ([]string, error)
}

// Quorum is a [quorum.Client].
type Quorum interface {
	HasProvider() bool
	Quorate(ctx context.Context) (bool, error)
	Track(ctx context.Context, flags quorum.TrackFlags) error
	Untrack(ctx context.Context) error
	Next(ctx context.Context) (quorum.Event, error)
}

// Nodes is what is read from cfg.
type Nodes interface {
	// NodeAddrs lists the addresses of a node's links; the zero Addr stands for
	// a link without one.
	NodeAddrs(ctx context.Context, id totem.NodeID) ([]netip.Addr, error)
}

// Votes is a [quorum.Votes].
type Votes interface {
	Info(ctx context.Context, node totem.NodeID) (quorum.Info, error)
	SetVotes(ctx context.Context, node totem.NodeID, votes uint32) error
	SetExpected(ctx context.Context, votes uint32) error
	Track(ctx context.Context, tag uint64, flags quorum.TrackFlags) error
	Next(ctx context.Context) (quorum.VotesEvent, error)
	UnregisterDevice(ctx context.Context, name string) error
}
