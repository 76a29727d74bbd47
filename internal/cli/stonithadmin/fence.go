package stonithadmin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// failure is what did not succeed, as users are told.
type failure string

func (f failure) Error() string { return string(f) }

// attempts to connect before fencing is given up.
const attempts = 10

// have has something done to a node, and is the result; an error says what did not
// succeed (request_fencing).
func (t *tool) have(ctx context.Context, target, action string) (crmexit.RC, error) {
	result := t.fenceNode(ctx, &wire.Fence{Target: target, Action: action, Timeout: t.timeout, Tolerance: t.tolerance, Delay: t.delay})
	rc := result.RC()
	if rc == crmexit.RCOK {
		return rc, nil
	}
	what, why := "fence", rc.String()
	if action == "on" {
		what = "unfence"
	}
	if result.Reason != "" && result.Reason != why {
		why += " (" + result.Reason + ")"
	}
	return rc, failure(fmt.Sprintf("Couldn't %s %s: %s", what, target, why))
}

// fenceNode asks for fencing and waits for its result. That is the answer to the request,
// or the news that the same has been done to the same node, whichever comes first.
func (t *tool) fenceNode(ctx context.Context, f *wire.Fence) wire.Result {
	c, err := t.connectAgain(ctx)
	if err != nil {
		return wire.Result{Exit: crmexit.Error, Exec: wire.ExecNotConnected, Reason: client.RC(err).String()}
	}
	defer c.Close()
	// Without the news there is still the answer.
	_ = c.Subscribe(ctx, wire.NotifyFence)
	call, err := c.Fence(ctx, f)
	if err != nil {
		return wire.Result{Exit: crmexit.Error, Exec: wire.ExecError, Reason: client.RC(err).String()}
	}
	deadline := allowance(f.Timeout)
	for {
		e, err := event(ctx, c, deadline)
		switch {
		case err != nil && !deadline.IsZero():
			// As long as the fencer does not say how it has ended, it may have ended well
			// or not; the reference waits too.
			wait(ctx, c, deadline)
			return wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: "Fencer accepted request but did not reply in time"}
		case err != nil:
			return wire.Result{Exit: crmexit.Error, Exec: wire.ExecNotConnected}
		case e.Reply != nil && e.Reply.CallID == call:
			return e.Reply.Result
		case e.Timeout != nil && e.Timeout.CallID == call && e.Timeout.Seconds > 0:
			deadline = allowance(e.Timeout.Seconds)
		case e.Notification != nil && e.Notification.Kind == wire.NotifyFence &&
			strings.EqualFold(e.Notification.Target, f.Target) && e.Notification.Action == f.Action:
			return e.Notification.Result
		}
	}
}

// allowance is until when the fencer may take for what it is given some seconds, or never
// if it is given none.
func allowance(seconds int) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(seconds)*time.Second + client.Grace)
}

func until(ctx context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if deadline.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline)
}

// event is the next event that is understood.
func event(ctx context.Context, c *client.Conn, deadline time.Time) (*wire.Event, error) {
	ctx, cancel := until(ctx, deadline)
	defer cancel()
	for {
		e, err := c.Event(ctx)
		if !errors.Is(err, client.ErrProtocol) {
			return e, err
		}
	}
}

// wait waits for the deadline.
func wait(ctx context.Context, _ *client.Conn, deadline time.Time) {
	ctx, cancel := until(ctx, deadline)
	defer cancel()
	<-ctx.Done()
}

// connectAgain connects to the fencer, several times if need be
// (stonith_api_connect_retry).
func (t *tool) connectAgain(ctx context.Context) (c *client.Conn, err error) {
	const where = "stonith_api_connect_retry"
	for attempt := 1; ; attempt++ {
		if c, err = client.Dial(ctx, t.name, t.dial); err == nil {
			return c, nil
		}
		rc := client.RC(err)
		if rc == crmexit.RCOK {
			rc = crmexit.RC(syscall.ENOTCONN)
		}
		if attempt == attempts {
			t.log.LogfAt(loglevel.Notice, where, "Could not connect to fencer: %v | rc=%d", rc, int(rc.Legacy()))
			return nil, err
		}
		t.log.LogfAt(loglevel.Notice, where, "Fencer connection attempt %d of %d failed (retrying in 2s): %v | rc=%d", attempt, attempts, rc, int(rc.Legacy()))
		select {
		case <-time.After(t.pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
