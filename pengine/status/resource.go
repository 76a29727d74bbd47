package status

import (
	"strings"

	"github.com/beevik/etree"
)

// Resource is a primitive, a group, a clone, a bundle, or an instance or member
// of one (pe_resource_t).
type Resource struct {
	Index   int    // dense, in order of creation
	ID      string // with ":N" for the instances of a clone and what is in them
	XMLID   string // the id in the configuration, without instance number
	Variant Variant

	// HistoryID is the other id under which the status section knows it, if it
	// was found there under one (clone_name).
	HistoryID string

	HasProvider           bool           // there is one, be it ""
	Class, Provider, Type string         // of a primitive; empty if not given
	Element               *etree.Element // its configuration, templates expanded; never changed
	Operations            []*Operation   // its configured operations, in order

	Parent   *Resource
	Children []*Resource // members, instances; for a bundle: container, ip and remote of each replica, then the clone inside

	// One of these for the variant that it is.
	GroupData  *GroupData
	CloneData  *CloneData
	BundleData *BundleData

	Flags         ResourceFlags
	IsRemoteNode  bool // a connection to a remote or guest node
	ExclusiveOnly bool // probed and run only where a constraint says so (exclusive_discover)

	Recovery           Recovery
	Priority           int
	Stickiness         int
	SortIndex          int
	FailureTimeout     int // seconds, 0 for never
	MigrationThreshold int
	ReconnectMS        uint // reconnect_interval of a remote connection, milliseconds

	Role        Role   // now
	NextRole    Role   // wanted; RoleUnknown if nothing says
	PendingTask string // the action of the resource that is in progress, or ""
	PendingNode *Node  // and where

	Meta        map[string]string // meta-attributes, resolved with parents and defaults
	Utilization map[string]string

	// Constraints. Package sched fills these.
	WithThis  []*Colocation // this one is the primary (rsc_cons_lhs)
	ThisWith  []*Colocation // this one is the dependent (rsc_cons)
	Locations []*Location
	Tickets   []*TicketConstraint

	// Actions are the resource's own, the oldest first. The reference prepends:
	// where it walks, use NewestFirst.
	Actions []*Action

	Allowed    NodeTable  // where it may run
	AssignedTo *Candidate // where it shall run; nil if nowhere, or not yet assigned
	Running    []*Node    // where it is active, in order of discovery
	Known      NodeSet    // where its state is known

	MigrationSource *Node   // of a partial migration
	MigrationTarget *Node   // of a partial migration
	Dangling        []*Node // sources of migrations that left a resource behind

	Container *Resource   // what it runs inside of
	Fillers   []*Resource // what runs inside of it

	LockNode *Node // shutdown-locked to this node
	LockTime int64 // since when, seconds since the epoch

	position int                     // among its parent's children, or the top resources
	keys     *[len(taskNames)]string // made so far, by Task; by TaskNone that of a reload
	byKey    []*sameKey              // Actions
	ws       *WorkingSet
}

// GroupData is what only groups have.
type GroupData struct {
	Ordered    bool // members start one after the other
	Colocated  bool // members are on one node
	LastMember *Resource
}

// CloneData is what only clones have.
type CloneData struct {
	Max             int // clone-max
	NodeMax         int // clone-node-max
	PromotedMax     int
	PromotedNodeMax int
	Total           int // instances created so far, orphans included

	Ordered              bool // start instances one after the other
	PromotionAdded       bool // the promotion scores are in (pe__clone_promotion_added)
	PromotionConstrained bool // the promotion constraints are in

	ChildElement *etree.Element // the configuration of an instance
	ChildID      string         // its id

	// Package sched's notification data for each kind of action.
	StopNotify, StartNotify, DemoteNotify, PromoteNotify any
}

