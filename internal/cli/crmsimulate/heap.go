package crmsimulate

import (
	"bytes"
	"os"
	"runtime"
	"sync"

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

// prepared is so once in a process, before anything of size is allocated.
var prepared sync.Once

// prepareHeap has the kernel give the heap huge pages, where these are for those who
// ask: for a CIB of some size a third of the time goes into the faults of small ones.
// Go's runtime asks for none. But it takes free parts of the heap again before it asks
// for more, so one that was free from the beginning does. It is address space only; what
// is not used takes no memory.
func prepareHeap(input string) {
	info, err := os.Stat(input)
	if err != nil || !info.Mode().IsRegular() || info.Size() < largeCIB {
		return
	}
	size := largeHeap
	if info.Size() >= hugeCIB {
		size = hugeHeap
	}
	if enabled, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || !bytes.Contains(enabled, []byte("[madvise]")) {
		return
	}
	// Not where memory is limited so that the runtime would not get it, and would give up.
	spare, err := unix.Mmap(-1, 0, 2*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return
	}
	_ = unix.Munmap(spare)
	_ = unix.Madvise(make([]byte, size), unix.MADV_HUGEPAGE) // it begins where a page does
	runtime.GC()                                             // while there is next to nothing to look at
}
