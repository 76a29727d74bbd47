package sched

import (
	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// createCloneActions creates what the instances do, and the points in time at
// which the clone as a whole begins and ends (clone_create_actions).
func (s *planner) createCloneActions(r *status.Resource) {
	d := r.CloneData
	start, stop := s.createInstanceActions(r, r.Children)
	if notificationsOf(d.StartNotify) == nil {
		d.StartNotify = s.notifyAround(r, status.ActionNameStart, start.begin, start.end)
	}
	s.finishStop(r, &stop)
	if notificationsOf(d.StopNotify) == nil {
		d.StopNotify = s.notifyAround(r, status.ActionNameStop, stop.begin, stop.end)
		if a, b := notificationsOf(d.StartNotify), notificationsOf(d.StopNotify); a != nil && b != nil {
			status.Order(b.postDone, a.pre, status.OrderOptional)
		}
	}
	s.orderInstanceChanges(r)
	if r.Is(status.Promotable) {
		s.createPromotableActions(r)
	}
}

// span is the beginning and the end of what a collective resource does.
type span struct {
	begin, end *status.Action
	optional   bool
	migratable bool
}

// createInstanceActions creates the instances' actions and the span of their
// starts; finishStop makes that of their stops.
func (s *planner) createInstanceActions(r *status.Resource, instances []*status.Resource) (start, stop span) {
	var sum changes
	migratable := true
	for _, instance := range instances {
		s.createActions(instance)
		var c changes
		c.addStartsAndStops(instance)
		if c.stopping && c.starting {
			migratable = false
		}
		sum.stopping = sum.stopping || c.stopping
		sum.starting = sum.starting || c.starting
		sum.active = sum.active || c.active
	}
	start.begin = r.PseudoAction(status.ActionNameStart, !sum.starting, true)
	start.end = r.PseudoAction(status.ActionNameStarted, !sum.starting, false)
	start.end.Priority = status.Infinity
	if sum.active || sum.starting {
		start.end.Set(status.ActionRunnable)
	}
	return start, span{optional: !sum.stopping, migratable: migratable}
}

func (s *planner) finishStop(r *status.Resource, stop *span) {
	stop.begin = r.PseudoAction(status.ActionNameStop, stop.optional, true)
	stop.end = r.PseudoAction(status.ActionNameStopped, stop.optional, true)
	stop.end.Priority = status.Infinity
	if stop.migratable {
		stop.begin.Set(status.MigrateRunnable)
	}
}

// orderInstanceChanges has the instances of an ordered clone start and stop one
// after the other.
func (s *planner) orderInstanceChanges(r *status.Resource) {
	if !r.CloneData.Ordered {
		return
	}
	glist.Sort(r.Children, compareInstanceNumbers)
	var lastStop, lastStart *status.Action
	for _, instance := range r.Children {
		if stop := oneRequired(instance, status.ActionNameStop); stop != nil {
			status.Order(stop, lastStop, status.OrderOptional)
			lastStop = stop
		}
		if start := oneRequired(instance, status.ActionNameStart); start != nil {
			status.Order(lastStart, start, status.OrderOptional)
			lastStart = start
		}
	}
}

// createPromotableActions adds promotions and demotions
// (pcmk__create_promotable_actions).
func (s *planner) createPromotableActions(r *status.Resource) {
	var c changes
	for _, instance := range r.Children {
		s.createActions(instance)
		c.addRoleChanges(instance)
	}
	d := r.CloneData
	promote := r.PseudoAction(status.ActionNamePromote, !c.promoting, true)
	promoted := r.PseudoAction(status.ActionNamePromoted, !c.promoting, true)
	promoted.Priority = status.Infinity
	if notificationsOf(d.PromoteNotify) == nil {
		d.PromoteNotify = s.notifyAround(r, status.ActionNamePromote, promote, promoted)
	}
	demote := r.PseudoAction(status.ActionNameDemote, !c.demoting, true)
	demoted := r.PseudoAction(status.ActionNameDemoted, !c.demoting, true)
	demoted.Priority = status.Infinity
	if notificationsOf(d.DemoteNotify) == nil {
		d.DemoteNotify = s.notifyAround(r, status.ActionNameDemote, demote, demoted)
		if p := notificationsOf(d.PromoteNotify); p != nil {
			stops, starts, demotes := notificationsOf(d.StopNotify), notificationsOf(d.StartNotify), notificationsOf(d.DemoteNotify)
			status.Order(stops.postDone, p.pre, status.OrderOptional)
			status.Order(starts.postDone, p.pre, status.OrderOptional)
			status.Order(demotes.postDone, p.pre, status.OrderOptional)
			status.Order(demotes.postDone, starts.pre, status.OrderOptional)
			status.Order(demotes.postDone, stops.pre, status.OrderOptional)
		}
	}
	// The priorities were those of promotion; from now on they are the graph's.
	for _, instance := range r.Children {
		instance.Priority = r.Priority
	}
}

// createBundleActions creates what the replicas do, and the points in time at
// which the bundle begins and ends (pcmk__bundle_create_actions).
func (s *planner) createBundleActions(r *status.Resource) {
	b := r.BundleData
	for _, replica := range b.Replicas {
		for _, part := range []*status.Resource{replica.IP, replica.Container, replica.Remote} {
			if part != nil {
				s.createActions(part)
			}
		}
	}
	_, stop := s.createInstanceActions(r, instancesOf(r))
	s.finishStop(r, &stop)
	if b.Child == nil {
		return
	}
	s.createActions(b.Child)
	if b.Child.Is(status.Promotable) {
		r.PseudoAction(status.ActionNamePromote, true, true)
		r.PseudoAction(status.ActionNamePromoted, true, true).Priority = status.Infinity
		r.PseudoAction(status.ActionNameDemote, true, true)
		r.PseudoAction(status.ActionNameDemoted, true, true).Priority = status.Infinity
	}
}
