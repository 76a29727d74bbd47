package cfg

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cfgsvc"
	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// node is a daemon in this process: a ring of one, whose messages wait in a
// queue that is emptied after each request, and IPC by function calls.
type node struct {
	mu      sync.Mutex // the service lock
	e       *cfgsvc.Engine
	m       *icmap.Map
	pending []func()
	serial  uint64
	log     []string
	reload  error
}

func newNode() *node {
	n := &node{m: icmap.New()}
	n.e = cfgsvc.New(n, n.m, n)
	return n
}

func (n *node) NodeID() totem.NodeID { return 1 }
func (n *node) Mcast(_ service.ID, fn int, parts ...[]byte) bool {
	msg := slices.Concat(append([][]byte{make([]byte, service.HeaderSize)}, parts...)...)
	n.pending = append(n.pending, func() { n.e.Deliver(1, fn, msg, service.Order) })
	return true
}
func (n *node) After(d time.Duration, fn func()) service.Timer {
	return timer{time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		fn()
	})}
}
func (n *node) Now() totem.Instant         { return 0 }
func (n *node) WallNow() time.Time         { return time.Time{} }
func (n *node) Rand(int) int               { return 0 }
func (n *node) Quorate() bool              { return true }
func (n *node) OnQuorum(func(bool))        {}
func (n *node) Log(string) loglevel.Logger { return loglevel.Discard }

type timer struct{ t *time.Timer }

func (t timer) Stop() { t.t.Stop() }

func (n *node) Interfaces() []cfgwire.Interface {
	return []Interface{{Name: "0 192.0.2.1", Status: "OK"}}
}
func (n *node) NodeAddrs(id totem.NodeID) []netip.Addr {
	if id != 1 {
		return nil
	}
	return []netip.Addr{netip.MustParseAddr("2001:db8::1")}
}
func (n *node) NodeStatus(id totem.NodeID) (NodeStatus, error) {
	return NodeStatus{Reachable: id == 1, Links: [8]Link{{Enabled: true, MTU: 1410}}}, nil
}
func (n *node) Reload(done func(error, bool))      { done(n.reload, false) }
func (n *node) CryptoPhase(uint32)                 {}
func (n *node) ReopenLogs(done func(error))        { done(nil) }
func (n *node) Shutdown()                          { n.log = append(n.log, "shut down") }
func (n *node) Exit(c exitcode.Code, where string) { n.log = append(n.log, c.Line(where)) }

// line is a connection, the service's end and the client's.
type line struct {
	n      *node
	serial uint64
	data   any
	answer chan []byte
	events chan []byte
	done   chan struct{}
	fail   error // of the next call
}

func (n *node) dial() *Conn {
	n.serial++
	l := &line{n: n, serial: n.serial, answer: make(chan []byte, 1), events: make(chan []byte, 4), done: make(chan struct{})}
	if err := n.e.Open(server{l}); err != nil {
		panic(err)
	}
	return &Conn{c: l}
}

