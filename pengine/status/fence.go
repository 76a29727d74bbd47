package status

import (
	"strings"
)

// CanFence tells whether the cluster is able to fence the node: for a guest,
// to recover its container wherever that is active (pe_can_fence). Without
// quorum it can only if it may ignore that, or the node is in its membership.
func (ws *WorkingSet) CanFence(n *Node) bool { return ws.canFence(n, maxNesting) }

func (ws *WorkingSet) canFence(n *Node, nesting int) bool {
	if n.IsGuest() {
		for _, host := range n.RemoteResource.Container.Running {
			if nesting == 0 || !host.Online && !ws.canFence(host, nesting-1) {
				return false
			}
		}
		return true
	}
	switch {
	case !ws.Flags.Has(FencingEnabled), !ws.Flags.Has(HaveFenceDevice):
		return false
	case ws.Flags.Has(HaveQuorum), ws.NoQuorumPolicy == NoQuorumIgnore:
		return true
	case n == nil:
		return false
	case n.Online:
		ws.At("pe_can_fence").Noticef("We can fence %s without quorum because they're in our membership", n)
		return true
	}
	return false
}

// FenceNode has the node fenced: a guest by recovering its container, others by
// a fencing action, which follows once resources are assigned for those that
// may still come back (pe_fence_node). priorityDelay says that
// priority-fencing-delay applies.
func (ws *WorkingSet) FenceNode(n *Node, reason string, priorityDelay bool) {
	if t := ws.Options.Trace; t != nil {
		t.Fencing[n] = append(t.Fencing[n], reason)
	}
	willBe := func() string {
		if ws.CanFence(n) {
			return "will be fenced"
		}
		return "is unclean"
	}
	switch {
	case n.IsGuest():
		container := n.RemoteResource.Container
		switch {
		case container.Is(Failed):
		case !container.Is(Managed):
			ws.At("pe_fence_node").Noticef("Not fencing guest node %s (otherwise would because %s): its guest resource %s is unmanaged", n, reason, container.ID)
		default:
			ws.At("pe_fence_node").Warningf("Guest node %s will be fenced (by recovering its guest resource %s): %s", n, container.ID, reason)
			n.RemoteRequiresReset = true
			container.Set(Failed | Stop)
		}
	case n.isDangling():
		ws.At("pe_fence_node").Infof("Cleaning up dangling connection for guest node %s: fencing was already done because %s, and guest resource no longer exists", n, reason)
		n.RemoteResource.Set(Failed | Stop)
	case n.IsRemote():
		if r := n.RemoteResource; r != nil && !r.Is(Managed) {
			ws.At("pe_fence_node").Noticef("Not fencing remote node %s (otherwise would because %s): connection is unmanaged", n, reason)
		} else if !n.RemoteRequiresReset {
			n.RemoteRequiresReset = true
			ws.At("pe_fence_node").Warningf("Remote node %s %s: %s", n, willBe(), reason)
		}
		n.Unclean = true
		ws.FenceAction(n, "", true, reason, false)
	case n.Unclean:
		ws.tracef("Cluster node %s is unclean already: %s", n, reason)
	default:
		ws.At("pe_fence_node").Warningf("Cluster node %s %s: %s", n, willBe(), reason)
		n.Unclean = true
		ws.FenceAction(n, "", true, reason, priorityDelay)
	}
}

// isDangling tells whether it is a guest node of which configuration and status
// have no container any more.
func (n *Node) isDangling() bool {
	return n.IsGuestOrRemote() && n.RemoteResource != nil && n.RemoteResource.Container == nil &&
		n.RemoteResource.Is(OrphanContainerFiller)
}

