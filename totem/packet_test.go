package totem

import (
	"sync"
	"testing"
)

func TestPoolGivesBackWhatItGot(t *testing.T) {
	pool := NewPool(100, 2)
	a, b := pool.Get(), pool.Get()
	a.Data = append(a.Data, 1, 2, 3)
	a.Retain()
	a.Release()
	if c := pool.Get(); c == a {
		t.Fatal("a packet that is held was handed out")
	}
	a.Release()
	b.Release()
	pool.Get().Data = nil // too small for the pool now; never released
	if c := pool.Get(); c != b || len(c.Data) != 0 || cap(c.Data) != 100 {
		t.Errorf("the second idle packet has %d of %d bytes", len(c.Data), cap(c.Data))
	}
}

func TestPoolKeepsABoundedNumber(t *testing.T) {
	pool := NewPool(10, 4)
	held := make([]*Packet, 10)
	for i := range held {
		held[i] = pool.Get()
	}
	for _, p := range held {
		p.Release()
	}
	seen := make(map[*Packet]bool)
	for range held {
		seen[pool.Get()] = true
	}
	idle := 0
	for _, p := range held {
		if seen[p] {
			idle++
		}
	}
	if idle != 4 {
		t.Errorf("%d packets were kept, want 4", idle)
	}
}

func TestReleasingTwiceIsABug(t *testing.T) {
	p := NewPool(10, 1).Get()
	p.Release()
	defer func() {
		if recover() == nil {
			t.Error("nobody noticed")
		}
	}()
	p.Release()
}

// TestPoolNeverHandsOutAPacketTwice has takers and givers at work at once; each
// taker writes its mark and finds it unchanged.
func TestPoolNeverHandsOutAPacketTwice(t *testing.T) {
	pool := NewPool(8, 16)
	given := make(chan *Packet, 32)
	var takers, givers sync.WaitGroup
	for w := range 4 {
		takers.Go(func() {
			for i := range 5000 {
				p := pool.Get()
				p.Data = append(p.Data, byte(w), byte(i))
				p.Retain()
				given <- p
				if p.Data[0] != byte(w) || p.Data[1] != byte(i) {
					t.Errorf("taker %d: packet changed in its hands", w)
				}
				p.Release()
			}
		})
	}
	for range 2 {
		givers.Go(func() {
			for p := range given {
				p.Release()
			}
		})
	}
	takers.Wait()
	close(given)
	givers.Wait()
}

func TestPoolAllocatesNothing(t *testing.T) {
	pool := NewPool(100, 4)
	pool.Get().Release()
	if n := testing.AllocsPerRun(100, func() { pool.Get().Release() }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkPool(b *testing.B) {
	pool := NewPool(2048, 1024)
	for b.Loop() {
		pool.Get().Release()
	}
}
