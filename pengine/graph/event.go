package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Event is an action of the graph with all details.
func (g *Graph) Event(a *status.Action) *Event {
	e := &Event{}
	describer := newDescriber(g.ws)
	describer.identify(e, a)
	describer.describe(e, a)
	return e
}

// describer puts events together. It remembers what many have in common.
type describer struct {
	ws        *status.WorkingSet
	resources []*Resource       // by index
	metaNames map[string]string // of meta-attributes, as parameters have them
}

func newDescriber(ws *status.WorkingSet) *describer {
	return &describer{ws: ws, resources: make([]*Resource, len(ws.AllResources())), metaNames: map[string]string{}}
}

// identify fills in what others have of the event that wait for it.
func (d *describer) identify(e *Event, a *status.Action) {
	e.Kind = kindOf(a)
	if strings.EqualFold(a.Task, status.ActionNameLRMDelete) {
		e.set("mode", "cib")
	}
	e.set("id", strconv.Itoa(a.ID))
	e.set("operation", a.Task)
	if a.Resource != nil && a.Resource.HistoryID != "" {
		e.set("operation_key", historyKey(a))
		e.set("internal_operation_key", a.Key)
	} else {
		e.set("operation_key", a.Key)
	}
	if hasNode(e.Kind, a) {
		e.set("on_node", a.Node.Name)
		e.set("on_node_uuid", a.Node.ID)
		if host := sched.ConnectionHost(a); host != nil {
			e.set("router_node", host.Name)
		}
	}
}

func (e *Event) set(name, value string) { e.Attributes = append(e.Attributes, [2]string{name, value}) }

// kindOf is the kind of an action's event. What the controller does itself is no
// pseudo event even if it is a pseudo action, but fencing is.
func kindOf(a *status.Action) Kind {
	pseudo := a.Is(status.Pseudo)
	switch {
	case strings.EqualFold(a.Task, status.ActionNameFence) && !pseudo,
		a.Task == status.ActionNameShutdown, a.Task == status.ActionNameClearFailures,
		strings.EqualFold(a.Task, status.ActionNameLRMDelete):
		return CrmEvent
	case pseudo:
		return PseudoEvent
	}
	return RscOp
}

// hasNode tells whether the event says where it happens: a pseudo event does only
// if it is a fencing.
func hasNode(kind Kind, a *status.Action) bool {
	return a.Node != nil && (kind != PseudoEvent || strings.EqualFold(a.Task, status.ActionNameFence))
}

// interval is an action's interval in milliseconds.
func interval(a *status.Action) uint {
	n, err := strconv.ParseUint(a.Meta.Value("interval"), 10, 32)
	if err != nil {
		return 0
	}
	return uint(n)
}

// historyKey is an action's key with the resource's name in the node's history.
func historyKey(a *status.Action) string {
	id := a.Resource.HistoryID
	switch {
	case strings.EqualFold(a.Task, status.ActionNameNotify):
		return id + "_" + a.Meta.Value("notify_type") + "_notify_" + a.Meta.Value("notify_operation") + "_0"
	case a.CancelTask != "":
		return status.Key(id, a.CancelTask, interval(a))
	}
	return status.Key(id, a.Task, interval(a))
}

// describe adds the details to an event that has been identified, or to an empty one
// of that kind.
func (d *describer) describe(e *Event, a *status.Action) {
	if a.Resource != nil && !a.Is(status.Pseudo) {
		if lockedTo(a) {
			e.set("shutdown-lock", strconv.FormatInt(a.Resource.LockTime, 10))
		}
		e.Resource = d.resource(a.Resource)
	}
	d.setParameters(e, a)
	if hasNode(e.Kind, a) {
		d.setDowned(e, a)
	}
	if e.Kind == PseudoEvent && a.Task == maintenanceTask {
		e.Maintenance = maintenance(d.ws)
	}
}

