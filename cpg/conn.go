package cpg

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	// MaxAtomic is the longest message, in bytes, that goes out whole
	// (cpg_max_atomic_msgsize_get). Longer ones go in fragments, which Next puts
	// together again.
	MaxAtomic = csipc.MaxMessage - 1024
	// NameMax is the longest group name in bytes.
	NameMax = wire.NameMax
)

// retryDelay is how long a method waits before it asks the daemon again.
const retryDelay = 2 * time.Millisecond

// ipc is what a Conn needs of internal/qb/client.
type ipc interface {
	Call(ctx context.Context, parts ...[]byte) ([]byte, error)
	Send(parts ...[]byte) error
	Event(ctx context.Context) ([]byte, error)
	SetFlowMax(max uint32)
	Close() error
}

// Options of Dial; the zero value will do.
type Options struct {
	// InitialRing asks for a RingChange with the present ring right after the
	// join. Without it the first one comes when the ring changes.
	InitialRing bool
	// SocketDir, if any, is where the daemon's sockets are instead of the
	// abstract name space.
	SocketDir string
}

// Conn is a connection to the CPG service of this node's daemon.
type Conn struct {
	ipc   ipc
	flags uint32
	pid   uint32
	peer  Daemon

	// sending is held by who multicasts, so that a large message goes out in one
	// piece; a channel, so that the wait for it can end with a context.
	sending chan struct{}

	mu    sync.Mutex
	group string // joined last

	assemblies map[Member]*assembly // used by Next only
}

// Dial connects to the daemon of this node. It must be root's or be allowed by
// the daemon's uidgid configuration.
func Dial(ctx context.Context, opt Options) (*Conn, error) {
	c, err := csipc.Dial(ctx, "cpg", opt.SocketDir)
	if err != nil {
		return nil, wrap("connect", err)
	}
	conn := newConn(c, opt)
	conn.peer = Daemon(c.Server())
	return conn, nil
}

// Daemon is a process that answers as corosync, by what the kernel says of it.
type Daemon struct {
	PID      int // 0: of another PID namespace
	UID, GID uint32
}

// Daemon is who answers. Where any user may make sockets, a caller that runs for the
// system compares.
func (c *Conn) Daemon() Daemon { return c.peer }

func newConn(c ipc, opt Options) *Conn {
	conn := &Conn{
		ipc:        c,
		pid:        uint32(os.Getpid()),
		sending:    make(chan struct{}, 1),
		assemblies: make(map[Member]*assembly),
	}
	if opt.InitialRing {
		conn.flags |= wire.DeliverInitialTotemConf
	}
	return conn
}

// Close ends the connection. If it is in a group, the others see the process
// go with the reason ProcDown.
func (c *Conn) Close() error { return c.ipc.Close() }

// sleep waits before asking again; it reports ctx's end.
func sleep(ctx context.Context) error {
	t := time.NewTimer(retryDelay)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// call sends a request and returns its response, and its code as an error. It
// asks again as long as retry says so.
func (c *Conn) call(ctx context.Context, retry func(error) bool, parts ...[]byte) ([]byte, error) {
	for {
		b, err := c.ipc.Call(ctx, parts...)
		if err == nil {
			var h wire.ResponseHeader
			if h, err = wire.ParseResponseHeader(b); err == nil {
				err = h.Error.Err()
			}
			if err == nil {
				return b, nil
			}
		}
		if !retry(err) {
			return nil, err
		}
		if err := sleep(ctx); err != nil {
			return nil, err
		}
	}
}

// againOrBusy tells whether to ask again for a join or a leave: the one before
// may still be under way.
func againOrBusy(err error) bool { return again(err) || err == cserr.Busy }

// Join joins a group. It returns when the daemon has accepted; the process is
// a member when Next returns the Membership that has it in Joined.
//
// After Leave, the connection may join again. The C daemon refuses that with
// ErrMember, or for another group lets it wait for ever: connect anew to be
// sure.
func (c *Conn) Join(ctx context.Context, group string) error {
	if len(group) > NameMax {
		return wrap("join", ErrNameTooLong)
	}
	q := wire.JoinRequest{Group: []byte(group), PID: c.pid, Flags: c.flags}
	_, err := c.call(ctx, againOrBusy, q.AppendTo(nil))
	if err == nil {
		c.mu.Lock()
		c.group = group
		c.mu.Unlock()
	}
	return wrap("join", err)
}

// Leave leaves the group. The last event of it is the Membership that has the
// process in Left.
func (c *Conn) Leave(ctx context.Context) error {
	c.mu.Lock()
	q := wire.LeaveRequest{Group: []byte(c.group), PID: c.pid}
	c.mu.Unlock()
	_, err := c.call(ctx, againOrBusy, q.AppendTo(nil))
	return wrap("leave", err)
}

// Members returns who is in a group, as this node knows it now.
func (c *Conn) Members(ctx context.Context, group string) ([]Member, error) {
	if len(group) > NameMax {
		return nil, wrap("membership", ErrNameTooLong)
	}
	b, err := c.call(ctx, again, wire.AppendMembershipRequest(nil, group))
	if err != nil {
		return nil, wrap("membership", err)
	}
	list, _, err := wire.ParseMembershipResponse(b)
	if err != nil {
		return nil, wrap("membership", err)
	}
	return membersOf(list), nil
}

// LocalNode returns this node's id.
func (c *Conn) LocalNode(ctx context.Context) (totem.NodeID, error) {
	b, err := c.call(ctx, again, wire.AppendBareRequest(nil, wire.ReqLocalGet))
	if err != nil {
		return 0, wrap("local node", err)
	}
	id, _, err := wire.ParseLocalGetResponse(b)
	return totem.NodeID(id), wrap("local node", err)
}
