// Package client asks the CIB manager of the cluster, pacemaker-based, for the CIB, as
// Pacemaker's tools do (the reference's lib/cib/cib_native.c and cib_utils.c). It only
// queries: what it connects to is the service for reading.
//
// A Conn is for one goroutine at a time. Tools and tests import it.
package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// Service is the one for reading.
const Service = "cib_ro"

// ErrProtocol is an answer that is none.
var ErrProtocol = errors.New("the CIB manager's answer is not understood")

// The options of calls (cib_call_options).
const (
	scopeLocal = 0x100
	syncCall   = 0x1000
)

// Refused is the CIB manager's answer that it will not.
type Refused struct{ RC crmexit.RC }

func (r *Refused) Error() string { return r.RC.String() }

// Options of Dial; the zero value will do.
type Options struct {
	IPC ipc.DialOptions
	// Service is another than the one for reading, if not empty.
	Service string
}

// Conn is a connection to the CIB manager.
type Conn struct {
	ipc   *ipc.Conn
	token string // what the manager calls the client
	calls int
}

// Dial connects, and says that a program of that name does.
func Dial(ctx context.Context, program string, o Options) (*Conn, error) {
	if o.Service == "" {
		o.Service = Service
	}
	conn, err := ipc.Dial(ctx, o.Service, o.IPC)
	if err != nil {
		return nil, err
	}
	c := &Conn{ipc: conn}
	if err := c.register(ctx, program); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ipc.Close() }

func (c *Conn) register(ctx context.Context, program string) error {
	const register = "register"
	m := etree.NewElement("cib_command")
	m.CreateAttr("t", "cib")
	m.CreateAttr("cib_op", register)
	m.CreateAttr("cib_clientname", program)
	m.CreateAttr("cib_callopt", strconv.Itoa(syncCall))
	reply, err := c.call(ctx, m)
	if err != nil {
		return err
	}
	if op := reply.SelectAttrValue("cib_op", ""); op != register {
		return fmt.Errorf("%w: cib_op %q to a registration", ErrProtocol, op)
	}
	if c.token = reply.SelectAttrValue("cib_clientid", ""); c.token == "" {
		return fmt.Errorf("%w: no cib_clientid to a registration", ErrProtocol)
	}
	return nil
}

// Query is the CIB as this node has it, or its section of that name if that is not empty.
// A refusal is a *Refused.
func (c *Conn) Query(ctx context.Context, section string) (*etree.Element, error) {
	c.calls++
	m := etree.NewElement("cib_command")
	m.CreateAttr("__name__", "cib_command")
	m.CreateAttr("t", "cib")
	m.CreateAttr("cib_async_id", c.token)
	m.CreateAttr("cib_op", "cib_query")
	if section != "" {
		m.CreateAttr("cib_section", section)
	}
	m.CreateAttr("cib_callid", strconv.Itoa(c.calls))
	m.CreateAttr("cib_callopt", strconv.Itoa(syncCall|scopeLocal))
	reply, err := c.call(ctx, m)
	if err != nil {
		return nil, err
	}
	if id := reply.SelectAttrValue("cib_callid", ""); id != strconv.Itoa(c.calls) {
		return nil, fmt.Errorf("%w: cib_callid %q, want %d", ErrProtocol, id, c.calls)
	}
	rc, err := strconv.Atoi(reply.SelectAttrValue("cib_rc", ""))
	if err != nil {
		return nil, fmt.Errorf("%w: cib_rc: %w", ErrProtocol, err)
	}
	if rc != 0 {
		return nil, &Refused{crmexit.Legacy(rc).RC()}
	}
	data := reply.SelectElement("cib_calldata")
	if data == nil || len(data.ChildElements()) == 0 {
		return nil, fmt.Errorf("%w: no cib_calldata", ErrProtocol)
	}
	cib := data.ChildElements()[0]
	data.RemoveChild(cib)
	return cib, nil
}

func (c *Conn) call(ctx context.Context, m *etree.Element) (*etree.Element, error) {
	r, err := c.ipc.Call(ctx, m)
	switch {
	case err != nil:
		return nil, err
	case r.Err != nil:
		return nil, r.Err
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return r.XML, nil
}

// RC is the reference's result for what went wrong.
func RC(err error) crmexit.RC {
	var refused *Refused
	switch {
	case err == nil:
		return crmexit.RCOK
	case errors.As(err, &refused):
		return refused.RC
	case errors.Is(err, ErrProtocol):
		return crmexit.RC(syscall.EPROTO)
	}
	return crmexit.RC(syscall.ENOTCONN)
}
