package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// scheduleFencingAndShutdowns fences what is unclean and lets go what wants to
// leave, the DC last (schedule_fencing_and_shutdowns).
func scheduleFencingAndShutdowns(ws *status.WorkingSet) {
	s := &planner{ws: ws}
	managed := anyManaged(ws.Resources)
	if !managed {
		s.ws.At("schedule_fencing_and_shutdowns").Noticef("No fencing will be done until there are resources to manage")
	}
	var dcDown *status.Action
	var fencings, shutdowns []*status.Action
	integrityLost := false
	for _, n := range ws.Nodes {
		if n.IsGuest() {
			if n.RemoteRequiresReset && managed && ws.CanFence(n) {
				s.fenceGuest(n)
			}
			continue
		}
		var fencing *status.Action
		switch {
		case managed && n.Unclean && ws.CanFence(n):
			fencing = ws.FenceAction(n, "", false, "node is unclean", false)
			ws.At("schedule_fencing").Warnf("Scheduling node %s for fencing", n)
			s.orderVsFence(fencing)
			if n.IsDC {
				dcDown = fencing
				break
			}
			// Nodes of one name share the action.
			if last := len(fencings) - 1; !ws.Flags.Has(status.ConcurrentFencing) && last >= 0 && fencings[last] != fencing {
				status.Order(fencings[last], fencing, status.OrderOptional)
			}
			fencings = append(fencings, fencing)
		case !n.IsGuestOrRemote() && n.Online && n.Shutdown:
			down := s.shutdownAction(n)
			if n.IsDC {
				dcDown = down
			} else {
				shutdowns = append(shutdowns, down)
			}
		}
		if fencing == nil && n.Unclean {
			integrityLost = true
			ws.At("schedule_fencing_and_shutdowns").Warnf("Node %s is unclean but cannot be fenced", n)
		}
	}
	if integrityLost {
		if !ws.Flags.Has(status.FencingEnabled) {
			ws.At("schedule_fencing_and_shutdowns").Warnf("Resource functionality and data integrity cannot be guaranteed (configure, enable, and test fencing to correct this)")
		} else if !ws.Flags.Has(status.HaveQuorum) {
			s.ws.At("schedule_fencing_and_shutdowns").Noticef("Unclean nodes will not be fenced until quorum is attained or no-quorum-policy is set to ignore")
		}
	}
	if dcDown == nil {
		return
	}
	// The DC carries out the rest, so it goes last. It does not wait for
	// shutdowns, which need it no more, if it has to be fenced.
	if strings.EqualFold(dcDown.Task, status.ActionNameShutdown) {
		orderAfterEach(dcDown, shutdowns)
	}
	if ws.Flags.Has(status.ConcurrentFencing) {
		orderAfterEach(dcDown, fencings)
	} else if len(fencings) > 0 {
		status.Order(fencings[len(fencings)-1], dcDown, status.OrderOptional)
	}
}

func orderAfterEach(a *status.Action, list []*status.Action) {
	for before := range status.NewestFirst(list) {
		if before != a { // which nodes of one name share
			status.Order(before, a, status.OrderOptional)
		}
	}
}

func anyManaged(resources []*status.Resource) bool {
	for _, r := range resources {
		if r.Is(status.Managed) || anyManaged(r.Children) {
			return true
		}
	}
	return false
}

// shutdownAction lets a node leave, after what has to stop there
// (pcmk__new_shutdown_action).
func (s *planner) shutdownAction(n *status.Node) *status.Action {
	down := s.ws.Action(nil, status.ActionNameShutdown+"-"+n.Name, status.ActionNameShutdown, n, false, true)
	for a := range status.NewestFirst(s.ws.Actions) {
		r := a.Resource
		if r == nil || a.Node != n || !strings.EqualFold(a.Task, status.ActionNameStop) ||
			r.Is(status.Maintenance) || n.Maintenance || !r.Flags.Any(status.Managed|status.Blocked) {
			continue
		}
		a.Clear(status.Optional)
		order(s.ws, actionOf(a), step{nil, status.ActionNameShutdown, down}, status.OrderOptional|status.OrderRunnableFirst)
	}
	addMeta(down, "op_no_wait", "true")
	return down
}

// orderVsFence orders the actions of all resources relative to a fencing
// (pcmk__order_vs_fence).
func (s *planner) orderVsFence(fencing *status.Action) {
	for _, r := range s.ws.Resources {
		s.orderResourceVsFence(r, fencing)
	}
}

func (s *planner) orderResourceVsFence(r *status.Resource, fencing *status.Action) {
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			s.orderResourceVsFence(c, fencing)
		}
		return
	}
	if r.Is(status.Managed) {
		s.orderStartsVsFence(r, fencing)
		s.orderStopsVsFence(r, fencing)
	}
}

// orderStartsVsFence lets wait for a fencing what requires that all failed nodes
// are fenced, and a start where the resource could have been active on the
// node.
func (s *planner) orderStartsVsFence(r *status.Resource, fencing *status.Action) {
	target := fencing.Node
	for a := range status.NewestFirst(r.Actions) {
		switch a.Needs {
		case status.RequiresFencing:
			status.Order(fencing, a, status.OrderOptional)
		case status.RequiresQuorum:
			if strings.EqualFold(a.Task, status.ActionNameStart) && r.Allowed.Get(target) != nil && !knownOnOrClone(r, target) {
				status.Order(fencing, a, status.OrderOptional|status.OrderRunnableFirst)
			}
		}
	}
}

func knownOnOrClone(r *status.Resource, n *status.Node) bool {
	return r.Known.Has(n) || r.Variant == status.Primitive && r.Parent.IsAnonymousClone() && r.Parent.Known.Has(n)
}

