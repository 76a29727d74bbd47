package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/remote"
)

// remoteTimeout is how long another machine's daemon may take for an answer if nothing else is
// said, loginTimeout how long for that to a login, and handshakeTimeout how long it may take to have
// TLS.
const (
	handshakeTimeout = 5 * time.Second
	remoteTimeout    = 60 * time.Second
	loginTimeout     = 60 * time.Second
)

// place is another machine's daemon, and who comes to it.
type place struct {
	server, user string
	password     string
	hasPassword  bool
	port         int
	encrypted    bool
}

// remotePlace is what the environment says of it (cib_new).
func remotePlace(port string, o *Options) place {
	const where = "cib_new"
	p := place{encrypted: true}
	var warning string
	if p.port, warning = remote.Port(port); warning != "" {
		loglevel.LogfAt(o.Log, loglevel.Warning, "pcmk__scan_port", "%s", warning)
	}
	if value, ok := o.Getenv("CIB_encrypted"); ok && !isTrue(value) {
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Disabling TLS")
		p.encrypted = false
	}
	var ok bool
	if p.user, ok = o.Getenv("CIB_user"); !ok {
		p.user = account.ClusterUser
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Defaulting to user: %s", p.user)
	}
	if p.server, ok = o.Getenv("CIB_server"); !ok {
		p.server = "localhost"
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Defaulting to localhost")
	}
	p.password, p.hasPassword = o.Getenv("CIB_passwd")
	return p
}

// isTrue tells whether a text is one of the reference's words for true (crm_is_true).
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}

// distant is the way to the daemon of another machine (cib_remote.c).
type distant struct {
	log               loglevel.Logger
	command, callback *channel

	calls  sync.Mutex // one call at a time
	events chan *etree.Element
	ended  chan struct{}
	close  func() error   // what Close does but for waiting
	heard  sync.WaitGroup // for listen
}

// channel is one of the two connections.
type channel struct {
	net.Conn
	messages *remote.Conn
	token    string // what the daemon calls it
}

// errSession is that there is no encryption to be had with the other side.
var errSession = errors.New("no TLS session")

// dialRemote connects to another machine's daemon (cib_remote_signon).
func dialRemote(ctx context.Context, program, port string, o Options) (Conn, error) {
	const where = "cib_remote_signon"
	p := remotePlace(port, &o)
	if !p.hasPassword {
		p.password, p.hasPassword = o.Prompt("Password")
	}
	d := &distant{log: o.Log, events: make(chan *etree.Element), ended: make(chan struct{})}
	var err error
	if d.command, err = p.signOn(ctx, program, &o); err == nil {
		if d.callback, err = p.signOn(ctx, program, &o); err != nil {
			_ = d.command.Close()
		}
	}
	if err != nil {
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Connection to %s:%d for %s failed: %s", p.server, p.port, program, RC(err))
		return nil, err
	}
	d.close = sync.OnceValue(func() error {
		loglevel.LogfAt(o.Log, loglevel.Debug, "cib_remote_signoff", "Disconnecting from the CIB manager")
		err := errors.Join(d.command.Close(), d.callback.Close())
		close(d.ended)
		return err
	})
	d.heard.Go(d.listen)
	loglevel.LogfAt(o.Log, loglevel.Info, where, "Opened connection to %s:%d for %s", p.server, p.port, program)
	return &live{Options: o, link: d, token: d.callback.token}, nil
}

// signOn makes one of the connections, and logs in (cib_tls_signon). The reference says its name later, in a
// message to which there is no answer, and so loses the next; we say it at once.
func (p *place) signOn(ctx context.Context, program string, o *Options) (_ *channel, err error) {
	const where = "cib_tls_signon"
	conn, err := p.connect(ctx, o)
	if err != nil {
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Remote connection to %s:%d failed: %v", p.server, p.port, err)
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	if p.encrypted {
		limited, cancel := context.WithTimeout(ctx, handshakeTimeout)
		tls, err := o.Secure(limited, conn)
		cancel()
		if err != nil {
			loglevel.LogfAt(o.Log, loglevel.Error, where, "Session creation for %s:%d failed", p.server, p.port)
			return nil, &Refused{crmexit.RC(syscall.EPERM), fmt.Errorf("%w: %w", errSession, err)}
		}
		conn = tls
	}
	c := &channel{Conn: conn, messages: remote.NewConn(conn)}
	login := etree.NewElement(command)
	login.CreateAttr("op", "authenticate")
	login.CreateAttr("user", p.user)
	if p.hasPassword {
		login.CreateAttr("password", p.password)
	}
	login.CreateAttr("hidden", "password")
	login.CreateAttr("name", program)
	limited, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	answer, err := c.exchange(limited, login)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if op := answer.SelectAttrValue(opKey, ""); !strings.EqualFold(op, register) {
		loglevel.LogfAt(o.Log, loglevel.Error, where, "Invalid registration message: %s", op)
		return nil, fmt.Errorf("%w: %s %q to a login", ErrProtocol, opKey, op)
	}
	if c.token = answer.SelectAttrValue(clientKey, ""); c.token == "" {
		return nil, fmt.Errorf("%w: no %s to a login", ErrProtocol, clientKey)
	}
	return c, nil
}

// connect makes a connection to one of the server's addresses (pcmk__connect_remote).
func (p *place) connect(ctx context.Context, o *Options) (net.Conn, error) {
	const where = "pcmk__connect_remote"
	addresses, err := net.DefaultResolver.LookupHost(ctx, p.server)
	if err != nil {
		loglevel.LogfAt(o.Log, loglevel.Error, where, "Unable to get IP address info for %s: %v", p.server, err)
		return nil, err
	}
	var d net.Dialer
	for _, address := range addresses {
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Attempting remote connection to %s:%d", address, p.port)
		var conn net.Conn
		// What is no number of a port becomes one in 16 bits.
		if conn, err = d.DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(p.port&0xffff))); err == nil {
			return conn, nil
		}
		loglevel.LogfAt(o.Log, loglevel.Warning, "connect_socket_once", "Could not connect socket: %v", err)
	}
	return nil, err
}

