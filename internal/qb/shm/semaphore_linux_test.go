package shm

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func mapped(t testing.TB, size int) (*Mapping, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(int64(size)); err != nil {
		t.Fatal(err)
	}
	m, err := Map(int(f.Fd()), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Unmap)
	return m, path
}

// TestSemaphoreLayout compares with what sem_init(&s, 1, 0) and three times
// sem_post leave on 64-bit machines.
func TestSemaphoreLayout(t *testing.T) {
	m, _ := mapped(t, 4096)
	s := m.Semaphore(8)
	s.Init()
	for range 3 {
		s.Post()
	}
	got := make([]byte, SemaphoreSize)
	m.CopyOut(8, got)
	want := make([]byte, SemaphoreSize)
	if want[8] = 128; bigEndian {
		want[8], want[11], want[7] = 0, 128, 3
	} else {
		want[0] = 3
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func never() bool { return false }

func TestSemaphoreWaits(t *testing.T) {
	m, _ := mapped(t, 4096)
	s := m.Semaphore(0)
	s.Init()
	if s.TryWait() {
		t.Error("took a unit of none")
	}
	if err := s.Wait(time.Millisecond, never); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
	const waiters, units = 4, 2000
	var wg sync.WaitGroup
	var got atomic.Int32
	for range waiters {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for got.Add(1) <= units {
				if err := s.Wait(10*time.Second, never); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for range units {
		s.Post()
	}
	wg.Wait()
	if v := s.Value(); v != 0 {
		t.Errorf("%d units left", v)
	}
	if m.Load(4) != 0 {
		t.Errorf("%d waiters left", m.Load(4))
	}
}

func TestSemaphoreWaitStops(t *testing.T) {
	m, _ := mapped(t, 4096)
	s := m.Semaphore(0)
	s.Init()
	var stop atomic.Bool
	done := make(chan error)
	go func() { done <- s.Wait(time.Minute, stop.Load) }()
	stop.Store(true)
	for {
		s.Wake(1) // again and again: it may not be waiting yet
		select {
		case err := <-done:
			if !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v", err)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestSemaphoreStaysAtItsGreatest(t *testing.T) {
	m, _ := mapped(t, 4096)
	s := m.Semaphore(0)
	for _, v := range []uint32{semMax, 0xffffffff} {
		m.Store(0, v)
		m.Store(4, 0)
		if bigEndian {
			m.Store(4, v)
			m.Store(0, 0)
		}
		s.Post()
		if s.Value() != v {
			t.Errorf("%#x became %#x", v, s.Value())
		}
	}
}

func TestFaultIsAnError(t *testing.T) {
	m, path := mapped(t, 3*4096)
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8192)
	for name, touch := range map[string]func(){
		"load":    func() { m.Load(4096) },
		"store":   func() { m.Store(8192, 1) },
		"add":     func() { m.Add(8192, 1) },
		"out":     func() { m.CopyOut(0, buf) },
		"in":      func() { m.CopyIn(4096, buf) },
		"post":    func() { m.Semaphore(4096).Post() },
		"trywait": func() { m.Semaphore(4096).TryWait() },
		"wait":    func() { _ = m.Semaphore(4096).Wait(time.Second, never) },
	} {
		err := func() (err error) {
			defer Catch(Arm(), &err)
			touch()
			return nil
		}()
		if !errors.Is(err, ErrFault) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// What is left is as before.
	if err := func() (err error) {
		defer Catch(Arm(), &err)
		m.Store(0, 1)
		return nil
	}(); err != nil {
		t.Error(err)
	}
}

// TestOwnPanicsPass: a fault is turned into an error, a bug is not.
func TestOwnPanicsPass(t *testing.T) {
	for name, bug := range map[string]func(){
		"nil":   func() { var p *int; *p = 1 },
		"index": func() { m := &Mapping{}; m.Load(3) },
		"value": func() { panic("x") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: swallowed", name)
				}
			}()
			_ = func() (err error) {
				defer Catch(Arm(), &err)
				bug()
				return nil
			}()
		}()
	}
}
