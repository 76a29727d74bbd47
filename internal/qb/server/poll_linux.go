package server

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is what epoll(7) watches, level-triggered. Its changes never wait.
type epoll struct{ fd int }

func newEpoll() (epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return epoll{fd}, err
}

func (e epoll) close() { _ = unix.Close(e.fd) }

func (e epoll) add(fd int, events uint32) error {
	return e.control(unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (e epoll) modify(fd int, events uint32) {
	_ = e.control(unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (e epoll) remove(fd int) { _ = e.control(unix.EPOLL_CTL_DEL, fd, nil) }

func (e epoll) control(op, fd int, ev *unix.EpollEvent) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(e.fd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(ev)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// poller is an epoll with an eventfd that ends a wait.
type poller struct {
	epoll
	wakefd int
	events [128]unix.EpollEvent
}

func newPoller() (*poller, error) {
	e, err := newEpoll()
	if err != nil {
		return nil, err
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		e.close()
		return nil, err
	}
	p := &poller{epoll: e, wakefd: wakefd}
	if err := p.add(wakefd, unix.EPOLLIN); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) close() {
	p.epoll.close()
	_ = unix.Close(p.wakefd)
}

// wake ends the present or the next wait.
func (p *poller) wake() {
	one := [8]byte{1, 1, 1, 1, 1, 1, 1, 1} // any number but zero
	_, _ = unix.Write(p.wakefd, one[:])
}

// drainWake takes the wake-ups that have come.
func (p *poller) drainWake() {
	var b [8]byte
	_, _ = unix.Read(p.wakefd, b[:])
}

// wait returns what has happened, waiting for up to d; forever if negative.
func (p *poller) wait(d time.Duration) ([]unix.EpollEvent, error) {
	ms := -1
	if d >= 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.fd, p.events[:], ms)
	if errors.Is(err, unix.EINTR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.events[:n], nil
}
