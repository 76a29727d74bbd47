package server

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// setup is a client that has connected and not yet said who it is.
type setup struct {
	fd       int
	buf      [wire.ConnectRequestSize]byte
	n        int // bytes of buf that have come
	peer     Peer
	known    bool // peer is
	deadline time.Time
}

// accept takes the clients that wait at the door.
func (s *Server) accept() {
	for range 64 {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			s.addSetup(fd)
		case errors.Is(err, unix.EAGAIN):
			return
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		default:
			// Out of descriptors, most likely. The client stays in the
			// backlog; asking again at once would be a busy loop.
			s.logError("Could not accept client connection: %v", err)
			s.deafUntil = s.now().Add(100 * time.Millisecond)
			s.poll.modify(s.listener, 0)
			return
		}
	}
}

func (s *Server) addSetup(fd int) {
	// Inherited from the listener on Linux, and libqb sets it again.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	u := &setup{fd: fd, deadline: s.now().Add(s.opts.SetupTimeout)}
	if len(s.setups) >= s.opts.MaxSetup {
		s.setupTimeouts.Add(1)
		s.dropSetup(s.setups[0])
	}
	if err := s.poll.add(fd, unix.EPOLLIN|unix.EPOLLRDHUP); err != nil {
		s.logError("Failed to arrange for AUTH for fd (%d): %v", fd, err)
		_ = unix.Close(fd)
		return
	}
	s.setups = append(s.setups, u)
	s.put(fd, source{setup: u})
	s.readSetup(u) // most have sent it with the connection
}

// dropSetup ends a set-up without an answer.
func (s *Server) dropSetup(u *setup) {
	s.forgetSetup(u)
	_ = unix.Close(u.fd)
}

func (s *Server) forgetSetup(u *setup) {
	for i, v := range s.setups {
		if v == u {
			s.setups = append(s.setups[:i], s.setups[i+1:]...)
			break
		}
	}
	s.put(u.fd, source{})
}

// readSetup reads what has come of the connect request.
func (s *Server) readSetup(u *setup) {
	for u.n < len(u.buf) {
		n, oob, err := s.recvCredentials(u.fd, u.buf[u.n:])
		if errors.Is(err, unix.EAGAIN) {
			return
		}
		if err != nil || n == 0 {
			s.logDebug("connection request of fd %d ended after %d bytes: %v", u.fd, u.n, err)
			s.malformed.Add(1)
			s.dropSetup(u)
			return
		}
		u.n += n
		if cred, err := credentials(oob); err == nil {
			u.peer, u.known = Peer{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid}, true
		}
	}
	req, err := wire.ParseConnectRequest(u.buf[:])
	if err == nil && !u.known {
		err = errors.New("connect request without credentials")
	}
	if err != nil {
		s.logDebug("fd %d: %v", u.fd, err)
		s.malformed.Add(1)
		s.dropSetup(u)
		return
	}
	_ = unix.SetsockoptInt(u.fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 0)
	s.forgetSetup(u)
	s.establish(u.fd, req, u.peer)
}

// recvCredentials is recvmsg with room for one SCM_CREDENTIALS.
func (s *Server) recvCredentials(fd int, b []byte) (int, []byte, error) {
	iov := unix.Iovec{Base: unsafe.SliceData(b)}
	iov.SetLen(len(b))
	msg := unix.Msghdr{Iov: &iov, Control: &s.oob.b[0]}
	msg.SetIovlen(1)
	msg.SetControllen(len(s.oob.b))
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)),
			unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return 0, nil, errno
		}
		return int(n), s.oob.b[:msg.Controllen], nil
	}
}

// ancillary is room for ancillary data, aligned as its fields want it.
type ancillary struct {
	_ [0]uint64
	b [128]byte
}

var credentialsLen = unix.CmsgSpace(unix.SizeofUcred)

