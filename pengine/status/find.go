package status

import (
	"slices"
	"strings"
)

// FindNode is the node of that name, without regard to case, or nil
// (pe_find_node). Of several it is the first in Nodes.
func (ws *WorkingSet) FindNode(name string) *Node { return ws.firstNode(ws.nodesByName[fold(name)]) }

// FindNodeID is the node with that id, without regard to case, or nil
// (pe_find_node_id).
func (ws *WorkingSet) FindNodeID(id string) *Node { return ws.firstNode(ws.nodesByID[fold(id)]) }

// FindNodeAny is the node with that id, or else of that name, or nil
// (pe_find_node_any).
func (ws *WorkingSet) FindNodeAny(id, name string) *Node {
	if n := ws.FindNodeID(id); n != nil {
		return n
	}
	return ws.FindNode(name)
}

func (ws *WorkingSet) firstNode(nodes []*Node) *Node {
	switch len(nodes) {
	case 0:
		return nil
	case 1:
		return nodes[0]
	}
	for _, n := range ws.Nodes {
		if slices.Contains(nodes, n) {
			return n
		}
	}
	return nil
}

// FindResource is the resource, of any level, with that id or HistoryID, or nil
// (pe_find_resource).
func (ws *WorkingSet) FindResource(id string) *Resource { return ws.Find(id, FindRenamed) }

// Find is the first resource that matches, walking down each tree in turn, or
// nil (pe_find_resource_with_flags).
func (ws *WorkingSet) Find(id string, flags Find) *Resource {
	if flags&^FindRenamed != 0 {
		for _, top := range ws.Resources {
			if r := top.Find(id, nil, flags); r != nil {
				return r
			}
		}
		return nil
	}
	found := ws.byID[id]
	if flags&FindRenamed != 0 {
		if renamed := ws.byHistoryID[id]; len(renamed) > 0 {
			found = append(slices.Clone(found), renamed...)
		}
	}
	var first *Resource
	for _, r := range found {
		if first == nil || r.precedes(first) {
			first = r
		}
	}
	return first
}

// precedes tells whether a walk down each tree in turn comes to it before the
// other.
func (r *Resource) precedes(other *Resource) bool {
	a, b := r, other
	for a.depth() > b.depth() {
		if a = a.Parent; a == b {
			return false
		}
	}
	for b.depth() > a.depth() {
		if b = b.Parent; a == b {
			return true
		}
	}
	for a.Parent != b.Parent {
		a, b = a.Parent, b.Parent
	}
	return a.position < b.position
}

func (r *Resource) depth() (n int) {
	for p := r.Parent; p != nil; p = p.Parent {
		n++
	}
	return n
}

// Find is the resource itself or the first one below it that matches the id
// and, if on is not nil, is on that node in the sense of the flags; or nil
// (native_find_rsc).
func (r *Resource) Find(id string, on *Node, flags Find) *Resource {
	if r.matches(id, flags) && (on == nil || r.isOn(on, flags)) {
		return r
	}
	for _, c := range r.Children {
		if found := c.Find(id, on, flags); found != nil {
			return found
		}
	}
	return nil
}

func (r *Resource) matches(id string, flags Find) bool {
	switch {
	case flags&FindClone != 0:
		return r.Top().IsClone() && (id == r.ID || id == r.XMLID)
	case id == r.ID:
		return true
	case flags&FindRenamed != 0 && r.HistoryID != "" && id == r.HistoryID:
		return true
	case flags&FindAny != 0, flags&FindAnon != 0 && !r.Is(Unique):
		return id == BaseName(r.ID)
	}
	return false
}

func (r *Resource) isOn(n *Node, flags Find) bool {
	switch {
	case flags&FindCurrent != 0 && len(r.Running) > 0:
		return r.RunsOn(n)
	case flags&FindInactive != 0 && len(r.Running) == 0:
		return true
	}
	return flags&FindCurrent == 0 && r.AssignedTo != nil && r.AssignedTo.Node == n
}

// Instance is the instance of a clone with that number, or nil
// (find_clone_instance).
func (r *Resource) Instance(number string) *Resource {
	id := r.CloneData.ChildID + ":" + number
	for _, c := range r.Children {
		if found := c.Find(id, nil, FindRenamed); found != nil {
			return found
		}
	}
	return nil
}

// ReplicaOn is what runs inside of a bundle's replica whose node it is, or nil
// (pe__find_bundle_replica).
func (r *Resource) ReplicaOn(n *Node) *Resource {
	for _, replica := range r.BundleData.Replicas {
		if replica.Node != nil && replica.Node.Node == n {
			return replica.Child
		}
	}
	return nil
}

// Where says which of its places Resource.Places lists.
type Where int

// The places.
const (
	WhereAssigned Where = iota // where it shall run
	WhereRunning               // where it is active
	WherePending               // and where an action on it is in progress
)

// Places are the nodes of the resource and of all below it, each once
// (native_location with a list).
func (r *Resource) Places(where Where) []*Node { return r.appendPlaces(nil, where) }

