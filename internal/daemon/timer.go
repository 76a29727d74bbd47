package daemon

import (
	"sync"
	"time"
)

// timer is one pending call into the services. It runs under the service lock,
// and not at all once Stop has been called under that lock.
type timer struct {
	stopped bool // under the service lock
	t       *time.Timer
}

// after calls fn once after d with the lock held.
func after(mu *sync.Mutex, d time.Duration, fn func()) *timer {
	t := &timer{}
	t.t = time.AfterFunc(d, func() {
		mu.Lock()
		defer mu.Unlock()
		if !t.stopped {
			t.stopped = true
			fn()
		}
	})
	return t
}

// Stop implements service.Timer.
func (t *timer) Stop() {
	t.stopped = true
	t.t.Stop()
}