// lockedTo tells whether an action keeps its resource locked to the node
// (pcmk__action_locks_rsc_to_node). While the node shuts down only stops do.
func lockedTo(a *status.Action) bool {
	r := a.Resource
	return r.LockNode != nil && a.Node == r.LockNode && (!a.Node.Shutdown || a.Task == status.ActionNameStop)
}

func (d *describer) resource(r *status.Resource) *Resource {
	if d.resources[r.Index] == nil {
		d.resources[r.Index] = resourceOf(r)
	}
	return d.resources[r.Index]
}

func resourceOf(r *status.Resource) *Resource {
	e := &Resource{Tag: r.Element.Tag}
	set := func(name, value string) { e.Attributes = append(e.Attributes, [2]string{name, value}) }
	switch {
	case r.Is(status.Orphan) && r.HistoryID != "":
		set("id", r.HistoryID)
		set("long-id", r.ID)
	case !r.Is(status.Unique):
		set("id", r.XMLID)
		if r.HistoryID != "" && r.HistoryID != r.XMLID {
			set("long-id", r.HistoryID)
		} else {
			set("long-id", r.ID)
		}
	default:
		set("id", r.ID)
	}
	for _, name := range []string{"class", "provider", "type"} {
		if value, ok := r.MetaValue(name); ok {
			set(name, value)
		}
	}
	return e
}

// parameters are those of an event while they are put together. There are few.
type parameters [][2]string

func (p parameters) index(name string) int {
	for i := range p {
		if p[i][0] == name {
			return i
		}
	}
	return -1
}

// set sets a value, whether there was one or not.
func (p *parameters) set(name, value string) {
	if i := p.index(name); i >= 0 {
		(*p)[i][1] = value
		return
	}
	*p = append(*p, [2]string{name, value})
}

// setDefault sets a value if there is none (hash2field).
func (p *parameters) setDefault(name, value string) {
	if p.index(name) < 0 {
		*p = append(*p, [2]string{name, value})
	}
}

// setMeta sets a meta-attribute if there is none. Names that are the cluster's own
// are left out (hash2metafield).
func (d *describer) setMeta(p *parameters, name, value string) {
	metaName, known := d.metaNames[name]
	if !known {
		if !strings.ContainsAny(name, "#:") {
			metaName = status.MetaName(name)
		}
		d.metaNames[name] = metaName
	}
	if metaName != "" {
		p.setDefault(metaName, value)
	}
}

// setParameters puts together what the agent and the controller need: the
// operation's and the resource's parameters, the meta-attributes of the action and
// of the resources that it is of.
func (d *describer) setParameters(e *Event, a *status.Action) {
	p := append(parameters(e.Parameters[:0]), [2]string{"crm_feature_set", featureset.Current})
	for name, value := range a.Extra.All() {
		p.setDefault(name, value)
	}
	if r := a.Resource; hasParams(a) {
		for name, value := range r.Params(a.Node) {
			if name == "addr" && value == "#uname" {
				if host, ok := r.Params(nil)["addr"]; ok {
					value = host
				}
			}
			if name != "" && name[0] >= '0' && name[0] <= '9' {
				e.Param = append(e.Param, [2]string{name, value})
			} else {
				p.setDefault(name, value)
			}
		}
		slices.SortFunc(e.Param, byName)
	}
	if hasNode(e.Kind, a) {
		d.setMeta(&p, "on_node", a.Node.Name)
		d.setMeta(&p, "on_node_uuid", a.Node.ID)
	}
	for name, value := range a.Meta.All() {
		d.setMeta(&p, name, value)
	}
	if a.Resource != nil {
		for r := a.Resource; r != nil; r = r.Parent {
			p.setResource(r)
		}
		d.setHost(&p, a)
	} else if strings.EqualFold(a.Task, status.ActionNameFence) && a.Node != nil {
		for name, value := range a.Node.Attributes {
			d.setMeta(&p, name, value)
		}
	}
	slices.SortFunc(p, byName)
	e.Parameters = p
}

// hasParams tells whether an event says the parameters of its action's resource.
func hasParams(a *status.Action) bool {
	return a.Resource != nil && (a.Node != nil || a.Resource.Variant == status.Primitive)
}

