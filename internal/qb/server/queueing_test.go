package server_test

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

func TestEventsWaitInMemoryInOrder(t *testing.T) {
	const count, size = 2000, 3000 // 6 MB into a ring of 16 KiB
	each(t, func(t *testing.T, tr wire.Transport) {
		sent := make(chan *server.Conn, 1)
		h := &handler{request: func(c *server.Conn, msg []byte) {
			c.Respond(msg)
			if len(sent) > 0 {
				return
			}
			for i := range count {
				c.Event(event(size, i))
			}
			sent <- c
		}}
		_, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		if _, err := c.Call(limit(t), message(24, 0)); err != nil {
			t.Fatal(err)
		}
		conn := <-sent
		sent <- conn // done: what follows is answered only
		if tr == wire.Shm {
			if st := conn.Stats(); !st.Queueing || st.Queued == 0 || conn.Queued() < int(st.Queued)*size || st.SendRetries == 0 {
				t.Errorf("%+v with %d bytes queued", st, conn.Queued())
			}
		}
		for i := range count {
			b, err := c.Event(limit(t))
			if err != nil {
				t.Fatalf("event %d: %v", i, err)
			}
			hd, err := wire.ParseResponseHeader(b)
			if err != nil || hd.Error != int32(i) || len(b) != size {
				t.Fatalf("event %d: %+v, %d bytes, %v", i, hd, len(b), err)
			}
		}
		// The last of them is in the ring before the counters say so, but a
		// request is handled after that.
		if _, err := c.Call(limit(t), message(24, 0)); err != nil {
			t.Fatal(err)
		}
		if st := conn.Stats(); st.Events < count {
			t.Errorf("%+v, want %d events", st, count)
		}
	})
}

func TestTooMuchInMemoryDisconnects(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		h := &handler{request: func(c *server.Conn, _ []byte) {
			for i := range 1000 {
				c.Event(event(10000, i))
			}
		}}
		s, name := start(t, h, func(o *server.Options) { o.Type, o.MaxQueued = tr, 1<<20 })
		c := dial(t, name, 0)
		if err := c.Send(message(16, 0)); err != nil {
			t.Fatal(err)
		}
		if got := <-h.closed; got.err == nil {
			t.Error("closed without an error")
		}
		<-c.Done()
		if st := s.Stats(); st.Overrun != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestResponsesOfAPipeliningClientWait(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		_, name := start(t, &handler{request: echo}, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		sent := 0
		for ; sent < 200; sent++ {
			err := c.Send(message(1000, sent))
			if errors.Is(err, client.ErrAgain) {
				if sent > 50 {
					break
				}
				sent--
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range sent {
			b, err := c.Receive(limit(t))
			if err != nil || !bytes.Equal(b, message(1000, i)) {
				t.Fatalf("response %d: %d bytes, %v", i, len(b), err)
			}
		}
	})
}

func TestFlowControl(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		var handled atomic.Int32
		h := &handler{request: func(c *server.Conn, msg []byte) {
			handled.Add(1)
			c.Respond(msg)
		}}
		s, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		if _, err := c.Call(limit(t), message(24, 0)); err != nil {
			t.Fatal(err)
		}
		s.SetRate(server.Off)
		if err := c.Send(message(24, 0)); !errors.Is(err, client.ErrAgain) {
			t.Fatalf("while off: %v", err)
		}
		s.SetRate(server.Off2)
		// At 2 a client that has not asked for it may send, and must wait.
		if err := c.Send(message(24, 1)); err != nil {
			t.Fatalf("at 2 with a limit of 1: %v", err)
		}
		c.SetFlowMax(2)
		if err := c.Send(message(24, 2)); !errors.Is(err, client.ErrAgain) {
			t.Fatalf("at 2 with a limit of 2: %v", err)
		}
		// One that comes now finds it off, too.
		late := dial(t, name, 0)
		late.SetFlowMax(2)
		if err := late.Send(message(24, 2)); !errors.Is(err, client.ErrAgain) {
			t.Fatalf("a new client at 2: %v", err)
		}
		if n := handled.Load(); n != 1 {
			t.Fatalf("%d requests handled while off, want 1", n)
		}
		s.SetRate(server.Fast)
		if _, err := c.Receive(limit(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Call(limit(t), message(24, 3)); err != nil {
			t.Fatal(err)
		}
		for _, conn := range s.Conns() {
			if st := conn.Stats(); st.FlowControl != 0 || st.FlowControlCount == 0 {
				t.Errorf("%+v", st)
			}
		}
		// A client that leaves while off is noticed.
		s.SetRate(server.Off)
		_ = c.Close()
		_ = late.Close()
		<-h.closed
		<-h.closed
	})
}

// gate is a Locker that tells what the server does with it.
type gate struct {
	sync.Mutex
	wants, left chan struct{}
}

func (g *gate) Lock() {
	select {
	case g.wants <- struct{}{}:
	default:
	}
	g.Mutex.Lock()
}

func (g *gate) Unlock() {
	g.Mutex.Unlock()
	select {
	case g.left <- struct{}{}:
	default:
	}
}

// A request that comes while the lock's holder stops the service is not handled
// before it goes on: a service that is stopped may refuse, and to a multicast of
// libcpg there is no answer that could say so.
func TestStoppedWhileTheRequestComes(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		g := &gate{wants: make(chan struct{}, 1), left: make(chan struct{}, 1)}
		var s *server.Server
		h := &handler{request: func(c *server.Conn, msg []byte) {
			if s.Rate() == server.Off2 {
				t.Error("a request is handled while the service is stopped")
			}
			c.Respond(msg)
		}}
		g.Mutex.Lock()
		var name string
		s, name = start(t, h, func(o *server.Options) { o.Type, o.Locker = tr, g })
		g.Mutex.Unlock()
		c := dial(t, name, 0)
		if _, err := c.Call(limit(t), message(24, 0)); err != nil {
			t.Fatal(err)
		}
		g.Mutex.Lock()
		for len(g.wants) > 0 || len(g.left) > 0 {
			select {
			case <-g.wants:
			case <-g.left:
			}
		}
		if err := c.Send(message(24, 1)); err != nil {
			t.Fatal(err)
		}
		<-g.wants
		s.SetRate(server.Off2)
		g.Mutex.Unlock()
		<-g.left
		s.SetRate(server.Normal)
		if _, err := c.Receive(limit(t)); err != nil {
			t.Fatal(err)
		}
	})
}
