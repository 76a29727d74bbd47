package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// remoteState is what is known of a remote node's connection.
type remoteState int

const (
	remoteUnknown remoteState = iota
	remoteAlive
	remoteResting // not connected for now, but what runs there goes on
	remoteFailed
	remoteStopped
)

func stateOfRemote(n *status.Node) remoteState {
	r := n.RemoteResource
	host := r.Current()
	if r.NextRole == status.RoleStopped || r.AssignedTo == nil {
		switch {
		case host != nil && host.Unclean:
			return remoteFailed
		case !r.Is(status.Failed):
			return remoteStopped
		case r.NextRole == status.RoleStopped && r.ReconnectMS > 0 && n.RemoteWasFenced && !n.ShutdownRequested():
			return remoteUnknown // waits for the next attempt
		}
		return remoteFailed
	}
	switch {
	case host == nil:
		return remoteUnknown
	case host.Unclean, !host.Online:
		return remoteResting // recovered elsewhere
	case len(r.Running) > 1 && r.MigrationSource != nil && r.MigrationTarget != nil:
		return remoteResting
	}
	return remoteAlive
}

// isFailedRemote tells whether it is a remote node whose connection cannot be
// recovered (pcmk__is_failed_remote_node).
func isFailedRemote(n *status.Node) bool {
	return n.IsRemote() && n.RemoteResource != nil && stateOfRemote(n) == remoteFailed
}

// orderRemoteConnectionActions orders what happens on remote and guest nodes with
// the starts and stops of their connections
// (pcmk__order_remote_connection_actions).
func orderRemoteConnectionActions(ws *status.WorkingSet) {
	s := &planner{ws: ws}
	if !s.ws.Flags.Has(status.HaveRemoteNodes) {
		return
	}
	for a := range status.NewestFirst(s.ws.Actions) {
		r := a.Resource
		if r == nil {
			continue
		}
		if r.IsRemoteNode && strings.EqualFold(a.Task, status.ActionNameClearFailures) {
			// A connection must not start before its failures are forgotten.
			order(s.ws, actionOf(a), taskOf(r, status.ActionNameStart), status.OrderOptional)
			continue
		}
		if a.Node == nil || !a.Node.IsGuestOrRemote() || a.Is(status.Pseudo) || a.Node.RemoteResource == nil {
			continue
		}
		remote := a.Node.RemoteResource
		if strings.EqualFold(a.Task, status.ActionNameStart) {
			// A resource that moves here stops elsewhere only once it can come.
			for other := range status.NewestFirst(r.Actions) {
				if other.Node != a.Node && strings.EqualFold(other.Task, status.ActionNameStop) {
					order(s.ws, taskOf(remote, status.ActionNameStart), step{r, other.Key, other}, status.OrderOptional)
				}
			}
		}
		if remote.Container != nil {
			s.orderOnGuest(a)
		} else {
			s.orderOnRemote(a)
		}
	}
}

// startThen has a connection, or container, start before an action.
func (s *planner) startThen(first *status.Resource, a *status.Action, extra status.OrderFlags) {
	order(s.ws, taskOf(first, status.ActionNameStart), actionOf(a), status.OrderPreserve|status.OrderRunnableFirst|extra)
}

// thenStop has a connection stop after an action.
func (s *planner) thenStop(a *status.Action, then *status.Resource, extra status.OrderFlags) {
	order(s.ws, actionOf(a), taskOf(then, status.ActionNameStop), status.OrderPreserve|extra)
}

// remoteTask is the kind of an action; migrations leave a node like stops.
func remoteTask(a *status.Action) status.Task {
	if strings.EqualFold(a.Task, status.ActionNameMigrateTo) || strings.EqualFold(a.Task, status.ActionNameMigrateFrom) {
		return status.TaskStop
	}
	return status.ParseTask(a.Task)
}

func (s *planner) orderOnRemote(a *status.Action) {
	remote := a.Node.RemoteResource
	state := stateOfRemote(a.Node)
	task := remoteTask(a)
	switch task {
	case status.TaskStart, status.TaskPromote:
		flags := status.OrderNone
		if state == remoteFailed {
			flags = status.OrderImpliesThen // it is recovered with the node
		}
		s.startThen(remote, a, flags)
	case status.TaskStop:
		switch {
		case state == remoteAlive:
			s.thenStop(a, remote, status.OrderImpliesFirst)
		case state == remoteFailed:
			s.ws.FenceNode(a.Node, "resources are active but connection is unrecoverable", false)
		case remote.NextRole == status.RoleStopped:
			s.thenStop(a, remote, status.OrderImpliesFirst)
		default:
			s.startThen(remote, a, status.OrderNone)
		}
	case status.TaskDemote:
		// Otherwise it is implied by the stop.
		if state == remoteResting || state == remoteUnknown {
			s.startThen(remote, a, status.OrderNone)
		}
	default:
		if a.IsRecurring() {
			s.startThen(remote, a, status.OrderImpliesThen)
			return
		}
		if task == status.TaskMonitor && state == remoteFailed {
			s.ws.FenceNode(a.Node, "resources are in unknown state and connection is unrecoverable", false)
		}
		if remote.Current() != nil && state == remoteStopped {
			s.thenStop(a, remote, status.OrderRunnableFirst)
		} else {
			s.startThen(remote, a, status.OrderNone)
		}
	}
}

func (s *planner) orderOnGuest(a *status.Action) {
	remote := a.Node.RemoteResource
	container := remote.Container
	if container.Is(status.Failed) {
		s.ws.FenceNode(a.Node, "container failed", false)
	}
	task := remoteTask(a)
	switch task {
	case status.TaskStart, status.TaskPromote:
		s.startThen(container, a, status.OrderImpliesThen)
		s.startThen(remote, a, status.OrderNone)
	case status.TaskStop, status.TaskDemote:
		// With the container failed it is implied by that one's stop.
		if !container.Is(status.Failed) {
			s.thenStop(a, remote, status.OrderNone)
		}
	default:
		switch {
		case !a.IsRecurring():
			s.startThen(remote, a, status.OrderNone)
		case task != status.TaskNone:
			s.startThen(remote, a, status.OrderImpliesThen)
		}
	}
}

// ConnectionHost is the cluster node over which an action on a remote or guest
// node is carried out, or nil: where the connection is before or after the
// transition, whichever it is when the action's turn comes
// (pcmk__connection_host_for_action).
func ConnectionHost(a *status.Action) *status.Node {
	if strings.EqualFold(a.Task, status.ActionNameFence) || !a.Node.IsGuestOrRemote() {
		return nil
	}
	r := a.Node.RemoteResource
	if r == nil {
		return nil
	}
	before, after := r.Current(), assignedNode(r)
	switch {
	case before == nil:
		return after
	case after == nil, before == after:
		return before
	}
	migrating := r.Container == nil && r.MigrationTarget != nil
	task := a.Task
	if strings.EqualFold(task, status.ActionNameNotify) {
		task = a.Meta.Value("notify_operation")
	}
	switch strings.ToLower(task) {
	case status.ActionNameCancel, status.ActionNameStop, status.ActionNameDemote,
		status.ActionNameMigrateFrom, status.ActionNameMigrateTo:
		if !migrating {
			return before
		}
	}
	return after
}
