package te

import (
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// NodeParts are what an entry of a node's state tells (enum node_update_flags).
type NodeParts uint8

// The parts.
const (
	NodeCluster  NodeParts = 1 << iota // whether it is a member
	NodePeer                           // whether its controller is there
	NodeJoin                           // whether it has joined
	NodeExpected                       // whether it is expected to be a member
)

// Controller is the rest of the controller.
type Controller interface {
	State() fsa.State
	// Self is this node's name, DC that of the one that leads, "" if nobody knows.
	Self() string
	DC() string
	IsDC() bool
	// ShuttingDown tells whether this node wants to leave (R_SHUTDOWN).
	ShuttingDown() bool

	// Input is queued for the state machine (register_fsa_input). Trigger has it run even
	// without (trigger_fsa). origin is a function of the reference.
	Input(c fsa.Cause, i fsa.Input, origin string)
	Trigger()
	// InvokeScheduler adds A_PE_INVOKE to what is to be done.
	InvokeScheduler()
	// ForgetSchedule has what the scheduler is asked for not matter any more
	// (controld_expect_sched_reply).
	ForgetSchedule()
	// TransitionEnded says that no transition is under way (R_IN_TRANSITION).
	TransitionEnded()

	// InvokeLocal has this node's executor do what a message says (A_LRM_INVOKE), now. The message is
	// the Transitioner's, and is not kept.
	InvokeLocal(now time.Time, msg *etree.Element)

	Peers() *peers.Cache
	// Joined is the number of nodes that have joined to the end (crm_join_confirmed).
	Joined() int
	// ExpectDown says that a node is to leave.
	ExpectDown(p *peers.Peer)
	// PeerDown is crmd_peer_down: the node has not joined and is not to be a member; full is that it is
	// lost if nothing is known of it.
	PeerDown(p *peers.Peer, full bool)
	// NodeState is the entry of a node (create_node_state_update), nil if it cannot be made.
	NodeState(p *peers.Peer, parts NodeParts, origin string) *etree.Element
	// ForgetNode deletes history and attributes of a node in the CIB (controld_delete_node_state of
	// controld_section_all with cib_scope_local).
	ForgetNode(name string)

	// Exit ends the daemon.
	Exit(code crmexit.Code)
}

// Load is how busy this node is.
type Load struct {
	Cores int
	// Average is how many processes wanted to run in the last minute, negative if nobody knows.
	Average float64
	// CIB is what the CIB manager has used of a processor so far, negative if nobody knows.
	CIB time.Duration
}

// Host is what a Transitioner acts through. The calls return at once.
type Host interface {
	// Send sends a message to the daemons of a service on a node, or on all if to is empty. It is false
	// if it was not taken.
	Send(to string, s cpgmsg.Service, e *etree.Element) bool
	// CIB asks the CIB manager. The result is the number of the call, below 1 if it could not be made,
	// and then is not called.
	CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int
	// Attribute asks the manager of attributes for a change.
	Attribute(m *attrdwire.Message)
	// Fence asks the fencer, and gives the number of the call. A call that could not be made has an
	// error as its result, later. How long it may take, te knows: FencingTimeout says what the fencer says
	// about it.
	Fence(f *stonithwire.Fence, options stonithwire.CallOptions, then func(now time.Time, r stonithwire.Result)) (call int)
	// SyncFencing has all fencers tell each other what they know of fencing (history with
	// Broadcast). It is false without a connection.
	SyncFencing() bool
	// AlertFencing tells of fencing.
	AlertFencing(n *stonithwire.Notification)
	Load() Load
	// NewID is an id that nothing else has, in the form of a UUID.
	NewID() string
	// Panic resets this node at once.
	Panic()
}

// Config of New.
type Config struct {
	Controller Controller
	Host       Host
	Log        loglevel.Logger
	// Requests numbers the messages of the controller.
	Requests *crmmsg.Maker
	// Program is what the daemon calls itself to the manager of attributes: pacemaker-controld.
	Program string
	// Client is what the fencer calls this daemon: its program, a dot, and its process id.
	Client string
	// NodeActionLimit is PCMK_node_action_limit, "" if it is not set.
	NodeActionLimit string
}

// Options are those of the cluster that matter here.
type Options struct {
	// TransitionDelay is transition-delay: how long a new transition is put off for more to happen.
	TransitionDelay time.Duration
	// NodeActionLimit is node-action-limit, "" if it is not set.
	NodeActionLimit string
	// LoadThreshold is load-threshold: a share, 0.8 without; 0 for not to look.
	LoadThreshold float64
	// FencingAttempts is stonith-max-attempts.
	FencingAttempts int
	// FenceReaction is fence-reaction: "stop" or "panic".
	FenceReaction string
}
