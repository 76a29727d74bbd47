package explain

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// changes are what the transition does to a resource, each with its reason.
func (x *explainer) changes(r *status.Resource) (all []Change) {
	for _, c := range show.Changes(r) {
		change := Change{Task: strings.ToLower(c.Task), Resource: c.Resource.ID, Reason: c.Reason, Blocked: c.Blocked}
		if c.From != nil {
			change.From = c.From.String()
		}
		if c.To != nil {
			change.To = c.To.String()
		}
		change.Text, _ = x.reasonText(c)
		all = append(all, change)
	}
	return all
}

// reasonText says why an action is taken, or cannot be, "" if there is nothing beyond
// where the resource goes; other is the resource that it is done for, if it is one.
func (x *explainer) reasonText(c show.Change) (text string, other *status.Resource) {
	r := c.Resource
	switch c.Reason {
	case "":
		switch {
		case c.Task == "Recover", r.Is(status.Failed) && c.Task != "Start":
			return x.failedText(r), nil
		case c.Blocked:
			return x.blockedActionText(c.Action), nil
		case c.Task == "Demote":
			text, _ := strings.CutPrefix(x.unpromotedText(r), "because ")
			return text, nil
		}
		return "", nil
	case "resource definition change":
		return "its parameters are others than it was started with (resource definition change)", nil
	case "node availability":
		return "", nil // why it has no place is said anyway
	case "being multiply active":
		return "it is active on more nodes than one", nil
	case "no quorum":
		return "this part of the cluster has no quorum (cluster option no-quorum-policy=" + x.ws.Option("no-quorum-policy") + ")", nil
	case "quorum freeze":
		return "this part of the cluster has no quorum, and what is active stays but nothing is started (cluster option no-quorum-policy=freeze)", nil
	}
	if id, ok := strings.CutPrefix(c.Reason, "colocation with "); ok {
		return "of its colocation with " + id, nil
	}
	how, rest, _ := strings.Cut(c.Reason, " ")
	id, task, ok := cutLast(rest)
	other = x.ws.Find(id, 0)
	if !ok || other == nil || how != "required" && how != "unrunnable" {
		return c.Reason, nil
	}
	tie := x.tie(r, other)
	if how == "unrunnable" {
		return fmt.Sprintf("%s, which it depends on%s, cannot %s", id, tie, verb(task)), other
	}
	return fmt.Sprintf("%s has to %s, and %s has to go along%s", id, verb(task), r.ID, tie), other
}

// failedText says what has failed.
func (x *explainer) failedText(r *status.Resource) string {
	if failure := x.failureOf(r, nil, ""); failure != "" {
		return "it has failed" + failure
	}
	for _, n := range r.Running {
		if n.Unclean || n.RemoteRequiresReset {
			return fmt.Sprintf("%s, where it is active, has to be recovered", n)
		}
	}
	return "it has failed"
}

// cutLast cuts a text at its last blank.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// verb is an action as something that a resource does.
func verb(task string) string {
	switch task {
	case status.ActionNameStart, status.ActionNameStarted:
		return "start"
	case status.ActionNameStop, status.ActionNameStopped:
		return "stop"
	case status.ActionNamePromote, status.ActionNamePromoted:
		return "be promoted"
	case status.ActionNameDemote, status.ActionNameDemoted:
		return "be demoted"
	}
	return "do its " + task
}

