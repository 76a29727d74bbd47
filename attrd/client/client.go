package client

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

var (
	// ErrNoSuch is that there is no attribute of that name.
	ErrNoSuch = errors.New("no such node attribute")
	// ErrProtocol is an answer that is none.
	ErrProtocol = errors.New("the attribute manager's answer is not understood")
)

// Timeout is how long the daemon may take to answer a request (crm_ipc_send).
const Timeout = 5 * time.Second

// Options of Dial; the zero value will do.
type Options struct {
	IPC ipc.DialOptions
	// Service is another than the daemon's own, if not empty.
	Service string
}

// Conn is a connection to the daemon.
type Conn struct{ ipc *ipc.Conn }

// Dial connects.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	if o.Service == "" {
		o.Service = wire.Service
	}
	c, err := ipc.Dial(ctx, o.Service, o.IPC)
	if err != nil {
		return nil, err
	}
	return &Conn{c}, nil
}

// attempts is how often the reference tries to connect to a daemon that is busy.
const attempts = 5

// Send connects, sends one request and disconnects. While the daemon is busy it tries again,
// after as many seconds as it has tried (connect_and_send_attrd_request).
func Send(ctx context.Context, o Options, m *wire.Message) error {
	for tried := time.Duration(0); ; tried++ {
		c, err := Dial(ctx, o)
		if err == nil {
			defer c.Close()
			return c.Send(ctx, m)
		}
		if !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EALREADY) || tried == attempts {
			return err
		}
		select {
		case <-time.After(tried * time.Second):
		case <-ctx.Done():
			return err
		}
	}
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ipc.Close() }

// Send sends a request other than a query, and waits for its acknowledgement where it has
// one.
func (c *Conn) Send(ctx context.Context, m *wire.Message) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if !m.Task.Answered() {
		_, err := c.ipc.Send(ctx, m.Encode())
		return err
	}
	r, err := c.ipc.Call(ctx, m.Encode())
	switch {
	case err != nil:
		return err
	case r.Err != nil:
		return r.Err
	case r.XML == nil || r.XML.Tag != "ack":
		return fmt.Errorf("%w: no acknowledgement", ErrProtocol)
	}
	return nil
}

// Query gives the values that an attribute has, with their nodes, as the daemon
// lists them: of all nodes that have one, or of a node, whether it has one or not. No attribute
// is ErrNoSuch.
func (c *Conn) Query(ctx context.Context, program, name string, host *string) ([]wire.Attribute, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	m := wire.Message{Origin: &program, Task: wire.Query, Attribute: wire.Attribute{Name: &name, Host: Target(host)}}
	r, err := c.ipc.Call(ctx, m.Encode())
	switch {
	case err != nil:
		return nil, err
	case r.Err != nil:
		return nil, r.Err
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	answer, err := wire.Decode(r.XML)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	case !answer.Answer:
		return nil, fmt.Errorf("%w: task %s", ErrProtocol, answer.Task)
	case answer.Name == nil:
		return nil, ErrNoSuch
	}
	return answer.Values, nil
}

// RC is the reference's result for what went wrong.
func RC(err error) crmexit.RC {
	switch {
	case errors.Is(err, ErrNoSuch):
		return crmexit.RC(syscall.ENXIO)
	case errors.Is(err, ErrProtocol):
		return crmexit.RC(syscall.EPROTO)
	}
	return ipc.RC(err)
}
