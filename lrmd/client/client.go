package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

const service = "lrmd"

// Options of Open.
type Options struct {
	// Service is the executor's, "lrmd" if empty.
	Service string
	Dial    ipc.DialOptions
}

// Conn is a connection to the executor.
type Conn struct {
	conn  *ipc.Conn
	token string
}

// Open connects and registers a client by its name (lrmd_handshake). A *Refused says that the executor does
// not want it: its protocol is another.
func Open(ctx context.Context, name string, o Options) (*Conn, error) {
	conn, err := ipc.Dial(ctx, cmp.Or(o.Service, service), o.Dial)
	if err != nil {
		return nil, err
	}
	c := &Conn{conn: conn}
	_, token, err := c.ask(ctx, &wire.Request{Op: wire.OpRegister, ClientName: name, Version: wire.Version})
	if err == nil && token == "" {
		err = errors.New("executor: registered without a token")
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	c.token = token
	return c, nil
}

// Refused is a request that the executor has not done; RC is its number of the error, below 0.
type Refused struct {
	Op string
	RC int
}

func (e *Refused) Error() string { return fmt.Sprintf("executor: %s: %v", e.Op, syscall.Errno(-e.RC)) }

// Call makes a request and returns what the executor says: the number of the call, or 0.
func (c *Conn) Call(ctx context.Context, r *wire.Request) (int, error) {
	rc, _, err := c.ask(ctx, r)
	return rc, err
}

// Ask is Call with the reply, which for OpRscInfo and OpGetRecurring has more. What the executor refuses is no error
// here, but the number of one, below 0.
func (c *Conn) Ask(ctx context.Context, r *wire.Request) (int, *etree.Element, error) {
	reply, _, e, err := c.exchange(ctx, r)
	return reply.RC, e, err
}

func (c *Conn) ask(ctx context.Context, r *wire.Request) (rc int, token string, err error) {
	reply, token, _, err := c.exchange(ctx, r)
	if err == nil && reply.RC < 0 {
		err = &Refused{r.Op, reply.RC}
	}
	return reply.RC, token, err
}

func (c *Conn) exchange(ctx context.Context, r *wire.Request) (wire.Reply, string, *etree.Element, error) {
	m, err := c.conn.Call(ctx, r.Element(c.token))
	switch {
	case err != nil:
		return wire.Reply{}, "", nil, err
	case m.Err != nil:
		return wire.Reply{}, "", nil, m.Err
	case m.XML == nil:
		return wire.Reply{}, "", nil, errors.New("executor: reply without XML")
	}
	reply, token, err := wire.ParseReply(m.XML)
	return reply, token, m.XML, err
}

// Event is the next one.
func (c *Conn) Event(ctx context.Context) (*etree.Element, error) {
	m, err := c.conn.Event(ctx)
	if err != nil {
		return nil, err
	}
	return m.XML, nil
}

// Drain takes events that nobody wants, until the connection or ctx ends.
func (c *Conn) Drain(ctx context.Context) {
	for {
		if _, err := c.Event(ctx); err != nil {
			return
		}
	}
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.conn.Done() }

// Close ends the connection.
func (c *Conn) Close() error { return c.conn.Close() }