// Place is the node of Places if there is just one, or nil (native_location's
// result).
func (r *Resource) Place(where Where) *Node {
	if nodes := r.Places(where); len(nodes) == 1 {
		return nodes[0]
	}
	return nil
}

func (r *Resource) appendPlaces(nodes []*Node, where Where) []*Node {
	add := func(n *Node) {
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	switch {
	case len(r.Children) > 0:
		for _, c := range r.Children {
			nodes = c.appendPlaces(nodes, where)
		}
	case where == WhereAssigned:
		if r.AssignedTo != nil {
			add(r.AssignedTo.Node)
		}
	default:
		for _, n := range r.Running {
			add(n)
		}
		if where == WherePending && r.PendingNode != nil {
			add(r.PendingNode)
		}
	}
	return nodes
}

// IsActive tells whether the resource is active; of a collective one whether
// all of it is, or any (native_active and its likes).
func (r *Resource) IsActive(all bool) bool {
	switch r.Variant {
	case Group:
		every, some := true, false
		for _, c := range r.Children {
			if c.IsActive(all) {
				some = true
			} else {
				every = false
			}
		}
		return some && (every || !all)
	case Clone:
		for _, c := range r.Children {
			if c.IsActive(all) != all {
				return !all
			}
		}
		return all
	case Bundle:
		for _, replica := range r.BundleData.Replicas {
			for _, part := range []*Resource{replica.IP, replica.Child, replica.Container, replica.Remote} {
				if part != nil && part.IsActive(all) != all {
					return !all
				}
			}
		}
		return all
	}
	for _, n := range r.Running {
		if n.Unclean || n.Online || !r.Is(Managed) {
			return true
		}
	}
	return false
}

// CurrentRole is the role, of a collective resource the highest below it
// (fns->state with current).
func (r *Resource) CurrentRole() Role {
	return r.highestRole(func(p *Resource) Role { return p.Role })
}

// WantedRole is the next role, of a collective resource the highest below it.
func (r *Resource) WantedRole() Role {
	return r.highestRole(func(p *Resource) Role { return p.NextRole })
}

func (r *Resource) highestRole(of func(*Resource) Role) Role {
	switch r.Variant {
	case Group, Clone:
		role := RoleUnknown
		for _, c := range r.Children {
			role = max(role, c.highestRole(of))
		}
		return role
	case Bundle:
		return RoleUnknown
	}
	return of(r)
}

// AttributeFor is a node attribute as the resource wants it: its
// container-attribute-target may say that the host's counts, not the guest's
// (pe_node_attribute_calculated).
func (n *Node) AttributeFor(name string, r *Resource) (value string, ok bool) {
	if n == nil || r == nil || !strings.EqualFold(r.Meta["container-attribute-target"], "host") {
		return n.Attribute(name)
	}
	if !n.IsGuest() || len(n.RemoteResource.Container.Running) == 0 {
		return "", false
	}
	return n.RemoteResource.Container.Running[0].Attribute(name)
}

// ResourcesWithTag are the printable ids of the resources that a tag refers to
// (pe__rscs_with_tag).
func (ws *WorkingSet) ResourcesWithTag(tag string) (ids []string) {
	if t := ws.Tags[tag]; t != nil {
		for _, ref := range t.Refs {
			if r := ws.Find(ref, FindRenamed|FindAny); r != nil {
				ids = append(ids, r.PrintableID())
			}
		}
	}
	return ids
}

// NodesWithTag are the names of the nodes that a tag refers to by id
// (pe__unames_with_tag).
func (ws *WorkingSet) NodesWithTag(tag string) (names []string) {
	if t := ws.Tags[tag]; t != nil {
		for _, ref := range t.Refs {
			if n := ws.FindNodeID(ref); n != nil {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// Location adds a score to what the resource, and all below it, thinks of a
// node, or of every node if it is nil. The tag "symmetric_default" leaves those
// alone that must be allowed explicitly (resource_location).
func (r *Resource) Location(n *Node, score int, tag string) {
	if n != nil {
		r.nodeScore(n, score, tag)
		return
	}
	for _, m := range r.ws.Nodes {
		r.nodeScore(m, score, tag)
	}
	if score == -Infinity && r.AssignedTo != nil {
		r.ws.At("resource_location").Infof("Deallocating %s from %s", r.ID, r.AssignedTo.Node)
		r.AssignedTo = nil
	}
}

func (r *Resource) nodeScore(n *Node, score int, tag string) {
	if (r.ExclusiveOnly || n.Discovery == DiscoverNever) && strings.EqualFold(tag, "symmetric_default") {
		return
	}
	for _, c := range r.Children {
		c.nodeScore(n, score, tag)
	}
	entry := r.Allowed.Get(n)
	if entry == nil {
		entry = r.ws.candidates.take()
		*entry = *NewCandidate(n)
		r.Allowed.Insert(entry)
	}
	if t := r.ws.Options.Trace; t != nil {
		t.Add(r, entry.Node, entry.Score, score, Cause{Tag: tag})
	}
	entry.Score = AddScores(entry.Score, score)
}
