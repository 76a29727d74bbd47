package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// largest is the largest message, in bytes, before it is compressed.
const largest = 512 << 10

// live is a connection to the daemon.
type live struct {
	Options
	ipc   *ipc.Conn
	token string // what the daemon calls the client

	mu    sync.Mutex
	calls int
	kept  []Event // that came while an answer was waited for
}

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
	l := &live{Options: o, ipc: conn}
	if err := l.register(ctx, program); err != nil {
		_ = conn.Close()
		return fail(err)
	}
	loglevel.LogfAt(o.Log, loglevel.Info, where, "Successfully connected to CIB manager for %s", program)
	return l, nil
}

func (l *live) register(ctx context.Context, program string) error {
	reply, err := l.call(ctx, registration(program))
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

func (l *live) Live() bool            { return true }
func (l *live) Done() <-chan struct{} { return l.ipc.Done() }
func (l *live) Close() error          { return l.ipc.Close() }

// number is that of the next call.
func (l *live) number() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	return l.calls
}

func (l *live) Do(ctx context.Context, r Request) (*etree.Element, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Timeout)
		defer cancel()
	}
	r.Options |= SyncCall
	call := l.number()
	reply, err := l.call(ctx, message(&r, l.user(&r), l.token, call))
	if err != nil {
		return nil, err
	}
	e, err := read(reply)
	switch {
	case err != nil:
		return nil, err
	case e.Call != call:
		return nil, fmt.Errorf("%w: %s %d, want %d", ErrProtocol, callKey, e.Call, call)
	case r.Options&DiscardReply != 0:
		e.Answer = nil
	}
	if e.Err == nil && e.Answer == nil && r.Op == ops.Query && r.Options&DiscardReply == 0 {
		return nil, fmt.Errorf("%w: no %s", ErrProtocol, dataKey)
	}
	return e.Answer, e.Err
}

func (l *live) call(ctx context.Context, m *etree.Element) (*etree.Element, error) {
	r, err := l.ipc.Call(ctx, m)
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

func (l *live) Send(ctx context.Context, r Request) (int, error) {
	r.Options &^= SyncCall
	call := l.number()
	if _, err := l.ipc.Send(ctx, message(&r, l.user(&r), l.token, call)); err != nil {
		return 0, &Lost{err}
	}
	return call, nil
}

func (l *live) Subscribe(ctx context.Context, kind Notification, on bool) error {
	_, err := l.call(ctx, subscription(kind, on))
	return err
}

func (l *live) Event(ctx context.Context) (Event, error) {
	l.mu.Lock()
	if len(l.kept) > 0 {
		e := l.kept[0]
		l.kept = l.kept[1:]
		l.mu.Unlock()
		return e, nil
	}
	l.mu.Unlock()
	return l.next(ctx)
}

func (l *live) next(ctx context.Context) (Event, error) {
	m, err := l.ipc.Event(ctx)
	switch {
	case err != nil:
		return Event{}, err
	case m.Err != nil:
		return Event{}, fmt.Errorf("%w: %w", ErrProtocol, m.Err)
	case m.XML == nil:
		return Event{}, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return read(m.XML)
}

func (l *live) Await(ctx context.Context, call int) (Event, error) {
	l.mu.Lock()
	for i, e := range l.kept {
		if e.Kind == "" && e.Call == call {
			l.kept = append(l.kept[:i:i], l.kept[i+1:]...)
			l.mu.Unlock()
			return e, nil
		}
	}
	l.mu.Unlock()
	for {
		e, err := l.next(ctx)
		if err != nil && !errors.Is(err, ErrProtocol) {
			return Event{}, err
		}
		if err != nil {
			continue // it is no answer, not to this call either
		}
		if e.Kind == "" && e.Call == call {
			return e, nil
		}
		l.mu.Lock()
		l.kept = append(l.kept, e)
		l.mu.Unlock()
	}
}