// BundleData is what only bundles have (pe__bundle_variant_data_t).
type BundleData struct {
	PromotedMax      int
	ReplicaCount     int // replicas
	ReplicasPerHost  int
	Prefix           string
	Image            string
	LastIP           string // the last one given out
	HostNetwork      string // interface
	HostNetmask      string
	ControlPort      string
	ContainerNetwork string
	FirstIP          string // ip-range-start
	AddHost          bool
	HostOptions      string // what containers get of --add-host
	RunCommand       string
	LauncherOptions  string // options
	AttributeTarget  string // container-attribute-target

	// What is configured at all, be it empty.
	HasFirstIP, HasControlPort, HasContainerNetwork, HasRunCommand, HasLauncherOptions bool

	Child    *Resource // the clone that stands for the primitive inside, or nil
	Replicas []*Replica
	Ports    []BundlePort
	Mounts   []BundleMount
	Agent    ContainerAgent
}

// Replica is one container of a bundle, and what belongs to it.
type Replica struct {
	Offset    int
	IPAddress string
	Node      *Candidate // the guest node, if there is a primitive inside
	IP        *Resource
	Child     *Resource
	Container *Resource
	Remote    *Resource
}

// BundlePort is a port-mapping.
type BundlePort struct{ Source, Target string }

// BundleMount is a storage-mapping.
type BundleMount struct {
	Source, Target, Options string
	HasOptions              bool
	Subdir                  bool // each replica gets a directory of its own below Source
}

// ContainerAgent is the technology of a bundle.
type ContainerAgent int

// The technologies.
const (
	AgentUnknown ContainerAgent = iota
	AgentDocker
	AgentRkt
	AgentPodman
)

// String is the agent's name.
func (a ContainerAgent) String() string {
	switch a {
	case AgentDocker:
		return "docker"
	case AgentRkt:
		return "rkt"
	case AgentPodman:
		return "podman"
	}
	return "unknown"
}

// String is the id.
func (r *Resource) String() string {
	if r == nil {
		return "<NULL>"
	}
	return r.ID
}

// WorkingSet is the cluster that it belongs to.
func (r *Resource) WorkingSet() *WorkingSet { return r.ws }

// Is tells whether all of the flags are set.
func (r *Resource) Is(flags ResourceFlags) bool { return r.Flags.Has(flags) }

// Set sets flags.
func (r *Resource) Set(flags ResourceFlags) { r.Flags |= flags }

// Clear clears flags.
func (r *Resource) Clear(flags ResourceFlags) { r.Flags &^= flags }

// SetTree sets flags of the resource and all below it.
func (r *Resource) SetTree(flags ResourceFlags) {
	r.Flags |= flags
	for _, c := range r.Children {
		c.SetTree(flags)
	}
}

// ClearTree clears flags of the resource and all below it.
func (r *Resource) ClearTree(flags ResourceFlags) {
	r.Flags &^= flags
	for _, c := range r.Children {
		c.ClearTree(flags)
	}
}

// MetaValue is a meta-attribute.
func (r *Resource) MetaValue(name string) (value string, ok bool) {
	value, ok = r.Meta[name]
	return value, ok
}

// Top is the outermost resource that it is part of, but not the bundle: an
// instance's clone, a member's group (uber_parent).
func (r *Resource) Top() *Resource {
	for r != nil && r.Parent != nil && r.Parent.Variant != Bundle {
		r = r.Parent
	}
	return r
}

// Outermost is the outermost resource that it is part of, a bundle included
// (uber_parent of newer releases with include_bundle).
func (r *Resource) Outermost() *Resource {
	for r != nil && r.Parent != nil {
		r = r.Parent
	}
	return r
}

// IsIn tells whether ancestor is above it (is_parent).
func (r *Resource) IsIn(ancestor *Resource) bool {
	if r == nil || ancestor == nil {
		return false
	}
	for p := r.Parent; p != nil; p = p.Parent {
		if p == ancestor {
			return true
		}
	}
	return false
}

// IsClone tells whether it is a clone of any kind.
func (r *Resource) IsClone() bool { return r != nil && r.Variant == Clone }

// IsUniqueClone tells whether it is a globally unique clone.
func (r *Resource) IsUniqueClone() bool { return r.IsClone() && r.Is(Unique) }

// IsAnonymousClone tells whether it is a clone whose instances are alike.
func (r *Resource) IsAnonymousClone() bool { return r.IsClone() && !r.Is(Unique) }

// IsBundled tells whether it is part of a bundle.
func (r *Resource) IsBundled() bool { return r != nil && r.Top().Parent != nil }