// orderStopsVsFence makes stops and demotions on the fenced node implicit: they
// are done when it is fenced.
func (s *planner) orderStopsVsFence(r *status.Resource, fencing *status.Action) {
	target := fencing.Node
	implicit := r.Is(status.NeedsFencing) || target.IsGuest()
	stops := r.ActionsNamed(status.ActionNameStop, target, false)
	var parentStop *status.Action
	if len(stops) > 0 && implicit {
		parentStop = status.FindFirstAction(r.Top().Actions, "", status.ActionNameStop, nil)
	}
	for _, stop := range stops {
		stop.Set(status.Pseudo | status.ActionRunnable)
		if implicit {
			stop.Set(status.ImpliedByFencing)
			if !r.IsBundled() {
				status.Order(fencing, stop, status.OrderPreserve)
			}
			status.Order(fencing, parentStop, status.OrderPreserve)
		}
		when := "because"
		if implicit {
			when = "after"
		}
		if r.Is(status.Failed) {
			s.ws.At("order_stop_vs_fencing").Noticef("Stop of failed resource %s is implicit %s %s is fenced", r.ID, when, target)
		} else {
			s.ws.At("order_stop_vs_fencing").Infof("%s is implicit %s %s is fenced", stop.Key, when, target)
		}
		if r.Is(status.Notify) {
			s.notifyAfterFencing(stop, r, fencing)
		}
	}
	for _, demote := range r.ActionsNamed(status.ActionNameDemote, target, false) {
		if demote.Node.Online && !demote.Node.Unclean && !r.Is(status.Failed) {
			continue
		}
		if r.Is(status.Failed) {
			s.ws.At("order_stop_vs_fencing").Infof("Demote of failed resource %s is implicit after %s is fenced", r.ID, target)
		} else {
			s.ws.At("order_stop_vs_fencing").Infof("%s is implicit after %s is fenced", demote.Key, target)
		}
		demote.Set(status.Pseudo | status.ActionRunnable)
		if !r.IsBundled() && implicit {
			status.Order(fencing, demote, status.OrderPreserve|status.OrderOptional)
		}
	}
}

// orderVsUnfence lets an action wait for the unfencing of its node, if it needs
// that, or if the resource is what unfences (pcmk__order_vs_unfence).
func (s *planner) orderVsUnfence(r *status.Resource, n *status.Node, a *status.Action, flags status.OrderFlags) {
	if !(r.Is(status.FenceDevice) && s.ws.Flags.Has(status.EnableUnfencing)) && !r.Is(status.NeedsUnfencing) {
		return
	}
	unfence := s.ws.FenceAction(n, "on", true, "", false)
	status.Order(unfence, a, flags)
	if !isUnfenced(n) {
		s.ws.TriggerUnfencing(nil, n, "required by "+r.ID+" "+a.Task, nil)
	}
}

// isUnfenced tells whether a node says that it was.
func isUnfenced(n *status.Node) bool {
	value, ok := n.Attribute("#node-unfenced")
	return ok && value != "0"
}

// orderRestartVsUnfence: the unfencing of a node comes between stop and start
// there, and a start is required if it is (pcmk__order_restart_vs_unfence).
func (s *planner) orderRestartVsUnfence(r *status.Resource, n *status.Node) {
	unfence := s.ws.FenceAction(n, "on", true, "", false)
	order(s.ws, taskOf(r, status.ActionNameStop), actionOf(unfence), status.OrderOptional|status.OrderSameNode)
	order(s.ws, actionOf(unfence), taskOf(r, status.ActionNameStart), status.OrderImpliesThenOnNode|status.OrderSameNode)
}

// fenceGuest makes a point in time for when a guest node is down for sure:
// after its container has stopped, or the host of that is fenced
// (pcmk__fence_guest).
func (s *planner) fenceGuest(n *status.Node) {
	container := n.RemoteResource.Container
	var stop *status.Action
	operation := "off"
	if container != nil {
		stop = status.FindFirstAction(container.Actions, "", status.ActionNameStop, nil)
		if status.FindFirstAction(container.Actions, "", status.ActionNameStart, nil) != nil {
			operation = "reboot"
		}
	}
	fencing := s.ws.FenceAction(n, operation, false, "guest is unclean", false)
	fencing.Set(status.Pseudo | status.ActionRunnable)
	const after = status.OrderRunnableFirst | status.OrderImpliesThen
	switch {
	case stop != nil && stop.Is(status.Pseudo):
		hostFencing := s.ws.FenceAction(stop.Node, "", false, "", false)
		s.ws.At("pcmk__fence_guest").Infof("Implying guest %s is down (action %d) after %s fencing", n, fencing.ID, stop.Node)
		status.Order(hostFencing, fencing, after)
	case stop != nil:
		status.Order(stop, fencing, after)
		s.ws.At("pcmk__fence_guest").Infof("Implying guest %s is down (action %d) after container %s is stopped (action %d)", n, fencing.ID, container.ID, stop.ID)
	default:
		stop = status.FindFirstAction(n.RemoteResource.Actions, "", status.ActionNameStop, nil)
		if stop == nil {
			s.ws.At("pcmk__fence_guest").Infof("Implying guest %s is down (action %d) ", n, fencing.ID)
			break
		}
		status.Order(stop, fencing, status.OrderOptional)
		s.ws.At("pcmk__fence_guest").Infof("Implying guest %s is down (action %d) after connection is stopped (action %d)", n, fencing.ID, stop.ID)
	}
	s.orderVsFence(fencing)
}
