// Package cmaptest runs a cmap service for tests of its clients: the engine
// over a real IPC server, without a ring. Only tests import it.
package cmaptest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cmapsvc"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Daemon is a service that ends with its test.
type Daemon struct {
	SocketDir string // where clients find it

	mu    sync.Mutex // the service lock
	m     *icmap.Map
	stats *cmapsvc.Stats
	e     *cmapsvc.Engine
	conns map[*server.Conn]*conn
	srp   cmapsvc.SRPStats
}

// Start runs a service whose map holds the given keys.
func Start(t *testing.T, keys map[string]icmap.Value) *Daemon {
	t.Helper()
	d := &Daemon{SocketDir: t.TempDir(), m: icmap.New(), conns: make(map[*server.Conn]*conn)}
	for k, v := range keys {
		if err := d.m.Set(k, v); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	d.stats = cmapsvc.NewStats(d)
	d.e = cmapsvc.New(host{}, d.m, d.stats, func() {})
	s, err := server.Listen(server.Options{
		Name: "cmap", Type: wire.Socket, Handler: d, Locker: &d.mu, SocketDir: d.SocketDir, ShmDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return d
}

// Do runs fn on the map under the service lock.
func (d *Daemon) Do(fn func(m *icmap.Map)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(d.m)
}

// Stats runs fn on the statistics under the service lock; srp is what
// stats.srp.* shows.
func (d *Daemon) Stats(fn func(s *cmapsvc.Stats, srp *cmapsvc.SRPStats)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(d.stats, &d.srp)
}

// conn makes a service's client out of the server's.
type conn struct {
	*server.Conn
	data any
}

func (c *conn) Data() any     { return c.data }
func (c *conn) SetData(v any) { c.data = v }

// Open implements server.Handler.
func (d *Daemon) Open(c *server.Conn) error {
	d.conns[c] = &conn{Conn: c}
	return d.e.Open(d.conns[c])
}

// Request implements server.Handler.
func (d *Daemon) Request(c *server.Conn, msg []byte) {
	id := int(service.Order.Uint32(msg))
	if reqs := d.e.Info().Requests; id < len(reqs) && len(msg) >= reqs[id].MinSize {
		d.e.Request(d.conns[c], id, msg)
	} else {
		c.Disconnect()
	}
}

// Close implements server.Handler.
func (d *Daemon) Close(c *server.Conn, _ error) {
	d.e.Close(d.conns[c])
	delete(d.conns, c)
}

// SRP implements cmapsvc.StatsSource.
func (d *Daemon) SRP() cmapsvc.SRPStats { return d.srp }

// PG implements cmapsvc.StatsSource.
func (d *Daemon) PG() cmapsvc.PGStats { return cmapsvc.PGStats{MsgQueueAvail: 100} }

// IPC implements cmapsvc.StatsSource.
func (d *Daemon) IPC() (active, closed uint64) { return uint64(len(d.conns)), 0 }

// ClearTransport implements cmapsvc.StatsSource.
func (d *Daemon) ClearTransport() {}

// ClearTotem implements cmapsvc.StatsSource.
func (d *Daemon) ClearTotem() { d.srp = cmapsvc.SRPStats{} }

// ClearIPC implements cmapsvc.StatsSource.
func (d *Daemon) ClearIPC() {}

// host is a node that is alone.
type host struct{}

func (host) NodeID() totem.NodeID                      { return 1 }
func (host) Mcast(service.ID, int, ...[]byte) bool     { return true }
func (host) After(time.Duration, func()) service.Timer { panic("cmap has no timers") }
func (host) Now() totem.Instant                        { return 0 }
func (host) WallNow() time.Time                        { return time.Time{} }
func (host) Rand(int) int                              { return 0 }
func (host) Quorate() bool                             { return true }
func (host) Log(string) loglevel.Logger                { return loglevel.Discard }
