// Package client asks the fencer of the node, pacemaker-fenced, as Pacemaker's tools and
// daemons do (the reference's lib/fencing/st_client.c): devices, topology, fencing,
// history, notifications.
//
// A Conn is for one goroutine at a time, but for Event, which another may call. Tools,
// daemons and tests import it.
package client

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Service is the fencer's.
const Service = "stonith-ng"

// Grace is how long beyond the time that an operation is given its answer is waited for:
// the fencer itself is to say that time has run out.
const Grace = 60 * time.Second

var (
	// ErrProtocol is an answer that is none (EPROTO).
	ErrProtocol = errors.New("the fencer's answer is not understood")
	// ErrOtherCall is the answer to another request (ENOMSG).
	ErrOtherCall = errors.New("the fencer's answer is to another request")
	// ErrSend is a request that has no answer (ECOMM).
	ErrSend = errors.New("no answer from the fencer")
)

// Failed is the fencer's answer that something did not succeed.
type Failed struct{ Result wire.Result }

func (f *Failed) Error() string {
	s := f.Result.RC().String()
	if f.Result.Reason != "" {
		s += " (" + f.Result.Reason + ")"
	}
	return s
}

// Options of Dial; the zero value will do.
type Options struct {
	IPC ipc.DialOptions
	// Service is another than the fencer's, if not empty.
	Service string
}

// Conn is a connection to the fencer.
type Conn struct {
	ipc   *ipc.Conn
	token string // what the fencer calls the client
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
	c := &Conn{ipc: conn, calls: 1}
	if err := c.register(ctx, program); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ipc.Close() }

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.ipc.Done() }

func (c *Conn) register(ctx context.Context, program string) error {
	reply, err := c.roundTrip(ctx, (&wire.Register{Name: program}).Element())
	if err != nil {
		return err
	}
	r, err := wire.ParseRegistered(reply)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	c.token = r.Client
	return nil
}

func (c *Conn) roundTrip(ctx context.Context, e *etree.Element) (*etree.Element, error) {
	r, err := c.ipc.Call(ctx, e)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrSend, err)
	case r.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, r.Err)
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return r.XML, nil
}

// Subscribe asks for notifications of a kind; Event gets them.
func (c *Conn) Subscribe(ctx context.Context, kind string) error {
	_, err := c.roundTrip(ctx, (&wire.Subscribe{To: kind}).Element())
	return err
}

// Unsubscribe asks for no more notifications of a kind.
func (c *Conn) Unsubscribe(ctx context.Context, kind string) error {
	_, err := c.roundTrip(ctx, (&wire.Subscribe{To: kind, End: true}).Element())
	return err
}

// command is the next request.
func (c *Conn) command(op string, options wire.CallOptions, seconds int, data *etree.Element) *wire.Command {
	c.calls++
	return &wire.Command{Op: op, Client: c.token, CallID: c.calls, Options: options, Timeout: seconds, Data: data}
}

// call sends a request and waits for the answer, which it returns with the answer as it
// was. A result that is no success is a *Failed.
func (c *Conn) call(ctx context.Context, m *wire.Command) (*wire.Reply, *etree.Element, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(m.Timeout)*time.Second+Grace)
	defer cancel()
	m.Options |= wire.Sync
	e, err := c.roundTrip(ctx, m.Element())
	if err != nil {
		return nil, nil, err
	}
	r, err := wire.ParseReply(e)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", ErrOtherCall, err)
	case r.CallID != m.CallID:
		return nil, nil, fmt.Errorf("%w: call %d, want %d", ErrOtherCall, r.CallID, m.CallID)
	case !r.Result.OK():
		return r, e, &Failed{r.Result}
	}
	return r, e, nil
}

// toolOptions are those of all that the tool asks for.
const toolOptions = wire.AllowSelf

// Register makes a device known to the fencer of this node.
func (c *Conn) Register(ctx context.Context, d *wire.Device) error {
	_, _, err := c.call(ctx, c.command(wire.OpDeviceAdd, toolOptions, 0, d.Element()))
	return err
}

