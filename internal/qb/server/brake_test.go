package server_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// flooded is a server whose answer to each request is so many events of so many
// bytes, of which little may wait. It counts the requests.
func flooded(t *testing.T, tr wire.Transport, events, size int, brake time.Duration, handled *atomic.Int32) *client.Conn {
	t.Helper()
	h := &handler{request: func(c *server.Conn, _ []byte) {
		for i := range events {
			c.Event(event(size, i))
		}
		handled.Add(1)
	}}
	_, name := start(t, h, func(o *server.Options) {
		o.Type, o.MaxQueued, o.BrakeQueued, o.BrakeFor = tr, 4<<20, 256<<10, brake
	})
	c := dial(t, name, 0)
	c.SetFlowMax(2)
	return c
}

// sendSoon sends a request, and has meanwhile called for as long as that must wait.
func sendSoon(t *testing.T, c *client.Conn, n int, meanwhile func()) {
	t.Helper()
	for ctx := limit(t); ; meanwhile() {
		err := c.Send(message(16, n))
		if err == nil {
			return
		}
		if !errors.Is(err, client.ErrAgain) || ctx.Err() != nil {
			t.Fatalf("request %d: %v", n, err)
		}
	}
}

// A client that asks for more than it reads is slowed down, not disconnected.
func TestBrakeForAClientThatReads(t *testing.T) {
	const requests, events, size = 120, 10, 10000
	each(t, func(t *testing.T, tr wire.Transport) {
		var handled atomic.Int32
		c := flooded(t, tr, events, size, time.Minute, &handled)
		ctx, got := limit(t), 0
		read := func() {
			if _, err := c.Event(ctx); err != nil {
				t.Fatalf("event %d: %v", got, err)
			}
			got++
		}
		for i := range requests {
			sendSoon(t, c, i, func() {
				if got < i*events {
					read()
				}
			})
			for handled.Load() <= int32(i) && ctx.Err() == nil {
				runtime.Gosched() // none waits in the ring, where the brake does not reach
			}
			read()
		}
		for got < requests*events {
			read()
		}
	})
}

// One that reads when it has sent everything is not held up.
func TestNoBrakeForAClientThatSendsFirst(t *testing.T) {
	const requests, events, size = 30, 10, 10000
	each(t, func(t *testing.T, tr wire.Transport) {
		var handled atomic.Int32
		c := flooded(t, tr, events, size, 50*time.Millisecond, &handled)
		ctx := limit(t)
		sendSoon(t, c, 0, runtime.Gosched)
		if _, err := c.Event(ctx); err != nil {
			t.Fatal(err)
		}
		for i := range requests - 1 {
			sendSoon(t, c, i+1, runtime.Gosched)
		}
		for i := range requests*events - 1 {
			if _, err := c.Event(ctx); err != nil {
				t.Fatalf("event %d: %v", i+1, err)
			}
		}
	})
}
