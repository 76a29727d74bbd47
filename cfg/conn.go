package cfg

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Error is a cs_error_t, with the reference's name as text.
type Error = cserr.Code

// Errors that callers have reason to tell apart.
const (
	ErrTryAgain     = cserr.TryAgain     // the daemon is busy with a change of members
	ErrExist        = cserr.Exist        // TryShutdown: another one is being negotiated
	ErrBusy         = cserr.Busy         // TryShutdown: somebody has refused
	ErrNotExist     = cserr.NotExist     // no such node
	ErrAccess       = cserr.Access       // ReplyToShutdown: nobody is waiting for it
	ErrInvalidParam = cserr.InvalidParam // ReloadConfig: the file is wrong
	ErrNameTooLong  = cserr.NameTooLong
	ErrLibrary      = cserr.Library // no daemon, or not any more
)

// NodeID identifies a node of the cluster.
type NodeID = totem.NodeID

// ShutdownFlag says how a shutdown is to be negotiated.
type ShutdownFlag = cfgwire.ShutdownFlag

// Ways to shut down.
const (
	Request    = cfgwire.ShutdownRequest    // those who track may refuse
	Regardless = cfgwire.ShutdownRegardless // they are told and not heard
	Immediate  = cfgwire.ShutdownImmediate  // nobody is asked
)

// Interface is one of the local node's links: "0 192.0.2.1" and "OK".
type Interface = cfgwire.Interface

// NodeStatus is what the local daemon knows of a node.
type NodeStatus = cfgwire.NodeStatus

// Link is the state of one link of a NodeStatus.
type Link = cfgwire.Link

// Options of Dial.
type Options struct {
	// SocketDir is where the daemon's sockets are files, for a daemon that
	// does not use the abstract name space. Empty for all usual ones.
	SocketDir string
}

// ipc is a connection to a service; *client.Conn is one.
type ipc interface {
	Call(ctx context.Context, parts ...[]byte) ([]byte, error)
	Event(ctx context.Context) ([]byte, error)
	Done() <-chan struct{}
	Close() error
}

// Conn is a connection to the local daemon.
type Conn struct {
	c    ipc
	peer Daemon
}

// Daemon is a process that answers as corosync, by what the kernel says of it.
type Daemon struct {
	PID      int // 0: of another PID namespace
	UID, GID uint32
}

// Daemon is who answers. Where any user may make sockets, a caller that runs for the
// system compares.
func (c *Conn) Daemon() Daemon { return c.peer }

// Dial connects to the local daemon.
func Dial(ctx context.Context, opts Options) (*Conn, error) {
	c, err := csipc.Dial(ctx, "cfg", opts.SocketDir)
	if err != nil {
		return nil, fmt.Errorf("cfg: %w", err)
	}
	return &Conn{c: c, peer: Daemon(c.Server())}, nil
}

// Close ends the connection; a shutdown that waits for its reply takes that for
// a yes.
func (c *Conn) Close() error { return c.c.Close() }

// Done is closed when the connection has ended, on either side.
func (c *Conn) Done() <-chan struct{} { return c.c.Done() }

func (c *Conn) call(ctx context.Context, what string, id int, req []byte) ([]byte, error) {
	b, err := c.c.Call(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("cfg: %s: %w", what, csipc.Coded(err))
	}
	got, code, err := cfgwire.ParseResponse(b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cfg: %s: %w", what, err)
	case code != cserr.OK:
		return nil, fmt.Errorf("cfg: %s: %w", what, code)
	case got != id:
		return nil, fmt.Errorf("cfg: %s: response %d, want %d: %w", what, got, id, ErrLibrary)
	}
	return b, nil
}

func (c *Conn) simple(ctx context.Context, what string, res, req int) error {
	_, err := c.call(ctx, what, res, cfgwire.AppendRequest(nil, req))
	return err
}

// RingStatus lists the local node's links.
func (c *Conn) RingStatus(ctx context.Context) ([]Interface, error) {
	b, err := c.call(ctx, "ring status", cfgwire.ResRingStatusGet, cfgwire.AppendRequest(nil, cfgwire.ReqRingStatusGet))
	if err != nil {
		return nil, err
	}
	return cfgwire.ParseRingStatus(b)
}

