package ring

import "time"

const (
	// eagerMost is how long the ring thread may be busy with events or requests
	// that it takes itself; beyond it others take them for eagerRest.
	eagerMost = time.Millisecond
	eagerRest = 10 * time.Millisecond
	// busyRetry is when the thread looks again whether the services are free;
	// after busyTries of it the receiver is woken to wait for them.
	busyRetry = 50 * time.Microsecond
	busyTries = 20
)

// handOver sees to the events of this pass, all packets having been sent: it
// takes them here, or wakes the receiver for them.
func (l *loop) handOver() {
	q := l.r.out
	if l.tries == 0 && !q.own() {
		return // there are none, or the receiver is at work
	}
	e := l.r.cfg.Eager
	if e == nil || l.now < l.eagerAt || l.tries == busyTries {
		l.tries = 0
		q.wake()
		return
	}
	if !e.Try() {
		l.tries++
		return
	}
	l.tries = 0
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
