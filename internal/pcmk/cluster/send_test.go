package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
)

// ring takes messages once it is open.
type ring struct {
	open  chan struct{}
	fail  []error // of the next messages
	taken []string
}

func (r *ring) Mcast(ctx context.Context, parts ...[]byte) error {
	select {
	case <-r.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	if len(r.fail) > 0 {
		err := r.fail[0]
		r.fail = r.fail[1:]
		return err
	}
	m, err := cpgmsg.Decode(parts[0])
	if err != nil {
		return err
	}
	r.taken = append(r.taken, fmt.Sprintf("%d:%s", m.ID, m.Text))
	return nil
}

func message(s string) *cpgmsg.Message { return &cpgmsg.Message{Text: s} }

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &ring{open: make(chan struct{}), fail: []error{cpg.ErrInterrupted}}
		var log []string
		q := newQueue(r, func(_ loglevel.Level, format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) })
		ctx, cancel := context.WithCancel(t.Context())
		go q.run(ctx)
		const n = 2000
		for i := range n {
			if err := q.put(message(fmt.Sprint("<m", i, "/>"))); err != nil {
				t.Fatal(err)
			}
		}
		if fmt.Sprint(log) != "[CPG queue has grown to 200 CPG queue has grown to 1000 CPG queue has grown to 2000]" {
			t.Errorf("log %q", log)
		}
		start := time.Now()
		time.AfterFunc(time.Second/2, func() { close(r.open) })
		flushed, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		q.flush(flushed)
		if took := time.Since(start); took != time.Second/2 {
			t.Errorf("flushed after %v", took)
		}
		if err := q.put(message("<late/>")); !errors.Is(err, ErrClosed) {
			t.Errorf("put after the end: %v", err)
		}
		if len(r.taken) != n {
			t.Fatalf("%d messages sent", len(r.taken))
		}
		for i, s := range r.taken {
			if s != fmt.Sprint(i+1, ":<m", i, "/>") {
				t.Fatalf("message %d is %s", i, s)
			}
		}
		cancel()
		synctest.Wait()
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &ring{open: make(chan struct{})}
		q := newQueue(r, func(loglevel.Level, string, ...any) {})
		quarter := strings.Repeat("x", MaxQueued/4)
		for range 4 {
			if err := q.put(message(quarter)); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.put(message("x")); !errors.Is(err, ErrQueueFull) {
			t.Errorf("put into a full queue: %v", err)
		}
		// corosync is gone: nobody waits for what is queued.
		r.fail = []error{cpg.ErrClosed}
		close(r.open)
		q.run(t.Context())
		q.flush(t.Context())
		if err := q.put(message("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("put without corosync: %v", err)
		}
	})
}

func TestIsName(t *testing.T) {
	for s, want := range map[string]bool{
		"node1": true, "a.b.c": true, "10.1": true,
		"": false, "10.0.0.1": false, "10.0.0.1x": false, "fe80::1": false, "::1": false,
	} {
		if isName(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
