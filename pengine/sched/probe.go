package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// scheduleProbes has the state found out of every resource on every node where
// it is not known (pcmk__schedule_probes). A node that asks for it is told to
// forget first what it knows.
func (s *planner) scheduleProbes() {
	for _, n := range s.ws.Nodes {
		switch {
		case !n.Online:
			if isFailedRemote(n) {
				s.ws.FenceNode(n, "the connection is unrecoverable", false)
			}
			continue
		case n.Unclean, !n.DiscoveryEnabled:
			continue
		}
		if probed, ok := n.Attribute("probe_complete"); ok && !status.IsTrue(probed) {
			a := s.ws.Action(nil, "probe_again-"+n.Name, "probe_again", n, false, true)
			addMeta(a, "op_no_wait", "true")
			continue
		}
		s.probeAll(s.ws.Resources, n)
	}
}

func (s *planner) probeAll(resources []*status.Resource, n *status.Node) (created bool) {
	for _, r := range resources {
		if s.probe(r, n) {
			created = true
		}
	}
	return created
}

// probe creates the probes of the resource, and of what is in it, that are
// needed on the node; it tells whether there are any.
func (s *planner) probe(r *status.Resource, n *status.Node) bool {
	switch r.Variant {
	case status.Clone:
		return s.probeClone(r, n)
	case status.Bundle:
		return s.probeBundle(r, n)
	}
	return s.probePlain(r, n)
}

// probePlain is probe for primitives and groups (pcmk__probe_rsc_on_node).
func (s *planner) probePlain(r *status.Resource, n *status.Node) bool {
	if !s.ws.Flags.Has(status.StartupProbes) {
		return false
	}
	if n.IsGuestOrRemote() && (r.Class == "stonith" || n.IsGuest() && r.GuestConnection() != nil || r.IsRemoteNode) {
		return false // cannot run there
	}
	if len(r.Children) > 0 {
		return s.probeAll(r.Children, n)
	}
	if r.Container != nil && !r.IsRemoteNode || r.Is(status.Orphan) || r.Known.Has(n) {
		return false
	}
	top := r.Top()
	allowed := r.Allowed.Get(n)
	if (r.ExclusiveOnly || top.ExclusiveOnly) && (allowed == nil || allowed.Discovery != status.DiscoverExclusive) {
		return false
	}
	discovery := n.Discovery
	if allowed != nil {
		discovery = allowed.Discovery
	}
	if discovery == status.DiscoverNever {
		return false
	}
	if n.IsGuest() {
		guest := n.RemoteResource.Container
		if guest.Role == status.RoleStopped {
			probeThenStart(guest, top) // it is not known to be stopped everywhere
			return false
		}
		if guestWillStop(n) {
			orderTasks(guest, status.ActionNameStop, top, status.ActionNameStart, status.OrderOptional)
			return false
		}
	}
	s.addProbe(r, n)
	return true
}

// addProbe creates one probe, before which the resource must not start.
func (s *planner) addProbe(r *status.Resource, n *status.Node) {
	a := s.ws.Action(r, r.Key(status.ActionNameMonitor), status.ActionNameMonitor, n, false, true)
	a.Clear(status.Optional)
	s.orderVsUnfence(r, n, a, status.OrderOptional)
	if !r.RunsOn(n) {
		a.SetExpectedResult(status.OCFNotRunning)
	} else if r.Role == status.RolePromoted {
		a.SetExpectedResult(status.OCFRunningPromoted)
	}
	// Probes of a clone's instance come before the start of all instances, but
	// not where a fence device has to start to unfence what is probed.
	top := r.Top()
	if r.Is(status.FenceDevice) && s.ws.Flags.Has(status.EnableUnfencing) || !top.IsClone() {
		top = r
	}
	flags := status.OrderOptional
	if !a.Is(status.ActionRunnable) && len(r.Running) == 0 {
		flags |= status.OrderRunnableFirst // cannot be started where it cannot be probed
	}
	order(s.ws, step{r, a.Key, a}, taskOf(top, status.ActionNameStart), flags)
	order(s.ws, step{r, a.Key, a}, step{resource: top, task: r.Key(status.ActionNameReloadAgent)}, status.OrderOptional)
}

func probeThenStart(guest, r *status.Resource) {
	if guest.AssignedTo != nil && !guest.Known.Has(guest.AssignedTo.Node) {
		orderTasks(guest, status.ActionNameMonitor, r, status.ActionNameStart, status.OrderOptional)
	}
}

