package controld

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// errNotConnected is what is asked for without a connection.
var errNotConnected = errors.New("not connected")

// attributePatience is how long the manager of attributes may take for a change.
const attributePatience = 30 * time.Second

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

func (q *attributeQueue) send(m *wire.Message) {
	ctx, cancel := context.WithTimeout(q.s.ctx, attributePatience)
	defer cancel()
	if err := client.Send(ctx, client.Options{IPC: q.s.dialOptions()}, m); err != nil && q.s.ctx.Err() == nil {
		q.s.log.LogfAt(loglevel.Error, "update_attrd", "Could not update attribute: %v", client.RC(err))
	}
}
