package execd

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// fencer is who fence devices are delegated to.
type fencer interface {
	Do(ctx context.Context, f *lrmd.Fence) lrmd.FenceResult
}

// handler is the daemon behind its sockets. mu guards all but what is set before it
// serves.
type handler struct {
	mu      sync.Mutex
	log     loglevel.Logger
	exec    *lrmd.Executor
	runner  *agent.Runner
	fencer  fencer
	ctx     context.Context // of what the fencer is asked for
	alerts  alerts
	clients map[string]*ipc.Client
	order   []*ipc.Client // of connection
	calls   int32
	timer   *time.Timer
}

func newHandler(ctx context.Context, log loglevel.Logger, runner *agent.Runner, f fencer) *handler {
	h := &handler{
		log: log, exec: lrmd.New(log), runner: runner, fencer: f, ctx: ctx,
		clients: map[string]*ipc.Client{}, alerts: newAlerts(),
	}
	h.timer = time.AfterFunc(time.Hour, h.tick)
	h.timer.Stop()
	return h
}

func (h *handler) logf(level loglevel.Level, function, format string, args ...any) {
	if h.log.Enabled(level) {
		loglevel.LogfAt(h.log, level, function, format, args...)
	}
}

// Connected tells the others of a client.
func (h *handler) Connected(c *ipc.Client) error {
	h.broadcast(wire.NewClient())
	h.clients[c.ID] = c
	h.order = append(h.order, c)
	return nil
}

// Disconnected drops what the client wanted while it was there.
func (h *handler) Disconnected(c *ipc.Client) {
	delete(h.clients, c.ID)
	for i, other := range h.order {
		if other == c {
			h.order = append(h.order[:i:i], h.order[i+1:]...)
			break
		}
	}
	h.do(h.exec.ClientGone(time.Now(), c.ID))
}

// broadcast sends an event to all clients that have a name (send_client_notify).
func (h *handler) broadcast(e *etree.Element) {
	for _, c := range h.order {
		h.notify(c, e)
	}
}

func (h *handler) notify(c *ipc.Client, e *etree.Element) {
	if c.Name == "" {
		return
	}
	if err := c.Event(e); err != nil {
		h.logf(loglevel.Warning, "send_client_notify", "Could not notify client %s: %v", c, err)
	}
}

// Request answers a request (lrmd_ipc_dispatch).
func (h *handler) Request(c *ipc.Client, m *ipc.Message) {
	const function = "lrmd_ipc_dispatch"
	if m.Err != nil {
		h.logf(loglevel.Info, function, "Ignoring malformed IPC message from %s: %v", c, m.Err)
		return
	}
	if !m.Flags.Has(frame.ClientResponse) {
		h.logf(loglevel.Error, function, "Invalid client request: %s", c)
		return
	}
	r, err := wire.ParseRequest(m.XML)
	if c.Name == "" {
		if c.Name = r.ClientName; c.Name == "" {
			c.Name = strconv.Itoa(c.PID())
		}
	}
	if h.calls++; h.calls < 1 {
		h.calls = 1
	}
	h.process(c, m, &r, err)
}

// origin is the function of the reference that makes ordinary replies.
const origin = "process_lrmd_message"

// answer is what becomes of a request.
type answer struct {
	origin  string
	rc      int // of the reply: negative for an error
	element func(wire.Reply) *etree.Element
	effects []lrmd.Effect
	silent  bool // there is no reply
	tell    bool // all are told
}

func (h *handler) process(c *ipc.Client, m *ipc.Message, r *wire.Request, malformed error) {
	a := answer{origin: origin}
	switch {
	case malformed != nil:
		h.logf(loglevel.Warning, origin, "Rejecting IPC request '%s' from client %s: %v", r.Op, c, malformed)
		a.rc = errno(syscall.EINVAL)
	case r.Op == wire.OpRegister:
		h.signOn(c, r, &a)
	case r.Op == wire.OpPoke:
		a.tell = true
	case r.Op == wire.OpForward:
		a.rc = errno(syscall.EPROTONOSUPPORT)
	case !privilegedOps[r.Op]:
		h.logf(loglevel.Error, origin, "Unknown IPC request '%s' from client %s", r.Op, c)
		a.rc = errno(syscall.EOPNOTSUPP)
	case !c.Privileged:
		h.logf(loglevel.Warning, origin, "Rejecting IPC request '%s' from unprivileged client %s", r.Op, c)
		a.rc = errno(syscall.EACCES)
		a.silent = r.Op == wire.OpCheck
	default:
		h.privileged(c, r, &a)
	}
	h.logf(loglevel.Debug, origin, "Processed %s operation from %s: rc=%d, reply=%d, notify=%d", r.Op, c.ID, a.rc, digit(!a.silent), digit(a.tell))
	if !a.silent {
		reply := wire.Reply{Origin: a.origin, RC: a.rc, CallID: int(h.calls)}
		e := reply.Element()
		if a.element != nil {
			e = a.element(reply)
		}
		if err := c.Respond(m.ID, 0, e); err != nil {
			h.logf(loglevel.Warning, origin, "Reply to client %s failed: %v", c, err)
		}
	}
	if a.tell {
		h.broadcast(wire.Change(r.Op, r.RscID, a.rc, int(h.calls)))
	}
	h.do(a.effects)
}

