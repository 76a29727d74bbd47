package ring

import (
	"runtime"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Go's runtime takes the P of a goroutine that has run for 10 ms, however much of that
// it has waited in system calls, and a goroutine with a thread of its own needs two
// changes of thread to get one again. On a busy ring that would come at any moment, also
// between a token's arrival and its departure. So the thread gives the P away itself a
// little earlier, when the token has just gone on.
const (
	yieldAfter = 9 * time.Millisecond
	// yieldWait: after a longer wait the ring is not busy.
	yieldWait = 2 * time.Millisecond
)

// yield gives the P away if it is time and the token has gone on in the pass that
// began then.
func (l *loop) yield(began totem.Instant) {
	switch {
	case began.Sub(l.passed) > yieldWait:
		l.yielded = began
	case l.lastToken >= began && l.token == nil && !l.m.Resting() && began.Sub(l.yielded) > yieldAfter:
		runtime.Gosched()
		l.yielded = began
	}
	l.passed = l.now
}
