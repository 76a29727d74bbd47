package ipc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// ErrUnauthorized is a server that is none of Pacemaker's (pcmk_rc_ipc_unauthorized).
var ErrUnauthorized = errors.New("IPC provider authentication failed")

// DialOptions of Dial; the zero value will do.
type DialOptions struct {
	// Buffer is the largest message in bytes: what frame.Buffer says of
	// PCMK_ipc_buffer, which is 128 KiB. The server may allow more.
	Buffer uint32
	// SocketDir is that of package qb/client.
	SocketDir string
	// AnyServer does without the look at who serves.
	AnyServer bool
}

// Conn is a client's connection.
type Conn struct {
	qb   *client.Conn
	name string
}

// requests counts the requests of the process, over all connections.
var requests atomic.Int32

// Offered tells whether a daemon offers a service: another of the kind need not begin. It
// looks for a second at most.
func Offered(ctx context.Context, name string, o DialOptions) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := Dial(ctx, name, o)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// Dial connects to a service of a daemon.
func Dial(ctx context.Context, name string, o DialOptions) (*Conn, error) {
	qc, err := client.Dial(ctx, name, client.Options{MaxMsgSize: max(o.Buffer, frame.DefaultBuffer), SocketDir: o.SocketDir})
	if err != nil {
		return nil, fmt.Errorf("connection to %s: %w", name, err)
	}
	if s := qc.Server(); !o.AnyServer && !authentic(s, account.Cluster()) {
		_ = qc.Close()
		return nil, fmt.Errorf("connection to %s: %w: process %d has uid %d and gid %d", name, ErrUnauthorized, s.PID, s.UID, s.GID)
	}
	return &Conn{qb: qc, name: name}, nil
}

// authentic tells whether a server is root's or the cluster's
// (pcmk__crm_ipc_is_authentic_process).
func authentic(s client.Server, a account.IDs) bool {
	return s.UID == 0 || a.Known && (s.UID == a.UID || s.GID == a.GID)
}

// Close ends the connection; waits in other goroutines end.
func (c *Conn) Close() error { return c.qb.Close() }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.qb.Done() }

// ServerPID is the daemon's process.
func (c *Conn) ServerPID() int { return c.qb.Server().PID }

func (c *Conn) encode(flags frame.Flags, e *etree.Element) (id int32, b []byte, err error) {
	id = requests.Add(1)
	b, err = frame.Encode(nil, &frame.Message{ID: id, Flags: flags, Text: text.Line(e)}, c.qb.MaxMsgSize())
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return id, b, nil
}

// Send sends a request to which no response is wanted. While the daemon does not take
// requests it waits, at most until ctx ends.
func (c *Conn) Send(ctx context.Context, e *etree.Element) (id int32, err error) {
	id, b, err := c.encode(0, e)
	if err != nil {
		return 0, err
	}
	err = c.again(ctx, func() error { return c.qb.Send(b) })
	return id, err
}

// Call sends a request and waits for its response.
func (c *Conn) Call(ctx context.Context, e *etree.Element) (*Message, error) {
	id, b, err := c.encode(frame.ClientResponse, e)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if err := c.again(ctx, func() error { raw, err = c.qb.Call(ctx, b); return err }); err != nil {
		return nil, err
	}
	r, err := c.read(raw)
	if err == nil && r.ID != id {
		return nil, fmt.Errorf("%s: response to request %d, want %d", c.name, r.ID, id)
	}
	return r, err
}

// again repeats what fails because the server asks to wait.
func (c *Conn) again(ctx context.Context, send func() error) error {
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		err := send()
		if err == nil {
			return nil
		}
		if !errors.Is(err, client.ErrAgain) {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", c.name, ctx.Err())
		case <-c.qb.Done():
			return fmt.Errorf("%s: %w", c.name, client.ErrDisconnected)
		}
	}
}

// Event waits for the next event.
func (c *Conn) Event(ctx context.Context) (*Message, error) {
	raw, err := c.qb.Event(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return c.read(raw)
}

func (c *Conn) read(raw []byte) (*Message, error) {
	m, err := frame.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	e, err := received.XML(loglevel.Discard, m.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return &Message{Message: m, XML: e}, nil
}
