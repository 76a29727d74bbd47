package ring

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Requests is where clients' requests come from, for the ring thread to take
// them itself between two packets. What else carries them reaches the thread one
// change of context later, when the token has gone on.
type Requests interface {
	// FD is readable while there are requests.
	FD() int
	// Pending tells whether there are some that FD does not tell of.
	Pending() bool
	// Serve takes some, between Eager.Try and Eager.Done. It must never make the
	// thread wait.
	Serve()
	// Take: the ring thread looks after the requests from now on. Return: it no
	// longer does.
	Take()
	Return()
}

// requestsMost is how long the thread goes on with requests before it looks at
// the network again.
const requestsMost = 100 * time.Microsecond

// requests is the ring thread's side of Requests.
type requests struct {
	src    Requests // or nil
	away   bool     // left to others until again
	again  totem.Instant
	retry  bool          // the services were busy: do not poll, look again soon
	served totem.Instant // when they were last taken
	polled int           // index in loop.fds, or -1
}

// SetRequests has the ring thread take requests from src from now on; from
// nowhere, if nil. It returns when the thread has left the former source alone.
// Config.Eager must be set.
func (r *Ring) SetRequests(src Requests) error {
	return r.ask(func(l *loop) {
		if l.req.src != nil && !l.req.away {
			l.req.src.Return()
		}
		l.req = requests{src: src, polled: -1}
		if src != nil {
			src.Take()
		}
	})
}

// Wake has the ring thread look around.
func (r *Ring) Wake() {
	if r.sleep.Swap(awake) != awake {
		r.wake.wake()
	}
}

// poll adds to what the thread waits for, and shortens the wait.
func (q *requests) poll(fds []unix.PollFd, now totem.Instant, timeout time.Duration, streaming bool) ([]unix.PollFd, time.Duration) {
	q.polled = -1
	if q.src == nil {
		return fds, timeout
	}
	if q.away {
		if now < q.again {
			return fds, timeout
		}
		q.away = false
		q.src.Take()
	}
	switch {
	case q.retry:
		timeout = min(timeout, busyRetry)
	case streaming:
		timeout = min(timeout, max(q.served.Add(streamIdle).Sub(now), 0))
	case q.src.Pending():
		timeout = 0
	default:
		q.polled = len(fds)
		fds = append(fds, unix.PollFd{Fd: int32(q.src.FD()), Events: unix.POLLIN})
	}
	return fds, timeout
}

// serveRequests takes clients' requests, if there are any.
func (l *loop) serveRequests() {
	q := &l.req
	switch {
	case q.src == nil || q.away:
	case q.retry, l.stream.on && l.now >= q.served.Add(streamIdle), !l.stream.on && q.src.Pending(),
		q.polled >= 0 && l.fds[q.polled].Revents != 0:
		l.takeRequests()
	}
}

// takeRequests takes those that there are.
func (l *loop) takeRequests() {
	q := &l.req
	if q.src == nil || q.away {
		return
	}
	e := l.r.cfg.Eager
	if l.now < l.eagerAt {
		q.leave(l.eagerAt)
		return
	}
	if q.retry = !e.Try(); q.retry {
		return
	}
	began := l.clock.now()
	q.src.Serve()
	for q.src.Pending() && l.clock.now().Sub(began) < requestsMost {
		q.src.Serve()
	}
	e.Done()
	l.now = l.clock.now()
	q.served = l.now
	if l.now.Sub(began) > eagerMost {
		l.eagerAt = l.now.Add(eagerRest)
		q.leave(l.eagerAt)
	}
}

// leave leaves the requests to others until then.
func (q *requests) leave(until totem.Instant) {
	q.away, q.retry, q.again = true, false, until
	q.src.Return()
}
