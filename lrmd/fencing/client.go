package fencing

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// service is the fencer's.
const service = "stonith-ng"

// Operations, and the option of a call that waits for its result.
const (
	opAdd     = "st_device_register"
	opRemove  = "st_device_remove"
	opExecute = "st_execute"

	syncCall = 0x1000
)

// Connecting: how often it is tried, and how long waited in between.
const (
	attempts = 10
	pause    = 2 * time.Second
)

// grace is how much longer than its timeout an answer may take.
const grace = 60 * time.Second

// Options of a Client.
type Options struct {
	Name string // of this daemon: "pacemaker-execd"
	// Service is the fencer's, "stonith-ng" if empty.
	Service string
	Log     loglevel.Logger
	Dial    ipc.DialOptions
	// Lost is called when the fencer has gone, from another goroutine.
	Lost func()
	// Path moves paths below another root; nil for none.
	Path func(string) string
}

// Client talks to the fencer.
type Client struct {
	o Options

	mu      sync.Mutex // held while connecting, too
	session *session
}

// session is one connection.
type session struct {
	conn  *ipc.Conn
	token string

	mu      sync.Mutex
	last    int
	waiting map[int]chan lrmd.FenceResult // for results that come as events
}

// New makes a Client.
func New(o Options) *Client {
	if o.Service == "" {
		o.Service = service
	}
	if o.Path == nil {
		o.Path = func(p string) string { return p }
	}
	return &Client{o: o}
}

// Close ends the connection; Lost is called for it, too.
func (c *Client) Close() {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s != nil {
		_ = s.conn.Close()
	}
}

func (c *Client) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(c.o.Log, level, function, format, args...)
}

