package ring

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A goroutine in a system call keeps its P until sysmon, the runtime's watchdog thread,
// takes it after 10 ms. Until then sysmon looks every 20 to 10000 microseconds, and
// having taken one it begins anew: some twenty of its wake-ups for each of the ring
// thread's. On an idle ring that is most of what the daemon costs. So before a sleep
// that is expected to be long the thread gives the P away itself; sysmon then finds
// nothing to watch and sleeps too.
const longSleep = 10 * time.Millisecond

// sleep waits for one of l.fds, until timeout has passed.
func (l *loop) sleep(timeout time.Duration) (n int, err error) {
	ts := unix.NsecToTimespec(int64(timeout))
	if timeout < longSleep || !l.quiet() {
		return unix.Ppoll(l.fds, &ts, nil)
	}
	l.until = ts
	got, errno := blockingCall(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(l.fds))), uintptr(len(l.fds)),
		uintptr(unsafe.Pointer(&l.until)))
	if errno != 0 {
		return 0, errno
	}
	return int(got), nil
}

// quiet tells whether nothing is to be expected soon: the token rests here, or the
// last sleep was a long one.
func (l *loop) quiet() bool {
	return l.running() && l.m.Resting() || l.slept >= longSleep
}

// blockingCall is a system call without a P from its beginning on. What the arguments
// point to must be on the heap. Between the two calls into the runtime nothing may grow
// the stack, allocate or be instrumented.
//
//go:nosplit
//go:norace
//go:noinline
func blockingCall(trap, a1, a2, a3 uintptr) (r1 uintptr, errno syscall.Errno) {
	entersyscallblock()
	r1, _, errno = syscall.RawSyscall6(trap, a1, a2, a3, 0, 0, 0)
	exitsyscall()
	return r1, errno
}

// The runtime keeps these two names for packages outside it (go.dev/issue/67401).
//
//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()
