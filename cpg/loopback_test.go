package cpg

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// daemon is a node with a CPG service in this process: a ring of one that
// delivers at once, and IPC by function calls.
type daemon struct {
	mu      sync.Mutex
	e       *engine.Engine
	pending []func()
	serial  uint64
	busy    int // that many requests are told to try again
	asked   int // requests
}

func newDaemon() *daemon {
	d := &daemon{}
	d.e = engine.New(d, engine.Options{Buffers: buffers{}})
	d.sync(totem.RingID{Rep: 1, Seq: 8})
	return d
}

func (d *daemon) sync(ring totem.RingID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.e.SyncInit([]totem.NodeID{1}, []totem.NodeID{1}, ring)
	d.e.SyncProcess()
	d.run()
	d.e.SyncActivate()
	d.e.SyncCompleted()
}

func (d *daemon) run() {
	for len(d.pending) > 0 {
		f := d.pending[0]
		d.pending = d.pending[1:]
		f()
	}
}

// daemon implements service.Host.
func (d *daemon) NodeID() totem.NodeID { return 1 }
func (d *daemon) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	msg := slices.Concat(append([][]byte{make([]byte, service.HeaderSize)}, parts...)...)
	service.Order.PutUint32(msg, uint32(id)<<16|uint32(fn))
	service.Order.PutUint32(msg[8:], uint32(len(msg)))
	d.pending = append(d.pending, func() { d.e.Deliver(1, fn, msg, service.Order) })
	return true
}
func (d *daemon) After(time.Duration, func()) service.Timer { panic("no timer is due") }
func (d *daemon) Now() totem.Instant                        { return 0 }
func (d *daemon) WallNow() time.Time                        { return time.Time{} }
func (d *daemon) Rand(int) int                              { return 0 }
func (d *daemon) Quorate() bool                             { return true }
func (d *daemon) OnQuorum(func(bool))                       {}
func (d *daemon) Log(string) loglevel.Logger                { return loglevel.Discard }

type buffers struct{}

func (b buffers) Map(_ service.Conn, path string, size int) (engine.Buffer, error) {
	z, err := shm.OpenZeroCopy(path, size, 2<<20, 0, shm.ZeroCopyDirs)
	if err != nil {
		return nil, err
	}
	return z, nil
}

// line is the client's end of a connection to a daemon; it implements ipc.
type line struct {
	d      *daemon
	serial uint64
	data   any
	answer []byte
	events chan []byte
	done   chan struct{}
	once   sync.Once
}

func (d *daemon) dial(opt Options) *Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serial++
	l := &line{d: d, serial: d.serial, events: make(chan []byte, 1000), done: make(chan struct{})}
	_ = d.e.Open(end{l})
	c := newConn(l, opt)
	c.pid = uint32(d.serial * 11)
	return c
}

func (l *line) request(parts [][]byte) []byte {
	l.d.asked++
	msg := slices.Concat(parts...)
	if l.d.busy > 0 {
		l.d.busy--
		return wire.AppendResponse(nil, 0, cserr.TryAgain)
	}
	l.answer = nil
	l.d.e.Request(end{l}, int(service.Order.Uint32(msg)), msg)
	l.d.run()
	return l.answer
}

func (l *line) Call(ctx context.Context, parts ...[]byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	return l.request(parts), nil
}

func (l *line) Send(parts ...[]byte) error {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	if l.d.busy > 0 {
		l.d.busy--
		return client.ErrAgain
	}
	l.request(parts)
	return nil
}

func (l *line) Event(ctx context.Context) ([]byte, error) {
	select {
	case ev := <-l.events:
		return ev, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
		return nil, client.ErrDisconnected
	}
}

func (l *line) SetFlowMax(uint32) {}
func (l *line) Close() error {
	l.once.Do(func() {
		l.d.mu.Lock()
		defer l.d.mu.Unlock()
		close(l.done)
		l.d.e.Close(end{l})
		l.d.run()
	})
	return nil
}

// end is the daemon's end; it implements service.Conn.
type end struct{ *line }

func (e end) Serial() uint64          { return e.serial }
func (e end) PID() int                { return 1 }
func (e end) UID() uint32             { return 0 }
func (e end) GID() uint32             { return 0 }
func (e end) Respond(parts ...[]byte) { e.answer = slices.Concat(parts...) }
func (e end) Event(parts ...[]byte)   { e.events <- slices.Concat(parts...) }
func (e end) Queued() int             { return 0 }
func (e end) Disconnect()             {}
func (e end) Data() any               { return e.data }
func (e end) SetData(v any)           { e.data = v }
