package ring

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

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

// alone tells whether the message of packet p is likely to be followed by no
// other, but by the token: clients send little, and the packet is not half full.
// Its receiver is seen to before that token, then, as in the reference, and can
// get to work while the token is passed on: measured on three nodes that made a
// lone message's way from a client and back a tenth shorter. With full packets,
// which come by the dozen, it would cost a fifth of the throughput.
func (l *loop) alone(p *totem.Packet) bool {
	return !l.stream.on && 2*len(p.Data) < l.r.cfg.PayloadMTU
}

// handOver sees to the events that there are, what goes with them having been
// sent: it takes them here, or wakes the receiver for them.
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
