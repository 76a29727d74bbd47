package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
)

// source is who the graph is from, as it is logged.
const source = "crm_simulate"

// logEnd logs how far the transition has got: left are the synapses that have not fired,
// skipped those of them that could have (the end of pcmk__execute_graph).
func (x *execution) logEnd(left, skipped int) {
	level, how := loglevel.Notice, "Complete"
	switch {
	case left > 0 && !x.aborted:
		level, how = loglevel.Warning, "Terminated"
	case skipped > 0:
		how = "Stopped"
	}
	x.ws.At("pcmk__execute_graph").Logf(level, "Transition 0 (Complete=%d, Pending=0, Fired=0, Skipped=%d, Incomplete=%d, Source=%s): %s",
		len(x.synapses)-left, skipped, left, source, how)
}

// logGraph logs what is left of a graph that did not end (pcmk__log_graph).
func (x *execution) logGraph(g *graph.Graph) {
	if len(g.Synapses) == 0 {
		return
	}
	limit, _ := strconv.Atoi(attribute(g.Attributes, "batch-limit"))
	delay, _ := iso8601.ParseInterval(attribute(g.Attributes, "cluster-delay"))
	x.ws.At("pcmk__log_graph").Logf(loglevel.Error, "Graph 0 with %d actions: batch-limit=%d jobs, network-delay=%dms", len(g.Synapses), limit, delay)
	known, fired := map[int]bool{}, map[int]bool{}
	for i, s := range g.Synapses {
		known[s.Action.ID] = true
		fired[s.Action.ID] = x.fired[i]
	}
	for i, s := range g.Synapses {
		x.logSynapse(s, x.fired[i], known, fired)
	}
}

func (x *execution) logSynapse(s *graph.Synapse, done bool, known, fired map[int]bool) {
	state, waiting := "Completed", []string(nil)
	if !done {
		state = "Pending"
		for _, in := range s.Inputs {
			if known[in.ID] && !fired[in.ID] {
				waiting = append(waiting, strconv.Itoa(in.ID))
			}
		}
	}
	if len(waiting) == 0 {
		waiting = []string{"none"}
	}
	event := x.graph.Event(s.Action)
	what := fmt.Sprintf("%s %s op %s", state, kindName(event.Kind), attributeOf(event, "operation_key"))
	x.ws.At("log_synapse_action").Logf(loglevel.Error, "[Action %4d]: %-50s%s (priority: %d, waiting: %s)",
		s.Action.ID, what, onNode(event), s.Priority, strings.Join(waiting, " "))
	if done {
		return
	}
	for _, in := range s.Inputs {
		if !known[in.ID] {
			e := x.graph.Event(in)
			x.ws.At("log_unresolved_inputs").Logf(loglevel.Error, " * [Input %2d]: Unresolved dependency %s op %s%s",
				in.ID, kindName(e.Kind), attributeOf(e, "operation_key"), onNode(e))
		}
	}
}

func onNode(e *graph.Event) string {
	if node := attributeOf(e, "on_node"); node != "" {
		return " on " + node
	}
	return ""
}

func kindName(k graph.Kind) string {
	switch k {
	case graph.PseudoEvent:
		return "pseudo"
	case graph.RscOp:
		return "resource"
	}
	return "cluster"
}

func attribute(attributes [][2]string, name string) string {
	if i := slices.IndexFunc(attributes, func(a [2]string) bool { return a[0] == name }); i >= 0 {
		return attributes[i][1]
	}
	return ""
}
