package ipc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// service calls what is set.
type service struct {
	request func(*Client, *Message)
	clients chan *Client
	gone    chan *Client
}

func (s *service) Connected(c *Client) error     { s.clients <- c; return nil }
func (s *service) Request(c *Client, m *Message) { s.request(c, m) }
func (s *service) Disconnected(c *Client)        { s.gone <- c }
func element(tag string, attrs ...string) *etree.Element {
	e := etree.NewElement(tag)
	for i := 0; i < len(attrs); i += 2 {
		e.CreateAttr(attrs[i], attrs[i+1])
	}
	return e
}

var names atomic.Int32

// start runs a service until the test ends.
func start(t *testing.T, request func(*Client, *Message), change func(*Options)) (*service, Options) {
	t.Helper()
	s := &service{request: request, clients: make(chan *Client, 10), gone: make(chan *Client, 10)}
	o := Options{Name: fmt.Sprintf("pcmk-test-%d-%d", os.Getpid(), names.Add(1)), Handler: s, ShmDir: t.TempDir()}
	if change != nil {
		change(&o)
	}
	srv, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
	})
	return s, o
}

func dial(t *testing.T, o Options) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), o.Name, DialOptions{AnyServer: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestConversation(t *testing.T) {
	for _, transport := range []string{"", "socket"} {
		s, o := start(t, func(c *Client, m *Message) {
			if err := c.Ack(m, Ack{Function: "f", Line: 7, Status: crmexit.Indeterminate}); err != nil {
				t.Error(err)
			}
			if err := c.Event(m.XML); err != nil {
				t.Error(err)
			}
		}, func(o *Options) { o.Type = transport })
		c := dial(t, o)
		ctx := within(t)
		r, err := c.Call(ctx, element("q", "n", "1"))
		if err != nil {
			t.Fatal(err)
		}
		if got := text.Line(r.XML); got != `<ack function="f" line="7" status="112"/>` || r.Flags != frame.ClientResponse|frame.Freed {
			t.Errorf("response %#x %s", r.Flags, got)
		}
		if _, err := c.Send(ctx, element("q", "n", "2")); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`<q n="1"/>`, `<q n="2"/>`} {
			ev, err := c.Event(ctx)
			if err != nil || text.Line(ev.XML) != want || ev.Flags != frame.ServerEvent|frame.Freed {
				t.Errorf("event %+v, %v, want %s", ev, err, want)
			}
		}
		client := <-s.clients
		me, err := user.Current()
		if err != nil {
			t.Skip("this user has no name:", err)
		}
		if client.User != me.Username || client.Privileged != (me.Uid == "0" || me.Username == account.ClusterUser) ||
			client.PID() != os.Getpid() || strconv.Itoa(int(client.UID())) != me.Uid || client.String() != client.ID {
			t.Errorf("client %+v", client)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if got := <-s.gone; got != client {
			t.Errorf("%v has gone instead of %v", got, client)
		}
	}
}

// What is larger than a connection's messages goes compressed, and what is too large even
// then is an error for its sender alone.
func TestLarge(t *testing.T) {
	sent := make(chan error, 1)
	_, o := start(t, func(c *Client, m *Message) {
		value := strings.Repeat("x", 1<<20)
		if m.XML.Tag == "noise" {
			var b strings.Builder
			for i := range uint64(100_000) {
				fmt.Fprintf(&b, "%016x", (i+1)*0x9e3779b97f4a7c15)
			}
			value = b.String()
		}
		sent <- c.Respond(m.ID, m.Flags, element("r", "v", value))
		if m.XML.Tag == "noise" {
			_ = c.Ack(m, Ack{Status: crmexit.Error})
		}
	}, nil)
	c := dial(t, o)
	ctx := within(t)
	r, err := c.Call(ctx, element("q", "v", strings.Repeat("y", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil || len(r.XML.SelectAttrValue("v", "")) != 1<<20 || !r.Flags.Has(frame.Compressed) {
		t.Errorf("%v, %#x", err, r.Flags)
	}
	if _, err := c.Call(ctx, element("noise")); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; !errors.Is(err, frame.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// TestSlowReader: a client that reads late gets everything in order, however much it is.
func TestSlowReader(t *testing.T) {
	const count = 20_000
	_, o := start(t, func(c *Client, m *Message) {
		for i := range count {
			if err := c.Event(element("e", "n", strconv.Itoa(i), "pad", strings.Repeat("p", 100))); err != nil {
				t.Error(err)
			}
		}
		_ = c.Ack(m, Ack{})
	}, nil)
	c := dial(t, o)
	ctx := within(t)
	if _, err := c.Call(ctx, element("q")); err != nil {
		t.Fatal(err)
	}
	for i := range count {
		ev, err := c.Event(ctx)
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if got := ev.XML.SelectAttrValue("n", ""); got != strconv.Itoa(i) {
			t.Fatalf("event %s, want %d", got, i)
		}
	}
}

// TestNeverReads: one that does not read at all is disconnected at the bound.
func TestNeverReads(t *testing.T) {
	s, o := start(t, func(c *Client, _ *Message) {
		for range 100 {
			_ = c.Event(element("e", "pad", strings.Repeat("p", 50_000)))
		}
	}, func(o *Options) { o.MaxQueued = 1 << 20 })
	c := dial(t, o)
	if _, err := c.Send(within(t), element("q")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.gone:
	case <-within(t).Done():
		t.Error("it is still there")
	}
}

// A proxy gets its responses as events.
func TestProxy(t *testing.T) {
	_, o := start(t, func(c *Client, m *Message) {
		if err := c.Ack(m, Ack{}); err != nil {
			t.Error(err)
		}
	}, nil)
	qc, err := client.Dial(t.Context(), o.Name, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer qc.Close()
	b, err := frame.Encode(nil, &frame.Message{ID: 3, Flags: frame.Proxied | frame.ClientResponse, Text: "<q/>"}, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	if err := qc.Send(b); err != nil {
		t.Fatal(err)
	}
	raw, err := qc.Event(within(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := frame.Decode(raw)
	if want := frame.Proxied | frame.ClientResponse | frame.ServerEvent | frame.ProxyResponse | frame.Freed; err != nil || m.Flags != want {
		t.Errorf("%+v, %v, want flags %#x", m, err, want)
	}
}

// What is no message reaches the handler as such, and the client stays.
func TestGarbage(t *testing.T) {
	seen := make(chan error, 10)
	_, o := start(t, func(c *Client, m *Message) {
		seen <- m.Err
		_ = c.Ack(m, Ack{Status: crmexit.Protocol})
	}, nil)
	qc, err := client.Dial(t.Context(), o.Name, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer qc.Close()
	ctx := within(t)
	for _, document := range []string{"", "no XML", "\x01"} {
		b, err := frame.Encode(nil, &frame.Message{ID: 3, Flags: frame.ClientResponse, Text: document}, 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := qc.Call(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-seen; err == nil || !strings.HasPrefix(err.Error(), "text: ") {
			t.Errorf("%q: %v", document, err)
		}
		if m, err := frame.Decode(raw); err != nil || m.Text != `<ack function="" line="0" status="76"/>` {
			t.Errorf("%q: %+v, %v", document, m, err)
		}
	}
}

func TestListenTwice(t *testing.T) {
	s, o := start(t, func(*Client, *Message) {}, nil)
	o.Handler = s
	if _, err := Listen(o); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
}

func TestAuthentic(t *testing.T) {
	a := account.IDs{UID: 100, GID: 200, Known: true}
	for _, tt := range []struct {
		server client.Server
		a      account.IDs
		want   bool
	}{
		{client.Server{UID: 0, GID: 0}, account.IDs{}, true},
		{client.Server{UID: 100, GID: 1}, a, true},
		{client.Server{UID: 1, GID: 200}, a, true},
		{client.Server{UID: 1, GID: 1}, a, false},
		{client.Server{UID: 100, GID: 200}, account.IDs{UID: 100, GID: 200}, false},
	} {
		if got := authentic(tt.server, tt.a); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
