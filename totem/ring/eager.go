package ring

import "time"

// eagerMost is how long the ring thread may be busy with events that it takes
// itself; beyond it the receiver's goroutine takes them for eagerRest.
const (
	eagerMost = 300 * time.Microsecond
	eagerRest = 100 * time.Millisecond
)

// handOver sees to the events of this pass, all packets having been sent: it
// takes them here, or wakes the receiver for them.
func (l *loop) handOver() {
	q := l.r.out
	if !q.own() {
		return // there are none, or the receiver is at work
	}
	e := l.r.cfg.Eager
	if e == nil || l.now < l.eagerAt || !e.Try() {
		q.wake()
		return
	}
	began := l.clock.now()
	for list := q.poll(); list != nil; list = q.poll() {
		e.Take(list)
	}
	e.Done()
	q.disown()
	l.now = l.clock.now()
	if l.now.Sub(began) > eagerMost {
		l.eagerAt = l.now.Add(eagerRest)
	}
}
