package ring

import (
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// rrPriority is sched_get_priority_max(SCHED_RR) on Linux.
const rrPriority = 99

// realTime gives the calling thread, and no other, real-time priority. Threads
// that the runtime makes later do not inherit it: the kernel resets what such a
// thread clones, and a locked thread has the runtime clone from another one.
func realTime(priority int) error {
	if priority == 0 {
		priority = rrPriority
	}
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_RR,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: uint32(priority),
	}, 0)
}

func (r *Ring) setPriority() {
	if !r.cfg.RealTime {
		return
	}
	priority := r.cfg.Priority
	if priority == 0 {
		priority = rrPriority
	}
	err := realTime(priority)
	if err != nil && r.cfg.Refused != nil {
		r.cfg.Refused()
		err = realTime(priority)
	}
	if err != nil {
		no, _ := err.(unix.Errno)
		r.log.Logf(loglevel.Warning, "Could not set SCHED_RR at priority %d: %v (%d)", priority, err, int(no))
	}
}

// clock is the monotonic clock as totem counts it: nanoseconds since the host's
// start, so that the instants of several rings of one host compare.
type clock struct {
	base   time.Time
	offset totem.Instant
}

func newClock() clock {
	var ts unix.Timespec
	c := clock{base: time.Now()}
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		c.offset = totem.Instant(ts.Nano())
	}
	return c
}

func (c *clock) now() totem.Instant { return c.offset + totem.Instant(time.Since(c.base)) }

// wakeup is an eventfd that ends the ring thread's sleep.
type wakeup struct {
	fd  int
	buf [8]byte

	// mu keeps a late wake from writing to whatever has the number of a closed
	// fd. The ring thread does not take it.
	mu     sync.Mutex
	closed bool
}

func newWakeup() (*wakeup, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("ring: eventfd: %w", err)
	}
	return &wakeup{fd: fd}, nil
}

var one = [8]byte{0: 1, 7: 1} // not zero in either byte order

// wake ends the present sleep or the next one.
func (w *wakeup) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		_, _ = unix.Write(w.fd, one[:]) // full: then it is awake
	}
}

// clear is the ring thread's; it does not wait, so the scheduler need not know.
func (w *wakeup) clear() {
	unix.RawSyscall(unix.SYS_READ, uintptr(w.fd), uintptr(unsafe.Pointer(&w.buf[0])), uintptr(len(w.buf)))
}

func (w *wakeup) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	unix.Close(w.fd)
}
