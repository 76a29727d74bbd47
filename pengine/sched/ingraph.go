package sched

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// InGraph tells whether an action is to be carried out, so that it belongs into
// the graph (should_add_action_to_graph).
func InGraph(a *status.Action) bool {
	switch {
	case !a.Is(status.ActionRunnable):
		return false
	case a.Is(status.Optional) && !a.Is(status.PrintAlways):
		return false
	}
	// What is not managed is only monitored, but recurring operations may begin
	// and end.
	if r := a.Resource; r != nil && !r.Is(status.Managed) && !strings.EqualFold(a.Task, status.ActionNameMonitor) {
		if interval, ok := a.Meta.Get("interval"); !ok || interval == "0" {
			return false
		}
	}
	if a.Is(status.Pseudo) || strings.EqualFold(a.Task, status.ActionNameFence) || strings.EqualFold(a.Task, status.ActionNameShutdown) {
		return true
	}
	n := a.Node
	switch {
	case n == nil:
		return skip(a, "because it was not allocated to a node (bug?)")
	case a.Is(status.OnDC), n.IsGuest() && !n.RemoteRequiresReset:
		return true
	case !n.Online:
		return skip(a, "because it was scheduled for offline node (bug?)")
	case n.Unclean:
		return skip(a, "because it was scheduled for unclean node (bug?)")
	}
	return true
}

func skip(a *status.Action, why string) bool {
	if r := a.Resource; r != nil {
		r.WorkingSet().At("should_add_action_to_graph").Errorf("Skipping action %s (%d) %s", a.Key, a.ID, why)
	}
	return false
}

// InputInGraph tells whether a's wait for an input belongs into the graph
// (should_add_input_to_graph). It may find out that there is nothing to wait for
// and drop the relation.
func InputInGraph(a *status.Action, in *status.Relation) bool {
	if in.Dumped {
		return true
	}
	const printedOnly = status.OrderImpliesFirstPrinted | status.OrderImpliesThenPrinted | status.OrderOptional
	first := in.Action
	runnable := first.Is(status.ActionRunnable)
	switch {
	case in.Flags == status.OrderNone,
		!runnable && in.Flags&^printedOnly == 0,
		!runnable && in.Flags.Any(status.OrderOneOrMore|status.OrderImpliesFirstMigratable),
		first.Is(status.MigrateRunnable) && in.Flags.Has(status.OrderApplyFirstNonMigratable),
		first.Is(status.MigrateRunnable) && in.Flags == status.OrderOptional && strings.HasSuffix(first.Key, "_stop_0"):
		return false
	case in.Flags == status.OrderLoad:
		if !loadMatters(a, first) {
			in.Flags = status.OrderNone
			return false
		}
	case in.Flags == status.OrderAntiColocation:
		if first.Node != nil && a.Node != nil && first.Node != a.Node || first.Is(status.Optional) {
			in.Flags = status.OrderNone
			return false
		}
	case first.Resource != nil && first.Resource != a.Resource && first.Resource.Is(status.Failed) &&
		!first.Resource.Is(status.Managed) && strings.HasSuffix(first.Key, "_stop_0") &&
		a.Resource.IsClone():
		a.Resource.WorkingSet().At("should_add_input_to_graph").Logf(loglevel.Warning,
			"Ignoring requirement that %s complete before %s: unmanaged failed resources cannot prevent clone shutdown", first.Key, a.Key)
		return false
	case first.Is(status.Optional) && !first.Flags.Any(status.PrintAlways|status.Dumped) && !InGraph(first):
		return false
	}
	return true
}

// loadMatters tells whether what frees capacity frees it where a needs it.
func loadMatters(a, first *status.Action) bool {
	if a.Resource != nil && strings.EqualFold(a.Task, status.ActionNameMigrateTo) {
		// A migration needs it where the resource goes.
		to := a.Resource.AssignedTo
		return first.Node != nil && to != nil && first.Node == to.Node
	}
	return first.Node != nil && a.Node != nil && first.Node == a.Node && !first.Is(status.Optional)
}
