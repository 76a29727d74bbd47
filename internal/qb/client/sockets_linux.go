package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// sockets is the transport over datagram sockets.
type sockets struct {
	ctl     *shm.Mapping
	control string
	max     int
	req     *os.File // requests go out and responses come in
	evt     *os.File
	out     []byte
	resp    []byte // for the response and the event that is being received: how long a datagram is
	news    []byte // is known when it is here
	cutCh   chan struct{}
}

func openSockets(r wire.ConnectResponse) (transport, error) {
	t := &sockets{control: r.Request, max: int(r.MaxMsgSize), cutCh: make(chan struct{})}
	fd, err := unix.Open(r.Request, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.Request, err)
	}
	t.ctl, err = shm.Map(fd, wire.ControlSize)
	_ = unix.Close(fd)
	if err != nil {
		return nil, err
	}
	if t.req, err = datagramSocket(r, "-response", "-request"); err == nil {
		t.evt, err = datagramSocket(r, "-event", "-event-tx")
	}
	if err != nil {
		if t.req != nil {
			_ = t.req.Close()
		}
		t.ctl.Unmap()
		return nil, err
	}
	return t, nil
}

// datagramSocket is bound to one and connected to another name of the
// connection's.
func datagramSocket(r wire.ConnectResponse, local, remote string) (*os.File, error) {
	la, err := qb.Abstract(r.Response + local)
	if err != nil {
		return nil, err
	}
	ra, err := qb.Abstract(r.Response + remote)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err = la.Bind(fd); err == nil {
		if err = ra.Connect(fd); err == nil {
			err = qb.SetSocketSize(fd, int(r.MaxMsgSize))
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "qb"+local), nil
}

func (t *sockets) flow() (v uint32, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return t.ctl.Load(wire.ControlRequestFlow), nil
}

func (t *sockets) count(off int, delta int32) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	t.ctl.Add(off, delta)
	return nil
}

func (t *sockets) send(parts [][]byte) error {
	t.out = t.out[:0]
	for _, p := range parts {
		t.out = append(t.out, p...)
	}
	raw, err := t.req.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	if err := raw.Control(func(fd uintptr) {
		serr = unix.Sendto(int(fd), t.out, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil)
	}); err != nil {
		return ErrDisconnected
	}
	switch {
	case serr == nil:
		return t.count(wire.ControlRequestSent, 1)
	case errors.Is(serr, unix.EAGAIN), errors.Is(serr, unix.ENOBUFS), errors.Is(serr, unix.EINTR):
		return ringbuffer.ErrFull
	case errors.Is(serr, unix.EMSGSIZE):
		return ErrTooLarge
	}
	return fmt.Errorf("%w: %w", ErrDisconnected, serr)
}

func (t *sockets) response(ctx context.Context) ([]byte, error) {
	return t.receive(ctx, t.req, wire.ControlResponseSent, &t.resp)
}

func (t *sockets) event(ctx context.Context) ([]byte, error) {
	return t.receive(ctx, t.evt, wire.ControlEventSent, &t.news)
}

func (t *sockets) receive(ctx context.Context, f *os.File, counter int, buf *[]byte) ([]byte, error) {
	if *buf == nil {
		*buf = make([]byte, t.max)
	}
	// A deadline that a context or cut has set ends one read; it must not stay
	// for the next, unless it is cut's.
	_ = f.SetReadDeadline(time.Time{})
	select {
	case <-t.cutCh:
		_ = f.SetReadDeadline(time.Now())
	default:
	}
	past := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = f.SetReadDeadline(time.Unix(1, 0))
		close(past)
	})
	defer func() {
		if !stop() {
			<-past
		}
	}()
	n, err := f.Read(*buf)
	if err != nil {
		// A past deadline hides what has come before the end.
		if n, err = receiveNow(f, *buf); err != nil {
			return nil, errCut
		}
	}
	return bytes.Clone((*buf)[:n]), t.count(counter, -1)
}

func receiveNow(f *os.File, buf []byte) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var rerr error
	if err := raw.Control(func(fd uintptr) {
		n, _, rerr = unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
	}); err != nil {
		return 0, err
	}
	return n, rerr
}

func (t *sockets) notified() {}

func (t *sockets) cut() {
	close(t.cutCh)
	_ = t.req.SetReadDeadline(time.Unix(1, 0))
	_ = t.evt.SetReadDeadline(time.Unix(1, 0))
}

func (t *sockets) close(bool) {
	_ = t.req.Close()
	_ = t.evt.Close()
	t.ctl.Unmap()
	// libqb's clients do this whether or not the server lives.
	_ = os.Remove(t.control)
	_ = unix.Rmdir(filepath.Dir(t.control))
}
