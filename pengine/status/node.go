package status

import "math/bits"

// Node is a cluster, remote or guest node (pe_node_t in the working set's list,
// with its shared details). What one resource thinks of a node is a Candidate.
type Node struct {
	Index int    // dense, in order of creation
	ID    string // as in the CIB; the key of the reference's node tables
	Name  string // uname; see HasName
	Type  NodeType

	HasName bool // a node entry without uname has none

	// Score and Fixed are what copies into node tables start from: the score
	// in the node's entry, or -Infinity and fixed for one that cannot run
	// resources at all.
	Score     int
	Fixed     bool
	Discovery Discovery

	Online              bool
	Standby             bool
	StandbyOnFail       bool // standby by an operation's on-fail, not by the user
	Pending             bool // in the cluster, controller not yet joined
	Unclean             bool
	Unseen              bool // no node_state so far
	Shutdown            bool
	ExpectedUp          bool
	IsDC                bool
	Maintenance         bool
	DiscoveryEnabled    bool // false forbids probes
	RemoteRequiresReset bool
	RemoteWasFenced     bool
	RemoteMaintenance   bool // what the remote daemon was last told
	Unpacked            bool // its resource history has been read

	RemoteResource *Resource   // the connection, of a remote or guest node
	Running        []*Resource // primitives active here, in order of discovery
	Assigned       []*Resource // primitives assigned here, in order of assignment
	NumResources   int         // how many are assigned here
	Priority       int         // sum of priorities of the resources active here

	Attributes  map[string]string // permanent and transient
	Utilization map[string]string // capacity

	digests      map[string]*Digests // calculated so far, by resource and task
	slot         int                 // where node tables have it: Index, or that of the first node with this ID
	firstIn      *tableOrder         // what node tables share that began with this node
	failureIndex map[string][]failure
	ws           *WorkingSet
}

// WorkingSet is the cluster that it belongs to.
func (n *Node) WorkingSet() *WorkingSet { return n.ws }

// IsRemote tells whether it is a remote node (pe__is_remote_node): of type
// remote, and its connection has no container.
func (n *Node) IsRemote() bool {
	return n != nil && n.Type == NodeRemote && (n.RemoteResource == nil || n.RemoteResource.Container == nil)
}

// IsGuest tells whether it is a guest node (pe__is_guest_node).
func (n *Node) IsGuest() bool {
	return n != nil && n.Type == NodeRemote && n.RemoteResource != nil && n.RemoteResource.Container != nil
}

// IsGuestOrRemote tells whether Pacemaker Remote runs there.
func (n *Node) IsGuestOrRemote() bool { return n != nil && n.Type == NodeRemote }

// IsBundleNode tells whether it is a bundle's implicit node (pe__is_bundle_node).
func (n *Node) IsBundleNode() bool {
	return n.IsGuest() && n.RemoteResource.IsBundled()
}

// String is the name that logs use (pe__node_name).
func (n *Node) String() string {
	switch {
	case n == nil:
		return "unspecified node"
	case n.HasName:
		return n.Name
	case n.ID != "":
		return n.ID
	}
	return "unidentified node"
}

// Attribute is the value of a node attribute, own or permanent or transient, as
// set (pe_node_attribute_raw).
func (n *Node) Attribute(name string) (value string, ok bool) {
	if n == nil {
		return "", false
	}
	value, ok = n.Attributes[name]
	return value, ok
}

// Candidate is a node as one resource sees it: an entry of a table of allowed
// nodes, or the node that a resource is assigned to (pe_node_t as a copy).
type Candidate struct {
	*Node
	Score     int
	Instances int32 // how many instances of the collective resource are assigned there (pe_node_t.count)
	Discovery Discovery
	Fixed     bool
}

// NewCandidate is a copy of the node as the working set has it (pe__copy_node).
func NewCandidate(n *Node) *Candidate {
	return &Candidate{Node: n, Score: n.Score, Fixed: n.Fixed, Discovery: n.Discovery}
}

// Copy is a new entry with the same score, without instances (pe__copy_node).
func (c *Candidate) Copy() *Candidate {
	return &Candidate{Node: c.Node, Score: c.Score, Fixed: c.Fixed, Discovery: c.Discovery}
}

// NodeSet is a set of nodes by index. Its zero value is empty.
type NodeSet struct {
	bits []uint64
	n    int
}

// Add puts a node into the set.
func (s *NodeSet) Add(n *Node) {
	word := n.Index / 64
	for len(s.bits) <= word {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&(1<<(n.Index%64)) == 0 {
		s.bits[word] |= 1 << (n.Index % 64)
		s.n++
	}
}

// Has tells whether the node is in the set.
func (s *NodeSet) Has(n *Node) bool {
	word := n.Index / 64
	return word < len(s.bits) && s.bits[word]&(1<<(n.Index%64)) != 0
}

// Union puts all nodes of another set into this one.
func (s *NodeSet) Union(other *NodeSet) {
	for word, more := range other.bits {
		for len(s.bits) <= word {
			s.bits = append(s.bits, 0)
		}
		s.n += bits.OnesCount64(more &^ s.bits[word])
		s.bits[word] |= more
	}
}

// Len is the number of nodes in the set.
func (s *NodeSet) Len() int { return s.n }
