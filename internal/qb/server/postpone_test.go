package server_test

import (
	"bytes"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// TestPostponed has the Handler refuse every request a few times, as a daemon
// whose send queue is full does, with the rate on and off between: each request
// is handled once and in order, and other clients are served meanwhile.
func TestPostponed(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		const n, size = 40, 300
		var s *server.Server
		var slow *server.Conn
		offered := make(chan struct{}, 1) // the first offer of a request of the slow client
		called := make(chan struct{}, 1)  // the Handler, for anybody: there may be room for one more
		handled := make(chan []byte, 2*n)
		offers, firsts := 0, 0
		h := &handler{request: func(c *server.Conn, msg []byte) {
			signal(called)
			if slow == nil {
				slow = c
			}
			if c != slow {
				c.Respond(msg)
				return
			}
			if offers++; offers%4 != 0 {
				if c.Postpone() {
					firsts++
				}
				signal(offered)
				return
			}
			handled <- bytes.Clone(msg)
		}}
		s, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		go func() {
			for i := range n {
				for c.Send(message(size, i)) != nil { // full for now: the transport's queue is short
					<-called
				}
			}
		}()
		<-offered
		other := dial(t, name, 0)
		for i := range n {
			if i == n/2 {
				s.SetRate(server.Off2)
				s.SetRate(server.Fast)
			}
			if _, err := other.Call(limit(t), message(50, 1)); err != nil {
				t.Fatalf("another client: %v", err)
			}
			select {
			case got := <-handled:
				if !bytes.Equal(got, message(size, i)) {
					t.Fatalf("request %d: another came, or it was damaged", i)
				}
			case <-limit(t).Done():
				t.Fatalf("request %d was not handled", i)
			}
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		<-h.closed
		// The Handler's calls for c are over, all but the last were waited for.
		if firsts != n {
			t.Errorf("%d requests were postponed, want %d", firsts, n)
		}
	})
}

// TestPostponedClientGoes has the client of a postponed request go away.
func TestPostponedClientGoes(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		offered := make(chan struct{}, 1)
		h := &handler{request: func(c *server.Conn, msg []byte) {
			c.Postpone()
			signal(offered)
		}}
		_, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c, err := client.Dial(limit(t), name, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(message(100, 0)); err != nil {
			t.Fatal(err)
		}
		<-offered
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-h.closed
	})
}
