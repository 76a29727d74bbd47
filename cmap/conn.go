package cmap

import (
	"context"
	"errors"
	"sync"

	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// Map is one of the daemon's maps.
type Map int32

// The maps.
const (
	Configuration Map = Map(wire.MapDefault)
	Statistics    Map = Map(wire.MapStats)
)

// Options of Dial; the zero value is the configuration of this machine's daemon.
type Options struct {
	Map Map
	// SocketDir, if any, is where the daemon's sockets are instead of the
	// abstract name space.
	SocketDir string
}

// ipc is a connection to a service.
type ipc interface {
	Call(ctx context.Context, parts ...[]byte) ([]byte, error)
	Event(ctx context.Context) ([]byte, error)
	Close() error
}

// Conn is a connection to the daemon.
type Conn struct {
	ipc  ipc
	peer Daemon

	mu       sync.Mutex
	trackers map[uint64]*Tracker // by their mark
	marks    uint64
}

// Dial connects to the daemon.
func Dial(ctx context.Context, opts Options) (*Conn, error) {
	t, err := csipc.Dial(ctx, "cmap", opts.SocketDir)
	if err != nil {
		return nil, failed("connect", "", err)
	}
	c, err := newConn(ctx, t, opts.Map)
	if err == nil {
		c.peer = Daemon(t.Server())
	}
	return c, err
}

// Daemon is a process that answers as corosync, by what the kernel says of it.
type Daemon struct {
	PID      int // 0: of another PID namespace
	UID, GID uint32
}

// Daemon is who answers. Where any user may make sockets, a caller that runs for the
// system compares.
func (c *Conn) Daemon() Daemon { return c.peer }

func newConn(ctx context.Context, t ipc, m Map) (*Conn, error) {
	c := &Conn{ipc: t, trackers: make(map[uint64]*Tracker)}
	if err := c.status(ctx, wire.AppendSetMap(nil, int32(m))); err != nil {
		t.Close()
		return nil, failed("choose map", "", err)
	}
	return c, nil
}

// Close ends the connection, its trackers and its iterations. Calls that wait
// end with an error.
func (c *Conn) Close() error { return c.ipc.Close() }

// status makes a request that is answered by success or an error.
func (c *Conn) status(ctx context.Context, req []byte) error {
	res, err := c.ipc.Call(ctx, req)
	if err != nil {
		return err
	}
	return wire.ParseStatus(res)
}

func checkName(key string) error {
	if len(key) > icmap.KeyNameMax {
		return cserr.NameTooLong
	}
	return nil
}

// Get returns a key's value.
func (c *Conn) Get(ctx context.Context, key string) (Value, error) {
	v, err := c.get(ctx, key)
	return v, failed("get", key, err)
}

// usualRoom is room for nearly all values, in bytes; for longer ones the daemon
// is asked how long they are.
const usualRoom = 256

func (c *Conn) get(ctx context.Context, key string) (v Value, err error) {
	if err := checkName(key); err != nil {
		return v, err
	}
	room := uint64(usualRoom)
	for range 5 { // a value may grow between the question and the answer
		v, _, _, err = c.getRoom(ctx, key, room)
		if !errors.Is(err, cserr.InvalidParam) {
			return v, err
		}
		if _, room, _, err = c.getRoom(ctx, key, 0); err != nil {
			return v, err
		}
		room = max(room, 1)
	}
	return v, cserr.TryAgain
}

func (c *Conn) getRoom(ctx context.Context, key string, room uint64) (Value, uint64, Type, error) {
	res, err := c.ipc.Call(ctx, wire.Get{Key: key, Room: room}.AppendTo(nil))
	if err != nil {
		return Value{}, 0, 0, err
	}
	return wire.ParseGetRes(res, room)
}

// Stat tells a key's type, and its length in bytes without fetching the value;
// a string's terminator counts.
func (c *Conn) Stat(ctx context.Context, key string) (Entry, error) {
	if err := checkName(key); err != nil {
		return Entry{}, failed("get", key, err)
	}
	_, n, t, err := c.getRoom(ctx, key, 0)
	return Entry{Key: key, Type: t, Len: int(n)}, failed("get", key, err)
}

// Set stores a value; the key need not exist, and its type may change.
func (c *Conn) Set(ctx context.Context, key string, v Value) error {
	err := checkName(key)
	if err == nil {
		err = c.status(ctx, wire.Set{Key: key, Type: v.Type(), Value: raw(v)}.AppendTo(nil))
	}
	return failed("set", key, err)
}

// raw is a value's bytes as libcmap sends them: strings without terminator.
func raw(v Value) []byte {
	if s, ok := v.Str(); ok {
		return []byte(s)
	}
	return v.Bytes()
}

// Delete removes a key.
func (c *Conn) Delete(ctx context.Context, key string) error {
	err := checkName(key)
	if err == nil {
		err = c.status(ctx, wire.AppendKey(nil, wire.ReqDelete, key))
	}
	return failed("delete", key, err)
}

// Add adds step, which may be negative, to an integer, which wraps around at
// its width.
func (c *Conn) Add(ctx context.Context, key string, step int32) error {
	err := checkName(key)
	if err == nil {
		err = c.status(ctx, wire.Adjust{Key: key, Step: step}.AppendTo(nil))
	}
	return failed("add to", key, err)
}
