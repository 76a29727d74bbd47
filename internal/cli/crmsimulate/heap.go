package crmsimulate

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The size of a CIB from which on it pays to ask for huge pages, in bytes, and how much of
// the heap then gets them.
const (
	largeCIB  = 64 << 10
	largeHeap = 128 << 20
	hugeCIB   = 1 << 20
	hugeHeap  = 256 << 20
)

// How far ahead of what is in use pages are made, in bytes: half as much, but no more than
// that; how many at a time, and how often it is looked.
const (
	mostAhead  = 12 << 20
	pagesStep  = 2 << 20
	pagesPause = time.Millisecond
)

// prepared is so once in a process, before anything of size is allocated.
var prepared sync.Once

// prepareHeap has the kernel give the heap huge pages, where these are for those who
// ask: for a CIB of some size a third of the time goes into the faults of small ones.
// Go's runtime asks for none. But it takes free parts of the heap again before it asks
// for more, so one that was free from the beginning does. It is address space only; what
// is not used takes no memory, but for what pages makes ahead.
func prepareHeap(input string) (heap pages) {
	info, err := os.Stat(input)
	if err != nil || !info.Mode().IsRegular() || info.Size() < largeCIB {
		return pages{}
	}
	size := largeHeap
	if info.Size() >= hugeCIB {
		size = hugeHeap
	}
	if enabled, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || !bytes.Contains(enabled, []byte("[madvise]")) {
		return pages{}
	}
	// Not where memory is limited so that the runtime would not get it, and would give up.
	spare, err := unix.Mmap(-1, 0, 2*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return pages{}
	}
	_ = unix.Munmap(spare)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // or this would begin a collection of its own
	room := make([]byte, size)                       // it begins where a page does
	if err := unix.Madvise(room, unix.MADV_HUGEPAGE); err == nil {
		heap = pages{start: uintptr(unsafe.Pointer(&room[0])), size: uintptr(size)}
	}
	runtime.GC() // while there is next to nothing to look at
	return heap
}

// pages is the part of the heap that was prepared: the runtime uses it from its beginning.
type pages struct{ start, size uintptr }

// makeAhead has the kernel make pages that are about to be used, on another processor than the
// one that will: clearing them is a fifth of the time. It ends when all are made, and stop
// has it end at once, and waits for it.
func (p pages) makeAhead() (stop func()) {
	if p.size == 0 || runtime.GOMAXPROCS(0) < 2 {
		return func() {}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		look := time.NewTicker(pagesPause)
		defer look.Stop()
		for made := uintptr(0); made+pagesStep <= p.size; {
			if used := heapInUse(); made < used+min(used/2, mostAhead) {
				if _, _, e := unix.Syscall(unix.SYS_MADVISE, p.start+made, pagesStep, unix.MADV_POPULATE_WRITE); e != 0 {
					return // a kernel that cannot, or no memory
				}
				made += pagesStep
				continue
			}
			select {
			case <-done:
				return
			case <-look.C:
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

// heapInUse is how much of the heap is taken, in bytes.
func heapInUse() uintptr {
	samples := [...]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(samples[:])
	return uintptr(samples[0].Value.Uint64() + samples[1].Value.Uint64())
}