// Remove takes a device away that was registered.
func (c *Conn) Remove(ctx context.Context, id string) error {
	_, _, err := c.call(ctx, c.command(wire.OpDeviceDel, toolOptions, 0, (&wire.DeviceRef{ID: id}).Element()))
	return err
}

// RegisterLevel makes a level of a topology known.
func (c *Conn) RegisterLevel(ctx context.Context, l *wire.Level) error {
	_, _, err := c.call(ctx, c.command(wire.OpLevelAdd, toolOptions, 0, l.Element(false)))
	return err
}

// RemoveLevel takes a level of a topology away.
func (c *Conn) RemoveLevel(ctx context.Context, l *wire.Level) error {
	_, _, err := c.call(ctx, c.command(wire.OpLevelDel, toolOptions, 0, l.Element(true)))
	return err
}

// Query is the ids of the devices of this node that can turn off a target, or, for an
// empty target, of all.
func (c *Conn) Query(ctx context.Context, target string, seconds int) ([]string, error) {
	q := wire.Query{Target: target, Action: "off"}
	_, e, err := c.call(ctx, c.command(wire.OpQuery, toolOptions, seconds, q.Element()))
	if err != nil {
		return nil, err
	}
	return wire.Agents(e), nil
}

// Exec has a device of this node do an action that fences nobody, and is its output.
func (c *Conn) Exec(ctx context.Context, x *wire.ExecRequest, seconds int) (string, error) {
	r, _, err := c.call(ctx, c.command(wire.OpExec, toolOptions, seconds, x.Element()))
	if err != nil {
		return "", err
	}
	return r.Result.Output, nil
}

// Fence asks for fencing and returns the number of the call. How it ends the fencer tells
// in an event.
func (c *Conn) Fence(ctx context.Context, f *wire.Fence) (call int, err error) {
	return c.FenceWith(ctx, f, toolOptions)
}

// FenceWith is Fence with options.
func (c *Conn) FenceWith(ctx context.Context, f *wire.Fence, options wire.CallOptions) (call int, err error) {
	m := c.command(wire.OpFence, options, f.Timeout, f.Element())
	m.Delay = &f.Delay
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.Timeout)*time.Second+Grace)
	defer cancel()
	if _, err := c.ipc.Send(ctx, m.Element()); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrSend, err)
	}
	return m.CallID, nil
}

// Confirm tells the cluster that somebody has made sure that a node is down.
func (c *Conn) Confirm(ctx context.Context, target string) error {
	f := wire.Fence{Target: target, Action: "off"}
	m := c.command(wire.OpFence, toolOptions|wire.ManualAck, 0, f.Element())
	m.Delay = &f.Delay
	_, _, err := c.call(ctx, m)
	return err
}

// History is what the fencer knows of operations against a target, or, for an empty one,
// of all. With Cleanup in options it forgets them and the result is empty; with Broadcast
// it asks its peers first.
func (c *Conn) History(ctx context.Context, target string, options wire.CallOptions, seconds int) ([]wire.Entry, error) {
	h := wire.HistoryRequest{Target: target}
	_, e, err := c.call(ctx, c.command(wire.OpHistory, options, seconds, h.Element()))
	if err != nil {
		return nil, err
	}
	all, err := wire.ParseHistory(e)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return all, nil
}

// Event waits for the next event.
func (c *Conn) Event(ctx context.Context) (*wire.Event, error) {
	m, err := c.ipc.Event(ctx)
	switch {
	case err != nil:
		return nil, err
	case m.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, m.Err)
	case m.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	e, err := wire.ParseEvent(m.XML)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return e, nil
}

// RC is the reference's result for what went wrong.
func RC(err error) crmexit.RC {
	var failed *Failed
	switch {
	case err == nil:
		return crmexit.RCOK
	case errors.As(err, &failed):
		return failed.Result.RC()
	case errors.Is(err, ErrProtocol):
		return crmexit.RC(syscall.EPROTO)
	case errors.Is(err, ErrOtherCall):
		return crmexit.RC(syscall.ENOMSG)
	case errors.Is(err, ErrSend):
		return crmexit.RC(syscall.ECOMM)
	}
	return crmexit.RC(syscall.ENOTCONN)
}