func byName(a, b [2]string) int { return strings.Compare(a[0], b[0]) }

// setResource adds what an agent is told of the resource, in the way of its
// variant.
func (p *parameters) setResource(r *status.Resource) {
	switch r.Variant {
	case status.Primitive:
		for _, names := range [...]struct{ meta, parameter string }{{"clone", "CRM_meta_clone"}, {"remote-node", "CRM_meta_remote_node"}} {
			if value, ok := r.MetaValue(names.meta); ok {
				p.set(names.parameter, value)
			}
		}
		for parent := r; parent != nil; parent = parent.Parent {
			if parent.Container != nil {
				p.set("CRM_meta_container", parent.Container.ID)
			}
		}
		if value, ok := r.MetaValue("external-ip"); ok {
			p.set("pcmk_external_ip", value)
		}
	case status.Clone:
		d := r.CloneData
		p.set("CRM_meta_globally_unique", strconv.FormatBool(r.Is(status.Unique)))
		p.set("CRM_meta_notify", strconv.FormatBool(r.Is(status.Notify)))
		p.set("CRM_meta_clone_max", strconv.Itoa(d.Max))
		p.set("CRM_meta_clone_node_max", strconv.Itoa(d.NodeMax))
		if r.Is(status.Promotable) {
			for _, name := range []string{"promoted", "master"} {
				p.set("CRM_meta_"+name+"_max", strconv.Itoa(d.PromotedMax))
				p.set("CRM_meta_"+name+"_node_max", strconv.Itoa(d.PromotedNodeMax))
			}
		}
	}
}

// setHost adds where the container runs in which an action happens
// (pcmk__add_bundle_meta_to_xml).
func (d *describer) setHost(p *parameters, a *status.Action) {
	if !a.Node.IsGuest() {
		return
	}
	container := a.Node.RemoteResource.Container
	task := status.ParseTask(a.Task)
	if task == status.TaskNotify || task == status.TaskNotified {
		task = status.ParseTask(a.Meta.Value("notify_operation"))
	}
	var host *status.Node
	switch task {
	case status.TaskStop, status.TaskStopped, status.TaskDemote, status.TaskDemoted:
		host = container.Current()
	case status.TaskStart, status.TaskStarted, status.TaskMonitor, status.TaskPromote, status.TaskPromoted:
		if container.AssignedTo != nil {
			host = container.AssignedTo.Node
		}
	}
	if host == nil {
		return
	}
	if target, ok := a.Resource.MetaValue("container-attribute-target"); ok {
		d.setMeta(p, "container-attribute-target", target)
	}
	d.setMeta(p, "physical_host", host.Name)
}

// setDowned says which nodes an action takes down: by shutdown, by fencing, or by
// the stop of a remote connection that does not move.
func (d *describer) setDowned(e *Event, a *status.Action) {
	switch {
	case a.Task == status.ActionNameShutdown:
		e.Downed, e.HasDowned = []string{a.Node.ID}, true
	case a.Task == status.ActionNameFence:
		switch strings.ToLower(a.Meta.Value("stonith_action")) {
		case "off", "reboot", "poweroff":
		default:
			return
		}
		e.Downed, e.HasDowned = []string{a.Node.ID}, true
		if !d.ws.Flags.Has(status.HaveRemoteNodes) {
			return
		}
		for _, r := range a.Node.Running {
			if r.IsRemoteNode && r.Container != nil {
				if guest := d.ws.FindNode(r.ID); guest != nil {
					e.Downed = append(e.Downed, guest.ID)
				}
			}
		}
	case a.Resource != nil && a.Resource.IsRemoteNode && a.Task == status.ActionNameStop:
		for _, in := range a.Before {
			if other := in.Action.Resource; other != nil && other.ID == a.Resource.ID &&
				in.Action.Task == status.ActionNameMigrateFrom {
				return
			}
		}
		e.Downed, e.HasDowned = []string{a.Resource.ID}, true
	}
}