func (l *line) Serial() uint64          { return l.serial }
func (l *line) PID() int                { return 1 }
func (l *line) UID() uint32             { return 0 }
func (l *line) GID() uint32             { return 0 }
func (l *line) Queued() int             { return 0 }
func (l *line) Disconnect()             {}
func (l *line) Data() any               { return l.data }
func (l *line) SetData(v any)           { l.data = v }
func (l *line) Respond(parts ...[]byte) { l.answer <- slices.Concat(parts...) }
func (l *line) Event(ctx context.Context) ([]byte, error) {
	select {
	case b := <-l.events:
		return b, nil
	case <-l.done:
		return nil, client.ErrDisconnected
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// server is the line as service.Conn, whose Event differs.
type server struct{ *line }

func (s server) Event(parts ...[]byte) { s.events <- slices.Concat(parts...) }

func (l *line) Call(ctx context.Context, parts ...[]byte) ([]byte, error) {
	if l.fail != nil {
		return nil, l.fail
	}
	msg := slices.Concat(parts...)
	l.n.mu.Lock()
	l.n.e.Request(server{l}, int(service.Order.Uint32(msg)), msg)
	for len(l.n.pending) > 0 {
		f := l.n.pending[0]
		l.n.pending = l.n.pending[1:]
		f()
	}
	l.n.mu.Unlock()
	select {
	case b := <-l.answer:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
func (l *line) Done() <-chan struct{} { return l.done }
func (l *line) Close() error {
	close(l.done)
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.n.e.Close(server{l})
	return nil
}

func TestQueries(t *testing.T) {
	ctx := t.Context()
	n := newNode()
	c := n.dial()
	if got, err := c.RingStatus(ctx); err != nil || !slices.Equal(got, n.Interfaces()) {
		t.Errorf("ring status %v, %v", got, err)
	}
	if got, err := c.LocalNode(ctx); err != nil || got != 1 {
		t.Errorf("local node %v, %v", got, err)
	}
	if got, err := c.NodeAddrs(ctx, 0); err != nil || !slices.Equal(got, n.NodeAddrs(1)) {
		t.Errorf("addresses %v, %v", got, err)
	}
	if _, err := c.NodeAddrs(ctx, 2); !errors.Is(err, ErrNotExist) {
		t.Errorf("addresses of nobody: %v", err)
	}
	if got, err := c.NodeStatus(ctx, 1); err != nil || !got.Reachable || got.Node != 1 || got.Links[0].MTU != 1410 {
		t.Errorf("status %+v, %v", got, err)
	}
	if err := errors.Join(c.ReopenLogFiles(ctx), c.ReloadConfig(ctx)); err != nil {
		t.Error(err)
	}
	n.reload = errors.New("line 3")
	if err := c.ReloadConfig(ctx); !errors.Is(err, ErrInvalidParam) || err.Error() != "cfg: reload configuration: CS_ERR_INVALID_PARAM" {
		t.Errorf("reload: %v", err)
	}
}

func TestKillNode(t *testing.T) {
	ctx := t.Context()
	n := newNode()
	c := n.dial()
	if err := c.KillNode(ctx, 1, "x"); !errors.Is(err, ErrNotExist) {
		t.Errorf("not a member: %v", err)
	}
	if err := c.KillNode(ctx, 1, strings.Repeat("x", 256)); !errors.Is(err, ErrNameTooLong) {
		t.Errorf("a long reason: %v", err)
	}
	if err := n.m.SetString("runtime.members.1.status", "joined"); err != nil {
		t.Fatal(err)
	}
	if err := c.KillNode(ctx, 1, "x"); err != nil {
		t.Error(err)
	}
	if want := []string{exitcode.Killed.Line("cfg.c:566")}; !slices.Equal(n.log, want) {
		t.Errorf("got %q, want %q", n.log, want)
	}
}

func TestErrorsOfTheConnection(t *testing.T) {
	c := newNode().dial()
	for _, tt := range []struct {
		err  error
		want error
	}{
		{client.ErrAgain, ErrTryAgain},
		{client.ErrTooLarge, cserr.TooBig},
		{client.ErrDisconnected, ErrLibrary},
		{context.Canceled, context.Canceled},
	} {
		c.c.(*line).fail = tt.err
		if _, err := c.LocalNode(t.Context()); !errors.Is(err, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%v becomes %v", tt.err, err)
		}
	}
}

// TestShutdown has a tracker refuse, agree, and keep silent.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		n := newNode()
		tracker, c := n.dial(), n.dial()
		if err := tracker.TrackShutdown(ctx); err != nil {
			t.Fatal(err)
		}
		ask := func(reply func()) error {
			res := make(chan error)
			go func() { res <- c.TryShutdown(ctx, Request) }()
			if how, err := tracker.NextShutdown(ctx); how != Request || err != nil {
				t.Errorf("asked %v, %v", how, err)
			}
			synctest.Wait()
			reply()
			return <-res
		}
		if err := ask(func() { tracker.ReplyToShutdown(ctx, false) }); !errors.Is(err, ErrBusy) {
			t.Errorf("refused: %v", err)
		}
		if err := ask(func() {}); !errors.Is(err, ErrBusy) {
			t.Errorf("silence: %v", err)
		}
		if err := tracker.ReplyToShutdown(ctx, true); !errors.Is(err, ErrAccess) {
			t.Errorf("late: %v", err)
		}
		if err := ask(func() { tracker.ReplyToShutdown(ctx, true) }); err != nil || !slices.Equal(n.log, []string{"shut down"}) {
			t.Errorf("agreed: %v, %q", err, n.log)
		}
		if err := tracker.StopTracking(ctx); err != nil {
			t.Error(err)
		}
		if err := c.TryShutdown(ctx, Immediate); err != nil {
			t.Error(err)
		}
		tracker.Close()
		if _, err := tracker.NextShutdown(ctx); !errors.Is(err, ErrLibrary) {
			t.Errorf("closed: %v", err)
		}
		<-tracker.Done()
	})
}
