package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// MaxQueued is how many bytes of documents may wait for corosync to take them.
const MaxQueued = 256 << 20

// ErrQueueFull: so much waits that the message was not taken.
var ErrQueueFull = errors.New("cluster: send queue is full")

// ErrClosed: Close has been called, or corosync is gone.
var ErrClosed = errors.New("cluster: connection closed")

// Send multicasts a document to the daemons of a service: to's, or all with nil, this
// node's too. It never waits: the message is queued behind those before it. An error means
// that it was not.
func (c *Cluster) Send(to *peers.Peer, s cpgmsg.Service, document string) error {
	m := cpgmsg.Message{
		Receiver: cpgmsg.Address{Service: s},
		Sender:   cpgmsg.Address{PID: uint32(os.Getpid()), Service: c.o.Service, Name: c.name},
		Text:     document,
	}
	if to != nil {
		m.Receiver.Node, m.Receiver.Name = to.ID, to.Name
	}
	if len(m.Receiver.Name) > cpgmsg.MaxName {
		return fmt.Errorf("cluster: receiver: a name of %d bytes, at most %d fit", len(m.Receiver.Name), cpgmsg.MaxName)
	}
	if len(document) >= packed.MaxSize {
		return fmt.Errorf("cluster: a document of %d bytes, at most %d fit", len(document), packed.MaxSize-1)
	}
	return c.queue.put(&m)
}

// mcaster is what a queue needs of a cpg.Conn.
type mcaster interface {
	Mcast(ctx context.Context, parts ...[]byte) error
}

// queue sends messages one after the other, from a goroutine of its own.
type queue struct {
	conn mcaster
	logf func(loglevel.Level, string, ...any)

	mu      sync.Mutex
	waiting []*cpgmsg.Message // the first is being sent
	bytes   int               // of their texts
	sent    uint32            // messages so far, their numbers
	closed  bool
	more    chan struct{} // there is something, or no more
	idle    chan struct{} // closed when there is nothing; nil if nobody waits for it
}

func newQueue(conn mcaster, logf func(loglevel.Level, string, ...any)) *queue {
	return &queue{conn: conn, logf: logf, more: make(chan struct{}, 1)}
}

// How many messages in the queue are worth a line (CS_SEND_MAX).
const (
	warnLength  = 200
	errorLength = 1000
)

func (q *queue) put(m *cpgmsg.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case len(q.waiting) > 0 && q.bytes+len(m.Text) > MaxQueued:
		return ErrQueueFull
	}
	q.sent++
	m.ID = q.sent
	q.waiting = append(q.waiting, m)
	q.bytes += len(m.Text)
	switch n := len(q.waiting); {
	case n%errorLength == 0:
		q.logf(loglevel.Error, "CPG queue has grown to %d", n)
	case n == warnLength:
		q.logf(loglevel.Warning, "CPG queue has grown to %d", n)
	}
	select {
	case q.more <- struct{}{}:
	default:
	}
	return nil
}

// run sends until ctx or the connection ends.
func (q *queue) run(ctx context.Context) {
	defer q.end()
	var buf []byte
	for {
		m := q.first()
		if m == nil {
			select {
			case <-ctx.Done():
				return
			case <-q.more:
			}
			continue
		}
		var err error
		if buf, err = cpgmsg.Encode(buf[:0], m); err != nil {
			q.logf(loglevel.Error, "Could not send message %d: %v", m.ID, err)
		} else if err = q.send(ctx, buf); err != nil {
			if ctx.Err() == nil {
				q.logf(loglevel.Error, "Could not send message %d: %v", m.ID, err)
			}
			return
		}
		q.done(m)
		if cap(buf) > keepBuffer {
			buf = nil
		}
	}
}

// keepBuffer is the largest buffer in bytes that is worth keeping for the next message.
const keepBuffer = 1 << 20

func (q *queue) send(ctx context.Context, b []byte) error {
	for {
		err := q.conn.Mcast(ctx, b)
		if !errors.Is(err, cpg.ErrInterrupted) {
			return err
		}
	}
}

func (q *queue) first() *cpgmsg.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	return q.waiting[0]
}

func (q *queue) done(m *cpgmsg.Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	q.bytes -= len(m.Text)
	if len(q.waiting) == 0 {
		q.waiting = nil
		q.settle()
	}
}

// settle tells who waits that nothing is left to be sent.
func (q *queue) settle() {
	if q.idle != nil {
		close(q.idle)
		q.idle = nil
	}
}

func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.waiting, q.bytes = true, nil, 0
	q.settle()
}

// flush takes no more, and waits until all is sent or ctx ends.
func (q *queue) flush(ctx context.Context) {
	q.mu.Lock()
	q.closed = true
	var idle chan struct{}
	if len(q.waiting) > 0 {
		if q.idle == nil {
			q.idle = make(chan struct{})
		}
		idle = q.idle
	}
	q.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