// NodeStatus tells of a node; one that is not configured is not reachable.
func (c *Conn) NodeStatus(ctx context.Context, node NodeID) (*NodeStatus, error) {
	b, err := c.call(ctx, "node status", cfgwire.ResNodeStatusGet,
		cfgwire.AppendNodeStatusRequest(nil, node, cfgwire.NodeStatusVersion))
	if err != nil {
		return nil, err
	}
	return cfgwire.ParseNodeStatus(b)
}

// NodeAddrs are a node's addresses, of link 0 first; 0 is the local node.
// ErrNotExist: it is not configured.
func (c *Conn) NodeAddrs(ctx context.Context, node NodeID) ([]netip.Addr, error) {
	b, err := c.call(ctx, "node addresses", cfgwire.ResGetNodeAddrs,
		cfgwire.AppendU32Request(nil, cfgwire.ReqGetNodeAddrs, uint32(node)))
	if err != nil {
		return nil, err
	}
	return cfgwire.ParseNodeAddrs(b)
}

// LocalNode is the id of the node that we are on.
func (c *Conn) LocalNode(ctx context.Context) (NodeID, error) {
	b, err := c.call(ctx, "local node", cfgwire.ResLocalGet, cfgwire.AppendRequest(nil, cfgwire.ReqLocalGet))
	if err != nil {
		return 0, err
	}
	return cfgwire.ParseLocal(b)
}

// KillNode ends the daemon of a member of the ring, which logs the reason, of at
// most 255 bytes. ErrNotExist: it is not a member.
func (c *Conn) KillNode(ctx context.Context, node NodeID, reason string) error {
	if len(reason) > 255 {
		return fmt.Errorf("cfg: kill node: %w", ErrNameTooLong)
	}
	_, err := c.call(ctx, "kill node", cfgwire.ResKillNode,
		cfgwire.AppendKillNode(nil, cfgwire.KillNode{Node: node, Reason: reason}))
	return err
}

// ReloadConfig has all nodes of the ring read their configuration files again,
// and returns the local node's result.
func (c *Conn) ReloadConfig(ctx context.Context) error {
	return c.simple(ctx, "reload configuration", cfgwire.ResReloadConfig, cfgwire.ReqReloadConfig)
}

// ReopenLogFiles has the local daemon open its log files anew.
func (c *Conn) ReopenLogFiles(ctx context.Context) error {
	return c.simple(ctx, "reopen log files", cfgwire.ResReopenLogFiles, cfgwire.ReqReopenLogFiles)
}

// TryShutdown shuts the local daemon down, if those who track it agree: it
// returns when they have replied, or with ErrBusy after the daemon's timeout.
func (c *Conn) TryShutdown(ctx context.Context, how ShutdownFlag) error {
	_, err := c.call(ctx, "shut down", cfgwire.ResTryShutdown,
		cfgwire.AppendU32Request(nil, cfgwire.ReqTryShutdown, uint32(how)))
	return err
}

// TrackShutdown has NextShutdown tell of shutdowns from now on.
func (c *Conn) TrackShutdown(ctx context.Context) error {
	_, err := c.call(ctx, "track shutdown", cfgwire.ResTrackStart, cfgwire.AppendTrackStart(nil, 0))
	return err
}

// StopTracking ends TrackShutdown; a shutdown that waits takes it for a yes.
func (c *Conn) StopTracking(ctx context.Context) error {
	return c.simple(ctx, "stop tracking", cfgwire.ResTrackStop, cfgwire.ReqTrackStop)
}

// NextShutdown waits until somebody wants the node to shut down. With Request
// the node waits for the ReplyToShutdown of everyone asked.
func (c *Conn) NextShutdown(ctx context.Context) (ShutdownFlag, error) {
	for {
		b, err := c.c.Event(ctx)
		if err != nil {
			return 0, fmt.Errorf("cfg: %w", csipc.Coded(err))
		}
		id, _, err := cfgwire.ParseResponse(b)
		if err != nil {
			return 0, fmt.Errorf("cfg: event: %w", err)
		}
		if id == cfgwire.ResTestShutdown {
			return cfgwire.ParseTestShutdown(b)
		}
	}
}

// ReplyToShutdown answers what NextShutdown has told of. ErrAccess: it has been
// decided already.
func (c *Conn) ReplyToShutdown(ctx context.Context, agree bool) error {
	v := uint32(0)
	if agree {
		v = 1
	}
	_, err := c.call(ctx, "reply to shutdown", cfgwire.ResReplyToShutdown,
		cfgwire.AppendU32Request(nil, cfgwire.ReqReplyToShutdown, v))
	return err
}
