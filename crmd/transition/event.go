package transition

import (
	"strconv"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Statuses of an executor that matter here, as the CIB has them.
const (
	statusPending   = -1
	statusCancelled = 1
)

// Event is an entry of a node's history that is new in the CIB, or that a controller reports by itself.
type Event struct {
	Key           string // "ip_start_0"
	NodeID        string
	TransitionKey string
	Status, RC    int
}

// Verdict is what an event means to a transition.
type Verdict struct {
	// Ignored is an event of which nothing follows: one under way, or known already.
	Ignored bool
	// Action is the one whose result it is, nil if it is none of this transition's.
	Action *Action
	// Cancelled is the action of the graph that cancels the operation, which has
	// been done by that.
	Cancelled *Action
	// Foreign says where an event comes from that is not awaited: "arrived late".
	Foreign string
	// Abort is why the transition has to end, "" if it need not, and Priority how urgently.
	Abort    string
	Priority int
	// Outside is an event that no controller has asked for: its failure counts whatever
	// the operation is. IgnoreFailure is one that shall not count.
	Outside, IgnoreFailure bool
	// Transition and Number are those of the event, Expected the result that was expected; -1 without.
	Transition, Number, Expected int
	// RC is the result, without what is degraded about it.
	RC int
}

// TransitionKey is what an operation is labelled with for its result to be known again
// (pcmk__transition_key).
func TransitionKey(transition, action, target int, uuid string) string {
	return strconv.Itoa(action) + ":" + strconv.Itoa(transition) + ":" + strconv.Itoa(target) + ":" + uuid
}

// effective is a result without what is degraded about it (pcmk__effective_rc).
func effective(rc int) int {
	switch rc {
	case status.OCFDegraded:
		return status.OCFOK
	case status.OCFDegradedPromoted:
		return status.OCFRunningPromoted
	}
	return rc
}

// Judge finds what an event means, and confirms or fails the action whose result it is
// (process_graph_event). uuid is the transitioner's own.
func (g *Graph) Judge(e Event, uuid string) Verdict {
	v := Verdict{Priority: Infinity, Transition: -1, Number: -1, Expected: -1, RC: effective(e.RC)}
	if e.TransitionKey == "" || e.Status == statusPending {
		v.Ignored = true
		return v
	}
	number, transition, target, by, ok := status.ParseTransitionKey(e.TransitionKey)
	if !ok {
		v.Abort = "Bad event"
		return v
	}
	v.Transition, v.Number, v.Expected = transition, number, target
	switch {
	case transition == -1:
		v.Foreign, v.Abort, v.Outside = "initiated outside of the cluster", "Unexpected event", true
	case number < 0 || by != uuid:
		v.Foreign, v.Abort = "initiated by a different DC", "Foreign event"
	case g.ID != transition || g.Complete:
		_, _, interval, isKey := status.ParseKey(e.Key)
		switch {
		case isKey && interval != 0 && e.Status == statusCancelled:
			v.Ignored = true
			v.Cancelled = g.ConfirmCancel(e.Key, e.NodeID)
		case isKey && interval != 0:
			v.Foreign, v.Abort = "arrived after initial scheduling", "Change in recurring result"
		case g.ID != transition:
			v.Foreign, v.Abort = "arrived really late", "Old event"
		default:
			v.Foreign, v.Abort = "arrived late", "Inactive graph"
		}
	default:
		g.result(&v, number)
	}
	return v
}

func (g *Graph) result(v *Verdict, number int) {
	a := g.Action(number)
	if a == nil {
		v.Foreign, v.Abort = "unknown", "Unknown event"
		return
	}
	if a.Confirmed {
		v.Ignored = true
		return
	}
	v.Action = a
	v.IgnoreFailure = a.Meta("on_fail") == "ignore"
	if v.RC != v.Expected && !v.IgnoreFailure {
		a.Failed = true
	}
	g.Confirm(a)
	if a.Failed {
		v.Abort, v.Priority = "Event failed", a.Priority+1
	}
}

// ConfirmCancel confirms the action that cancels an operation on a node, and gives it; nil if there is none
// (confirm_cancel_action).
func (g *Graph) ConfirmCancel(key, nodeID string) *Action {
	a := g.Cancels(key, nodeID)
	if a != nil {
		g.Confirm(a)
	}
	return a
}

// Cancels is the action that cancels an operation on a node, on any if nodeID is empty; nil if there is
// none (get_cancel_action).
func (g *Graph) Cancels(key, nodeID string) *Action {
	for _, s := range g.synapses {
		for _, a := range s.actions {
			if a.Task() == "cancel" && a.Key() == key && (nodeID == "" || a.NodeID() == nodeID) {
				return a
			}
		}
	}
	return nil
}

// DownedBy is the action that has been started and takes the node down, nil if there is
// none: its loss is not a surprise then (match_down_event).
func (g *Graph) DownedBy(nodeID string) *Action {
	for _, s := range g.synapses {
		for _, a := range s.actions {
			if !a.Executed {
				continue
			}
			for _, downed := range a.Element.SelectElements("downed") {
				for _, n := range downed.SelectElements("node") {
					if n.SelectAttrValue("id", "") == nodeID {
						return a
					}
				}
			}
		}
	}
	return nil
}