// tie says which orderings there are between two resources, in brackets, or "".
func (x *explainer) tie(a, b *status.Resource) string {
	var ids []string
	for _, o := range x.ws.Orderings {
		first, then := o.FirstResource, o.ThenResource
		if first == nil || then == nil {
			continue
		}
		if related(first, a) && related(then, b) || related(first, b) && related(then, a) {
			if id := x.trace.OrderIDs[o.ID]; id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	switch {
	case len(ids) > 0:
		return " (order constraint " + list(ids) + ")"
	case a.Parent != nil && a.Parent == b.Parent && a.Parent.Variant == status.Group:
		return " (both are in group " + a.Parent.ID + ")"
	case related(a, b):
		return ""
	}
	for _, c := range x.ws.Colocations {
		if !ownColocation(c) && related(c.Dependent, a) && related(c.Primary, b) || related(c.Dependent, b) && related(c.Primary, a) {
			return " (colocation " + c.ID + ")"
		}
	}
	return ""
}

// blockedActionText says why an action that should be taken cannot be.
func (x *explainer) blockedActionText(a *status.Action) string {
	if n := a.Node; n != nil {
		switch {
		case !n.Online:
			return fmt.Sprintf("%s is offline", n)
		case n.Pending:
			return fmt.Sprintf("%s has not joined the cluster completely", n)
		}
	}
	if a.Resource != nil && !a.Resource.Is(status.Managed) {
		return "it is not managed"
	}
	for _, before := range a.Before {
		if first := before.Action; before.Flags != status.OrderNone && !first.Is(status.ActionRunnable) {
			return x.stepOf(first, a).String() + " cannot be done"
		}
	}
	return ""
}

// step is an action that another waits for, or the same one on several nodes.
type step struct {
	what  string // "its own probe", "the start of db"
	nodes []string
	tie   string // in brackets, or ""
}

// String is "the start of db on node1 (order constraint o1)".
func (s step) String() string {
	text := s.what
	if len(s.nodes) > 0 {
		slices.Sort(s.nodes)
		text += " on " + list(s.nodes)
	}
	return text + s.tie
}

// addStep adds a step, together with one that differs only in the node.
func addStep(steps []step, s step) []step {
	for i, o := range steps {
		if o.what == s.what && o.tie == s.tie {
			for _, n := range s.nodes {
				if !slices.Contains(o.nodes, n) {
					steps[i].nodes = append(o.nodes, n)
				}
			}
			return steps
		}
	}
	return append(steps, s)
}

// stepNames are what actions are called that say that others are done.
var stepNames = sync.OnceValue(func() map[string]string {
	return map[string]string{
		status.ActionNameStarted: status.ActionNameStart, status.ActionNameStopped: status.ActionNameStop,
		status.ActionNamePromoted: status.ActionNamePromote, status.ActionNameDemoted: status.ActionNameDemote,
	}
})

// stepOf names an action that another waits for.
func (x *explainer) stepOf(first, then *status.Action) (s step) {
	task := first.Task
	if name, ok := stepNames()[task]; ok {
		task = name
	}
	switch {
	case task == status.ActionNameFence && first.Meta.Value("stonith_action") == "on":
		return step{what: "the unfencing of " + first.Node.String()}
	case task == status.ActionNameFence:
		return step{what: "the fencing of " + first.Node.String()}
	case first.Resource == nil:
		return step{what: strings.ReplaceAll(first.Task, "_", " ")}
	case task == status.ActionNameMonitor && !first.IsRecurring():
		task = "probe"
	}
	if first.Node != nil && !first.Is(status.Pseudo) {
		s.nodes = []string{first.Node.String()}
	}
	s.what = "its own " + task
	if first.Resource != then.Resource {
		s.what = fmt.Sprintf("the %s of %s", task, first.Resource.ID)
		s.tie = x.tie(first.Resource, then.Resource)
	}
	return s
}

// waits are what has to be done before a resource can start or be promoted.
func (x *explainer) waits(r *status.Resource) (facts []Fact) {
	const most = 8
	for _, a := range r.Actions {
		if a.Task != status.ActionNameStart && a.Task != status.ActionNamePromote || a.Is(status.Optional) || !a.Is(status.ActionRunnable) || a.Is(status.Pseudo) {
			continue
		}
		var steps []step
		for _, before := range a.Before {
			first := before.Action
			if !sched.InGraph(first) || !sched.InputInGraph(a, before) || first.Task == status.ActionNameNotify || first.Task == status.ActionNameNotified {
				continue
			}
			if first.Resource == nil && first.Task != status.ActionNameFence || first.Resource != nil && first.Is(status.Pseudo) && related(first.Resource, r) {
				continue
			}
			steps = addStep(steps, x.stepOf(first, a))
		}
		if len(steps) == 0 {
			continue
		}
		var texts []string
		for _, s := range steps {
			texts = append(texts, s.String())
		}
		slices.Sort(texts)
		if more := len(texts) - most; more > 0 {
			texts = append(texts[:most], counted(more, "more step"))
		}
		facts = append(facts, Fact{"waits", sentence("Its %s waits for %s", a.Task, list(texts))})
	}
	return facts
}
