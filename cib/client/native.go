package client

import (
	"context"
	"fmt"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// largest is the largest message, in bytes, before it is compressed.
const largest = 512 << 10

// native is the way to the daemon on this machine (cib_native.c).
type native struct{ *ipc.Conn }

// dial connects to the daemon, and says who does (cib_native_signon_raw).
func dial(ctx context.Context, program string, o Options) (Conn, error) {
	const where = "cib_native_signon_raw"
	o.IPC.Buffer = max(o.IPC.Buffer, largest)
	if o.IPC.SocketDir == "" {
		o.IPC.SocketDir = root.SocketDir()
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	fail := func(err error) (Conn, error) {
		rc := RC(err)
		if rc == crmexit.RC(syscall.ENOTCONN) {
			loglevel.LogfAt(o.Log, loglevel.Info, where, "Could not connect to CIB manager for %s", program)
		}
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Connection to CIB manager for %s failed: %s", program, rc)
		return nil, err
	}
	conn, err := ipc.Dial(ctx, o.Service, o.IPC)
	if err != nil {
		return fail(err)
	}
	l := &live{Options: o, link: native{conn}}
	if err := l.register(ctx, program); err != nil {
		_ = conn.Close()
		return fail(err)
	}
	loglevel.LogfAt(o.Log, loglevel.Info, where, "Successfully connected to CIB manager for %s", program)
	return l, nil
}

func (l *live) register(ctx context.Context, program string) error {
	reply, err := l.link.call(ctx, Registration(program), true)
	if err != nil {
		return err
	}
	if op := reply.SelectAttrValue(opKey, ""); op != register {
		return fmt.Errorf("%w: %s %q to a registration", ErrProtocol, opKey, op)
	}
	if l.token = reply.SelectAttrValue(clientKey, ""); l.token == "" {
		return fmt.Errorf("%w: no %s to a registration", ErrProtocol, clientKey)
	}
	return nil
}

func (n native) call(ctx context.Context, m *etree.Element, _ bool) (*etree.Element, error) {
	r, err := n.Call(ctx, m)
	switch {
	case err != nil:
		return nil, &Lost{err}
	case r.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, r.Err)
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return r.XML, nil
}

func (n native) send(ctx context.Context, m *etree.Element) error {
	if _, err := n.Send(ctx, m); err != nil {
		return &Lost{err}
	}
	return nil
}

func (n native) subscribe(ctx context.Context, m *etree.Element) error {
	_, err := n.call(ctx, m, true)
	return err
}

func (n native) event(ctx context.Context) (*etree.Element, error) {
	m, err := n.Event(ctx)
	switch {
	case err != nil:
		return nil, err
	case m.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, m.Err)
	case m.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return m.XML, nil
}
