package server

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is epoll(7), level-triggered, with an eventfd that ends a wait.
type poller struct {
	epfd, wakefd int
	events       [128]unix.EpollEvent
}

// epollCtl is epoll_ctl, which never waits.
func epollCtl(epfd, op, fd int, ev *unix.EpollEvent) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(ev)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func newPoller() (*poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		_ = unix.Close(epfd)
		return nil, err
	}
	p := &poller{epfd: epfd, wakefd: wakefd}
	if err := p.add(wakefd, unix.EPOLLIN); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) close() {
	_ = unix.Close(p.epfd)
	_ = unix.Close(p.wakefd)
}

func (p *poller) add(fd int, events uint32) error {
	return epollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poller) modify(fd int, events uint32) {
	_ = epollCtl(p.epfd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poller) remove(fd int) { _ = epollCtl(p.epfd, unix.EPOLL_CTL_DEL, fd, nil) }

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
	n, err := unix.EpollWait(p.epfd, p.events[:], ms)
	if errors.Is(err, unix.EINTR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.events[:n], nil
}
