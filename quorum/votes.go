package quorum

import (
	"context"
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Votes is a connection to votequorum.
type Votes struct{ session }

// NodeState is whether a node's votes count.
type NodeState = wire.NodeState

// The states of a node.
const (
	Member  = wire.StateMember
	Dead    = wire.StateDead
	Leaving = wire.StateLeaving
)

// Flags are the features of the cluster and the state of a node's quorum
// device.
type Flags uint32

// The flags.
const (
	TwoNode          = Flags(wire.InfoTwoNode)
	Quorate          = Flags(wire.InfoQuorate)
	WaitForAll       = Flags(wire.InfoWaitForAll)
	LastManStanding  = Flags(wire.InfoLastManStanding)
	AutoTieBreaker   = Flags(wire.InfoAutoTieBreaker)
	AllowDownscale   = Flags(wire.InfoAllowDownscale)
	DeviceRegistered = Flags(wire.InfoQdeviceRegistered)
	DeviceAlive      = Flags(wire.InfoQdeviceAlive)
	DeviceCastsVote  = Flags(wire.InfoQdeviceCastVote)
	DeviceMasterWins = Flags(wire.InfoQdeviceMasterWins)
	flagsKnown       = DeviceMasterWins<<1 - 1
)

var flagNames = []struct {
	flag Flags
	name string
}{
	{TwoNode, "2Node"}, {Quorate, "Quorate"}, {WaitForAll, "WaitForAll"},
	{LastManStanding, "LastManStanding"}, {AutoTieBreaker, "AutoTieBreaker"},
	{AllowDownscale, "AllowDownscale"}, {DeviceRegistered, "Qdevice"},
	{DeviceAlive, "QdeviceAlive"}, {DeviceCastsVote, "QdeviceCastVote"},
	{DeviceMasterWins, "QdeviceMasterWins"},
}

// String names the flags that are set, as corosync-quorumtool does where it
// shows them.
func (f Flags) String() string {
	var s []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			s = append(s, n.name)
		}
	}
	if f &^= flagsKnown; f != 0 {
		s = append(s, fmt.Sprintf("%#x", uint32(f)))
	}
	return strings.Join(s, " ")
}

// Has tells whether all of the given flags are set.
func (f Flags) Has(all Flags) bool { return f&all == all }

// Info is how the votes stand, as this node counts them.
type Info struct {
	Node  totem.NodeID
	State NodeState

	Votes           uint32 // of the node
	ExpectedVotes   uint32 // that the node expects
	HighestExpected uint32 // that any member expects
	TotalVotes      uint32 // that are there
	Quorum          uint32 // that are needed
	Flags           Flags

	DeviceVotes uint32
	DeviceName  string // of the registered quorum device, or empty
}

// Info asks about a node; 0 is this one. An unknown node is ErrNotExist.
func (v *Votes) Info(ctx context.Context, node totem.NodeID) (Info, error) {
	const op = "get info"
	res, err := v.call(ctx, op, wire.GetInfo{NodeID: node}.AppendTo(nil))
	if err != nil {
		return Info{}, err
	}
	m, err := wire.ParseInfo(res)
	if err != nil {
		return Info{}, fmt.Errorf("quorum: %s: %w", op, err)
	}
	return Info{
		Node: m.NodeID, State: m.State,
		Votes: m.Votes, ExpectedVotes: m.ExpectedVotes, HighestExpected: m.HighestExpected,
		TotalVotes: m.TotalVotes, Quorum: m.Quorum, Flags: Flags(m.Flags),
		DeviceVotes: m.QdeviceVotes, DeviceName: m.QdeviceName,
	}, nil
}

// SetExpected sets how many votes the cluster expects; no less than there are
// (ErrInvalidParam), nor so many that quorum would be lost.
func (v *Votes) SetExpected(ctx context.Context, votes uint32) error {
	return v.status(ctx, "set expected votes", wire.SetExpected{ExpectedVotes: votes}.AppendTo(nil))
}

// SetVotes sets the votes of a node; node 0 is the quorum device. It is lost
// when that node's daemon restarts.
func (v *Votes) SetVotes(ctx context.Context, node totem.NodeID, votes uint32) error {
	return v.status(ctx, "set votes", wire.SetVotes{NodeID: node, Votes: votes}.AppendTo(nil))
}

// Track asks for events, each of which carries tag.
func (v *Votes) Track(ctx context.Context, tag uint64, flags TrackFlags) error {
	return v.status(ctx, "start tracking", wire.TrackStart{Context: tag, Flags: uint32(flags)}.AppendTo(nil))
}

// Untrack ends what Track began; ErrNotExist says that nothing was.
func (v *Votes) Untrack(ctx context.Context) error {
	return v.status(ctx, "stop tracking", wire.AppendRequest(nil, wire.ReqTrackStop))
}

// VotesEvent is a [NodeStates], a [Nodes] or an [ExpectedVotes].
type VotesEvent interface{ votesEvent() }

// NodeStatus is one node of a [NodeStates].
type NodeStatus = wire.Node

// NodeStates says whether the node is quorate and what became of every node
// that it has ever known, the quorum device (node 0) included.
type NodeStates struct {
	Tag     uint64
	Quorate bool
	Nodes   []NodeStatus
}

// Nodes says who is there, when the cluster begins to synchronise; a quorum
// device decides upon it.
type Nodes struct {
	Tag     uint64
	Ring    totem.RingID
	Members []totem.NodeID
}

// ExpectedVotes says that the cluster expects another number of votes.
type ExpectedVotes struct {
	Tag   uint64
	Votes uint32
}

func (NodeStates) votesEvent()    {}
func (Nodes) votesEvent()         {}
func (ExpectedVotes) votesEvent() {}

// Next waits for the next event.
func (v *Votes) Next(ctx context.Context) (VotesEvent, error) {
	b, err := v.conn.Event(ctx)
	if err != nil {
		return nil, fmt.Errorf("quorum: event: %w", csipc.Coded(err))
	}
	e, err := parseVotesEvent(b)
	if err != nil {
		return nil, fmt.Errorf("quorum: event: %w", err)
	}
	return e, nil
}

func parseVotesEvent(b []byte) (VotesEvent, error) {
	h, err := wire.ParseResponseHeader(b)
	if err != nil {
		return nil, err
	}
	switch h.ID {
	case wire.ResQuorumNotify:
		m, err := wire.ParseQuorumNotify(b)
		return NodeStates{Tag: m.Context, Quorate: m.Quorate != 0, Nodes: m.Nodes}, err
	case wire.ResNodelistNotify:
		m, err := wire.ParseNodelistNotify(b)
		return Nodes{Tag: m.Context, Ring: m.Ring, Members: m.Members}, err
	case wire.ResExpectedVotesNotify:
		m, err := wire.ParseExpectedVotesNotify(b)
		return ExpectedVotes{Tag: m.Context, Votes: m.ExpectedVotes}, err
	}
	return nil, fmt.Errorf("unknown event %d: %w", h.ID, ErrLibrary)
}
