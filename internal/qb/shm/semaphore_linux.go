package shm

import (
	"errors"
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SemaphoreSize is sizeof(sem_t).
const SemaphoreSize = 32

// A uintptr of 32 bits makes this constant overflow: see doc.go.
const _ = uint64(^uintptr(0)) - (math.MaxUint64 - 0)

// semPrivate is what glibc keeps at byte 8 of a semaphore shared between
// processes.
const semPrivate = 128

const (
	oneWaiter = 1 << 32
	semMax    = math.MaxInt32 // SEM_VALUE_MAX

	// Operations of futex(2), without the private flag: the word is shared.
	futexWait = 0
	futexWake = 1
)

// ErrTimeout is a wait that was not satisfied in time.
var ErrTimeout = errors.New("timed out")

// Semaphore is a sem_t shared between processes. Under Arm and Catch only.
type Semaphore struct{ p *uint64 }

// Init is sem_init(sem, 1, 0).
func (s Semaphore) Init() {
	atomic.StoreUint64(s.p, 0)
	*(*uint32)(unsafe.Add(unsafe.Pointer(s.p), 8)) = semPrivate
}

// value is the address of the half that the kernel waits on.
func (s Semaphore) value() unsafe.Pointer {
	if bigEndian {
		return unsafe.Add(unsafe.Pointer(s.p), 4)
	}
	return unsafe.Pointer(s.p)
}

// Value is sem_getvalue.
func (s Semaphore) Value() uint32 { return uint32(atomic.LoadUint64(s.p)) }

// Post is sem_post; a semaphore at its greatest value stays there.
func (s Semaphore) Post() {
	for {
		d := atomic.LoadUint64(s.p)
		if uint32(d) >= semMax {
			return
		}
		if atomic.CompareAndSwapUint64(s.p, d, d+1) {
			if d>>32 != 0 {
				s.Wake(1)
			}
			return
		}
	}
}

// Wake wakes up to n waiters without posting.
func (s Semaphore) Wake(n int) {
	// Never blocks, hence raw: the scheduler need not hear of it. An address
	// that is no longer mapped is EFAULT, not a fault.
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(s.value()), futexWake, uintptr(n), 0, 0, 0)
}

// TryWait is sem_trywait.
func (s Semaphore) TryWait() bool {
	for {
		d := atomic.LoadUint64(s.p)
		if uint32(d) == 0 {
			return false
		}
		if atomic.CompareAndSwapUint64(s.p, d, d-1) {
			return true
		}
	}
}

// Wait is sem_timedwait: it takes one unit or returns ErrTimeout when d has
// passed. It also returns ErrTimeout as soon as stop reports true, which it
// asks after every wake-up (see Wake). It blocks an operating-system thread.
func (s Semaphore) Wait(d time.Duration, stop func() bool) error {
	if s.TryWait() {
		return nil
	}
	end := time.Now().Add(d)
	atomic.AddUint64(s.p, oneWaiter)
	for {
		if v := atomic.LoadUint64(s.p); uint32(v) != 0 {
			if atomic.CompareAndSwapUint64(s.p, v, v-1-oneWaiter) {
				return nil
			}
			continue
		}
		left := time.Until(end)
		if left <= 0 || stop() {
			atomic.AddUint64(s.p, ^uint64(oneWaiter)+1)
			return ErrTimeout
		}
		ts := unix.NsecToTimespec(int64(left))
		_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(s.value()), futexWait, 0,
			uintptr(unsafe.Pointer(&ts)), 0, 0)
		if errno == unix.EFAULT {
			return ErrFault
		}
	}
}
