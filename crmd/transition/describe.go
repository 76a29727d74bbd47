package transition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var kindNames = [...]string{Pseudo: "pseudo", Resource: "resource", Cluster: "cluster"}

// state is what a synapse is about, in the reference's words.
func (s *synapse) state() string {
	switch {
	case s.failed:
		return "Failed"
	case s.confirmed:
		return "Completed"
	case s.executed:
		return "In-flight"
	case len(s.missing) == 0:
		return "Ready"
	}
	return "Pending"
}

// Describe is a line about each action, for a log: what has become of it, and which actions it
// waits for (pcmk__log_graph).
func (g *Graph) Describe() (lines []string) {
	for _, s := range g.synapses {
		waiting := "none"
		if ids := g.awaited(s); len(ids) > 0 && !s.executed {
			waiting = strings.Join(ids, " ")
		}
		for _, a := range s.actions {
			on := ""
			if a.Node() != "" {
				on = " on " + a.Node()
			}
			what := fmt.Sprintf("%s %s op %s", s.state(), kindNames[a.Kind], a.Key())
			lines = append(lines, fmt.Sprintf("[Action %4d]: %-50s%s (priority: %d, waiting: %s)", a.ID, what, on, s.priority, waiting))
		}
	}
	return lines
}

// awaited are the numbers of the graph's actions that a synapse waits for.
func (g *Graph) awaited(s *synapse) (ids []string) {
	numbers := make([]int, 0, len(s.missing))
	for id := range s.missing {
		if g.actions[id] != nil {
			numbers = append(numbers, id)
		}
	}
	slices.Sort(numbers)
	for _, id := range numbers {
		ids = append(ids, strconv.Itoa(id))
	}
	return ids
}
