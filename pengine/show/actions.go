package show

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// TransitionSummary prints what a scheduled working set does to nodes and resources
// (pcmk__output_actions).
func (p *Printer) TransitionSummary(ws *status.WorkingSet, spacer bool) {
	if spacer {
		p.Spacer()
	}
	p.Begin("Transition Summary")
	s := summary{p: p, columns: newColumns()}
	if p.xml {
		s.write(ws)
		p.End()
		return
	}
	// The reference's columns are as wide as they were when it logged the summary.
	s.write(ws)
	s.lines, s.log = s.lines[:0], ws
	s.write(ws)
	for _, line := range s.lines {
		p.Item("%s", line)
	}
	p.End()
}

// Change is what a transition does to a resource: a line of the summary.
type Change struct {
	Task     string // Start, Stop, Move and so on, as in the summary
	Resource *status.Resource
	From, To *status.Node // nil for none
	Reason   string       // "" if nothing is said
	Blocked  bool         // it should be done but cannot
	Action   *status.Action
}

// Changes are what a scheduled working set does to a resource and all in it.
func Changes(r *status.Resource) (all []Change) {
	s := summary{take: func(c Change) { all = append(all, c) }}
	s.resource(r)
	return all
}

// Columns are how wide the columns of a process's summaries are: they grow as lines are
// written, and stay so for the next transition. The zero value is that of a new process.
type Columns struct{ resource, detail int }

func newColumns() *Columns {
	c := new(Columns)
	c.begin()
	return c
}

// begin gives columns their least width.
func (c *Columns) begin() {
	const least = 5
	c.resource, c.detail = max(c.resource, least), max(c.detail, least)
}

// LogActions is that of a process that makes one transition.
func LogActions(ws *status.WorkingSet) { new(Columns).LogActions(ws) }

// LogActions logs the lines of the summary, as is done when all is scheduled
// (log_all_actions).
func (c *Columns) LogActions(ws *status.WorkingSet) {
	c.begin()
	s := summary{p: &Printer{}, log: ws, columns: c}
	s.say = func(line string) { ws.At("log_list_item").Noticef("Actions: %s", line) }
	s.write(ws)
}

// summary is the lines of a summary. Columns grow as lines are written.
type summary struct {
	p       *Printer
	lines   []string
	say     func(line string)  // instead of lines, if not nil
	log     *status.WorkingSet // for what is only logged, if not nil
	columns *Columns

	take func(Change) // instead of writing lines, if not nil
}

func (s *summary) write(ws *status.WorkingSet) {
	for a := range status.NewestFirst(ws.Actions) {
		if a.Resource == nil && !a.Is(status.Optional) {
			s.nodeAction(a)
		}
	}
	for _, r := range ws.Resources {
		s.resource(r)
	}
}

func (s *summary) add(line string) {
	if s.say != nil {
		s.say(line)
		return
	}
	s.lines = append(s.lines, line)
}

func (s *summary) nodeAction(a *status.Action) {
	task := "Shutdown"
	switch {
	case strings.EqualFold(a.Task, status.ActionNameShutdown):
	case strings.EqualFold(a.Task, status.ActionNameFence):
		task = "Fence (" + a.Meta.Value("stonith_action") + ")"
	default:
		return
	}
	name := "(null)"
	if a.Node != nil {
		name = a.Node.String()
	}
	if a.Node.IsGuest() {
		name += " (resource: " + a.Node.RemoteResource.Container.ID + ")"
	}
	if a.Reason == "" {
		if s.log != nil {
			s.log.At("node_action").Noticef(" * %s %s", task, name)
		}
		return
	}
	if s.p.xml {
		s.p.Element("node_action", "task", task, "node", name, "reason", a.Reason)
		return
	}
	s.add(task + " " + name + " '" + a.Reason + "'")
}

func (s *summary) resource(r *status.Resource) {
	if r.Variant == status.Bundle {
		for _, replica := range r.BundleData.Replicas {
			for _, part := range []*status.Resource{replica.IP, replica.Container, replica.Remote, replica.Child} {
				if part != nil {
					s.resource(part)
				}
			}
		}
		return
	}
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			s.resource(c)
		}
		return
	}
	var current, next *status.Node
	if r.AssignedTo != nil {
		next = r.AssignedTo.Node
	}
	if len(r.Running) > 0 {
		current = r.Current()
		if r.Role == status.RoleStopped {
			r.Role = status.RoleStarted // as it was before its actions were created
		}
	}
	if current == nil && r.Is(status.Orphan) {
		return
	}
	if managed := r.Is(status.Managed); !managed || current == nil && next == nil {
		detail := ""
		if !managed {
			detail = " unmanaged"
		}
		s.leave(r, detail)
		return
	}
	s.primitive(r, current, next)
}

