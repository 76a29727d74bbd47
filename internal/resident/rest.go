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
	k := &keeper{drop: DropProgram, free: debug.FreeOSMemory}
	k.arm = func() { time.AfterFunc(often, k.tick) }
	k.collected() // the beginning is work, too
	k.watch()
}

// keeper is what Rest knows.
type keeper struct {
	drop, free func()
	arm        func() // has tick called later

	mu      sync.Mutex
	armed   bool
	busy    bool // there was a collection since then
	freeing bool // the next collection is our own
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
	case k.freeing:
		k.freeing = false
	case k.armed:
		k.busy = true
	default:
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
	if rests {
		k.free()
		k.drop()
		return
	}
	k.drop()
	k.arm()
}
