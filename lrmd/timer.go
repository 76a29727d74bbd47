package lrmd

import (
	"container/heap"
	"time"
)

// timer is a moment at which something becomes of a command.
type timer struct {
	at    time.Time
	fire  func(now time.Time)
	index int // in timers; -1 out of it
}

// timers is a heap, the earliest first.
type timers []*timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}

// Push is for package heap.
func (t *timers) Push(x any) {
	item := x.(*timer)
	item.index = len(*t)
	*t = append(*t, item)
}

// Pop is for package heap.
func (t *timers) Pop() any {
	last := len(*t) - 1
	item := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	item.index = -1
	return item
}

func (t *timers) start(now time.Time, milliseconds int, fire func(now time.Time)) *timer {
	item := &timer{at: now.Add(time.Duration(milliseconds) * time.Millisecond), fire: fire}
	heap.Push(t, item)
	return item
}

// stop does nothing for one that is nil, has fired or was stopped.
func (t *timers) stop(item *timer) {
	if item != nil && item.index >= 0 {
		heap.Remove(t, item.index)
	}
}

// NextDeadline is when Tick is to be called; ok is whether it is at all.
func (e *Executor) NextDeadline() (at time.Time, ok bool) {
	if len(e.timers) == 0 {
		return time.Time{}, false
	}
	return e.timers[0].at, true
}

// Tick does what is due: start delays and intervals are over.
func (e *Executor) Tick(now time.Time) []Effect {
	e.begin()
	for len(e.timers) > 0 && !e.timers[0].at.After(now) {
		heap.Pop(&e.timers).(*timer).fire(now)
	}
	return e.end(now)
}