// put sends a message.
func (c *channel) put(ctx context.Context, m *etree.Element) error {
	deadline, _ := ctx.Deadline()
	_ = c.SetWriteDeadline(deadline)
	defer context.AfterFunc(ctx, func() { _ = c.SetWriteDeadline(time.Unix(1, 0)) })()
	return c.messages.Send(text.Line(m))
}

// next waits for a message.
func (c *channel) next(ctx context.Context) (*etree.Element, error) {
	_ = c.SetReadDeadline(time.Time{})
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })()
	message, err := c.messages.Receive(remote.MaxSize)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	}
	e, err := received.XML(loglevel.Discard, message)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return e, nil
}

// exchange sends a message and waits for one.
func (c *channel) exchange(ctx context.Context, m *etree.Element) (*etree.Element, error) {
	if err := c.put(ctx, m); err != nil {
		return nil, err
	}
	return c.next(ctx)
}

// ours makes a request what a remote client may send: it names no user.
func ours(m *etree.Element) *etree.Element {
	m.RemoveAttr(userKey)
	return m
}

// call is half of cib_remote_perform_op.
func (d *distant) call(ctx context.Context, m *etree.Element, answered bool) (*etree.Element, error) {
	const where = "cib_remote_perform_op"
	d.calls.Lock()
	defer d.calls.Unlock()
	want := m.SelectAttrValue(callKey, "")
	err := d.command.put(ctx, ours(m))
	if err == nil && !answered {
		return nil, nil
	}
	for err == nil {
		var answer *etree.Element
		if answer, err = d.command.next(ctx); err != nil {
			break
		}
		got := answer.SelectAttrValue(callKey, "")
		if got == want {
			return answer, nil
		}
		loglevel.LogfAt(d.log, loglevel.Debug, where, "Received old reply: %s (wanted %s)", got, want)
	}
	// Where the next message begins is not known, or whose it is.
	_ = d.Close()
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrProtocol) {
		loglevel.LogfAt(d.log, loglevel.Error, where, "No reply message - empty")
		return nil, &Refused{crmexit.RC(syscall.ENOMSG), err}
	}
	loglevel.LogfAt(d.log, loglevel.Error, where, "Disconnected while waiting for reply.")
	return nil, err
}

func (d *distant) send(ctx context.Context, m *etree.Element) error {
	return d.callback.put(ctx, ours(m))
}

func (d *distant) subscribe(ctx context.Context, m *etree.Element) error {
	m.Tag = command // what is called otherwise is passed over
	return d.callback.put(ctx, m)
}

// listen passes on what comes from the callback connection, until that ends (cib_remote_callback_dispatch).
func (d *distant) listen() {
	defer func() { _ = d.close() }()
	for {
		m, err := d.callback.next(context.Background())
		switch {
		case errors.Is(err, ErrProtocol):
			continue
		case err != nil:
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
				loglevel.LogfAt(d.log, loglevel.Error, "cib_remote_connection_destroy", "Connection destroyed: %v", err)
			}
			return
		}
		select {
		case d.events <- m:
		case <-d.ended:
			return
		}
	}
}

func (d *distant) event(ctx context.Context) (*etree.Element, error) {
	select {
	case m := <-d.events:
		return m, nil
	case <-d.ended:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *distant) Done() <-chan struct{} { return d.ended }

func (d *distant) Close() error {
	err := d.close()
	d.heard.Wait()
	return err
}
