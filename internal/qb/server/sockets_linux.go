package server

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

var errSender = errors.New("message of another user")

// sockets is the transport over datagram sockets (lib/ipc_socket.c).
type sockets struct {
	ctl          *shm.Mapping
	control      string // name of the control file in the directory
	base         string // of the names of the sockets
	request      int    // requests come in and responses go out
	event        int
	responseOpen bool // request is connected to the client's socket
	eventOpen    bool // likewise event
	iov          []unix.Iovec
	// drained: the client's count says that there are no more requests, which
	// saves a call. If it lies, the poller still tells the truth.
	drained bool
	oob     ancillary
}

// openSockets makes the sockets and the control file of a connection.
func openSockets(d directory, dirfd int, service string, max uint32, owner ringbuffer.Owner) (*sockets, error) {
	s := &sockets{control: "qb-control-" + service, base: d.path + "/qb-" + service, request: -1, event: -1}
	var err error
	if s.ctl, err = ringbuffer.CreateFile(dirfd, s.control, wire.ControlSize, owner); err != nil {
		return nil, err
	}
	if s.request, err = datagramSocket(s.base+"-request", max); err == nil {
		// The name is there for all to send to, so who sent is asked each time.
		err = unix.SetsockoptInt(s.request, unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	}
	if err == nil {
		s.event, err = datagramSocket(s.base+"-event-tx", max)
	}
	if err != nil {
		s.release()
		s.remove(dirfd)
		return nil, err
	}
	return s, nil
}

func datagramSocket(name string, max uint32) (int, error) {
	addr, err := qb.Abstract(name)
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = addr.Bind(fd); err == nil {
		err = qb.SetSocketSize(fd, int(max))
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (s *sockets) describe(resp *wire.ConnectResponse, d directory) {
	resp.Request = d.path + "/" + s.control
	resp.Response = s.base
}

func (s *sockets) setFlow(v uint32) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	s.ctl.Store(wire.ControlRequestFlow, v)
	return nil
}

func (s *sockets) count(off int, delta int32) (n int32, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return int32(s.ctl.Add(off, delta)), nil
}

func (s *sockets) sendResponse(parts ...[]byte) error {
	return s.send(s.request, &s.responseOpen, "-response", wire.ControlResponseSent, parts)
}

func (s *sockets) sendEvent(parts ...[]byte) error {
	return s.send(s.event, &s.eventOpen, "-event", wire.ControlEventSent, parts)
}

func (s *sockets) send(fd int, open *bool, suffix string, counter int, parts [][]byte) error {
	if !*open {
		// The client binds its sockets once it has our answer, so this may be
		// too early.
		addr, err := qb.Abstract(s.base + suffix)
		if err != nil {
			return err
		}
		if err := addr.Connect(fd); err != nil {
			return ringbuffer.ErrFull
		}
		*open = true
	}
	if len(parts) > len(s.iov) {
		s.iov = make([]unix.Iovec, len(parts))
	}
	switch errno := sendMessage(fd, parts, s.iov); errno {
	case 0:
		_, err := s.count(counter, 1)
		return err
	case unix.EAGAIN, unix.ENOBUFS:
		return ringbuffer.ErrFull
	case unix.EMSGSIZE:
		return ringbuffer.ErrTooLarge
	default:
		return errno
	}
}

// receive takes one request of the client p.
func (s *sockets) receive(buf []byte, p Peer) ([]byte, error) {
	if s.drained {
		s.drained = false
		return nil, ringbuffer.ErrEmpty
	}
	iov := unix.Iovec{Base: unsafe.SliceData(buf)}
	iov.SetLen(len(buf))
	msg := unix.Msghdr{Iov: &iov, Control: &s.oob.b[0]}
	msg.SetIovlen(1)
	msg.SetControllen(len(s.oob.b))
	var n uintptr
	for {
		var errno unix.Errno
		n, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, uintptr(s.request), uintptr(unsafe.Pointer(&msg)),
			unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return nil, ringbuffer.ErrEmpty // the set-up socket tells whether it is the end
		}
		break
	}
	sent, err := s.count(wire.ControlRequestSent, -1)
	if err != nil {
		return nil, err
	}
	s.drained = sent <= 0
	cred, err := credentials(s.oob.b[:msg.Controllen])
	if err != nil {
		return nil, err
	}
	// A client may have become another user since, or have forked.
	if cred.Uid != p.UID && int(cred.Pid) != p.PID && cred.Uid != 0 {
		return nil, errSender
	}
	if msg.Flags&unix.MSG_TRUNC != 0 {
		return nil, ringbuffer.ErrTooLarge
	}
	return buf[:n], nil
}

func (s *sockets) release() {
	for _, fd := range []int{s.request, s.event} {
		if fd >= 0 {
			_ = unix.Shutdown(fd, unix.SHUT_RDWR)
			_ = unix.Close(fd)
		}
	}
	s.ctl.Unmap()
}

func (s *sockets) remove(dirfd int) { _ = unix.Unlinkat(dirfd, s.control, 0) }

func (s *sockets) close(d directory) {
	s.release()
	d.remove(s.remove)
}
