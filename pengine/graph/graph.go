package graph

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Graph is a transition graph.
type Graph struct {
	Attributes [][2]string // of the transition_graph, in order
	Synapses   []*Synapse  // by ID, from 0

	ws *status.WorkingSet
}

// Synapse is an event and those that it waits for.
type Synapse struct {
	ID       int
	Priority int              // 0 if none is given
	Action   *status.Action   // what the event is
	Inputs   []*status.Action // what it waits for
}

// Event is an action as the graph has it. Most of a graph is the details of its
// events, so they are put together when they are asked for.
type Event struct {
	Kind        Kind
	Attributes  [][2]string // in order
	Resource    *Resource   // of an agent's action, else nil
	Parameters  [][2]string // sorted; the element "attributes"
	Param       [][2]string // parameters whose names cannot be those of attributes
	Downed      []string    // ids of the nodes that it takes down
	HasDowned   bool
	Maintenance []Maintenance // of remote nodes, with the new state
}

// Kind is the kind of an event, the name of its element.
type Kind string

// The kinds of events.
const (
	RscOp       Kind = "rsc_op"
	CrmEvent    Kind = "crm_event"
	PseudoEvent Kind = "pseudo_event"
)

// Resource is the resource of an event.
type Resource struct {
	Tag        string
	Attributes [][2]string
}

// Maintenance says whether a remote node is in maintenance mode from now on.
type Maintenance struct {
	NodeID string
	On     bool
}

// maintenanceTask is the name of the pseudo event that tells remote nodes.
const maintenanceTask = "maintenance_nodes"

// New makes the graph of a scheduled working set (pcmk__create_graph). The
// transition's number is 0 in a tool that makes one graph.
func New(ws *status.WorkingSet, transition int) *Graph {
	b := builder{ws: ws, notifier: sched.NewNotifier(ws), graph: &Graph{Attributes: attributes(ws, transition), ws: ws}}
	for _, r := range ws.Resources {
		b.addResource(r)
	}
	if len(maintenance(ws)) > 0 {
		ws.PseudoAction(maintenanceTask).Set(status.PrintAlways)
	}
	for a := range status.NewestFirst(ws.Actions) {
		b.reportBlockedShutdown(a)
		b.add(a)
	}
	return b.graph
}

// attributes are those of the graph as a whole.
func attributes(ws *status.WorkingSet, transition int) [][2]string {
	startOffset := "1"
	if ws.Flags.Has(status.StartFailureFatal) {
		startOffset = "INFINITY"
	}
	list := [][2]string{
		{"cluster-delay", ws.Option("cluster-delay")},
		{"stonith-timeout", ws.Option("stonith-timeout")},
		{"failed-stop-offset", "INFINITY"},
		{"failed-start-offset", startOffset},
		{"batch-limit", ws.Option("batch-limit")},
		{"transition_id", strconv.Itoa(transition)},
	}
	limit := ws.Option("migration-limit")
	if n, err := strconv.ParseInt(limit, 10, 64); err == nil && n > 0 {
		list = append(list, [2]string{"migration-limit", limit})
	}
	if ws.RecheckBy > 0 {
		list = append(list, [2]string{"recheck-by", strconv.FormatInt(ws.RecheckBy, 10)})
	}
	return list
}

// builder makes a graph.
type builder struct {
	ws       *status.WorkingSet
	graph    *Graph
	notifier *sched.Notifier
	inputs   []*status.Action // room for those of the next synapses
}

// addResource adds what a resource and all in it do.
func (b *builder) addResource(r *status.Resource) {
	switch r.Variant {
	case status.Bundle:
		b.addBundle(r)
		return
	case status.Clone:
		b.notifier.Notify(r)
		for _, c := range r.Children {
			b.addResource(c)
		}
	}
	for a := range status.NewestFirst(r.Actions) {
		b.add(a)
	}
	for _, c := range r.Children {
		b.addResource(c)
	}
}