// digit is how the reference's log has what is true or not.
func digit(is bool) int {
	if is {
		return 1
	}
	return 0
}

func errno(e syscall.Errno) int { return -int(e) }

// numberOf is what the protocol calls an error.
func numberOf(err error) syscall.Errno {
	var number syscall.Errno
	switch {
	case errors.As(err, &number):
		return number
	case errors.Is(err, lrmd.ErrNoResource):
		return syscall.ENODEV
	case errors.Is(err, lrmd.ErrNoOperation):
		return syscall.EOPNOTSUPP
	case errors.Is(err, lrmd.ErrInProgress):
		return syscall.EINPROGRESS
	}
	return syscall.EIO
}

// privilegedOps are those that only root and the cluster may ask for.
var privilegedOps = map[string]bool{
	wire.OpRscRegister: true, wire.OpRscInfo: true, wire.OpRscUnreg: true, wire.OpRscExec: true, wire.OpRscCancel: true,
	wire.OpCheck: true, wire.OpAlertExec: true, wire.OpGetRecurring: true,
}

// signOn makes a connection a client's (process_lrmd_signon).
func (h *handler) signOn(c *ipc.Client, r *wire.Request, a *answer) {
	a.origin = "process_lrmd_signon"
	if featureset.Compare(r.Version, wire.MinVersion) < 0 {
		h.logf(loglevel.Error, a.origin, "Cluster API version must be greater than or equal to %s, not %s", wire.MinVersion, r.Version)
		a.rc = errno(syscall.EPROTO)
	}
	if r.Proxy {
		a.rc = errno(syscall.EPROTONOSUPPORT)
	}
	a.element = func(reply wire.Reply) *etree.Element { return reply.Registered(c.ID) }
}

func (h *handler) privileged(c *ipc.Client, r *wire.Request, a *answer) {
	now := time.Now()
	var err error
	switch r.Op {
	case wire.OpRscRegister:
		a.effects = h.exec.Register(now, r)
		a.tell = true
	case wire.OpRscUnreg:
		if r.RscID == "" {
			err = lrmd.ErrNoResource
			break
		}
		a.effects, err = h.exec.Unregister(now, r.RscID)
		a.tell = true
	case wire.OpRscInfo:
		a.origin = "process_lrmd_get_rsc_info"
		class, provider, kind, ok := h.exec.Info(r.RscID)
		if !ok {
			err = lrmd.ErrNoResource
			break
		}
		a.element = func(reply wire.Reply) *etree.Element { return reply.Info(r.RscID, class, provider, kind) }
	case wire.OpRscExec:
		if r.RscID == "" {
			err = syscall.EINVAL
			break
		}
		if a.effects, err = h.exec.Exec(now, c.ID, int(h.calls), r); err == nil {
			a.rc = int(h.calls)
		}
	case wire.OpRscCancel:
		if r.RscID == "" || r.Action == "" {
			err = syscall.EINVAL
			break
		}
		a.effects, err = h.exec.Cancel(now, r.RscID, r.Action, r.Interval)
	case wire.OpGetRecurring:
		a.origin = "process_lrmd_get_recurring"
		var list []wire.Recurring
		if list, err = h.exec.Recurring(r.RscID); err == nil {
			a.element = func(reply wire.Reply) *etree.Element { return reply.Recurring(list) }
		}
	case wire.OpAlertExec:
		err = h.alert(c, r)
	case wire.OpCheck:
		a.silent = true
	}
	if err != nil {
		a.rc = errno(numberOf(err))
	}
}

// do carries out what the executor wants.
func (h *handler) do(effects []lrmd.Effect) {
	for _, x := range effects {
		switch x := x.(type) {
		case lrmd.Launch:
			h.runner.Start(x.Token, &x.Op, h.completed)
		case lrmd.Kill:
			h.runner.Kill(x.Token)
		case lrmd.Fence:
			go func() {
				res := h.fencer.Do(h.ctx, &x)
				h.mu.Lock()
				defer h.mu.Unlock()
				h.do(h.exec.Fenced(time.Now(), x.Token, &res))
			}()
		case lrmd.Notify:
			e := x.Completion.Element()
			if x.ClientID == "" {
				h.broadcast(e)
			} else if c := h.clients[x.ClientID]; c != nil {
				h.notify(c, e)
			}
		}
	}
	h.arm()
}

// arm sets the timer to the next deadline.
func (h *handler) arm() {
	if at, ok := h.exec.NextDeadline(); ok {
		h.timer.Reset(time.Until(at))
	} else {
		h.timer.Stop()
	}
}

func (h *handler) tick() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.do(h.exec.Tick(time.Now()))
}

func (h *handler) completed(token lrmd.Token, res *lrmd.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.do(h.exec.Complete(time.Now(), token, res))
}

// fencerLost fails what the fencer was asked for.
func (h *handler) fencerLost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.do(h.exec.FencerLost(time.Now()))
}

// shutdown ends what recurs and waits for alerts.
func (h *handler) shutdown() {
	h.mu.Lock()
	h.logf(loglevel.Info, "lrmd_exit", "Terminating with %d clients", len(h.clients))
	h.clients, h.order = nil, nil
	h.do(h.exec.Shutdown(time.Now()))
	h.timer.Stop()
	wait, limit := h.alerts.drain()
	h.mu.Unlock()
	select {
	case <-wait:
	case <-time.After(limit):
	}
}
