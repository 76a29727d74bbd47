package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// manager answers as pacemaker-based does, or as it should not.
type manager struct {
	t      *testing.T
	answer func(op string, request *etree.Element) string
}

func (m *manager) Connected(*ipc.Client) error { return nil }
func (m *manager) Disconnected(*ipc.Client)    {}
func (m *manager) Request(c *ipc.Client, r *ipc.Message) {
	doc, err := xmltree.Parse([]byte(m.answer(r.XML.SelectAttrValue("cib_op", ""), r.XML)), xmltree.KeepText)
	if err != nil {
		m.t.Error(err)
		return
	}
	if err := c.Respond(r.ID, 0, doc.Root()); err != nil {
		m.t.Error(err)
	}
}

var names atomic.Int32

// serve runs a CIB manager until the test ends, and gives the options to reach it.
func serve(t *testing.T, answer func(op string, request *etree.Element) string) Options {
	t.Helper()
	return serveBy(t, &manager{t, answer})
}

func serveBy(t *testing.T, h ipc.Handler) Options {
	t.Helper()
	name := fmt.Sprintf("cib-test-%d-%d", os.Getpid(), names.Add(1))
	s, err := ipc.Listen(ipc.Options{Name: name, Handler: h, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return Options{Cluster: true, Service: name, IPC: ipc.DialOptions{AnyServer: true}}
}

const registered = `<cib_command cib_op="register" cib_clientid="c1"/>`

func TestQuery(t *testing.T) {
	o := serve(t, func(op string, r *etree.Element) string {
		if op == "register" {
			return registered
		}
		if got := r.SelectAttrValue("cib_async_id", ""); got != "c1" || op != "cib_query" {
			t.Errorf("%s by %s", op, got)
		}
		return fmt.Sprintf(`<cib-reply t="cib" cib_op="cib_query" cib_callid="%s" cib_rc="0"><cib_calldata><%s epoch="7"/></cib_calldata></cib-reply>`,
			r.SelectAttrValue("cib_callid", ""), r.SelectAttrValue("cib_section", "cib"))
	})
	c, err := Open(t.Context(), "test", o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, section := range []string{"", "resources"} {
		e, err := c.Do(t.Context(), call.Request{Op: ops.Query, Section: section})
		if err != nil || e.SelectAttrValue("epoch", "") != "7" || section != "" && e.Tag != section || e.Parent() != nil {
			t.Errorf("%q: %v, %v", section, e, err)
		}
	}
}

func TestBadAnswers(t *testing.T) {
	for _, tt := range []struct {
		register, query string
		want            crmexit.RC
	}{
		{`<x/>`, "", crmexit.RC(71)}, // EPROTO
		{`<x cib_op="register"/>`, "", crmexit.RC(71)},
		{registered, `<x/>`, crmexit.RC(71)},
		{registered, `<x cib_callid="1"/>`, crmexit.RC(71)},
		{registered, `<x t="cib" cib_callid="2" cib_rc="0"/>`, crmexit.RC(71)},
		{registered, `<x cib_callid="1" cib_rc="0"><cib_calldata/></x>`, crmexit.RC(71)},
		{registered, `<x cib_callid="1" cib_rc="-6"/>`, crmexit.RC(6)},
	} {
		o := serve(t, func(op string, _ *etree.Element) string {
			if op == "register" {
				return tt.register
			}
			return tt.query
		})
		c, err := Open(t.Context(), "test", o)
		if err == nil {
			_, err = c.Do(t.Context(), call.Request{Op: ops.Query})
			c.Close()
		}
		if RC(err) != tt.want {
			t.Errorf("%s, %s: %v, result %d, want %d", tt.register, tt.query, err, RC(err), tt.want)
		}
	}
	if _, err := Open(t.Context(), "test", Options{Cluster: true, Service: "no-such-service"}); err == nil || RC(err) != 107 {
		t.Errorf("no service: %v", err)
	}
	if RC(nil) != crmexit.RCOK || !errors.Is(fmt.Errorf("%w", ErrProtocol), ErrProtocol) {
		t.Error("RC of no error")
	}
}
