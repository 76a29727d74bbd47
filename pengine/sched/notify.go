package sched

import (
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// notifications is what a clone's instances are told before and after one kind of
// action (notify_data_t).
type notifications struct {
	task                         string // of the clone's action
	pre, preDone, post, postDone *status.Action

	start, stop, promote, demote           []notifyEntry
	active, inactive, promoted, unpromoted []notifyEntry

	allowed *status.NodeTable
	values  [][2]string // what agents get in their environment
}

type notifyEntry struct {
	r *status.Resource
	n *status.Node // nil if it is nowhere
}

// notificationsOf is what CloneData has for package sched.
func notificationsOf(data any) *notifications {
	n, _ := data.(*notifications)
	return n
}

// notifyKey is the key of a notification (pcmk__notify_key).
func notifyKey(resource, kind, task string) string {
	return resource + "_" + kind + "_notify_" + task + "_0"
}

// notifyAround creates the points in time of the notifications around an action
// of a clone and its completion, nil if it wants none
// (pe__clone_notif_pseudo_ops). Either of the two may be nil. The result is nil,
// or a *notifications.
func (s *planner) notifyAround(r *status.Resource, task string, begin, end *status.Action) any {
	if n := s.newNotifications(r, task, begin, end); n != nil {
		return n
	}
	return nil
}

func (s *planner) newNotifications(r *status.Resource, task string, begin, end *status.Action) *notifications {
	if !r.Is(status.Notify) {
		return nil
	}
	n := &notifications{task: task}
	if begin != nil {
		n.pre = s.notifyPoint(r, begin, status.ActionNameNotify, "pre", "pre", task)
		n.pre.Set(status.ActionRunnable)
		n.preDone = s.notifyPoint(r, begin, status.ActionNameNotified, "confirmed-pre", "pre", task)
		n.preDone.Set(status.ActionRunnable)
		status.Order(n.pre, n.preDone, status.OrderOptional)
		status.Order(n.preDone, begin, status.OrderOptional)
	}
	if end != nil {
		n.post = s.notifyPoint(r, end, status.ActionNameNotify, "post", "post", task)
		n.postDone = s.notifyPoint(r, end, status.ActionNameNotified, "confirmed-post", "post", task)
		for _, a := range []*status.Action{n.post, n.postDone} {
			a.Priority = status.Infinity
			if end.Is(status.ActionRunnable) {
				a.Set(status.ActionRunnable)
			} else {
				a.Clear(status.ActionRunnable)
			}
		}
		status.Order(end, n.post, status.OrderImpliesThen)
		status.Order(n.post, n.postDone, status.OrderImpliesThen)
	}
	if begin != nil && end != nil {
		status.Order(n.preDone, n.post, status.OrderOptional)
	}
	return n
}

// notifyPoint creates one point in time of the notifications around action.
func (s *planner) notifyPoint(r *status.Resource, action *status.Action, name, keyKind, kind, task string) *status.Action {
	a := s.ws.Action(r, notifyKey(r.ID, keyKind, action.Task), name, nil, action.Is(status.Optional), true)
	a.Set(status.Pseudo)
	addMeta(a, "notify_key_type", keyKind)
	addMeta(a, "notify_key_operation", action.Task)
	addMeta(a, "notify_type", kind)
	addMeta(a, "notify_operation", task)
	return a
}

// Notifier completes the notifications of clones: who is notified, and of what.
type Notifier struct {
	s     *planner
	flags *flagTable
}

// NewNotifier is for one graph of the working set.
func NewNotifier(ws *status.WorkingSet) *Notifier {
	return &Notifier{&planner{ws: ws}, newFlagTable(ws)}
}

// Notify completes a clone's notifications. It is done once, while the graph is
// made, right before the clone's actions get into it, because only then is known
// what is going to happen (clone_expand).
func (n *Notifier) Notify(r *status.Resource) {
	s := n.s
	for a := range status.NewestFirst(r.Actions) {
		n.flags.of(a, nil) // which sets them
	}
	d := r.CloneData
	for _, data := range []any{d.StartNotify, d.StopNotify, d.PromoteNotify, d.DemoteNotify} {
		n := notificationsOf(data)
		if n == nil {
			continue
		}
		n.collect(r, true)
		n.describe(r)
		s.notifyInstances(r, n)
	}
}

// collect adds who does what, or if that is not wanted only who is what.
func (n *notifications) collect(r *status.Resource, activity bool) {
	if n.allowed == nil {
		n.allowed = &r.Allowed
	}
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			n.collect(c, activity)
		}
		return
	}
	e := notifyEntry{r: r}
	if len(r.Running) > 0 {
		e.n = r.Running[0]
	}
	switch r.Role {
	case status.RoleStopped:
		n.inactive = append(n.inactive, e)
	case status.RoleStarted:
		n.active = append(n.active, e)
	case status.RoleUnpromoted:
		n.unpromoted = append(n.unpromoted, e)
		n.active = append(n.active, e)
	case status.RolePromoted:
		n.promoted = append(n.promoted, e)
		n.active = append(n.active, e)
	}
	if !activity {
		return
	}
	for a := range status.NewestFirst(r.Actions) {
		if a.Is(status.Optional) || a.Node == nil {
			continue
		}
		task := status.ParseTask(a.Task)
		if !(task == status.TaskStop && a.Node.Unclean) && !a.Is(status.ActionRunnable) {
			continue
		}
		e := notifyEntry{r, a.Node}
		switch task {
		case status.TaskStart:
			n.start = append(n.start, e)
		case status.TaskStop:
			n.stop = append(n.stop, e)
		case status.TaskPromote:
			n.promote = append(n.promote, e)
		case status.TaskDemote:
			n.demote = append(n.demote, e)
		}
	}
}

