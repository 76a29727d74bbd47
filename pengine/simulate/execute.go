package simulate

import (
	"container/heap"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// ErrTerminated tells that some events of a graph wait for what will not come: the
// graph has a loop.
var ErrTerminated = errors.New("simulate: the transition did not end")

// Execute carries out a transition of the working set, event by event, and writes
// what each brings about into the CIB. Operations that failures specify, as
// RESOURCE_TASK_INTERVAL@NODE=RC, fail (pcmk__simulate_transition). The error is
// ErrTerminated, or a NodeStateError at which all ends.
func (c *CIB) Execute(p *show.Printer, ws *status.WorkingSet, g *graph.Graph, failures []string) error {
	c.readInt = ws.ReadInt
	if !p.Quiet() {
		p.Begin("Executing Cluster Transition")
	}
	x := execution{cib: c, p: p, ws: ws, failures: failures, waiting: map[int][]int{}}
	err := x.run(g)
	if err != nil && !errors.Is(err, ErrTerminated) {
		return err
	}
	if err != nil {
		p.Err("Transition failed: terminated")
		x.logGraph(g)
		p.Err("An invalid transition was produced")
	}
	if !p.Quiet() {
		p.End()
	}
	return err
}

// execution is the state of a graph that is carried out.
type execution struct {
	cib      *CIB
	p        *show.Printer
	ws       *status.WorkingSet
	failures []string

	graph    *graph.Graph
	synapses []*graph.Synapse
	fired    []bool
	missing  []int         // how many events each synapse still waits for
	waiting  map[int][]int // the synapses that wait for an event, by its number
	ready    indexes       // those to fire in this pass
	later    indexes       // and in the next
	at       int           // the one that fires
	aborted  bool          // only points in time go on
}

// indexes is a heap of the places of synapses.
type indexes []int

func (h indexes) Len() int           { return len(h) }
func (h indexes) Less(i, j int) bool { return h[i] < h[j] }
func (h indexes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexes) Push(x any)        { *h = append(*h, x.(int)) }
func (h *indexes) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// run fires synapses pass by pass until none is left that can fire
// (pcmk__execute_graph).
func (x *execution) run(g *graph.Graph) error {
	x.graph, x.synapses = g, g.Synapses
	x.fired = make([]bool, len(g.Synapses))
	x.missing = make([]int, len(g.Synapses))
	for i, s := range g.Synapses {
		x.missing[i] = len(s.Inputs)
		for _, in := range s.Inputs {
			x.waiting[in.ID] = append(x.waiting[in.ID], i)
		}
		if len(s.Inputs) == 0 {
			x.ready = append(x.ready, i)
		}
	}
	left, skipped := len(g.Synapses), 0
	for len(x.ready) > 0 {
		for len(x.ready) > 0 {
			x.at = heap.Pop(&x.ready).(int)
			s := x.synapses[x.at]
			if x.aborted && x.graph.Event(s.Action).Kind != graph.PseudoEvent && s.Priority < status.Infinity {
				skipped++
				continue
			}
			left--
			x.fired[x.at] = true
			if err := x.fire(s); err != nil {
				return err
			}
		}
		x.ready, x.later = x.later, x.ready[:0]
		heap.Init(&x.ready)
	}
	x.logEnd(left, skipped)
	if left > 0 && !x.aborted {
		return ErrTerminated
	}
	return nil
}

// done says that the event has happened; those who wait for it learn it unless it
// failed and they are not of the highest priority (pcmk__update_graph).
func (x *execution) done(s *graph.Synapse, failed bool) {
	for _, i := range x.waiting[s.Action.ID] {
		if failed && x.synapses[i].Priority != status.Infinity {
			continue
		}
		if x.missing[i]--; x.missing[i] > 0 {
			continue
		}
		if i > x.at {
			heap.Push(&x.ready, i)
		} else {
			x.later = append(x.later, i)
		}
	}
}

func attributeOf(e *graph.Event, name string) string { return attribute(e.Attributes, name) }

func (x *execution) fire(s *graph.Synapse) error {
	e := x.graph.Event(s.Action)
	node := attributeOf(e, "on_node")
	switch {
	case e.Kind == graph.PseudoEvent:
		sayPseudo(x.p, attributeOf(e, "operation_key"), node)
	case e.Kind == graph.RscOp:
		return x.resourceAction(s, e, node)
	case strings.EqualFold(attributeOf(e, "operation"), status.ActionNameFence):
		if err := x.fence(e, node); err != nil {
			return err
		}
	default:
		resource := ""
		if e.Resource != nil {
			resource = resourceAttribute(e, "id")
		}
		sayCluster(x.p, attributeOf(e, "operation"), resource, node)
	}
	x.done(s, false)
	return nil
}

func resourceAttribute(e *graph.Event, name string) string {
	return attribute(e.Resource.Attributes, name)
}

// fence takes a node down, or unfences it (simulate_fencing_action).
func (x *execution) fence(e *graph.Event, target string) error {
	op := parametersOf(e)[status.MetaName("stonith_action")]
	sayFencing(x.p, target, op)
	if strings.EqualFold(op, "on") {
		return nil
	}
	state, err := x.cib.setNodeState(target, false, "simulate_fencing_action")
	if err != nil {
		return err
	}
	x.cib.forgetState(state)
	return nil
}

func parametersOf(e *graph.Event) map[string]string {
	params := make(map[string]string, len(e.Parameters)+len(e.Param))
	for _, p := range e.Parameters {
		params[p[0]] = p[1]
	}
	for _, p := range e.Param {
		params[p[0]] = p[1]
	}
	return params
}

// resourceAction carries out an agent's action (simulate_resource_action).
func (x *execution) resourceAction(s *graph.Synapse, e *graph.Event, node string) error {
	task := attributeOf(e, "operation")
	if task == "probe_complete" || e.Resource == nil {
		x.done(s, false)
		return nil
	}
	known := resourceAttribute(e, "id")
	resource := known
	if long := resourceAttribute(e, "long-id"); x.ws.FindResource(known) == nil && long != "" && x.ws.FindResource(long) != nil {
		resource = long
	}
	if strings.EqualFold(task, status.ActionNameDelete) || strings.EqualFold(task, status.ActionNameMetadata) {
		sayResource(x.p, resource, task, node, 0)
		x.done(s, false)
		return nil
	}
	params := parametersOf(e)
	uuid := attributeOf(e, "on_node_uuid")
	if attributeOf(e, "router_node") != "" {
		uuid = node
	}
	state, err := x.cib.nodeState(node, uuid)
	if err != nil {
		return err
	}
	h, ok := x.cib.history(x.p, state, resource, known, agent{
		class: resourceAttribute(e, "class"), provider: resourceAttribute(e, "provider"), kind: resourceAttribute(e, "type"),
	})
	if !ok {
		x.aborted = true
		return nil
	}
	r := result{resource: known, task: task, reason: "User-injected result", params: params}
	r.rc = scanInt(params[status.MetaName("op_target_rc")])
	r.expected = r.rc
	if n, err := strconv.ParseUint(params[status.MetaName("interval")], 10, 32); err == nil {
		r.intervalMS = uint(n)
	}
	sayResource(x.p, resource, task, node, r.intervalMS)
	failed := false
	for _, spec := range x.failures {
		name, rc, ok := x.failure(spec, r, node, resource, known)
		if !ok {
			continue
		}
		r.rc, failed, x.aborted = rc, true, true
		x.p.Info("Pretending action %d failed with rc=%d", s.Action.ID, rc)
		x.cib.countFailure(x.p, state, name, task, r.intervalMS, rc)
		break
	}
	x.cib.record(state, h, r)
	x.done(s, failed)
	return nil
}

// failure tells whether a specification is of this operation, under which name, and
// what the result shall be.
func (x *execution) failure(spec string, r result, node string, names ...string) (name string, rc int, ok bool) {
	for _, name := range names {
		prefix := status.Key(name, r.task, r.intervalMS) + "@" + node + "="
		if len(spec) < len(prefix) || !strings.EqualFold(spec[:len(prefix)], prefix) {
			continue
		}
		rc, ok := status.LeadingInt(spec[len(prefix):])
		if !ok {
			x.p.Err("Invalid failed operation '%s' (result code must be integer)", spec)
			return "", 0, false
		}
		return name, int(rc), true
	}
	return "", 0, false
}

// scanInt is a number of 0 or more, 0 for what is none.
func scanInt(s string) int {
	n, _ := status.LeadingInt(s)
	return int(min(max(n, 0), math.MaxInt32))
}
