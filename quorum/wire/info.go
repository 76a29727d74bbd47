package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// NodeState is whether votequorum counts a node: VOTEQUORUM_NODESTATE_*.
type NodeState uint32

// The states of a node.
const (
	StateMember  NodeState = 1
	StateDead    NodeState = 2
	StateLeaving NodeState = 3
)

func (s NodeState) String() string {
	switch s {
	case StateMember:
		return "member"
	case StateDead:
		return "dead"
	case StateLeaving:
		return "leaving"
	}
	return "unknown"
}

// InfoFlags are the flags of an Info: VOTEQUORUM_INFO_*.
type InfoFlags uint32

// The flags of an Info. Those of the device are the asked node's, the others
// the cluster's.
const (
	InfoTwoNode InfoFlags = 1 << iota
	InfoQuorate
	InfoWaitForAll
	InfoLastManStanding
	InfoAutoTieBreaker
	InfoAllowDownscale
	InfoQdeviceRegistered
	InfoQdeviceAlive
	InfoQdeviceCastVote
	InfoQdeviceMasterWins
)

// Info is the response to getinfo (res_lib_votequorum_getinfo). With an Error
// other than CS_OK the rest means nothing.
type Info struct {
	Error           cserr.Code
	NodeID          totem.NodeID
	State           NodeState
	Votes           uint32
	ExpectedVotes   uint32
	HighestExpected uint32
	TotalVotes      uint32
	Quorum          uint32
	Flags           InfoFlags
	QdeviceVotes    uint32
	QdeviceName     string
}

// ParseInfo reads the response. The reference leaves the fields of an error
// response as its stack had them, so that they are not looked at.
func ParseInfo(b []byte) (Info, error) {
	r, h := response(b, ResGetInfo)
	if h.Error != cserr.OK {
		return Info{Error: h.Error}, wrap("votequorum info", r)
	}
	m := Info{
		Error:           h.Error,
		NodeID:          totem.NodeID(r.U32("nodeid")),
		State:           NodeState(r.U32("state")),
		Votes:           r.U32("votes"),
		ExpectedVotes:   r.U32("expected_votes"),
		HighestExpected: r.U32("highest_expected"),
		TotalVotes:      r.U32("total_votes"),
		Quorum:          r.U32("quorum"),
		Flags:           InfoFlags(r.U32("flags")),
		QdeviceVotes:    r.U32("qdevice_votes"),
		QdeviceName:     deviceName(r, "qdevice_name"),
	}
	r.Align(8)
	return m, wrap("votequorum info", r)
}

// AppendTo appends the response.
func (m Info) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResGetInfo, m.Error)
	w.U32(uint32(m.NodeID)).U32(uint32(m.State)).U32(m.Votes).U32(m.ExpectedVotes).U32(m.HighestExpected)
	w.U32(m.TotalVotes).U32(m.Quorum).U32(uint32(m.Flags)).U32(m.QdeviceVotes)
	appendDeviceName(w, m.QdeviceName)
	return ipcmsg.Finish(w)
}

// Node is one node of a QuorumNotify (votequorum_node).
type Node struct {
	ID    totem.NodeID
	State NodeState
}

// QuorumNotify is the event of a change of quorum
// (res_lib_votequorum_quorum_notification). It lists every node that
// votequorum remembers, and, as node 0, a registered quorum device.
type QuorumNotify struct {
	Quorate uint32
	Context uint64
	Nodes   []Node
}

// ParseQuorumNotify reads the event.
func ParseQuorumNotify(b []byte) (QuorumNotify, error) {
	r, _ := response(b, ResQuorumNotify)
	m := QuorumNotify{Quorate: r.U32("quorate")}
	m.Context = r.Align(8).U64("context")
	n := r.U32("node_list_entries")
	r.Align(8)
	m.Nodes = nodes(r, n)
	return m, wrap("votequorum quorum notification", r)
}

func nodes(r *mar.Reader, n uint32) []Node {
	if left := len(r.Rest()) / 8; uint64(n) > uint64(left) {
		r.Fail("node_list", "%d entries, room for %d", n, left)
		return nil
	}
	if n == 0 {
		return nil
	}
	list := make([]Node, n)
	for i := range list {
		list[i] = Node{ID: totem.NodeID(r.U32("node_list.nodeid")), State: NodeState(r.U32("node_list.state"))}
	}
	return list
}

// AppendTo appends the event.
func (m QuorumNotify) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResQuorumNotify, cserr.OK)
	w.U32(m.Quorate).Align(8).U64(m.Context).U32(uint32(len(m.Nodes))).Align(8)
	for _, n := range m.Nodes {
		w.U32(uint32(n.ID)).U32(uint32(n.State))
	}
	return ipcmsg.Sized(w)
}

// NodelistNotify is the event of a new membership
// (res_lib_votequorum_nodelist_notification).
type NodelistNotify struct {
	Context uint64
	Ring    totem.RingID
	Members []totem.NodeID
}

// ParseNodelistNotify reads the event.
func ParseNodelistNotify(b []byte) (NodelistNotify, error) {
	r, _ := response(b, ResNodelistNotify)
	m := NodelistNotify{Context: r.U64("context"), Ring: ringID(r, "ring_id")}
	n := r.U32("node_list_entries")
	r.Align(8)
	m.Members = nodeIDs(r, "node_list", n)
	return m, wrap("votequorum nodelist notification", r)
}

// AppendTo appends the event.
func (m NodelistNotify) AppendTo(b []byte) []byte {
	w := ipcmsg.NewResponse(b, ResNodelistNotify, cserr.OK).U64(m.Context)
	appendRingID(w, m.Ring)
	w.U32(uint32(len(m.Members))).Align(8)
	appendNodeIDs(w, m.Members)
	return ipcmsg.Sized(w)
}

// ExpectedVotesNotify is the event of changed expected votes
// (res_lib_votequorum_expectedvotes_notification).
type ExpectedVotesNotify struct {
	Context       uint64
	ExpectedVotes uint32
}

// ParseExpectedVotesNotify reads the event.
func ParseExpectedVotesNotify(b []byte) (ExpectedVotesNotify, error) {
	r, _ := response(b, ResExpectedVotesNotify)
	m := ExpectedVotesNotify{Context: r.U64("context"), ExpectedVotes: r.U32("expected_votes")}
	r.Align(8)
	return m, wrap("votequorum expected votes notification", r)
}

// AppendTo appends the event.
func (m ExpectedVotesNotify) AppendTo(b []byte) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, ResExpectedVotesNotify, cserr.OK).U64(m.Context).U32(m.ExpectedVotes))
}
