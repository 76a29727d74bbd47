package transition

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Infinity is the highest priority of a synapse or an abort.
const Infinity = status.Infinity

// Next is what the controller does when a graph is complete, the more urgent the higher.
type Next int

// What comes next.
const (
	Done     Next = iota // nothing
	Wait                 // wait for changes
	Restart              // have another graph made
	Shutdown             // leave: this was the last thing before it
)

// String is the word of the reference's log.
func (n Next) String() string {
	return [...]string{"done", "stop", "restart", "shutdown"}[n]
}

// Graph is a transition graph and how far it is.
type Graph struct {
	ID             int    // -1 for a blank one
	Source         string // where it came from, for the log
	NetworkDelay   time.Duration
	FencingTimeout time.Duration
	BatchLimit     int // of actions under way; 0 or less for none
	MigrationLimit int // of migrations under way on a node; 0 or less for none

	// FailedStop and FailedStart are what fail counts are set to, "" if the graph does not say.
	FailedStop, FailedStart string
	RecheckBy               int64 // seconds since 1970 by when to look again, 0 for never

	Complete      bool
	AbortPriority int // actions with a lower one are not started
	AbortReason   string
	Next          Next

	synapses []*synapse
	open     []*synapse         // those of synapses that may still matter, in order
	waiting  map[int][]*synapse // which wait for an action
	actions  map[int]*Action    // by ID; the first if there are several
	counted  Summary            // of the last Advance
	blank    bool               // not made by the scheduler
}

// Kind tells who carries out an action.
type Kind int

// The kinds.
const (
	Pseudo   Kind = iota // nobody: a point in time
	Resource             // an agent
	Cluster              // the controller of a node, or the fencer
)

// Action is one event of a graph.
type Action struct {
	ID      int
	Kind    Kind
	Element *etree.Element // as the graph has it
	Params  map[string]string
	// Timeout is how long it may take on its node, a start delay included. Getting there and back
	// takes the graph's NetworkDelay beyond.
	Timeout    time.Duration
	IntervalMS uint
	CanFail    bool
	Priority   int // of its synapse

	Executed, Confirmed, Failed bool

	synapse *synapse
}

// synapse is a set of actions that start together, nearly always one, when all inputs have happened.
type synapse struct {
	id, priority int
	actions      []*Action
	missing      map[int]bool // IDs of the inputs that have not happened
	failed       bool
	executed     bool
	confirmed    bool
}

// Attr is an attribute of the action's element, "" if it has none.
func (a *Action) Attr(name string) string { return a.Element.SelectAttrValue(name, "") }

// Task is what is to be done: "start", "stonith", "do_shutdown".
func (a *Action) Task() string { return a.Attr("operation") }

// Key is the name of the operation: "ip_start_0".
func (a *Action) Key() string { return a.Attr("operation_key") }

// Node is the name of the node on which it happens, NodeID that node's id.
func (a *Action) Node() string { return a.Attr("on_node") }

// NodeID is the id of the node on which it happens.
func (a *Action) NodeID() string { return a.Attr("on_node_uuid") }

// Router is the node whose controller is asked: that of the connection if the action
// happens on a remote node, else the action's own.
func (a *Action) Router() string {
	if router := a.Attr("router_node"); router != "" {
		return router
	}
	return a.Node()
}

// Meta is a parameter of the cluster's own: "timeout", "on_fail".
func (a *Action) Meta(name string) string { return a.Params[status.MetaName(name)] }

// TargetRC is the result that the scheduler expects, 0 if it does not say.
func (a *Action) TargetRC() int { return scan(a.Meta("op_target_rc"), 0, 0) }

// Action is the action of that number, nil if there is none.
func (g *Graph) Action(id int) *Action { return g.actions[id] }

// Pending is how many synapses had actions under way at the last Advance.
func (g *Graph) Pending() int { return g.counted.Pending }

// Unconfirmed are the actions that have not ended, in the graph's order.
func (g *Graph) Unconfirmed() (all []*Action) {
	for _, s := range g.open {
		for _, a := range s.actions {
			if !s.confirmed && !a.Confirmed {
				all = append(all, a)
			}
		}
	}
	return all
}

// Blank is a graph with nothing to do, as a controller has it until the scheduler has answered.
func Blank() *Graph {
	return &Graph{ID: -1, Source: "unknown", Complete: true, AbortReason: "DC Takeover", Next: Restart, blank: true}
}

// Len is the number of actions and of synapses.
func (g *Graph) Len() (actions, synapses int) {
	for _, s := range g.synapses {
		actions += len(s.actions)
	}
	return actions, len(g.synapses)
}