// names are the ids of the entries' resources and the names of their nodes, each
// resource once; a space if there are none. Without nodes, those that are nowhere
// are named, too.
func names(entries []notifyEntry, nodes bool) (resources, places string) {
	list := slices.Clone(entries)
	slices.Reverse(list) // the reference prepends
	glist.Sort(list, func(a, b notifyEntry) int {
		if c := strings.Compare(a.r.ID, b.r.ID); c != 0 {
			return c
		}
		switch {
		case a.n == b.n:
			return 0
		case a.n == nil:
			return 1
		case b.n == nil:
			return -1
		}
		return strings.Compare(a.n.ID, b.n.ID)
	})
	var ids, on []string
	last := ""
	for _, e := range list {
		if nodes && e.n == nil || e.r.ID == last {
			continue
		}
		last = e.r.ID
		ids = append(ids, e.r.ID)
		if nodes && e.n.HasName {
			on = append(on, e.n.Name)
		}
	}
	return words(ids), words(on)
}

func words(list []string) string {
	if len(list) == 0 {
		return " "
	}
	return strings.Join(list, " ")
}

// describe puts the lists into the agents' words, and has the notifications happen
// if what they are of does.
func (n *notifications) describe(r *status.Resource) {
	add := func(name, value string) { n.values = append(n.values, [2]string{name, value}) }
	both := func(entries []notifyEntry, prefixes ...string) {
		ids, places := names(entries, true)
		for _, prefix := range prefixes {
			add("notify_"+prefix+"_resource", ids)
			add("notify_"+prefix+"_uname", places)
		}
	}
	both(n.stop, "stop")
	both(n.start, "start")
	both(n.demote, "demote")
	both(n.promote, "promote")
	both(n.active, "active")
	both(n.unpromoted, "unpromoted", "slave")
	both(n.promoted, "promoted", "master")
	ids, _ := names(n.inactive, false)
	add("notify_inactive_resource", ids)

	available := allowedNodes(r.WorkingSet(), n.allowed)
	var list, all, hosts []string
	for _, c := range available {
		if c.HasName {
			list = append(list, c.Name)
		}
	}
	add("notify_available_uname", words(list))
	for _, node := range r.WorkingSet().Nodes {
		if !node.HasName {
			continue
		}
		all = append(all, node.Name)
		if node.IsGuest() && len(node.RemoteResource.Container.Running) > 0 {
			node = node.RemoteResource.Container.Current()
		}
		if node.HasName {
			hosts = append(hosts, node.Name)
		}
	}
	if r.Meta["container-attribute-target"] == "host" {
		add("notify_all_hosts", words(hosts))
	}
	add("notify_all_uname", words(all))

	required := false
	switch n.task {
	case status.ActionNameStop:
		ids, _ := names(n.stop, true)
		required = ids != " "
	case status.ActionNameStart:
		required = len(n.start) > 0
	case status.ActionNameDemote:
		required = len(n.demote) > 0
	case status.ActionNamePromote:
		required = len(n.promote) > 0
	}
	for _, a := range []*status.Action{n.pre, n.preDone, n.post, n.postDone} {
		if required && a != nil {
			a.Clear(status.Optional)
		}
	}
}

