package based

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/dhtls"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/password"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/remote"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// How long a client may take to log in, and to finish the message by which he does once he has begun
// it.
const (
	authTimeout  = 10 * time.Second
	loginTimeout = time.Second
)

// maxPending is how many clients may be about to log in. Each can make us run a program.
const maxPending = 64

// logins is how clients on other machines log in.
type logins struct {
	log    loglevel.Logger
	member func(user, group string) error
	check  func(ctx context.Context, user, password string) error
	delay  time.Duration // of a refusal
}

func systemLogins(log loglevel.Logger) *logins {
	return &logins{log, account.Member, password.Checker{}.Check, password.Delay}
}

// secure makes a connection one that is encrypted; ctx limits the handshake.
type secure func(ctx context.Context, c net.Conn) (net.Conn, error)

// remoteListener is a port that other machines' clients come to.
type remoteListener struct {
	net.Listener
	secure secure // nil for a port without encryption
}

func encrypt(ctx context.Context, c net.Conn) (net.Conn, error) { return dhtls.Server(ctx, c) }

// remotePorts are what a CIB says of them.
var remotePorts = []struct {
	attribute string
	secure    secure
	level     loglevel.Level
	starting  string
}{
	{"remote-tls-port", encrypt, loglevel.Notice, "Starting TLS listener on port %d"},
	{"remote-clear-port", nil, loglevel.Warning, "Starting plain-text listener on port %d"},
}

// listenRemote listens on the ports that a CIB names (startCib, init_remote_listener). What cannot be had
// is logged, and no reason not to start.
func listenRemote(cib *etree.Element, log loglevel.Logger) []remoteListener {
	const function = "init_remote_listener"
	var all []remoteListener
	for _, p := range remotePorts {
		value, ok := document.Get(cib, p.attribute)
		if !ok {
			continue
		}
		port, warning := remote.Port(value)
		if warning != "" {
			loglevel.LogfAt(log, loglevel.Warning, "pcmk__scan_port", "%s", warning)
		}
		if port <= 0 {
			continue
		}
		loglevel.LogfAt(log, p.level, function, p.starting, port)
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
		if err != nil {
			var cause *os.SyscallError
			if errors.As(err, &cause) {
				err = cause.Err
			}
			loglevel.LogfAt(log, loglevel.Error, function, "Cannot bind to listener socket: %v", err)
			continue
		}
		loglevel.LogfAt(log, loglevel.Debug, function, "Started listener on port %d", port)
		all = append(all, remoteListener{l, p.secure})
	}
	return all
}

// serveRemote serves a port until ctx ends, and returns when all its clients are gone.
func (s *server) serveRemote(ctx context.Context, l remoteListener, in *logins) {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	kind := "clear-text"
	if l.secure != nil {
		kind = "secure"
	}
	pending := make(chan struct{}, maxPending)
	defer s.remotesGone.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			loglevel.LogfAt(s.log, loglevel.Error, "cib_remote_listen", "Could not accept socket connection: %v", err)
			select { // of descriptors there may be more later
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		loglevel.LogfAt(s.log, loglevel.Debug, "cib_remote_listen", "New %s connection from %s", kind, host)
		select {
		case pending <- struct{}{}:
		default:
			loglevel.LogfAt(s.log, loglevel.Error, "cib_remote_listen", "Connection from %s refused: %d clients are about to log in", host, maxPending)
			_ = conn.Close()
			continue
		}
		s.remotesGone.Add(1)
		go func() {
			defer s.remotesGone.Done()
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			defer conn.Close()
			c, login := s.admit(ctx, conn, l.secure, in)
			<-pending
			if c != nil {
				s.serveRemoteClient(c, login)
			}
		}()
	}
}

// admit lets a client log in. The client is nil if it was not let in; it has not been told yet if it was.
func (s *server) admit(ctx context.Context, conn net.Conn, secured secure, in *logins) (*remoteClient, manager.Client) {
	id := ipc.NewID()
	loglevel.LogfAt(s.log, loglevel.Info, "cib_remote_listen", "Remote CIB client pending authentication | id: %s", id)
	if secured != nil {
		limited, cancel := context.WithTimeout(ctx, authTimeout)
		tls, err := secured(limited, conn)
		cancel()
		if err != nil {
			loglevel.LogfAt(s.log, loglevel.Error, "pcmk__read_handshake_data", "TLS handshake with remote client failed: %v", err)
			return nil, manager.Client{}
		}
		loglevel.LogfAt(s.log, loglevel.Debug, "cib_remote_msg", "TLS handshake with remote CIB client completed")
		conn = tls
	}
	user, name, err := in.login(ctx, conn)
	if err != nil {
		return nil, manager.Client{}
	}
	loglevel.LogfAt(s.log, loglevel.Notice, "cib_remote_msg", "Remote CIB client connection accepted")
	return newRemoteClient(id, conn, s.log), manager.Client{ID: id, User: user, Remote: true, Name: name}
}