// guestWillStop tells whether a guest node's container stops, be it to start
// again.
func guestWillStop(n *status.Node) bool {
	guest := n.RemoteResource.Container
	return n.RemoteRequiresReset || n.Unclean || guest.Is(status.Failed) || guest.NextRole == status.RoleStopped ||
		guest.Role > status.RoleStopped && guest.AssignedTo != nil && !guest.RunsOn(guest.AssignedTo.Node)
}

// probeClone probes each instance of a unique clone, or one of an anonymous
// clone (clone_create_probe).
func (s *planner) probeClone(r *status.Resource, n *status.Node) bool {
	if !s.sorted[r] {
		glist.Sort(r.Children, compareInstanceNumbers) // for all nodes
		s.sorted[r] = true
	}
	if len(r.Children) == 0 {
		s.ws.At("clone_create_probe").Warnf("Clone %s has no children", r.ID)
		return false
	}
	if r.ExclusiveOnly {
		if allowed := r.Allowed.Get(n); allowed != nil && allowed.Discovery != status.DiscoverExclusive {
			r.Allowed.Delete(n)
			return false
		}
	}
	if r.Is(status.Unique) {
		return s.probeAll(r.Children, n)
	}
	return s.probe(instanceToProbe(r, n), n)
}

// instanceToProbe is the instance of an anonymous clone that is known on the
// node, or is going to be there, or the first.
func instanceToProbe(r *status.Resource, n *status.Node) *status.Resource {
	for _, instance := range r.Children {
		if isKnownOn(instance, n) {
			return instance
		}
	}
	for _, instance := range r.Children {
		if instance.Place(status.WhereAssigned) == n {
			return instance
		}
	}
	return r.Children[0]
}

func isKnownOn(r *status.Resource, n *status.Node) bool {
	if len(r.Children) == 0 {
		return r.Known.Has(n)
	}
	for _, c := range r.Children {
		if isKnownOn(c, n) {
			return true
		}
	}
	return false
}

// probeBundle probes all that belongs to a bundle's replicas. Where only one of
// them may run on a host, none starts there before all are known not to.
func (s *planner) probeBundle(r *status.Resource, n *status.Node) (created bool) {
	b := r.BundleData
	for _, replica := range b.Replicas {
		if replica.IP != nil && s.probe(replica.IP, n) {
			created = true
		}
		if replica.Child != nil && replica.Node.Node == n && s.probe(replica.Child, n) {
			created = true
		}
		if replica.Container != nil && s.probe(replica.Container, n) {
			created = true
			for _, other := range b.Replicas {
				if b.ReplicasPerHost == 1 && other != replica && other.Container != nil {
					orderTasks(replica.Container, status.ActionNameMonitor, other.Container, status.ActionNameStart,
						status.OrderOptional|status.OrderSameNode)
				}
			}
		}
		if replica.Container != nil && replica.Remote != nil && s.probe(replica.Remote, n) {
			// The connection can only be probed once the container runs.
			key := replica.Remote.Key(status.ActionNameMonitor)
			if a := status.FindFirstAction(replica.Remote.Actions, key, "", n); a != nil {
				created = true
				order(s.ws, taskOf(replica.Container, status.ActionNameStart), step{replica.Remote, a.Key, a}, status.OrderProbe)
			}
		}
	}
	return created
}

// orderProbes adds to the relations so far what they mean for probes
// (pcmk__order_probes): what waits for a stop waits for the probes that may find
// that there is something to stop; and what a start would restart must not stop
// before the probes are done.
func (s *planner) orderProbes() {
	for _, r := range s.ws.Resources {
		s.orderRestartsAfterProbes(r)
	}
	for _, o := range s.ws.Orderings {
		s.orderAfterProbesOf(o)
	}
}

// orderAfterProbesOf orders what an ordering has after a stop after the probes,
// too.
func (s *planner) orderAfterProbesOf(o *status.Ordering) {
	const stop = "_" + status.ActionNameStop + "_0"
	first, then := o.FirstResource, o.ThenResource
	switch {
	case o.Flags == status.OrderNone, first == nil, first == then,
		o.FirstAction == nil && o.FirstTask == "", o.ThenAction == nil && o.ThenTask == "",
		o.FirstAction != nil && !strings.EqualFold(o.FirstAction.Task, status.ActionNameStop),
		o.FirstAction == nil && !strings.HasSuffix(o.FirstTask, stop):
		return
	case then != nil && first.Container == then:
		// A container may stop before what is in it is probed.
		if o.ThenAction != nil && o.ThenAction.Task == status.ActionNameStop ||
			o.ThenAction == nil && strings.HasSuffix(o.ThenTask, stop) {
			return
		}
	}
	flags := status.OrderOptional | o.Flags&(status.OrderApplyFirstNonMigratable|status.OrderSameNode)
	if o.Flags == status.OrderAntiColocation || o.Flags == status.OrderLoad {
		flags = o.Flags
	}
	probes := first.ActionsNamed(status.ActionNameMonitor, nil, false)
	if len(probes) == 0 {
		return
	}
	var after []*status.Action
	if o.ThenAction != nil {
		after = []*status.Action{o.ThenAction}
	} else if then != nil {
		after = s.ws.FindActions(then, o.ThenTask, nil)
	}
	for _, probe := range probes {
		for _, a := range after {
			if probeIsNeededBefore(probe, a) && probe != a {
				status.Order(probe, a, flags)
			}
		}
	}
}

