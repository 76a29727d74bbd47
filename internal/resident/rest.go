package resident

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// The program's pages are dropped after each collection, but not sooner than often after the last time: it walks
// the stacks, and what the runtime knows of the functions on them is scattered over megabytes. Work is over when there
// was no collection for as long as calm.
const (
	often = 500 * time.Millisecond
	calm  = 3 * time.Second
)

// Rest gives back memory while there is work and when it is over, in this process, from now on: the program's
// pages meanwhile, and in the end what the heap does not use any more. That something was done is
// seen from the collector: who does nothing allocates nothing, so that an idle daemon needs no timer.
func Rest() {
	k := &keeper{drop: DropProgram, free: free, cycles: cycles}
	k.arm = func() { time.AfterFunc(calm, k.tick) }
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
	busy    bool      // there was a collection since then
	dropped time.Time // last
	freeing bool      // the collections are our own
	freed   uint32    // cycles when that was over
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
	if k.freeing || !k.armed && k.cycles() == k.freed {
		return
	}
	if k.armed {
		k.busy = true
	} else {
		k.armed = true
		k.arm()
	}
	if now := time.Now(); now.Sub(k.dropped) >= often {
		k.dropped = now
		k.drop()
	}
}

// tick follows arm.
func (k *keeper) tick() {
	k.mu.Lock()
	rests := !k.busy
	k.armed, k.busy, k.freeing = !rests, false, rests
	k.mu.Unlock()
	if !rests {
		k.arm()
		return
	}
	k.free()
	k.mu.Lock()
	k.freeing, k.freed = false, k.cycles()
	k.mu.Unlock()
	k.drop()
}
