package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// tagTerm is what a change of a score that no constraint made is owed to.
func (x *explainer) tagTerm(r *status.Resource, n *status.Node, c status.ScoreChange) (kind, text string) {
	switch c.Tag {
	case "stickiness":
		return kindStickiness, "stickiness: it is active there" + source(x.metaSource(r, "resource-stickiness"))
	case "__fail_limit__":
		return kindFailures, x.failLimit(r, n)
	case "__stop_fail__":
		return kindFailure, "its stop failed there" + x.failureOf(r, n, status.ActionNameStop)
	case "hard-error":
		return kindFailure, "a failure rules the node out" + x.failureOf(r, n, "")
	case "fatal-error":
		return kindFailure, "a failure rules all nodes out: it is not configured as its agent needs it" + x.failureOf(r, nil, "")
	case "masked-probe-failure":
		return kindFailure, "it could not be found out whether it is active there" + x.failureOf(r, n, "")
	case "__action_migration_auto__":
		return kindFailure, "an operation that has it leave the node failed" + x.failureOf(r, n, "")
	case "not_managed_default":
		return kindUnmanaged, "it is not managed, and active there"
	case "__orphan_do_not_run__":
		return kindOrphan, "it is not in the configuration any more"
	case "shutdown-lock":
		return kindLock, x.lockText(r)
	case "__limit_utilization__":
		return kindUtilization, x.shortage(r, n)
	case "__no_ticket__":
		return kindTicket, "ticket " + x.tickets(r) + " is not granted"
	case "__ticket_standby__":
		return kindTicket, "ticket " + x.tickets(r) + " is in standby"
	case "__loss_of_ticket__":
		return kindTicket, "ticket " + x.tickets(r) + " was lost"
	case "__stateful_without_ticket__":
		return kindTicket, "ticket " + x.tickets(r) + ", which promotion needs, is not there"
	case "clone:limit_reached":
		return kindCloneLimit, x.cloneLimit(r)
	case "target-role":
		return kindDisabled, x.disabledText(r)
	case status.TagAvoidRemote:
		return kindRemote, "it cannot run on remote or guest nodes"
	case status.TagBundleReplica:
		return kindContainer, "what is in a bundle's container runs on that container's own node, and nowhere else"
	case status.TagCloneBanned:
		return kindCloneLimit, "its clone " + r.Outermost().ID + " is kept from the node"
	case status.TagCloneNodeMax:
		return kindCloneLimit, x.nodeLimit(r)
	case status.TagContainer:
		return kindContainer, "it runs on the node of its own container only"
	case status.TagDisallowed:
		return kindContainer, "the node is inside of a bundle's container"
	case status.TagEverywhere:
		return kindFailure, x.everywhereText(r)
	case status.TagExclusive:
		return kindDiscovery, notExclusive(x.discoverySource(r))
	case status.TagNodeUnavailable:
		if state := x.stateOf(n); state != "" {
			return kindNode, "the node is " + state
		}
		return kindNode, "the node cannot run resources"
	case status.TagPromotion:
		if c.With != nil {
			return kindPromotion, "promotion score of " + c.With.ID
		}
		return kindPromotion, "promotion score" + source(promotionSource(r, n))
	}
	return kindOther, c.Tag
}