// connected is the session, a new one if there is none (get_stonith_connection).
func (c *Client) connected(ctx context.Context) (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil {
		return c.session, nil
	}
	var err error
	for n := 1; n <= attempts; n++ {
		var s *session
		if s, err = c.sign(ctx); err == nil {
			c.session = s
			go c.events(s)
			return s, nil
		}
		if n == attempts {
			break
		}
		c.logf(loglevel.Notice, "stonith_api_connect_retry", "Fencer connection attempt %d of %d failed (retrying in 2s): %v", n, attempts, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.logf(loglevel.Error, "get_stonith_connection", "Could not connect to fencer in %d attempts: %v", attempts, err)
	return nil, err
}

// sign connects and says who we are (stonith_api_signon).
func (c *Client) sign(ctx context.Context) (*session, error) {
	conn, err := ipc.Dial(ctx, c.o.Service, c.o.Dial)
	if err != nil {
		return nil, err
	}
	hello := etree.NewElement("stonith_command")
	hello.CreateAttr("t", service)
	hello.CreateAttr("st_op", "register")
	hello.CreateAttr("st_clientname", c.o.Name)
	reply, err := conn.Call(ctx, hello)
	if err == nil {
		token := reply.XML.SelectAttrValue("st_clientid", "")
		if reply.XML.SelectAttrValue("st_op", "") == "register" && token != "" {
			return &session{conn: conn, token: token, waiting: map[int]chan lrmd.FenceResult{}}, nil
		}
		err = errors.New("st_clientid: missing in the fencer's reply")
	}
	_ = conn.Close()
	return nil, err
}

// events takes what the fencer sends until it has gone.
func (c *Client) events(s *session) {
	for {
		m, err := s.conn.Event(context.Background())
		if err != nil {
			select {
			case <-s.conn.Done():
			default:
				continue // one message that is none
			}
			break
		}
		if m.XML.SelectAttrValue("t", "") != service {
			continue
		}
		id, err := strconv.Atoi(m.XML.SelectAttrValue("st_callid", ""))
		if err != nil {
			continue
		}
		s.mu.Lock()
		if ch := s.waiting[id]; ch != nil {
			delete(s.waiting, id)
			ch <- resultOf(m.XML)
		}
		s.mu.Unlock()
	}
	c.mu.Lock()
	if c.session == s {
		c.session = nil
	}
	c.mu.Unlock()
	_ = s.conn.Close()
	c.o.Lost()
}

// command is a request of the session's.
func (s *session) command(op string, options int, timeout time.Duration, data *etree.Element) (*etree.Element, int) {
	s.mu.Lock()
	s.last++
	id := s.last
	s.mu.Unlock()
	e := etree.NewElement("stonith_command")
	e.CreateAttr("__name__", "stonith_command")
	e.CreateAttr("t", service)
	e.CreateAttr("st_async_id", s.token)
	e.CreateAttr("st_op", op)
	e.CreateAttr("st_callid", strconv.Itoa(id))
	e.CreateAttr("st_callopt", strconv.Itoa(options))
	e.CreateElement("st_calldata").AddChild(data)
	e.CreateAttr("st_timeout", strconv.Itoa(int(timeout/time.Second)))
	return e, id
}

// Do carries out what the executor asks for (execute_stonith_action).
func (c *Client) Do(ctx context.Context, f *lrmd.Fence) lrmd.FenceResult {
	s, err := c.connected(ctx)
	if err != nil {
		return lrmd.FenceResult{Code: int(lrmd.UnknownError), Status: lrmd.NotConnected, Reason: "No connection to fencer"}
	}
	switch f.Action {
	case lrmd.FenceStop:
		return s.call(ctx, opRemove, device("stonith_api_remove_device", f.RscID))
	case lrmd.FenceStart:
		if res := s.call(ctx, opAdd, c.registration(f)); res.Status != lrmd.Done {
			return res
		}
	}
	return s.monitor(ctx, f)
}

func device(origin, id string) *etree.Element {
	e := etree.NewElement("st_device_id")
	e.CreateAttr("st_origin", origin)
	e.CreateAttr("id", id)
	return e
}

// registration describes a device (create_device_registration_xml).
func (c *Client) registration(f *lrmd.Fence) *etree.Element {
	e := etree.NewElement("st_device_id")
	args := e.CreateElement("attributes")
	agent, namespace := f.Type, ""
	if st, err := os.Stat(c.o.Path(filepath.Join("/usr/sbin", agent))); err == nil && st.Mode().IsRegular() {
		namespace = "stonith-ng"
	} else if c.isPlugin(agent) {
		args.CreateAttr("plugin", agent)
		agent, namespace = "fence_legacy", "heartbeat"
	}
	e.CreateAttr("id", f.RscID)
	e.CreateAttr("st_origin", "create_device_registration_xml")
	e.CreateAttr("agent", agent)
	if namespace != "" {
		e.CreateAttr("namespace", namespace)
	}
	for _, p := range f.Params {
		if p.Name != "" && args.SelectAttr(p.Name) == nil {
			args.CreateAttr(p.Name, p.Value)
		}
	}
	return e
}

// isPlugin tells whether an agent is one of cluster-glue's.
func (c *Client) isPlugin(agent string) bool {
	const dir = "/usr/lib/stonith/plugins"
	for _, file := range []string{agent, "stonith2/" + agent + ".so"} {
		if _, err := os.Stat(c.o.Path(filepath.Join(dir, file))); err == nil && agent != "" {
			return true
		}
	}
	return false
}

// call waits for the reply to a request. What goes wrong is in the words that the
// reference has for it after two translations.
func (s *session) call(ctx context.Context, op string, data *etree.Element) lrmd.FenceResult {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	e, _ := s.command(op, syncCall, 0, data)
	reply, err := s.conn.Call(ctx, e)
	if err != nil {
		return legacy(syscall.ECOMM)
	}
	res := resultOf(reply.XML)
	if res.Status == lrmd.Done && res.Code == 0 {
		return lrmd.FenceResult{Status: lrmd.Done, Reason: "OK"}
	}
	return legacy(errnoOf(&res))
}

// monitor runs a device's monitor; its result comes as an event.
func (s *session) monitor(ctx context.Context, f *lrmd.Fence) lrmd.FenceResult {
	timeout := time.Duration(f.TimeoutMilliseconds/1000) * time.Second
	e := etree.NewElement("st_device_id")
	e.CreateAttr("st_origin", "stonith_api_call")
	e.CreateAttr("st_device_id", f.RscID)
	e.CreateAttr("st_device_action", "monitor")
	request, id := s.command(opExecute, 0, timeout, e)
	ch := make(chan lrmd.FenceResult, 1)
	s.mu.Lock()
	s.waiting[id] = ch
	s.mu.Unlock()
	forget := func() {
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
	}
	send, cancel := context.WithTimeout(ctx, timeout+grace)
	defer cancel()
	if _, err := s.conn.Send(send, request); err != nil {
		forget()
		return lrmd.FenceResult{Code: int(lrmd.UnknownError), Status: lrmd.Failed}
	}
	select {
	case res := <-ch:
		return res
	case <-s.conn.Done():
		// Lost is called, and fails this with all others.
		return lrmd.FenceResult{Code: int(lrmd.UnknownError), Status: lrmd.NotConnected, Reason: "Lost connection to fencer"}
	case <-ctx.Done():
		forget()
		return lrmd.FenceResult{Code: int(lrmd.UnknownError), Status: lrmd.Cancelled}
	}
}

// resultOf reads a result (stonith__xe_get_result).
func resultOf(e *etree.Element) lrmd.FenceResult {
	code, err1 := strconv.Atoi(e.SelectAttrValue("rc-code", ""))
	status, err2 := strconv.Atoi(e.SelectAttrValue("op-status", ""))
	if err1 == nil && err2 == nil {
		return lrmd.FenceResult{Code: code, Status: lrmd.Status(status), Reason: e.SelectAttrValue("exit-reason", "")}
	}
	rc, err := strconv.Atoi(e.SelectAttrValue("st_rc", ""))
	if err != nil {
		return lrmd.FenceResult{
			Code: int(lrmd.UnknownError), Status: lrmd.Failed,
			Reason: "Fencer reply contained neither a full result nor a legacy return code (bug?)",
		}
	}
	if rc >= 0 {
		return lrmd.FenceResult{Status: lrmd.Done, Reason: crmexit.RCOK.String()}
	}
	res := legacy(syscall.Errno(-rc))
	if syscall.Errno(-rc) == syscall.EINPROGRESS {
		res.Code = 0
	}
	return res
}

// legacy is what an error means as a result (stonith__legacy2status).
func legacy(errno syscall.Errno) lrmd.FenceResult {
	res := lrmd.FenceResult{Code: int(lrmd.UnknownError), Status: lrmd.Failed, Reason: crmexit.RC(errno).String()}
	if status, ok := statuses()[errno]; ok {
		res.Status = status
	}
	return res
}

var statuses = sync.OnceValue(func() map[syscall.Errno]lrmd.Status {
	return map[syscall.Errno]lrmd.Status{
		syscall.EACCES: lrmd.NoSecrets, syscall.ECANCELED: lrmd.Cancelled, syscall.EHOSTUNREACH: lrmd.Invalid,
		syscall.EINPROGRESS: lrmd.Pending, syscall.ENODEV: lrmd.NoFenceDevice, syscall.ENOENT: lrmd.AgentNotInstalled,
		syscall.ENOTCONN: lrmd.NotConnected, syscall.EOPNOTSUPP: lrmd.NotSupported, syscall.EPROTO: lrmd.Invalid,
		syscall.EPROTONOSUPPORT: lrmd.NotSupported, syscall.ETIME: lrmd.TimedOut, syscall.ETIMEDOUT: lrmd.TimedOut,
	}
})

// errnos are the errors that failed results are.
var errnos = sync.OnceValue(func() map[lrmd.Status]syscall.Errno {
	return map[lrmd.Status]syscall.Errno{
		lrmd.Pending: syscall.EINPROGRESS, lrmd.Cancelled: syscall.ECANCELED, lrmd.TimedOut: syscall.ETIME,
		lrmd.AgentNotInstalled: syscall.ENOENT, lrmd.NotSupported: syscall.EOPNOTSUPP, lrmd.NotConnected: syscall.ENOTCONN,
		lrmd.NoFenceDevice: syscall.ENODEV, lrmd.NoSecrets: syscall.EACCES,
	}
})

// refusals are what the fencer says where it runs no agent, by exit status.
var refusals = sync.OnceValue(func() map[crmexit.Code]syscall.Errno {
	return map[crmexit.Code]syscall.Errno{
		crmexit.InvalidParam: syscall.EINVAL, crmexit.InsufficientPriv: syscall.EACCES, crmexit.Protocol: syscall.EPROTO,
	}
})

// errnoOf is the error that a failed result is (stonith__result2rc).
func errnoOf(res *lrmd.FenceResult) syscall.Errno {
	errno, ok := errnos()[res.Status]
	if res.Status == lrmd.Invalid {
		errno, ok = refusals()[crmexit.Code(res.Code)]
	}
	if !ok {
		return syscall.ENODATA
	}
	return errno
}
