package pg

import (
	"sync"
	"testing"
)

func TestAdmission(t *testing.T) {
	a := NewAdmission(1410)
	// 4 MiB of packets, of which the reference never uses two.
	if got := a.Avail(); got != 2974-2 {
		t.Errorf("avail %d, want 2972", got)
	}
	if got, want := a.SizeMax(), 2971*1386; got != want {
		t.Errorf("size limit %d, want %d", got, want)
	}
	if n, level, changed := a.Reserve(1000); n != 1 || level != Low || !changed {
		t.Errorf("reserve: %d %v %v", n, level, changed)
	}
	if n, _, changed := a.Reserve(1 << 20); n != 757 || changed {
		t.Errorf("reserve 1 MiB: %d packets, changed %v", n, changed)
	}
	if a.Reserved() != 1+1+757 {
		t.Errorf("reserved %d", a.Reserved())
	}
	a.Release(758)
	if n, _, _ := a.Reserve(a.SizeMax()); n != -1 {
		t.Errorf("reserve more than can ever be sent: %d", n)
	}
	taken := 0
	for a.Take(1402) {
		taken++
	}
	if a.Avail() != 1 || taken != 2971 {
		t.Errorf("took %d packets, %d left", taken, a.Avail())
	}
	if n, level, _ := a.Reserve(2000); n != 0 || level != Critical {
		t.Errorf("reserve in a full queue: %d, level %v", n, level)
	}
	// The other queue is empty.
	a.SetTrans(false)
	if a.Avail() != 2972 {
		t.Errorf("avail of the other queue %d", a.Avail())
	}
}

func TestLevelBands(t *testing.T) {
	a := NewAdmission(1410)
	for _, tt := range []struct {
		percent int
		want    Level
	}{
		{10, Low}, {35, Low}, {45, Good}, {55, Good}, {65, High}, {72, High}, {80, Critical},
		{72, Critical}, {65, High}, {55, High}, {45, Good}, {35, Good}, {20, Low},
	} {
		a.bytes[trans].Store(int64(tt.percent * a.max / 100 * (1410 - HeaderSize)))
		if got, _ := a.CheckLevel(); got != tt.want || a.Level() != tt.want {
			t.Errorf("at %d%%: %v, want %v", tt.percent, got, tt.want)
		}
	}
}

// The ring thread gives buffers back while the service side takes some.
func TestStoreAcrossThreads(t *testing.T) {
	s := NewStore()
	ch := make(chan *Message, 64)
	var wg sync.WaitGroup
	wg.Go(func() {
		for m := range ch {
			for _, b := range m.Data {
				if b != byte(len(m.Data)) {
					t.Error("a buffer was lent twice")
					return
				}
			}
			m.release()
		}
	})
	for i := range 20000 {
		n := i%3000 + 1
		m := s.Get(n)
		m.Data = m.Data[:n]
		for j := range m.Data {
			m.Data[j] = byte(n)
		}
		ch <- m
	}
	close(ch)
	wg.Wait()
	if s.collect(); s.idle > storeIdleMax {
		t.Errorf("%d bytes idle", s.idle)
	}
}

func TestStoreLargest(t *testing.T) {
	s := NewStore()
	for _, n := range []int{0, 1, 512, 513, 1 << 20, 1<<20 + 1024, 3 << 20} {
		m := s.Get(n)
		if cap(m.Data) < n || len(m.Data) != 0 {
			t.Errorf("Get(%d): len %d cap %d", n, len(m.Data), cap(m.Data))
		}
		m.release()
	}
}
