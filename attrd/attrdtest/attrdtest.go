// Package attrdtest is a manager of node attributes for tests of its clients: it answers
// queries from a table and acknowledges the rest as pacemaker-attrd does, and remembers what it was asked.
// Tests alone import it.
package attrdtest

import (
	"context"
	"sync"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// Local is the node that the daemon is on.
const Local = "here"

// Values is what Serve knows: the values of each attribute, with their nodes.
type Values map[string][]wire.Attribute

// Sample has one attribute of two nodes, one of none and one with odd texts.
func Sample() Values {
	return Values{
		"color": {{Host: new(Local), Value: new("red")}, {Host: new("there"), Value: new("blue")}},
		"gone":  nil,
		"odd":   {{Host: new("there"), Value: new(`a "b" <c> & d`)}, {Host: new(Local)}},
		"empty": {{Host: new(Local), Value: new("")}},
	}
}

// Wrong answers, by the names of attributes that get them.
var wrong = map[string]string{
	"wrong-type":    `<build_query_reply t="other" subt="query"/>`,
	"wrong-subtype": `<build_query_reply t="attrd" subt="update" attr_name="wrong-subtype"><node attr_host="x" attr_value="y"/></build_query_reply>`,
	"no-type":       `<x/>`,
	"just-ack":      `<ack status="0"/>`,
	"old-reply":     `<build_query_reply t="attrd" attr_name="old-reply"><node attr_host="x" attr_value="y"/><other/></build_query_reply>`,
}

// Server is such a manager.
type Server struct {
	t      testing.TB
	values Values
	mu     sync.Mutex
	asked  []string
}

// Serve serves under a name until the test ends.
func Serve(t testing.TB, name string, values Values) *Server {
	t.Helper()
	s := &Server{t: t, values: values}
	l, err := ipc.Listen(ipc.Options{Name: name, Handler: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// Asked are the requests since it was last called, as text.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Connected takes everybody.
func (*Server) Connected(*ipc.Client) error { return nil }

// Disconnected has nothing to forget.
func (*Server) Disconnected(*ipc.Client) {}

// Request answers a request.
func (s *Server) Request(c *ipc.Client, r *ipc.Message) {
	s.mu.Lock()
	s.asked = append(s.asked, text.Line(r.XML))
	s.mu.Unlock()
	m, err := wire.Decode(r.XML)
	switch {
	case err != nil:
		s.t.Errorf("request %s: %v", text.Line(r.XML), err)
	case m.Task == wire.Query:
		err = c.Respond(r.ID, r.Flags, s.answer(m))
	default:
		err = c.Ack(r, ipc.Ack{Function: "attrd_client", Line: 1, Version: "4", Status: crmexit.Indeterminate})
	}
	if err != nil {
		s.t.Error(err)
	}
}

func (s *Server) answer(m *wire.Message) *etree.Element {
	if text, ok := wrong[*m.Name]; ok {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(text); err != nil {
			s.t.Error(err)
		}
		return doc.Root()
	}
	a := wire.Message{Tag: "build_query_reply", Answer: true, Version: wire.ProtocolVersion}
	values, ok := s.values[*m.Name]
	if !ok {
		return a.Encode()
	}
	a.Name = m.Name
	if m.Host == nil {
		a.Values = values
		return a.Encode()
	}
	host := *m.Host
	if host == "localhost" {
		host = Local
	}
	asked := wire.Attribute{Host: &host}
	for _, v := range values {
		if *v.Host == host {
			asked.Value = v.Value
		}
	}
	a.Values = []wire.Attribute{asked}
	return a.Encode()
}