// probeIsNeededBefore: not before the unfencing that the probe itself waits for,
// nor elsewhere than on the node that shuts down.
func probeIsNeededBefore(probe, then *status.Action) bool {
	if probe.Node == nil || then.Node == nil {
		return true
	}
	switch {
	case strings.EqualFold(then.Task, status.ActionNameFence) && probe.Node == then.Node:
		return !strings.EqualFold(then.Meta.Value("stonith_action"), "on")
	case strings.EqualFold(then.Task, status.ActionNameShutdown):
		return probe.Node == then.Node
	}
	return true
}

func (s *planner) orderRestartsAfterProbes(r *status.Resource) {
	if r.Variant != status.Primitive {
		for _, c := range r.Children {
			s.orderRestartsAfterProbes(c)
		}
		return
	}
	probes := r.ActionsNamed(status.ActionNameMonitor, nil, false)
	w := restartWalk{s: s, r: r}
	for _, probe := range probes {
		for then := range status.NewestFirst(probe.After) {
			for _, a := range w.restartedBy(then.Action) {
				if a != probe {
					status.Order(probe, a, status.OrderOptional)
				}
			}
		}
	}
}

// restartWalk finds which stops and demotions an action after a resource's
// probe brings about. The reference walks there anew for each probe, and it
// cleans the marks of all actions after each walk; that is what it spends most
// of its time on in big clusters. The outcome is the same for all probes of a
// resource, since walks only add relations of probes: it is found once.
type restartWalk struct {
	s     *planner
	r     *status.Resource
	known map[*status.Action][]*status.Action
	seen  map[*status.Action]bool
	found []*status.Action
}

func (w *restartWalk) restartedBy(a *status.Action) []*status.Action {
	if found, ok := w.known[a]; ok {
		return found
	}
	w.seen, w.found = map[*status.Action]bool{}, nil
	w.visit(a)
	if w.known == nil {
		w.known = map[*status.Action][]*status.Action{}
	}
	w.known[a] = w.found
	return w.found
}

func (w *restartWalk) visit(after *status.Action) {
	if w.seen[after] {
		return
	}
	w.seen[after] = true
	r := after.Resource
	if r != nil && r.Variant == status.Primitive && r != w.r {
		var undone []*status.Action
		switch {
		case strings.EqualFold(after.Task, status.ActionNameStart):
			undone = r.ActionsNamed(status.ActionNameStop, nil, false)
		case strings.EqualFold(after.Task, status.ActionNamePromote):
			undone = r.ActionsNamed(status.ActionNameDemote, nil, false)
		}
		for _, a := range undone {
			if !a.Is(status.Pseudo) {
				w.found = append(w.found, a)
			}
		}
	}
	interleave := false
	var partner *status.Resource
	if r != nil && r.Variant > status.Group {
		interleave = status.IsTrue(r.Meta["interleave"])
		if interleave {
			partner = compatibleInstance(w.r, r, status.RoleUnknown, false)
		}
	}
	for next := range status.NewestFirst(after.After) {
		to := next.Action.Resource
		if !next.Flags.Has(status.OrderImpliesThen) {
			// Go on to the members and instances of what is not the probed one's own.
			if r == nil || r.Variant < status.Group || w.r.Parent == r || to == nil || to.Variant > status.Group || to.Parent != r {
				continue
			}
			if r.Variant > status.Group && interleave && (partner == nil || partner != to) {
				continue
			}
		}
		w.visit(next.Action)
	}
}

// addMeta adds a meta-attribute to an action that has none of that name
// (add_hash_param).
func addMeta(a *status.Action, name, value string) {
	if !strings.EqualFold(value, "#default") {
		a.Meta.SetDefault(name, value)
	}
}
