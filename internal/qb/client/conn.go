package client

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
)

var (
	// ErrAgain: the server asks to wait (flow control), or has not taken
	// enough of what was sent before. Nothing was sent.
	ErrAgain = errors.New("qb client: try again")
	// ErrDisconnected: the connection has ended.
	ErrDisconnected = errors.New("qb client: disconnected")
	// ErrTooLarge: a message exceeds MaxMsgSize.
	ErrTooLarge = errors.New("qb client: message too large")
)

// Server is who answered, as the kernel vouches.
type Server struct {
	PID      int
	UID, GID uint32
}

// transport is how messages travel once the connection is there. None of its
// methods is called after close; send and response, and event, each by one
// goroutine at a time.
type transport interface {
	flow() (uint32, error)
	send(parts [][]byte) error // ringbuffer.ErrFull when there is no room
	// response and event wait for a message, which is the caller's, until ctx ends or cut is called.
	response(ctx context.Context) ([]byte, error)
	event(ctx context.Context) ([]byte, error)
	notified() // a byte has come on the set-up socket
	cut()      // ends all waits, now and later
	close(serverDead bool)
}

// Conn is a connection.
type Conn struct {
	server Server
	max    int
	t      transport
	setup  *setupSocket

	flowMax atomic.Uint32
	dead    atomic.Bool   // the server has ended it
	done    chan struct{} // closed when either side has
	once    sync.Once
	watched sync.WaitGroup

	mu     sync.Mutex // one request at a time
	stale  int        // responses that nobody waits for any more
	closed bool

	evMu     sync.Mutex // one reader of events at a time
	evClosed bool
}

// Server is who is at the other end.
func (c *Conn) Server() Server { return c.server }

// MaxMsgSize is the length that a message may have, in bytes.
func (c *Conn) MaxMsgSize() int { return c.max }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// SetFlowMax says at which flow-control words the server's wish is followed:
// from 1 up to max (qb_ipcc_fc_enable_max_set); it begins with 1.
func (c *Conn) SetFlowMax(max uint32) { c.flowMax.Store(max) }

// Send sends a request to which there is no response, without waiting. The
// parts go one after the other, header included.
func (c *Conn) Send(parts ...[]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.send(parts)
	if errors.Is(err, ringbuffer.ErrFull) {
		return ErrAgain
	}
	return err
}

func (c *Conn) send(parts [][]byte) error {
	if c.closed || c.dead.Load() {
		return ErrDisconnected
	}
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > c.max {
		return ErrTooLarge
	}
	flow, err := c.t.flow()
	if err != nil {
		return err
	}
	if flow > 0 && flow <= c.flowMax.Load() {
		return ErrAgain
	}
	return c.t.send(parts)
}

// Call sends a request and waits for the response, which is the caller's. When
// ctx ends first, the response will be dropped as it comes. Where the server
// asks to wait Call returns ErrAgain, but it waits itself for room: a server in
// C gives back the room of a request only after it has answered.
func (c *Conn) Call(ctx context.Context, parts ...[]byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		err := c.send(parts)
		if err == nil {
			break
		}
		if !errors.Is(err, ringbuffer.ErrFull) {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.stale++ // until it has come
	return c.awaited(ctx)
}

// Receive waits for one response to what Send has sent, for services that
// answer such requests.
func (c *Conn) Receive(ctx context.Context) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale++
	return c.awaited(ctx)
}

// awaited receives what is stale and then the response, which counts as stale
// until it is here.
func (c *Conn) awaited(ctx context.Context) ([]byte, error) {
	for {
		if c.closed {
			return nil, ErrDisconnected
		}
		b, err := c.t.response(ctx)
		if err != nil {
			return nil, c.explain(ctx, err)
		}
		if c.stale--; c.stale == 0 {
			return b, nil
		}
	}
}

// Event waits for the next event, which is the caller's. What the server sent
// before it ended the connection is still delivered.
func (c *Conn) Event(ctx context.Context) ([]byte, error) {
	c.evMu.Lock()
	defer c.evMu.Unlock()
	if c.evClosed {
		return nil, ErrDisconnected
	}
	b, err := c.t.event(ctx)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return b, nil
}

// errCut is what a transport returns from a wait that has ended without a
// message.
var errCut = errors.New("wait has ended")

func (c *Conn) explain(ctx context.Context, err error) error {
	if !errors.Is(err, errCut) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrDisconnected
}

// watch reads the set-up socket until it ends.
func (c *Conn) watch() {
	defer c.watched.Done()
	b := make([]byte, 256)
	for {
		n, err := c.setup.f.Read(b)
		if n > 0 {
			c.t.notified()
		}
		if err != nil {
			c.dead.Store(true)
			c.finish()
			return
		}
	}
}

func (c *Conn) finish() {
	c.once.Do(func() {
		close(c.done)
		c.t.cut()
	})
}

// Close ends the connection. Waits in other goroutines end with
// ErrDisconnected. If the server's process has died, Close removes the files
// that it has left, as libqb does.
func (c *Conn) Close() error {
	serverDead := c.dead.Load() // before our own end looks like the server's
	c.finish()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.evMu.Lock()
	defer c.evMu.Unlock()
	if c.closed {
		return nil
	}
	c.closed, c.evClosed = true, true
	err := c.setup.close()
	c.watched.Wait()
	c.t.close(serverDead && processGone(c.server.PID))
	return err
}
