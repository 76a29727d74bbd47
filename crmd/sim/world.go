package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// World is a simulated cluster.
type World struct {
	course Course
	rand   *rand.Rand
	now    time.Time
	events events
	seq    uint64
	nodes  []*node
	parts  []*part
	ring   uint64
	// reforming is when rings are formed anew, zero if they need not be.
	reforming time.Time
	agents    agents
	admin     *administrators
	ids       int
	steps     int
	// Trace hears what happens; nil for nobody.
	Trace func(now time.Time, node, text string)
	hear  func(now time.Time, node string, level loglevel.Level, function, text string)
	// broken is what must not have happened.
	broken error
}

// event is something that happens at a time; on a node only while that is up as it was.
type event struct {
	at   time.Time
	seq  uint64
	node *node
	boot int
	do   func()
}

type events []*event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(*event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	(*e)[len(*e)-1] = nil
	*e = (*e)[:len(*e)-1]
	return last
}

// after has something happen after a while, on a node if it is not nil.
func (w *World) after(d time.Duration, n *node, do func()) {
	w.at(w.now.Add(d), n, do)
}

func (w *World) at(t time.Time, n *node, do func()) {
	w.seq++
	e := &event{at: t, seq: w.seq, node: n, do: do}
	if n != nil {
		e.boot = n.boot
	}
	heap.Push(&w.events, e)
}

// step has the next thing happen. It is false if there is none before a time, which it then is.
func (w *World) step(until time.Time) bool {
	for len(w.events) > 0 && !w.events[0].at.After(until) && w.broken == nil {
		e := heap.Pop(&w.events).(*event)
		w.now = e.at
		switch {
		case e.node == nil:
		case !e.node.up || e.node.boot != e.boot:
			continue
		case e.node.paused.After(w.now):
			e.at = e.node.paused // later than all that waits for the same, by its number
			heap.Push(&w.events, e)
			continue
		}
		w.steps++
		e.do()
		return true
	}
	if w.broken == nil {
		w.now = until
	}
	return false
}

// Run has all happen that happens within a while.
func (w *World) Run(d time.Duration) {
	for until := w.now.Add(d); w.step(until); {
	}
}

// between is a random time.
func (w *World) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rand.Int64N(int64(most-least)+1))
}

func (w *World) fail(format string, args ...any) {
	if w.broken == nil {
		w.broken = fmt.Errorf("%s: %s", w.now.UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
	w.trace(nil, format, args...)
}

func (w *World) trace(n *node, format string, args ...any) {
	if w.Trace == nil {
		return
	}
	name := ""
	if n != nil {
		name = n.name
	}
	w.Trace(w.now, name, fmt.Sprintf(format, args...))
}

func (w *World) newID() string {
	w.ids++
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", w.ids)
}