// promotionSource are the node attributes that have the promotion scores of an
// instance, or of what is in it, on a node.
func promotionSource(r *status.Resource, n *status.Node) string {
	var names []string
	for _, p := range primitives(r) {
		id := p.ID
		if p.HistoryID != "" {
			id = p.HistoryID
		}
		for _, name := range []string{"master-" + id, "master-" + status.BaseName(p.ID)} {
			if value, ok := n.AttributeFor(name, p); ok {
				names = append(names, name+"="+value)
				break
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "node attribute " + list(names)
}

// source is where something was set, in words, or "".
func source(where string) string {
	if where == "" {
		return ""
	}
	return " (" + where + ")"
}

// failLimit says that something has failed too often.
func (x *explainer) failLimit(r *status.Resource, n *status.Node) string {
	failed, count := r, 0
	for _, p := range primitives(r.Outermost()) {
		if !related(p, r) && p.Top() != r {
			continue
		}
		if c, _ := p.FailCount(n, status.FailCountEffective|status.FailCountFillers, nil); c > count {
			failed, count = p, c
		}
	}
	who := "it"
	if failed != r {
		who = failed.ID
	}
	times := fmt.Sprintf("%d times", count)
	switch {
	case count >= status.Infinity:
		times = "INFINITY times, as a failed start or stop counts"
	case count == 1:
		times = "once"
	}
	return fmt.Sprintf("%s has failed there %s, and no more is allowed (migration-threshold=%s%s); crm_resource --cleanup lets it try again",
		who, times, status.FormatScore(failed.MigrationThreshold), comma(x.metaSource(failed, "migration-threshold")))
}

func comma(where string) string {
	if where == "" {
		return ""
	}
	return ", " + where
}

// primitives are a resource, or what of primitives is in it.
func primitives(r *status.Resource) (all []*status.Resource) {
	if len(r.Children) == 0 {
		return []*status.Resource{r}
	}
	for _, c := range r.Children {
		all = append(all, primitives(c)...)
	}
	return all
}

// failureOf is the last failure of a resource or of what is in it, of a task or of
// any, on a node or on any; "" if there is none.
func (x *explainer) failureOf(r *status.Resource, n *status.Node, task string) string {
	var last *status.HistoryEntry
	var of *status.Resource
	on := ""
	for _, p := range primitives(r) {
		for _, m := range x.ws.Nodes {
			if n != nil && m != n {
				continue
			}
			for _, e := range x.trace.Failures[status.TracedScore{Resource: p, Node: m}] {
				if (task == "" || e.Task == task) && (last == nil || e.LastChange >= last.LastChange) {
					last, of, on = e, p, m.String()
				}
			}
		}
	}
	if last == nil {
		return ""
	}
	who := ""
	if of != r {
		who = of.ID + "'s "
	}
	text := ": " + who + x.entryText(last)
	if n == nil {
		text += " on " + on
	}
	return text
}

// entryText says what an operation came to.
func (x *explainer) entryText(e *status.HistoryEntry) string {
	task := e.Task
	switch {
	case e.IsProbe():
		task = "probe"
	case e.IntervalMS > 0:
		task += fmt.Sprintf(" (every %s)", interval(e.IntervalMS))
	}
	result := fmt.Sprintf("ended with %d (%s)", e.RC, status.ExitText(e.RC))
	if e.Status == status.ExecTimeout {
		result = "timed out"
	}
	if e.LastChange > 0 {
		result += " at " + x.clock(e.LastChange)
	}
	if e.ExitReason != "" {
		result += fmt.Sprintf(", saying '%s'", e.ExitReason)
	}
	return task + " " + result
}

func interval(ms uint) string {
	if ms%1000 == 0 {
		return fmt.Sprintf("%ds", ms/1000)
	}
	return fmt.Sprintf("%dms", ms)
}

func (x *explainer) lockText(r *status.Resource) string {
	for ; r != nil; r = r.Parent {
		if r.LockNode != nil {
			return fmt.Sprintf("it is kept for %s, which shut down while it was active there (shutdown-lock=true)", r.LockNode)
		}
	}
	return "it is kept for the node that shut down (shutdown-lock=true)"
}

// shortage says what a node lacks.
func (x *explainer) shortage(r *status.Resource, n *status.Node) string {
	s, ok := x.trace.Shortages[status.TracedScore{Resource: r, Node: n}]
	if !ok {
		return "the node has not enough capacity left"
	}
	var lacks []string
	for _, name := range slices.Sorted(maps.Keys(s.Needed)) {
		free := s.Free[name]
		if free == "" {
			free = "0"
		}
		lacks = append(lacks, fmt.Sprintf("%s %s of %s", name, s.Needed[name], free))
	}
	text := "the node has not enough capacity left, needed of free: " + strings.Join(lacks, ", ")
	if len(s.With) > 0 {
		var names []string
		for _, o := range s.With {
			names = append(names, o.ID)
		}
		text += ", together with " + list(names)
	}
	return text
}

// tickets are those that a resource depends on and that it lacks.
func (x *explainer) tickets(r *status.Resource) string {
	var names []string
	for p := r; p != nil; p = p.Parent {
		for _, c := range p.Tickets {
			if c.Ticket.Granted && !c.Ticket.Standby {
				continue
			}
			names = append(names, fmt.Sprintf("%s (constraint %s)", c.Ticket.ID, c.ID))
		}
	}
	return list(names)
}

// cloneLimit says that a clone has as many instances as it may.
func (x *explainer) cloneLimit(r *status.Resource) string {
	top := r.Outermost()
	if top.Variant == status.Bundle {
		return fmt.Sprintf("bundle %s has its %s elsewhere already", top.ID, counted(top.BundleData.ReplicaCount, "replica"))
	}
	top = r.Top()
	if !top.IsClone() {
		return "there are instances enough"
	}
	return fmt.Sprintf("clone %s has its %s elsewhere already (clone-max=%d)", top.ID, counted(top.CloneData.Max, "instance"), top.CloneData.Max)
}

// nodeLimit says that a node has as many instances as it may.
func (x *explainer) nodeLimit(r *status.Resource) string {
	top := r.Outermost()
	if top.Variant == status.Bundle {
		return fmt.Sprintf("the node has its %s of bundle %s already (replicas-per-host=%d)", counted(top.BundleData.ReplicasPerHost, "replica"), top.ID, top.BundleData.ReplicasPerHost)
	}
	top = r.Top()
	if !top.IsClone() {
		return "the node has its instance already"
	}
	return fmt.Sprintf("the node has its %s of clone %s already (clone-node-max=%d)", counted(top.CloneData.NodeMax, "instance"), top.ID, top.CloneData.NodeMax)
}

// disabledText says why a resource shall be stopped wherever it is.
func (x *explainer) disabledText(r *status.Resource) string {
	if r.IsDisabled() {
		return "it is disabled: target-role=" + r.Meta["target-role"] + source(x.metaSource(r, "target-role"))
	}
	changes := x.trace.Roles[r]
	for _, c := range slices.Backward(changes) {
		if c.To == status.RoleStopped {
			switch c.Why {
			case "on-fail=stop", "failure":
				return "an operation with on-fail=stop failed" + x.failureOf(r, nil, "")
			case "remote reset":
				return "the connection failed and waits for reconnect_interval to pass" + x.failureOf(r, nil, "")
			case "demote with on-fail=block":
				return "its demotion failed, with on-fail=block" + x.failureOf(r, nil, "")
			}
			return "it shall be stopped: " + c.Why
		}
	}
	return "it shall be stopped"
}

// everywhereText says why a resource is banned from all nodes at once.
func (x *explainer) everywhereText(r *status.Resource) string {
	for _, p := range primitives(r) {
		if p.Recovery == status.RecoveryStopOnly && len(p.Running) > 1 {
			return "it is active on more than one node, with multiple-active=stop_only"
		}
	}
	return "a failure keeps it from all nodes" + x.failureOf(r, nil, "")
}

// notExclusive says that a node is none of those where alone a resource may be.
func notExclusive(constraints string) string {
	return "resource-discovery is exclusive" + constraints + ", and no such constraint names the node"
}

// discoverySource are the constraints with resource-discovery=exclusive.
func (x *explainer) discoverySource(r *status.Resource) string {
	var ids []string
	for p := r; p != nil; p = p.Parent {
		for _, l := range p.Locations {
			if l.Discovery == status.DiscoverExclusive && !slices.Contains(ids, l.ID) {
				ids = append(ids, l.ID)
			}
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return " (location constraint " + list(ids) + ")"
}
