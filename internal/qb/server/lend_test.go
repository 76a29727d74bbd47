package server_test

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// thread stands for the ring's: it serves what a Server lends it.
type thread struct {
	mu   *sync.Mutex // Options.Locker
	lent *server.Lent
	here bool // under mu: Serve is being called by it
	wake int  // an eventfd that ends its wait
	end  chan struct{}
	done chan struct{}
}

func (th *thread) start(t *testing.T, s *server.Server) {
	th.lent, th.end, th.done = s.Lent(), make(chan struct{}), make(chan struct{})
	th.lent.Take()
	go func() {
		defer close(th.done)
		for {
			if !th.lent.Pending() {
				fds := []unix.PollFd{{Fd: int32(th.lent.FD()), Events: unix.POLLIN}, {Fd: int32(th.wake), Events: unix.POLLIN}}
				_, _ = unix.Poll(fds, -1)
			}
			// First the wake-up, then its cause: the other way round stop's could be lost.
			var b [8]byte
			_, _ = unix.Read(th.wake, b[:])
			select {
			case <-th.end:
				return
			default:
			}
			th.mu.Lock()
			th.here = true
			th.lent.Serve()
			th.here = false
			th.mu.Unlock()
		}
	}()
	t.Cleanup(th.stop)
}

// stop gives back what was lent and ends.
func (th *thread) stop() {
	select {
	case <-th.done:
		return
	default:
	}
	close(th.end)
	th.poke()
	<-th.done
	th.lent.Return()
}

func (th *thread) poke() { _, _ = unix.Write(th.wake, []byte{1, 1, 1, 1, 1, 1, 1, 1}) }

// startLending runs a service that lends requests of id 1, and the thread that
// takes them. request is called with whether it is that thread.
func startLending(t *testing.T, request func(c *server.Conn, msg []byte, lent bool)) (*thread, *handler, *server.Server, string) {
	t.Helper()
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(wake) })
	th := &thread{mu: new(sync.Mutex), wake: wake}
	h := &handler{request: func(c *server.Conn, msg []byte) { request(c, msg, th.here) }}
	s, name := start(t, h, func(o *server.Options) {
		o.Locker = th.mu
		o.Lend = func(msg []byte) bool {
			h, err := wire.ParseRequestHeader(msg)
			return err == nil && h.ID == 1
		}
		o.LentPending = th.poke
	})
	th.start(t, s)
	return th, h, s, name
}

// rate sets the rate as it must be with lending.
func (th *thread) rate(s *server.Server, r server.Rate) {
	th.mu.Lock()
	defer th.mu.Unlock()
	s.SetRate(r)
}

// other is a request that is not lent.
func other(n, number int) []byte {
	b := message(n, number)
	copy(b, wire.RequestHeader{ID: 2, Size: int32(n)}.AppendTo(nil))
	return b
}

// TestLent has three clients send requests of both kinds, while the rate goes
// off and on and the thread takes and returns them: each is handled once, in the
// order of its client, and one that may not be lent never by the thread.
func TestLent(t *testing.T) {
	const clients, n, size = 3, 600, 200
	type seen struct {
		c    *server.Conn
		msg  []byte
		lent bool
	}
	handled := make(chan seen, clients*n)
	th, _, s, name := startLending(t, func(c *server.Conn, msg []byte, lent bool) {
		handled <- seen{c, bytes.Clone(msg), lent}
	})
	request := func(i int) []byte {
		if i%60 == 3 {
			return other(size, i)
		}
		return message(size, i)
	}
	window := make(chan struct{}, 20) // requests under way: else the thread would find none left
	for range clients {
		c := dial(t, name, 1<<20)
		go func() {
			for i := range n {
				window <- struct{}{}
				for c.Send(request(i)) != nil {
					runtime.Gosched() // told not to send
				}
			}
		}()
	}
	next := map[*server.Conn]int{}
	lent := 0
	for got := range clients * n {
		select {
		case m := <-handled:
			<-window
			i := next[m.c]
			next[m.c]++
			if !bytes.Equal(m.msg, request(i)) {
				t.Fatalf("request %d of a client: another came, or it was damaged", i)
			}
			if m.lent {
				lent++
				if i%60 == 3 {
					t.Fatal("a request that may not be lent was handled by the thread")
				}
			}
		case <-limit(t).Done():
			t.Fatalf("only %d requests of %d were handled", got, clients*n)
		}
		switch got % 100 {
		case 20:
			th.rate(s, server.Off2)
			runtime.Gosched()
			th.rate(s, server.Slow)
		case 50:
			th.lent.Return()
		case 70:
			th.lent.Take()
			th.poke()
			th.rate(s, server.Fast)
		}
	}
	t.Logf("%d of %d requests were handled by the thread", lent, clients*n)
	if lent == 0 {
		t.Error("no request was handled by the thread")
	}
}

// TestLentClientGoes has clients end while they are lent, muted and not: what
// they sent before is handled, and they are closed once.
func TestLentClientGoes(t *testing.T) {
	for _, mute := range []bool{false, true} {
		handled := make(chan bool, 10)
		th, h, s, name := startLending(t, func(_ *server.Conn, _ []byte, lent bool) { handled <- lent })
		c, err := client.Dial(limit(t), name, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for lent := false; !lent; lent = <-handled { // the first is not lent yet
			if err := c.Send(message(100, 0)); err != nil {
				t.Fatal(err)
			}
		}
		if mute {
			// A request that the rate keeps waiting makes it mute.
			if err := c.Send(message(100, 0)); err != nil {
				t.Fatal(err)
			}
			th.rate(s, server.Off)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		select {
		case <-h.closed:
		case <-limit(t).Done():
			t.Fatalf("muted %v: the client's end was not noticed", mute)
		}
		th.stop()
	}
}

// TestLentCorrupt has a lent client write nonsense: it is thrown out, others are
// served.
func TestLentCorrupt(t *testing.T) {
	handled := make(chan bool, 10)
	_, h, _, name := startLending(t, func(_ *server.Conn, _ []byte, lent bool) { handled <- lent })
	good, bad := dial(t, name, 0), dial(t, name, 0)
	for _, c := range []*client.Conn{good, bad} {
		for lent := false; !lent; lent = <-handled {
			if err := c.Send(message(100, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	wrong := message(100, 0)
	copy(wrong, wire.RequestHeader{ID: 1, Size: 4000}.AppendTo(nil))
	if err := bad.Send(wrong); err != nil {
		t.Fatal(err)
	}
	select {
	case <-h.closed:
	case <-limit(t).Done():
		t.Fatal("the client was not thrown out")
	}
	if err := good.Send(message(100, 1)); err != nil {
		t.Fatal(err)
	}
	if lent := <-handled; !lent {
		t.Error("the other client is no longer lent")
	}
}
