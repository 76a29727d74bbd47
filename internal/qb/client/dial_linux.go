package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// Options of Dial; the zero value will do.
type Options struct {
	// MaxMsgSize is the longest message that shall be sent or received, in
	// bytes; the server may allow more. It is at least that of a set-up
	// response, as with libqb. The corosync libraries ask for 1 MiB.
	MaxMsgSize uint32
	// SocketDir, if any, is where the socket of the service is, instead of the
	// abstract name space; see qb.FilesystemSockets.
	SocketDir string
}

// RefusedError is a server's no.
type RefusedError struct {
	Name  string
	Errno unix.Errno
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("qb client: %s refused the connection: %v", e.Name, e.Errno)
}

// Unwrap gives the errno that the server sent.
func (e *RefusedError) Unwrap() error { return e.Errno }

// Dial connects to the service called name.
func Dial(ctx context.Context, name string, opts Options) (*Conn, error) {
	addr, err := qb.ServiceAddress(name, opts.SocketDir)
	if err != nil {
		return nil, err
	}
	s, err := connect(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("qb client: connect to %s: %w", name, err)
	}
	c, err := negotiate(ctx, s, name, max(opts.MaxMsgSize, wire.ConnectResponseSize))
	if err != nil {
		_ = s.close()
		return nil, err
	}
	return c, nil
}

// connect waits, where libqb does not, while the server's backlog is full.
func connect(ctx context.Context, addr *qb.Address) (*setupSocket, error) {
	for {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		if err = addr.Connect(fd); err == nil {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
		}
		if err == nil {
			return &setupSocket{os.NewFile(uintptr(fd), "qb")}, nil
		}
		_ = unix.Close(fd)
		if !errors.Is(err, unix.EAGAIN) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func negotiate(ctx context.Context, s *setupSocket, name string, max uint32) (*Conn, error) {
	if _, err := s.f.Write(wire.ConnectRequest{MaxMsgSize: max}.AppendTo(nil)); err != nil {
		return nil, fmt.Errorf("qb client: request to %s: %w", name, err)
	}
	b, server, err := s.readResponse(ctx)
	if err != nil {
		return nil, fmt.Errorf("qb client: response of %s: %w", name, err)
	}
	r, err := wire.ParseConnectResponse(b)
	if err != nil {
		return nil, fmt.Errorf("qb client: %s: %w", name, err)
	}
	if r.Error != 0 {
		return nil, &RefusedError{name, unix.Errno(-r.Error)}
	}
	c := &Conn{server: server, max: int(r.MaxMsgSize), setup: s, done: make(chan struct{})}
	c.flowMax.Store(1)
	if r.Type == wire.Shm {
		c.t, err = openRings(s, r)
	} else {
		c.t, err = openSockets(r)
	}
	if err != nil {
		return nil, fmt.Errorf("qb client: %s: %w", name, err)
	}
	c.watched.Add(1)
	go c.watch()
	return c, nil
}

// setupSocket is the stream socket of a connection.
type setupSocket struct{ f *os.File }

// readResponse reads the set-up response and who sent it.
func (s *setupSocket) readResponse(ctx context.Context) ([]byte, Server, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, err := s.f.SyscallConn()
	if err != nil {
		return nil, Server{}, err
	}
	var server Server
	buf, got := make([]byte, wire.ConnectResponseSize), 0
	oob := make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	for got < len(buf) {
		var n, oobn int
		var rerr error
		err := raw.Read(func(fd uintptr) bool {
			n, oobn, _, _, rerr = unix.Recvmsg(int(fd), buf[got:], oob, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
			return !errors.Is(rerr, unix.EAGAIN) && !errors.Is(rerr, unix.EINTR)
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, Server{}, ctx.Err()
		case err != nil:
			return nil, Server{}, err
		case rerr != nil:
			return nil, Server{}, rerr
		case n == 0:
			return nil, Server{}, ErrDisconnected
		}
		got += n
		if u := peerCredentials(oob[:oobn]); u != nil {
			server = Server{int(u.Pid), u.Uid, u.Gid}
		}
	}
	if !stop() {
		return nil, Server{}, ctx.Err() // the deadline may be set any moment
	}
	return buf, server, raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 0)
	})
}

func peerCredentials(oob []byte) *unix.Ucred {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for i := range msgs {
		if u, err := unix.ParseUnixCredentials(&msgs[i]); err == nil {
			return u
		}
	}
	return nil
}

// notifyServer sends the byte that tells of a request. libqb's client insists
// when the socket is full, and so must we: the request is in the ring.
func (s *setupSocket) notifyServer() error {
	_, err := s.f.Write([]byte{0})
	if err != nil {
		return ErrDisconnected
	}
	return nil
}

// close ends the connection for the server too, should a child of ours still
// have the socket.
func (s *setupSocket) close() error {
	if raw, err := s.f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	return s.f.Close()
}

// processGone tells whether a server that has hung up is dying; it may take a
// moment (lib/ipc_shm.c waits as long).
func processGone(pid int) bool {
	if pid <= 0 {
		return false
	}
	for range 3 {
		if errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
