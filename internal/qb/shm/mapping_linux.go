package shm

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Mapping is a shared file in memory. Its methods fault as plain memory does:
// call them under Arm and Catch.
type Mapping struct{ b []byte }

// Map maps the first size bytes of a file, readable and writable.
func Map(fd, size int) (*Mapping, error) {
	b, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return &Mapping{b}, nil
}

// Unmap ends the mapping. Nobody may be using it or use it afterwards.
func (m *Mapping) Unmap() {
	if m.b != nil {
		_ = unix.Munmap(m.b) // of a mapping we made: cannot fail
		m.b = nil
	}
}

// Len is the length in bytes.
func (m *Mapping) Len() int { return len(m.b) }

// Word is the 32-bit word at byte offset off, which is aligned.
func (m *Mapping) Word(off int) *uint32 {
	return (*uint32)(unsafe.Pointer(&m.b[off : off+4 : off+4][0]))
}

// Load reads the word at byte offset off, ordered before what follows.
func (m *Mapping) Load(off int) uint32 { return atomic.LoadUint32(m.Word(off)) }

// Store writes the word at byte offset off, ordered after what precedes.
func (m *Mapping) Store(off int, v uint32) { atomic.StoreUint32(m.Word(off), v) }

// Add adds to the word at byte offset off and returns the sum.
func (m *Mapping) Add(off int, delta int32) uint32 {
	return atomic.AddUint32(m.Word(off), uint32(delta))
}

// CopyIn copies p to byte offset off.
func (m *Mapping) CopyIn(off int, p []byte) { copy(m.b[off:off+len(p)], p) }

// CopyOut copies from byte offset off to p.
func (m *Mapping) CopyOut(off int, p []byte) { copy(p, m.b[off:off+len(p)]) }

// Semaphore is the one at byte offset off, which is a multiple of 8.
func (m *Mapping) Semaphore(off int) Semaphore {
	return Semaphore{(*uint64)(unsafe.Pointer(&m.b[off : off+SemaphoreSize : off+SemaphoreSize][0]))}
}
