package controld

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// errNotConnected is what is asked for without a connection.
var errNotConnected = errors.New("not connected")

// attributePatience is how long the manager of attributes may take for a change.
const (
	attributePatience = 30 * time.Second
	attributePause    = 100 * time.Millisecond // before it is tried again to connect
	// attributeSettle is how long a manager of attributes that has just begun is left alone: the first that it
	// does is to erase the node's attributes from the CIB, which another node's may write faster.
	attributeSettle = time.Second
	// attributeAbsent is how long a start waits for one. One that does not come up
	// is pacemakerd's business, and the reference would not wait at all.
	attributeAbsent = 10 * time.Second
)

// attributeQueue sends changes of attributes one after the other.
type attributeQueue struct {
	s    *server
	wake chan struct{} // holds one

	mu    sync.Mutex
	queue []*wire.Message
}

func newAttributeQueue(s *server) *attributeQueue {
	return &attributeQueue{s: s, wake: make(chan struct{}, 1)}
}

// Attribute is the core's Host's.
func (s *server) Attribute(m *wire.Message) {
	q := s.attrs
	q.mu.Lock()
	q.queue = append(q.queue, m)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
}

// run sends until the daemon ends.
func (q *attributeQueue) run() {
	for {
		select {
		case <-q.s.ctx.Done():
			return
		case <-q.wake:
		}
		q.mu.Lock()
		queue := q.queue
		q.queue = nil
		q.mu.Unlock()
		for _, m := range queue {
			q.send(m)
		}
	}
}

// send sends a change. A manager of attributes that is about to begin is waited for.
func (q *attributeQueue) send(m *wire.Message) {
	ctx, cancel := context.WithTimeout(q.s.ctx, attributePatience)
	defer cancel()
	for {
		err := client.Send(ctx, client.Options{IPC: q.s.dialOptions()}, m)
		if err == nil || q.s.ctx.Err() != nil {
			return
		}
		if rc := client.RC(err); rc != crmexit.RC(syscall.ECONNREFUSED) && rc != crmexit.RC(syscall.ENOTCONN) || !q.begun(ctx) {
			q.s.enter(func(now time.Time) { q.s.attributeFailed(now, m, rc) })
			return
		}
	}
}

// begun waits until there is a manager of attributes that has done what it does first; it is false if there is none
// in time.
func (q *attributeQueue) begun(ctx context.Context) bool {
	for wait(ctx, attributePause) {
		c, err := client.Dial(ctx, client.Options{IPC: q.s.dialOptions()})
		if err == nil {
			_ = c.Close()
			return wait(ctx, attributeSettle)
		}
	}
	return false
}

// awaitAttributes looks for the manager of attributes until it takes clients, or for attributeAbsent.
func (s *server) awaitAttributes() {
	ctx, cancel := context.WithTimeout(s.ctx, attributeAbsent)
	defer cancel()
	for {
		c, err := client.Dial(ctx, client.Options{IPC: s.dialOptions()})
		if err == nil {
			_ = c.Close()
		}
		if err == nil || !wait(ctx, attributePause) {
			s.enter(func(now time.Time) { s.core.Connected(now, engine.Attributes, err) })
			return
		}
	}
}

// attributeFailed gives the DC to another node: the scheduler would not get the right picture here. A node that
// wants to leave and cannot say so leaves without (handle_attr_error).
func (s *server) attributeFailed(now time.Time, m *wire.Message, rc crmexit.RC) {
	level := loglevel.Error
	if s.core.IsDC() {
		level = loglevel.Crit
	}
	text := func(p *string) string {
		if p == nil {
			return "(null)"
		}
		return *p
	}
	s.log.LogfAt(level, "update_attrd", "Could not update attribute %s=%s for cluster node %s: %v | rc=%d", text(m.Name), text(m.Value), text(m.Host), rc, int(rc))
	switch {
	case s.core.IsDC():
		s.log.LogfAt(loglevel.Notice, "crmd_exit", "Forcing immediate exit with status %d (%v)", int(crmexit.Fatal), crmexit.Fatal)
		s.Exit(crmexit.Fatal)
	case s.core.ShuttingDown():
		s.core.Input(fsa.CFSAInternal, fsa.IFail, "handle_attr_error")
		s.core.Tick(now)
	}
}