// IsUniversalClone tells whether there is an instance for each node
// (pe__is_universal_clone).
func (r *Resource) IsUniversalClone() bool {
	return r.IsClone() && r.CloneData.Max == len(r.ws.Nodes)
}

// PrintableID is the id for people: without instance number unless it tells
// something (rsc_printable_id).
func (r *Resource) PrintableID() string {
	if !r.Is(Unique) {
		return r.XMLID
	}
	return r.ID
}

// SetNextRole changes the role that is wanted (pe__set_next_role).
func (r *Resource) SetNextRole(role Role, why string) {
	if r.NextRole != role {
		r.ws.tracef("Resetting next role for %s from %s to %s (%s)", r.ID, r.NextRole, role, why)
		if t := r.ws.Options.Trace; t != nil {
			t.Roles[r] = append(t.Roles[r], RoleChange{r.NextRole, role, why})
		}
		r.NextRole = role
	}
}

// Current is the node that it is active on, or nil (pe__current_node): of
// several the source of a partial migration, or, if it does not need fencing,
// the first that is clean and online, or the first.
func (r *Resource) Current() *Node {
	n, _, _ := r.FindActive()
	return n
}

// FindActive is Current together with the number of nodes that it is active on,
// and of those that are clean and online (pe__find_active_on).
func (r *Resource) FindActive() (active *Node, all, clean int) {
	if r == nil {
		return nil, 0, 0
	}
	done := false
	for _, n := range r.Running {
		happy := n.Online && !n.Unclean
		all++
		if happy {
			clean++
		}
		if done {
			continue
		}
		switch {
		case r.MigrationSource != nil:
			if n == r.MigrationSource {
				active, done = n, true
			}
		case !r.Is(NeedsFencing):
			if happy && (active == nil || !active.Online || active.Unclean) {
				active, done = n, true
			}
		case active == nil:
			active, done = n, true
		}
		if active == nil {
			active = n
		}
	}
	return active, all, clean
}

// FindActiveRequires is the node that it is active on, and the number of nodes
// that count: all if it needs fencing, otherwise those clean and online
// (pe__find_active_requires).
func (r *Resource) FindActiveRequires() (active *Node, count int) {
	active, all, clean := r.FindActive()
	if r != nil && !r.Is(NeedsFencing) {
		return active, clean
	}
	return active, all
}

// RunsOn tells whether it is active on the node.
func (r *Resource) RunsOn(n *Node) bool {
	for _, m := range r.Running {
		if m == n {
			return true
		}
	}
	return false
}

// IsDisabled tells whether its target-role keeps it from being active, or from
// being promoted (pe__resource_is_disabled).
func (r *Resource) IsDisabled() bool {
	target, ok := r.Meta["target-role"]
	if !ok {
		return false
	}
	role := r.ws.ParseRole(target)
	return role == RoleStopped || role == RoleUnpromoted && r.Top().Is(Promotable)
}

// IsRemoteConnection tells whether it is the connection to a remote, not a
// guest, node (pe__resource_is_remote_conn).
func (r *Resource) IsRemoteConnection() bool {
	return r != nil && r.IsRemoteNode && r.ws.FindNode(r.ID).IsRemote()
}

// GuestConnection is the connection to the guest node that it is the container
// of, or nil (pe__resource_contains_guest_node).
func (r *Resource) GuestConnection() *Resource {
	if r == nil || !r.ws.Flags.Has(HaveRemoteNodes) {
		return nil
	}
	for _, f := range r.Fillers {
		if f.IsRemoteNode {
			return f
		}
	}
	return nil
}

// PromotedMax is promoted-max of the clone that it is or belongs to
// (pe__clone_promoted_max).
func (r *Resource) PromotedMax() int { return r.Top().CloneData.PromotedMax }

// PromotedNodeMax is promoted-node-max of the clone that it is or belongs to.
func (r *Resource) PromotedNodeMax() int { return r.Top().CloneData.PromotedNodeMax }

// BaseName is an id without the instance number at its end (clone_strip).
func BaseName(id string) string {
	end := strings.TrimRight(id, "0123456789")
	if len(end) > 1 && end != id && end[len(end)-1] == ':' {
		return end[:len(end)-1]
	}
	return id
}