// credentials finds the SCM_CREDENTIALS in ancillary data, and closes what
// files a client has tried to hand us.
func credentials(oob []byte) (unix.Ucred, error) {
	if len(oob) == credentialsLen {
		// Nearly always: nothing else, and nothing to allocate.
		h := (*unix.Cmsghdr)(unsafe.Pointer(unsafe.SliceData(oob)))
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_CREDENTIALS && uint64(h.Len) == uint64(unix.CmsgLen(unix.SizeofUcred)) {
			return *(*unix.Ucred)(unsafe.Pointer(&oob[unix.CmsgLen(0)])), nil
		}
	}
	var cred *unix.Ucred
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return unix.Ucred{}, err
	}
	for i := range msgs {
		switch msgs[i].Header.Type {
		case unix.SCM_CREDENTIALS:
			if c, err := unix.ParseUnixCredentials(&msgs[i]); err == nil {
				cred = c
			}
		case unix.SCM_RIGHTS:
			fds, _ := unix.ParseUnixRights(&msgs[i])
			for _, fd := range fds {
				_ = unix.Close(fd)
			}
		}
	}
	if cred == nil {
		return unix.Ucred{}, errors.New("message without credentials")
	}
	return *cred, nil
}

// establish makes a connection of a client that has said who it is, or tells
// it why not.
func (s *Server) establish(fd int, req wire.ConnectRequest, peer Peer) {
	err := s.admit(req, peer)
	var c *Conn
	resp := wire.ConnectResponse{Type: s.opts.Type}
	if err == nil {
		c, err = s.newConn(fd, req, peer, &resp)
	}
	if err != nil {
		s.refuse(fd, peer, err)
		return
	}
	// libqb reads the answer without waiting for its end, so it must go in one.
	if n := sendBytes(fd, resp.AppendTo(nil)); n != wire.ConnectResponseSize {
		s.logError("Error in connection setup (%v): sent %d bytes of the response", c, n)
		s.poll.remove(fd)
		c.end()
		s.refused.Add(1)
		return
	}
	s.logDebug("IPC credentials authenticated (%v)", c)
	s.register(c)
}

func (s *Server) admit(req wire.ConnectRequest, peer Peer) error {
	s.opts.Locker.Lock()
	defer s.opts.Locker.Unlock()
	if err := s.opts.Accept(peer); err != nil {
		return err
	}
	if req.MaxMsgSize > s.opts.MaxMsgSize {
		return fmt.Errorf("client asks for messages of %d bytes, want at most %d: %w",
			req.MaxMsgSize, s.opts.MaxMsgSize, unix.EMSGSIZE)
	}
	return nil
}

// newConn makes the transport. On error nothing of it is left.
func (s *Server) newConn(fd int, req wire.ConnectRequest, peer Peer, resp *wire.ConnectResponse) (*Conn, error) {
	c := &Conn{s: s, fd: fd, peer: peer, serial: serials.Add(1)}
	// Less than a header could not be used, and a ring has a page anyway.
	c.max = max(req.MaxMsgSize, s.opts.MinMsgSize, wire.ResponseHeaderSize)
	dir, dirfd, err := createDirectory(s.opts.ShmDir, s.pid, peer.PID, fd)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dirfd)
	c.dir = dir
	owner := s.opts.owner(peer)
	if s.opts.Type == wire.Shm {
		c.rings, err = openRings(dir, dirfd, s.opts.Name, c.max, owner)
	} else {
		c.socks, err = openSockets(dir, dirfd, s.opts.Name, c.max, owner)
	}
	if err != nil {
		_ = unix.Rmdir(dir.path)
		return nil, err
	}
	if c.rings != nil {
		c.rings.describe(resp, dir)
	} else {
		c.socks.describe(resp, dir)
		if err := s.poll.add(c.socks.request, unix.EPOLLIN); err != nil {
			c.socks.close(dir)
			return nil, err
		}
	}
	c.setFlow(s.Rate().flow()) // before the client can send
	dir.give(dirfd, owner)
	resp.MaxMsgSize = c.max
	resp.Cookie = c.serial
	return c, nil
}

// refuse tells a client that it cannot come in.
func (s *Server) refuse(fd int, peer Peer, err error) {
	s.refused.Add(1)
	errno := unix.EACCES
	_ = errors.As(err, &errno)
	switch errno {
	case unix.EACCES:
		s.logError("Invalid IPC credentials (pid %d uid %d gid %d).", peer.PID, peer.UID, peer.GID)
	case unix.EAGAIN:
		s.log(loglevel.Warning, "Denied connection, is not ready (pid %d)", peer.PID)
	default:
		s.logError("Error in connection setup (pid %d): %v", peer.PID, err)
	}
	resp := wire.ConnectResponse{Error: -int32(errno)}
	_ = sendBytes(fd, resp.AppendTo(nil))
	_ = unix.Shutdown(fd, unix.SHUT_RDWR)
	s.poll.remove(fd)
	_ = unix.Close(fd)
}