// FenceAction is the fencing of the node by that operation ("" for the
// cluster's: reboot or off; "on" unfences), required unless optional is set or
// the node cannot be fenced (pe_fence_op).
func (ws *WorkingSet) FenceAction(n *Node, operation string, optional bool, reason string, priorityDelay bool) *Action {
	if operation == "" {
		operation = ws.FencingAction
	}
	key := ActionNameFence + "-" + n.Name + "-" + operation
	a := ws.singletons[key]
	if a == nil {
		a = ws.Action(nil, key, ActionNameFence, n, true, true)
		a.Meta.SetDefault("on_node", n.Name)
		a.Meta.SetDefault("on_node_uuid", n.ID)
		a.Meta.SetDefault("stonith_action", operation)
		if ws.Flags.Has(EnableUnfencing) && ws.compareFenceDevices(a, n) {
			optional = false
		}
	}
	const delay = "priority-fencing-delay"
	if ws.PriorityFencingDelay > 0 && (priorityDelay || a.Meta.Has(delay)) {
		a.Meta.Set(delay, formatInt(ws.priorityDelay(n)))
	}
	if !optional && ws.CanFence(n) {
		a.Clear(Optional)
		a.SetReason(reason, false)
	} else if reason != "" && a.Reason == "" {
		a.Reason = reason
	}
	return a
}

// compareFenceDevices gives a fencing action the digests of the devices that
// unfence, and tells whether one of them has changed since the node was
// unfenced.
func (ws *WorkingSet) compareFenceDevices(a *Action, n *Node) (changed bool) {
	var all, secure strings.Builder
	for device := range NewestFirst(unfencingDevices(ws.Resources, nil)) {
		agent := device.Meta["type"]
		d := device.compareFencingDigest(agent, n)
		if d.Result == DigestAll {
			changed = true
			ws.At("pe_fence_op").Noticef("Unfencing Pacemaker Remote node %s because the definition of %s changed", n, device.ID)
			ws.Infof("notice: Unfencing Pacemaker Remote node %s because the definition of %s changed", n, device.ID)
		}
		all.WriteString(device.ID + ":" + agent + ":" + d.All + ",")
		secure.WriteString(device.ID + ":" + agent + ":" + d.Secure + ",")
	}
	a.Meta.Set("digests-all", all.String())
	a.Meta.Set("digests-secure", secure.String())
	return changed
}

// unfencingDevices adds to found the fence devices that unfence. The reference
// prepends.
func unfencingDevices(candidates, found []*Resource) []*Resource {
	for _, r := range candidates {
		switch {
		case len(r.Children) > 0:
			found = unfencingDevices(r.Children, found)
		case !r.Is(FenceDevice):
		case r.Is(NeedsUnfencing), strings.EqualFold(r.Meta["provides"], "unfencing"):
			found = append(found, r)
		}
	}
	return found
}

// priorityDelay is how many seconds the fencing of the node waits so that a
// partition with more important resources wins: priority-fencing-delay for the
// node of highest priority, if this partition is not the greater one.
func (ws *WorkingSet) priorityDelay(n *Node) int {
	if n.Type != NodeMember || n.Online {
		return 0
	}
	members, online, highest, lowest := 0, 0, 0, 0
	for _, m := range ws.Nodes {
		if m.Type != NodeMember {
			continue
		}
		members++
		if m.Online {
			online++
		}
		if members == 1 || m.Priority > highest {
			highest = m.Priority
		}
		if members == 1 || m.Priority < lowest {
			lowest = m.Priority
		}
	}
	if online > members/2 || lowest == highest || n.Priority < highest {
		return 0
	}
	return ws.PriorityFencingDelay
}

// TriggerUnfencing unfences the node, or if it is nil every node that the fence
// device may run on, as far as they are up; dependency, if not nil, waits for it
// (trigger_unfencing). The resource is nil or the device that asks for it.
func (ws *WorkingSet) TriggerUnfencing(r *Resource, n *Node, reason string, dependency *Action) {
	switch {
	case !ws.Flags.Has(EnableUnfencing), r != nil && !r.Is(FenceDevice):
	case n != nil && n.Online && !n.Unclean && !n.Shutdown:
		unfence := ws.FenceAction(n, "on", false, reason, false)
		if dependency != nil {
			Order(unfence, dependency, OrderOptional)
		}
	case r != nil:
		for c := range r.Allowed.All() {
			if c.Online && !c.Unclean && !c.Shutdown {
				ws.TriggerUnfencing(r, c.Node, reason, dependency)
			}
		}
	}
}
