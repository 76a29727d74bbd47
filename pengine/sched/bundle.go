package sched

import (
	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// maxNested is how often a bundle may be assigned within its own assignment: what
// is colocated with it may ask for it once more, and that does no harm.
const maxNested = 4

// containersOf are the containers of a bundle, by replica.
func containersOf(r *status.Resource) []*status.Resource {
	containers := make([]*status.Resource, 0, len(r.BundleData.Replicas))
	for _, replica := range r.BundleData.Replicas {
		containers = append(containers, replica.Container)
	}
	return containers
}

// instancesOf are the containers of a bundle, or the instances of a clone.
func instancesOf(r *status.Resource) []*status.Resource {
	if r.Variant == status.Bundle {
		return containersOf(r)
	}
	return r.Children
}

// assignBundle assigns a bundle's containers as a clone's instances, then what
// goes with each (pcmk__bundle_allocate). What runs inside has no choice but its
// own replica's guest node.
//
// A bundle whose clone is colocated with the bundle itself is its own precondition.
// The reference assigns it again and again until its stack is full; here that ends
// after maxNested times.
func (a *assigner) assignBundle(r *status.Resource, prefer *status.Node) {
	if a.nested[r] == maxNested {
		a.ws.At("pcmk__bundle_allocate").Logf(loglevel.Error, "Dependency loop detected involving %s", r.ID)
		return
	}
	a.nested[r]++
	defer func() { a.nested[r]-- }()
	data := r.BundleData
	r.Set(status.Assigning)
	recordScores(r, "pcmk__bundle_allocate")
	containers := containersOf(r)
	glist.Sort(containers, a.compareInstances)
	a.distribute(&r.Allowed, containers, data.ReplicaCount, data.ReplicasPerHost)
	for _, replica := range data.Replicas {
		if replica.IP != nil {
			a.assign(replica.IP, prefer)
		}
		if replica.Remote != nil {
			// A remote daemon takes one connection only, so those through
			// another remote node have to be where that one's is.
			if host := replica.Container.AssignedTo; host != nil && host.IsGuestOrRemote() {
				colocate("child-remote-with-docker-remote", status.Infinity, replica.Remote, host.RemoteResource, true)
			}
			a.assign(replica.Remote, prefer)
		}
		if replica.Child != nil {
			a.assignInside(replica)
		}
	}
	if child := data.Child; child != nil {
		for c := range child.Allowed.ByIndex() {
			score := -status.Infinity
			if isReplicaNode(data, c.Node) {
				score = 0
			}
			traceSet(child, c, score, status.TagBundleReplica)
			c.Score = score
		}
		a.assign(child, prefer)
	}
	r.Clear(status.Assigning | status.Provisional)
}

func (a *assigner) assignInside(replica *status.Replica) {
	child := replica.Child
	for c := range child.Allowed.ByIndex() {
		if c.Node != replica.Node.Node {
			traceBan(child, c, status.TagBundleReplica)
			c.Score = -status.Infinity
		} else if _, reached := thresholdReached(child, c.Node); !reached {
			traceSet(child, c, status.Infinity, status.TagBundleReplica)
			c.Score = status.Infinity
		}
	}
	child.Parent.Set(status.Assigning)
	a.assign(child, replica.Node.Node)
	child.Parent.Clear(status.Assigning)
}

func isReplicaNode(data *status.BundleData, n *status.Node) bool {
	for _, replica := range data.Replicas {
		if replica.Node != nil && replica.Node.Node == n {
			return true
		}
	}
	return false
}

// applyBundle has a primitive regard where a bundle's replicas are
// (pcmk__bundle_apply_coloc_score).
func (a *assigner) applyBundle(c *status.Colocation, dependent, primary *status.Resource) {
	if primary.Is(status.Provisional) {
		return
	}
	if c.Dependent.Variant > status.Group {
		a.applyInstance("pcmk__bundle_apply_coloc_score", c, dependent, primary)
		return
	}
	var nodes []*status.Candidate
	for _, replica := range primary.BundleData.Replicas {
		if c.Score < status.Infinity {
			a.applyPrimary(c, dependent, replica.Container)
			continue
		}
		n := assignedCandidate(replica.Container)
		if n == nil || isBlocked(replica.Container) {
			continue
		}
		if c.PrimaryRole >= status.RolePromoted && (replica.Child == nil || replica.Child.NextRole < status.RolePromoted) {
			continue
		}
		nodes = append(nodes, n)
	}
	if c.Score >= status.Infinity {
		keepOnly(dependent, nodes, false, status.Cause{Colocation: c, With: primary})
	}
}
