package daemon

import "sync"

// latest runs jobs away from the service lock, one at a time. A job that is
// still waiting when the next one is given is left out: only the last counts.
// So there is one goroutine at most, however long a disk makes it wait.
type latest struct {
	mu   sync.Mutex
	busy bool
	next func()
}

// do has fn run; it does not wait. It tells whether fn runs at once.
func (l *latest) do(fn func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = fn
	if l.busy {
		return false
	}
	l.busy = true
	go l.run()
	return true
}

func (l *latest) run() {
	for {
		l.mu.Lock()
		fn := l.next
		l.next = nil
		if fn == nil {
			l.busy = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		fn()
	}
}
