package resident

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Rest gives back memory when work is over, in this process, from now on. That something was done is
// seen from the collector: who does nothing allocates nothing, so that an idle daemon needs no timer. Every so
// often while there is work the program's pages are dropped; when there was none for as long, what the
// heap does not use any more is given back.
func Rest(often time.Duration) {
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
	busy    bool   // there was a collection since then
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
	switch {
	case k.armed:
		k.busy = true
	case !k.freeing && k.cycles() != k.freed:
		k.armed = true
		k.arm()
	}
}

// tick follows arm.
func (k *keeper) tick() {
	k.mu.Lock()
	rests := !k.busy
	k.armed, k.busy, k.freeing = !rests, false, rests
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
