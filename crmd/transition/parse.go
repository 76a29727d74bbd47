package transition

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Parse reads a graph (pcmk__unpack_graph). Actions that it does not understand are left out, and
// named by problems. An error is a graph without number or delay, or one of two synapses that start
// the same action.
func Parse(root *etree.Element, source string) (g *Graph, problems []string, err error) {
	if source == "" {
		source = "unknown"
	}
	for _, name := range []string{"transition_id", "cluster-delay"} {
		if root.SelectAttr(name) == nil {
			return nil, nil, fmt.Errorf("graph from %s: no %s", source, name)
		}
	}
	attr := func(name string) string { return root.SelectAttrValue(name, "") }
	g = &Graph{
		Source: source, ID: scan(attr("transition_id"), -1, -1),
		NetworkDelay: interval(attr("cluster-delay")), BatchLimit: scan(attr("batch-limit"), 0, -1), MigrationLimit: scan(attr("migration-limit"), 0, -1),
		FailedStop: attr("failed-stop-offset"), FailedStart: attr("failed-start-offset"),
		waiting: map[int][]*synapse{}, actions: map[int]*Action{},
	}
	g.FencingTimeout = g.NetworkDelay
	if t := root.SelectAttr("stonith-timeout"); t != nil {
		g.FencingTimeout = interval(t.Value)
	}
	if n, ok := status.LeadingInt(attr("recheck-by")); ok && n > 0 {
		g.RecheckBy = n
	}
	for _, e := range root.SelectElements("synapse") {
		more, err := g.addSynapse(e)
		if err != nil {
			return nil, nil, fmt.Errorf("graph %d from %s: %w", g.ID, source, err)
		}
		problems = append(problems, more...)
	}
	g.open = append(g.open, g.synapses...)
	return g, problems, nil
}

func (g *Graph) addSynapse(e *etree.Element) (problems []string, err error) {
	s := &synapse{id: scan(e.SelectAttrValue("id", ""), 0, 0), priority: scan(e.SelectAttrValue("priority", ""), 0, 0), missing: map[int]bool{}}
	for _, set := range e.SelectElements("action_set") {
		for _, child := range set.ChildElements() {
			a, problem := parseAction(child)
			if problem != "" {
				problems = append(problems, problem)
				continue
			}
			if g.actions[a.ID] != nil {
				return nil, fmt.Errorf("synapse %d: action %d is another's too", s.id, a.ID)
			}
			a.synapse, a.Priority = s, s.priority
			g.actions[a.ID] = a
			s.actions = append(s.actions, a)
		}
	}
	for _, inputs := range e.SelectElements("inputs") {
		for _, trigger := range inputs.SelectElements("trigger") {
			for _, child := range trigger.ChildElements() {
				id, _, problem := identify(child)
				if problem != "" {
					problems = append(problems, problem)
				} else if !s.missing[id] {
					s.missing[id] = true
					g.waiting[id] = append(g.waiting[id], s)
				}
			}
		}
	}
	g.synapses = append(g.synapses, s)
	return problems, nil
}

// identify reads what an action and a reference to one have alike.
func identify(e *etree.Element) (id int, kind Kind, problem string) {
	a := e.SelectAttr("id")
	if a == nil {
		return 0, 0, "Ignoring transition graph action without id (bug?)"
	}
	switch strings.ToLower(e.Tag) {
	case "rsc_op":
		kind = Resource
	case "pseudo_event":
		kind = Pseudo
	case "crm_event":
		kind = Cluster
	default:
		return 0, 0, fmt.Sprintf("Ignoring transition graph action of unknown type '%s' (bug?)", e.Tag)
	}
	return scan(a.Value, -1, -1), kind, ""
}

func parseAction(e *etree.Element) (a *Action, problem string) {
	id, kind, problem := identify(e)
	if problem != "" {
		return nil, problem
	}
	a = &Action{ID: id, Kind: kind, Element: e, Params: parameters(e)}
	a.Timeout = time.Duration(scan(a.Meta("timeout"), 0, 0)+scan(a.Meta("start_delay"), 0, 0)) * time.Millisecond
	a.IntervalMS = uint(scan(a.Meta("interval"), 0, 0))
	a.CanFail = status.IsTrue(a.Meta("can_fail"))
	return a, ""
}

// parameters are those of the element's "attributes" (xml2list).
func parameters(e *etree.Element) map[string]string {
	params := map[string]string{}
	set := e.SelectElement("attributes")
	if set == nil {
		return params
	}
	for _, a := range set.Attr {
		params[a.FullKey()] = a.Value
	}
	for _, p := range set.SelectElements("param") {
		params[p.SelectAttrValue("name", "")] = p.SelectAttrValue("value", "")
	}
	return params
}

// scan is a number as pcmk__scan_min_int reads it: instead if there is none, and not below the least.
func scan(s string, instead, least int) int {
	n, ok := status.LeadingInt(s)
	if !ok {
		return instead
	}
	return int(min(max(n, int64(least)), math.MaxInt32))
}

func interval(s string) time.Duration {
	ms, _ := iso8601.ParseInterval(s) // 0 for what is none
	return time.Duration(ms) * time.Millisecond
}