// addBundle adds what the parts of a bundle do. The remote connections get the
// addresses of the hosts, which are known by now (pcmk__bundle_expand).
func (b *builder) addBundle(r *status.Resource) {
	d := r.BundleData
	if d.Child != nil {
		b.addResource(d.Child)
	}
	for _, replica := range d.Replicas {
		if replica.Remote != nil && replica.Container != nil && replica.Remote.NeedsBundleRemoteName() {
			if host := replica.Remote.BundleRemoteName(); host != "" {
				replica.Remote.SetParam("addr", host)
			} else {
				b.ws.At("pcmk__bundle_expand").Infof("Unable to determine address for bundle %s remote connection", r.ID)
			}
		}
		for _, part := range []*status.Resource{replica.IP, replica.Container, replica.Remote} {
			if part != nil {
				b.addResource(part)
			}
		}
	}
}

// reportBlockedShutdown logs what keeps a node from leaving.
func (b *builder) reportBlockedShutdown(a *status.Action) {
	r := a.Resource
	if r == nil || a.Node == nil || !a.Node.Shutdown || r.Is(status.Maintenance) ||
		a.Flags.Any(status.Optional|status.ActionRunnable) || !strings.EqualFold(a.Task, status.ActionNameStop) ||
		!b.ws.Flags.Has(status.HaveQuorum) && b.ws.NoQuorumPolicy != status.NoQuorumIgnore {
		return
	}
	what, how, failed := "shut down", " unmanaged", ""
	if a.Node.Unclean {
		what = "fence"
	}
	if r.Is(status.Managed) {
		how = " blocked"
	}
	if r.Is(status.Failed) {
		failed = " failed"
	}
	b.ws.At("pcmk__create_graph").Logf(loglevel.Crit, "Cannot %s %s because of %s:%s%s (%s)", what, a.Node, r.ID, how, failed, a.Key)
}

// add adds an action, if it is to be carried out and is not there yet.
func (b *builder) add(a *status.Action) {
	if !a.Is(status.Dedup) {
		mergeInputs(a)
		a.Set(status.Dedup)
	}
	if a.Is(status.Dumped) || !sched.InGraph(a) {
		return
	}
	a.Set(status.Dumped)
	s := &Synapse{ID: len(b.graph.Synapses), Action: a}
	if a.Resource != nil {
		s.Priority = a.Resource.Priority
	}
	s.Priority = max(s.Priority, a.Priority, 0)
	b.graph.Synapses = append(b.graph.Synapses, s)
	if cap(b.inputs)-len(b.inputs) < len(a.Before) {
		b.inputs = make([]*status.Action, 0, max(len(a.Before), 4096))
	}
	first := len(b.inputs)
	for in := range status.NewestFirst(a.Before) {
		if sched.InputInGraph(a, in) {
			in.Dumped = true
			b.inputs = append(b.inputs, in.Action)
		}
	}
	s.Inputs = slices.Clip(b.inputs[first:])
}

// mergeInputs makes one relation of all with the same action, and sorts them so
// that NewestFirst, of all things, has the oldest action first
// (pcmk__deduplicate_action_inputs).
func mergeInputs(a *status.Action) {
	byID := func(x, y *status.Relation) int { return cmp.Compare(x.Action.ID, y.Action.ID) }
	inputs := a.Before
	slices.Reverse(inputs)
	if !slices.IsSortedFunc(inputs, byID) {
		glist.Sort(inputs, byID)
	}
	kept := inputs[:0]
	for _, in := range inputs {
		if n := len(kept); n > 0 && kept[n-1].Action.ID == in.Action.ID {
			kept[n-1].Flags |= in.Flags
			kept[n-1].Dumped = kept[n-1].Dumped || in.Dumped
			continue
		}
		in.Dumped = false
		kept = append(kept, in)
	}
	slices.Reverse(kept)
	a.Before = kept
}

// maintenance are the remote nodes whose state is not what they were last told.
func maintenance(ws *status.WorkingSet) (list []Maintenance) {
	for _, n := range ws.Nodes {
		if n.IsGuestOrRemote() && n.Maintenance != n.RemoteMaintenance {
			list = append(list, Maintenance{n.ID, n.Maintenance})
		}
	}
	return list
}