// login waits for the message by which a client logs in, and verifies it. Why it fails is logged.
func (in *logins) login(ctx context.Context, conn net.Conn) (user, name string, err error) {
	first := &impatient{Conn: conn}
	_ = conn.SetReadDeadline(time.Now().Add(authTimeout))
	message, err := remote.NewConn(first).Receive(remote.MaxLogin)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && !first.begun:
		loglevel.LogfAt(in.log, loglevel.Error, "remote_auth_timeout_cb", "Remote client authentication timed out")
		return "", "", err
	case errors.Is(err, os.ErrDeadlineExceeded):
		loglevel.LogfAt(in.log, loglevel.Error, "pcmk__read_remote_message", "Timed out (%d ms) while waiting for remote data", loginTimeout.Milliseconds())
		return "", "", err
	case err != nil:
		unreadable(in.log, err)
		return "", "", err
	}
	_ = conn.SetReadDeadline(time.Time{})
	user, name, err = in.verify(ctx, message)
	if err != nil {
		loglevel.LogfAt(in.log, loglevel.Error, "cib_remote_auth", "%v", err)
		var wrong *password.Error
		if errors.As(err, &wrong) {
			select {
			case <-ctx.Done():
			case <-time.After(in.delay):
			}
		}
	}
	return user, name, err
}

// impatient is a connection on which a message that is begun must be finished.
type impatient struct {
	net.Conn
	begun bool
}

func (c *impatient) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.begun {
		c.begun = true
		_ = c.SetReadDeadline(time.Now().Add(loginTimeout))
	}
	return n, err
}

// unreadable logs what is wrong with what a client has sent.
func unreadable(log loglevel.Logger, err error) {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		loglevel.LogfAt(log, loglevel.Debug, "read_available_remote_data", "End of remote data encountered: %v", err)
	case errors.Is(err, remote.ErrMark):
		_, what, _ := strings.Cut(err.Error(), ": ")
		loglevel.LogfAt(log, loglevel.Error, "localized_remote_header", "Invalid message detected, endian mismatch: %s", what)
	default:
		loglevel.LogfAt(log, loglevel.Error, "pcmk__read_remote_message", "Could not receive remote data: %v", err)
	}
}

// refusal is why a client may not log in, in the words of the reference's log.
type refusal struct {
	text  string
	cause error // nil if there is no more to say
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }

func refuse(format string, args ...any) error { return &refusal{text: fmt.Sprintf(format, args...)} }

// verify tells who logs in with a message, and what the client calls itself (cib_remote_auth).
func (in *logins) verify(ctx context.Context, message string) (user, name string, err error) {
	doc, err := xmltree.Parse([]byte(message), xmltree.KeepText)
	if err != nil {
		return "", "", refuse("Couldn't parse a message of %d bytes", len(message))
	}
	login := doc.Root()
	value := func(name string) string { v, _ := document.Get(login, name); return v }
	user, hasUser := document.Get(login, "user")
	word, hasWord := document.Get(login, "password")
	if hasWord {
		login.CreateAttr("password", "*****")
	}
	loglevel.LogfAt(in.log, loglevel.Info, "cib_remote_auth", "Login:    %s", text.Line(login))
	switch {
	case !document.EqualFold(login.Tag, commandTag):
		return "", "", refuse("Wrong tag: %s", login.Tag)
	case !document.EqualFold(value("op"), "authenticate"):
		return "", "", refuse("Wrong operation: %s", value("op"))
	case !hasUser || !hasWord:
		return "", "", refuse("missing auth credentials")
	}
	if err := in.member(user, account.ClusterGroup); err != nil {
		switch {
		case errors.Is(err, account.ErrNoUser):
			loglevel.LogfAt(in.log, loglevel.Error, "check_group_membership", "No user named '%s' exists!", user)
		case errors.Is(err, account.ErrNoGroup):
			loglevel.LogfAt(in.log, loglevel.Error, "check_group_membership", "No group named '%s' exists!", account.ClusterGroup)
		}
		return "", "", refuse("User is not a member of the required group")
	}
	if err := in.check(ctx, user, word); err != nil {
		loglevel.LogfAt(in.log, loglevel.Error, "authenticate_user", "Authentication failed for %s: %v", user, err)
		return "", "", &refusal{"PAM auth failed", err}
	}
	return user, value("name"), nil
}