// primitive says what is done with a primitive (rsc_action_default).
func (s *summary) primitive(r *status.Resource, current, next *status.Node) {
	moving := current != nil && next != nil && current != next
	named := func(task string, on *status.Node) *status.Action { return first(r.ActionsNamed(task, on, false)) }
	start := named(status.ActionNameStart, next)
	runnable := start != nil && start.Is(status.ActionRunnable)
	var stop *status.Action
	if runnable {
		stop = named(status.ActionNameStop, current)
	} else {
		stop = named(status.ActionNameStop, nil)
	}
	if stop == nil && r.Is(status.StopUnexpected) {
		stop = named(status.ActionNameStop, nil)
	}
	promote, demote := named(status.ActionNamePromote, next), named(status.ActionNameDemote, next)

	if r.Role == r.NextRole {
		s.sameRole(r, current, next, start, stop, promote, demote)
		return
	}
	switch {
	case stop != nil && (r.NextRole == status.RoleStopped || start != nil && !runnable):
		for _, n := range r.Running {
			stopped := named(status.ActionNameStop, n)
			s.item("Stop", r, n, nil, stopped, reasonFrom(stopped, start))
		}
	case stop != nil && r.Is(status.Failed|status.Stop):
		s.item("Recover", r, current, next, stop, start)
	case moving:
		s.item("Move", r, current, next, stop, nil)
	case r.Is(status.Reload):
		s.item("Reload", r, current, next, start, nil)
	case stop != nil && !stop.Is(status.Optional):
		s.item("Restart", r, current, next, start, nil)
	case r.Role == status.RolePromoted:
		s.item("Demote", r, current, next, demote, nil)
	case r.NextRole == status.RolePromoted:
		s.item("Promote", r, current, next, promote, nil)
	case r.Role == status.RoleStopped && r.NextRole > status.RoleStopped:
		s.item("Start", r, current, next, start, nil)
	}
}

// leave says in the log that a primitive stays as it is.
func (s *summary) leave(r *status.Resource, detail string) {
	if s.log != nil {
		s.log.At("rsc_action_default").Infof("Leave   %s\t(%s%s)", r.ID, r.Role, detail)
	}
}

// sameRole says what is done with a primitive whose role stays.
func (s *summary) sameRole(r *status.Resource, current, next *status.Node, start, stop, promote, demote *status.Action) {
	if next == nil {
		return
	}
	moving := current != nil && current != next
	migrate := first(r.ActionsNamed(status.ActionNameMigrateFrom, next, false))
	switch {
	case migrate != nil && current != nil && migrate.Is(status.ActionRunnable):
		s.item("Migrate", r, current, next, start, nil)
	case r.Is(status.Reload):
		s.item("Reload", r, current, next, start, nil)
	case start == nil || start.Is(status.Optional):
		if demote != nil && promote != nil && !demote.Is(status.Optional) && !promote.Is(status.Optional) {
			s.item("Re-promote", r, current, next, promote, demote)
		} else {
			s.leave(r, " "+next.String())
		}
	case !start.Is(status.ActionRunnable):
		s.item("Stop", r, current, nil, stop, reasonFrom(stop, start))
	case moving && r.Is(status.Failed):
		s.item("Recover", r, current, next, stop, nil)
	case moving:
		s.item("Move", r, current, next, stop, nil)
	case r.Is(status.Failed):
		s.item("Recover", r, current, nil, stop, nil)
	default:
		s.item("Restart", r, current, next, start, nil)
	}
}

func first(actions []*status.Action) *status.Action {
	if len(actions) == 0 {
		return nil
	}
	return actions[0]
}

// reasonFrom is the action whose reason is shown: the stop's if it has one.
func reasonFrom(stop, start *status.Action) *status.Action {
	if stop != nil && stop.Reason != "" {
		return stop
	}
	return start
}

// item adds a line: what changes for r, from where to where, and why
// (rsc_action_item). The reason is source's, or action's if source is nil.
func (s *summary) item(change string, r *status.Resource, from, to *status.Node, action, source *status.Action) {
	if action == nil || from == nil && to == nil {
		return
	}
	if source == nil {
		source = action
	}
	if s.take != nil {
		s.take(Change{change, r, from, to, source.Reason, !action.Is(status.ActionRunnable), action})
		return
	}
	if s.p.xml {
		s.p.itemXML(change, r, from, to, source.Reason, !action.Is(status.ActionRunnable))
		return
	}
	c := s.columns
	if len(r.ID) > c.resource {
		c.resource = len(r.ID) + 2
	}
	details := itemDetails(r, from, to)
	c.detail = max(c.detail, len(details))
	reason := ""
	blocked := !action.Is(status.ActionRunnable)
	switch {
	case source.Reason != "" && blocked:
		reason = "  due to " + source.Reason + " (blocked)"
	case source.Reason != "":
		reason = "  due to " + source.Reason
	case blocked:
		reason = "  blocked"
	}
	s.add(padRight(change, 8) + "   " + padRight(r.ID, c.resource) + "   ( " +
		strings.Repeat(" ", c.detail-len(details)) + details + " )" + reason)
}

func padRight(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len(text)))
}

// itemDetails says from where to where, and with roles where they matter.
func itemDetails(r *status.Resource, from, to *status.Node) string {
	needRole := r.Role > status.RoleStarted || r.NextRole > status.RoleUnpromoted
	sameHost := from != nil && from == to
	sameRole := r.Role == r.NextRole
	role, nextRole := r.Role.String(), r.NextRole.String()
	switch {
	case needRole && from == nil:
		return role + " -> " + nextRole + " " + to.String()
	case from == nil:
		return to.String()
	case needRole && to == nil:
		return role + " " + from.String()
	case to == nil:
		return from.String()
	case needRole && sameRole && sameHost:
		return role + " " + from.String()
	case sameRole && sameHost:
		return from.String()
	case needRole && sameRole:
		return from.String() + " -> " + to.String() + " " + role
	case sameRole:
		return from.String() + " -> " + to.String()
	case sameHost:
		return role + " -> " + nextRole + " " + from.String()
	}
	return role + " " + from.String() + " -> " + nextRole + " " + to.String()
}
