package peers

import (
	"strings"
	"time"
)

// State is whether a node is in the cluster.
type State string

// The states.
const (
	Unknown State = ""       // nobody has said
	Member  State = "member" // in the cluster
	Lost    State = "lost"   // was, or is configured and not running
)

// Process is a set of daemons that run on a node. Of all of them only CPG is told by
// corosync.
type Process uint32

// The daemons (enum crm_proc_flag).
const (
	NoProcess  Process = 0x00000001
	Execd      Process = 0x00000010
	Based      Process = 0x00000100
	Controld   Process = 0x00000200
	Attrd      Process = 0x00001000
	Schedulerd Process = 0x00010000
	Fenced     Process = 0x00100000
	CPG        Process = 0x04000000 // the daemon's own namesake is in its process group
)

// String is the name of a single one.
func (p Process) String() string {
	switch p {
	case NoProcess:
		return "none"
	case Execd:
		return "pacemaker-execd"
	case Based:
		return "pacemaker-based"
	case Controld:
		return "pacemaker-controld"
	case Attrd:
		return "pacemaker-attrd"
	case Schedulerd:
		return "pacemaker-schedulerd"
	case Fenced:
		return "pacemaker-fenced"
	case CPG:
		return "corosync-cpg"
	}
	return "unknown"
}

// Peer is a node. Its fields are the Cache's to change.
type Peer struct {
	ID        uint32 // 0: not known, or a remote node
	Name      string // empty: not known
	UUID      string // the CIB's id of the node: its id in digits, a remote node's name
	State     State
	Processes Process
	Remote    bool
	// LastSeen is the ring's number when quorum last had the node as a member; 0 where
	// there is no connection to quorum.
	LastSeen uint64
	// WhenLost is when the process group first had a node that was believed lost.
	WhenLost time.Time
	// Expected is whether the node is to be a member, for the controller.
	Expected State

	dirty bool // a remote node that the CIB has not named yet, while it is read
}

// Active tells whether a node of the cluster is a member and its daemon in the process
// group. A remote node never is (crm_is_peer_active).
func (p *Peer) Active() bool {
	return p != nil && !p.Remote && p.State == Member && p.Processes&CPG != 0
}

// same compares names of nodes, whose case does not matter.
func same(a, b string) bool { return strings.EqualFold(a, b) }

// orElse is a name to log.
func orElse(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// Kind says what a Change is about.
type Kind int

// The kinds (enum crm_status_type).
const (
	Named            Kind = iota // the name became known
	StateChanged                 // Peer.State, which was Before
	ProcessesChanged             // Peer.Processes, which were Ran
)

func (k Kind) String() string {
	return [...]string{"named", "state", "processes"}[k]
}

// Change is one change of a Peer, which has the new value already.
type Change struct {
	Kind   Kind
	Peer   *Peer
	Before State   // with StateChanged
	Ran    Process // with ProcessesChanged
}

// Joined tells whether the change is that the node's daemon came into the process group.
func (c Change) Joined() bool {
	return c.Kind == ProcessesChanged && c.Ran&CPG == 0 && c.Peer.Processes&CPG != 0
}

// Left tells whether the change is that the node's daemon went from the process group.
func (c Change) Left() bool {
	return c.Kind == ProcessesChanged && c.Ran&CPG != 0 && c.Peer.Processes&CPG == 0
}
