// Package fencertest is what tests of the fencer's clients have in place of a fencer: a
// [Relay] writes down what a client and the real one say to each other, and [Serve] says
// it again.
//
// Tests and interop-tests alone import it.
package fencertest

import (
	"context"
	"fmt"
	"sync"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
)

// Exchange is a request and what came after it: documents as text.
type Exchange struct {
	Request  string   `json:"request"`
	Response string   `json:"response,omitempty"` // none if the client did not ask for one
	Events   []string `json:"events,omitempty"`
}

// Run is a run of a client, with all that was said.
type Run struct {
	golden.Command
	Talk []Exchange `json:"talk,omitempty"`
}

// Relay is a service that hands all on to the fencer and back.
type Relay struct {
	// Dial connects to the fencer.
	Dial func() (*ipc.Conn, error)

	mu   sync.Mutex
	talk []Exchange
	wg   sync.WaitGroup
}

// Talk is what was said, once all clients have gone.
func (r *Relay) Talk() []Exchange {
	r.wg.Wait()
	return r.talk
}

// Connected connects to the fencer for a client.
func (r *Relay) Connected(c *ipc.Client) error {
	up, err := r.Dial()
	if err != nil {
		return err
	}
	c.Data = up
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		for {
			m, err := up.Event(context.Background())
			if err != nil {
				return
			}
			r.mu.Lock()
			if n := len(r.talk); n > 0 {
				r.talk[n-1].Events = append(r.talk[n-1].Events, m.Text)
			}
			r.mu.Unlock()
			_ = c.EventText(m.Text)
		}
	}()
	return nil
}

// Request hands a request on.
func (r *Relay) Request(c *ipc.Client, m *ipc.Message) {
	up, ok := c.Data.(*ipc.Conn)
	if !ok || m.XML == nil {
		return
	}
	r.mu.Lock()
	at := len(r.talk)
	r.talk = append(r.talk, Exchange{Request: m.Text})
	r.mu.Unlock()
	if !m.Flags.Has(frame.ClientResponse) {
		_, _ = up.Send(context.Background(), m.XML)
		return
	}
	a, err := up.Call(context.Background(), m.XML)
	if err != nil || a.XML == nil {
		c.Disconnect()
		return
	}
	r.mu.Lock()
	r.talk[at].Response = a.Text
	r.mu.Unlock()
	_ = c.Respond(m.ID, m.Flags, a.XML)
}

// Disconnected leaves the fencer.
func (r *Relay) Disconnected(c *ipc.Client) {
	if up, ok := c.Data.(*ipc.Conn); ok {
		_ = up.Close()
	}
}

// Server says again what was said: it answers the requests of a run, which have to be
// the same, in their order.
type Server struct {
	mu    sync.Mutex
	talk  []Exchange
	next  int
	wrong []string
}

// Next is what is to be said from now on.
func (s *Server) Next(talk []Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talk, s.next, s.wrong = talk, 0, nil
}

// Wrong tells how the requests differed from those that were to come.
func (s *Server) Wrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next < len(s.talk) && s.wrong == nil {
		return []string{fmt.Sprintf("missing: %s", s.talk[s.next].Request)}
	}
	return s.wrong
}

// Connected takes every client.
func (s *Server) Connected(*ipc.Client) error { return nil }

// Disconnected does nothing.
func (s *Server) Disconnected(*ipc.Client) {}

// Request answers as the fencer did.
func (s *Server) Request(c *ipc.Client, m *ipc.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next >= len(s.talk) || m.XML == nil || m.Text != s.talk[s.next].Request {
		want := "nothing"
		if s.next < len(s.talk) {
			want = s.talk[s.next].Request
		}
		s.wrong = append(s.wrong, fmt.Sprintf("got  %s\nwant %s", m.Text, want))
		c.Disconnect()
		return
	}
	e := s.talk[s.next]
	s.next++
	if e.Response != "" {
		if d := document(e.Response); d != nil {
			_ = c.Respond(m.ID, m.Flags, d)
		}
	}
	for _, event := range e.Events {
		_ = c.EventText(event)
	}
}

func document(s string) *etree.Element {
	doc := etree.NewDocument()
	if doc.ReadFromString(s) != nil || text.Line(doc.Root()) == "" {
		return nil
	}
	return doc.Root()
}
