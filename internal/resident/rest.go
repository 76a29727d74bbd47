package resident

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// often is how often the program's pages are dropped while there is work, and calm the number of such times
// without a collection after which it is over. A collection walks the stacks, and what the runtime knows of the
// functions on them is scattered over megabytes.
const (
	often = 500 * time.Millisecond
	calm  = 6
)

// Rest gives back memory when work is over, in this process, from now on. That something was done is
// seen from the collector: who does nothing allocates nothing, so that an idle daemon needs no timer. Twice a
// second while there is work the program's pages are dropped; when there was none for three seconds, what the
// heap does not use any more is given back.
func Rest() {
	k := &keeper{drop: DropProgram, free: free, cycles: cycles}
	k.arm = func() { time.AfterFunc(often, k.tick) }
	k.collected() // the beginning is work, too
	k.watch()
}

// free gives back the heap, and what pools keep: that outlives one collection.
func free() {
	runtime.GC()
	debug.FreeOSMemory()
}

// cycles is how many collections there have been.
func cycles() uint32 {
	var m runtime.MemStats // package metrics takes 0.1 ms to begin
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// keeper is what Rest knows.
type keeper struct {
	drop, free func()
	arm        func() // has tick called later
	cycles     func() uint32

	mu      sync.Mutex
	armed   bool
	calm    int    // times without a collection, the last ones
	freeing bool   // the collections are our own
	freed   uint32 // cycles when that was over
}

// sentinel is garbage from its beginning on: its end tells of a collection.
type sentinel struct{ k *keeper }

func (k *keeper) watch() {
	runtime.SetFinalizer(&sentinel{k}, func(s *sentinel) {
		s.k.collected()
		s.k.watch()
	})
}

// collected follows each collection.
func (k *keeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calm = 0
	if !k.armed && !k.freeing && k.cycles() != k.freed {
		k.armed = true
		k.arm()
	}
}

// tick follows arm.
func (k *keeper) tick() {
	k.mu.Lock()
	rests := k.calm == calm
	k.calm++
	k.armed, k.freeing = !rests, rests
	k.mu.Unlock()
	if !rests {
		k.drop()
		k.arm()
		return
	}
	k.free()
	k.mu.Lock()
	k.freeing, k.freed = false, k.cycles()
	k.mu.Unlock()
	k.drop()
}