func (n *notifications) addTo(a *status.Action) {
	for _, v := range n.values {
		addMeta(a, v[0], v[1])
	}
}

// notifyInstances creates the notifications of all instances.
func (s *planner) notifyInstances(r *status.Resource, n *notifications) {
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			s.notifyInstances(c, n)
		}
		return
	}
	for a := range status.NewestFirst(r.Actions) {
		if !a.Is(status.Optional) && a.Node != nil {
			switch status.ParseTask(a.Task) {
			case status.TaskStart, status.TaskStop, status.TaskPromote, status.TaskDemote:
				n.addTo(a) // the agent that acts knows the others, too
			}
		}
	}
	task := status.ParseTask(n.task)
	switch {
	case task == status.TaskStart && len(n.start) == 0,
		task == status.TaskPromote && len(n.promote) == 0,
		task == status.TaskDemote && len(n.demote) == 0:
		return
	}
	if r.Role != status.RoleStopped && (task == status.TaskStop || task == status.TaskDemote) {
		stop := status.FindFirstAction(r.Actions, "", status.ActionNameStop, nil)
		for _, node := range r.Running {
			if stop != nil && stop.Is(status.Pseudo) && (node.Unclean || node.RemoteRequiresReset) {
				continue // fenced: nobody there can be told
			}
			s.notifyInstance(r, node, n.pre, n.preDone, n)
			if task == status.TaskDemote || stop == nil || stop.Is(status.Optional) {
				s.notifyAfter(r, node, n)
			}
		}
	}
	if r.NextRole != status.RoleStopped && (task == status.TaskStart || task == status.TaskPromote) {
		start := status.FindFirstAction(r.Actions, "", status.ActionNameStart, nil)
		if start != nil && start.Node != nil && start.Node.RemoteResource != nil {
			remote := status.FindFirstAction(start.Node.RemoteResource.Actions, "", status.ActionNameStart, nil)
			if remote != nil && !remote.Is(status.ActionRunnable) {
				return
			}
		}
		node := assignedNode(r)
		if node == nil {
			s.ws.At("create_notify_actions").ProcErrorf("Next role '%s' but %s is not allocated", r.NextRole, r.ID)
			return
		}
		if task != status.TaskStart || start == nil || start.Is(status.Optional) {
			s.notifyInstance(r, node, n.pre, n.preDone, n)
		}
		s.notifyAfter(r, node, n)
	}
}

// notifyInstance has one instance notified, between the points in time.
func (s *planner) notifyInstance(r *status.Resource, node *status.Node, of, done *status.Action, n *notifications) *status.Action {
	if of == nil || done == nil || !node.Online || !of.Is(status.ActionRunnable) {
		return nil
	}
	key := notifyKey(r.ID, of.Meta.Value("notify_type"), of.Meta.Value("notify_operation"))
	a := s.ws.Action(r, key, of.Task, node, of.Is(status.Optional), true)
	for name, value := range of.Meta.All() {
		a.Meta.SetDefault(name, value)
	}
	n.addTo(a)
	status.Order(of, a, status.OrderOptional)
	status.Order(a, done, status.OrderOptional)
	return a
}

// notifyAfter has one instance notified of what is done, before its recurring
// operations.
func (s *planner) notifyAfter(r *status.Resource, node *status.Node, n *notifications) {
	if a := s.notifyInstance(r, node, n.post, n.postDone, n); a != nil {
		a.Priority = status.Infinity
	}
	if n.postDone == nil {
		return
	}
	for a := range status.NewestFirst(r.Actions) {
		interval, ok := a.Meta.Get("interval")
		if !ok || interval == "0" || strings.EqualFold(a.Task, status.ActionNameCancel) {
			continue
		}
		status.Order(n.postDone, a, status.OrderOptional)
	}
}

// notifyAfterFencing notifies the others of a stop that is implied by fencing
// (pe__order_notifs_after_fencing).
func (s *planner) notifyAfterFencing(stop *status.Action, r *status.Resource, fencing *status.Action) {
	s.ws.At("pcmk__order_notifs_after_fencing").Infof("Ordering notifications for implied %s after fencing", stop.Key)
	n := s.newNotifications(r, status.ActionNameStop, nil, fencing)
	if n == nil {
		return
	}
	n.collect(r, false)
	n.values = append(n.values, [2]string{"notify_stop_resource", r.ID}, [2]string{"notify_stop_uname", stop.Node.Name})
	s.notifyInstances(r.Top(), n)
}
