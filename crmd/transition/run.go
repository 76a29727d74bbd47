package transition

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Executor carries out actions. It may call Confirm and Fail while Start runs.
type Executor interface {
	// Allowed says whether there is room for an action, which is not a point in time.
	Allowed(a *Action) bool
	// Start begins an action. An error ends the transition: the action has failed.
	Start(a *Action) error
}

// Status is where a transition stands after Advance.
type Status int

// The states.
const (
	Active     Status = iota // actions have been started
	Pending                  // some run, none was started
	Completed                // nothing is left to do, or to be done
	Terminated               // events wait for what will not come
)

// Summary counts synapses, as the controller's log does.
type Summary struct {
	Completed, Pending, Fired, Skipped, Incomplete int
	Level                                          loglevel.Level
	word                                           string
}

// Summary is that of the last Advance, as a line of the log.
func (g *Graph) Summary() (text string, level loglevel.Level) {
	c := g.counted
	return fmt.Sprintf("Transition %d (Complete=%d, Pending=%d, Fired=%d, Skipped=%d, Incomplete=%d, Source=%s): %s",
		g.ID, c.Completed, c.Pending, c.Fired, c.Skipped, c.Incomplete, g.Source, c.word), c.Level
}

// Failure is an action that could not be started.
type Failure struct {
	Action *Action
	Err    error
}

// Advance starts what can be started, in the graph's order (pcmk__execute_graph).
func (g *Graph) Advance(x Executor) (Status, []Failure) {
	c := Summary{Level: loglevel.Debug, word: "In progress"}
	kept := g.open[:0]
	for _, s := range g.open {
		if !s.confirmed {
			kept = append(kept, s)
		}
	}
	clear(g.open[len(kept):])
	g.open = kept
	c.Completed = len(g.synapses) - len(g.open)
	for _, s := range g.open {
		if s.executed && !s.failed {
			c.Pending++
		}
	}
	var failures []Failure
	for _, s := range g.open {
		if g.BatchLimit > 0 && c.Pending >= g.BatchLimit {
			break
		}
		switch {
		case s.failed:
			c.Skipped++
		case s.confirmed || s.executed:
		case g.may(s, x, &c):
			c.Fired++
			if f := g.fire(s, x); f != nil {
				failures = append(failures, *f)
				c.Level = loglevel.Error
				g.AbortPriority = Infinity
				c.Incomplete++
				c.Fired--
			}
			if !s.confirmed {
				c.Pending++
			}
		default:
			c.Incomplete++
		}
	}
	state := Active
	if c.Pending == 0 && c.Fired == 0 {
		g.Complete = true
		state, c.word, c.Level = Completed, "Complete", loglevel.Notice
		if c.Incomplete != 0 && g.AbortPriority <= 0 {
			state, c.word, c.Level = Terminated, "Terminated", loglevel.Warning
		} else if c.Skipped != 0 {
			c.word = "Stopped"
		}
	} else if c.Fired == 0 {
		state = Pending
	}
	g.counted = c
	return state, failures
}

func (g *Graph) may(s *synapse, x Executor, c *Summary) bool {
	if len(s.missing) > 0 {
		return false
	}
	for _, a := range s.actions {
		if a.Kind == Pseudo {
			continue
		}
		if s.priority < g.AbortPriority {
			c.Skipped++
			return false
		}
		if !x.Allowed(a) {
			return false
		}
	}
	return true
}

func (g *Graph) fire(s *synapse, x Executor) *Failure {
	s.executed = true
	for _, a := range s.actions {
		if a.Executed {
			continue
		}
		a.Executed = true
		if err := x.Start(a); err != nil {
			s.confirmed = true
			a.Confirmed, a.Failed = true, true
			return &Failure{Action: a, Err: err}
		}
	}
	return nil
}

// Confirm says that an action is done. It tells whether that is new.
func (g *Graph) Confirm(a *Action) bool {
	fresh := !a.Confirmed
	a.Confirmed = true
	g.update(a)
	return fresh
}

// Fail says that an action has ended otherwise than the scheduler expects.
func (g *Graph) Fail(a *Action) bool {
	a.Failed = true
	return g.Confirm(a)
}

// update tells those who wait for an action (pcmk__update_graph).
func (g *Graph) update(a *Action) {
	if s := a.synapse; s.executed && !s.confirmed && !s.failed {
		all := true
		for _, other := range s.actions {
			all = all && other.Confirmed
		}
		s.confirmed = all
	}
	still := g.waiting[a.ID][:0]
	for _, s := range g.waiting[a.ID] {
		if a.Failed && s.priority != Infinity {
			still = append(still, s)
			continue
		}
		delete(s.missing, a.ID)
	}
	g.waiting[a.ID] = still
}

// Lost says that a node is gone: nothing that would happen there, or through it, will. It gives
// the actions concerned, in the graph's order (fail_incompletable_actions); if there are any, the graph
// is to be aborted. Ids of routers come from idOf.
func (g *Graph) Lost(nodeID string, idOf func(node string) string) []*Action {
	if g.Complete {
		return nil
	}
	var lost []*Action
	for _, s := range g.open {
		if s.confirmed || s.failed {
			continue
		}
		for _, a := range s.actions {
			if a.Kind == Pseudo || a.Confirmed || a.Kind == Cluster && a.Task() == "stonith" {
				continue
			}
			router := a.Attr("router_node")
			if a.NodeID() != nodeID && (router == "" || idOf(router) != nodeID) {
				continue
			}
			a.Failed, s.failed = true, true
			g.update(a)
			lost = append(lost, a)
		}
	}
	return lost
}
