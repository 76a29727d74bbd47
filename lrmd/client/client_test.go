package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// executor registers clients of one version of the protocol, and takes alerts only.
type executor struct {
	t       *testing.T
	version string
}

func (*executor) Connected(*ipc.Client) error { return nil }
func (*executor) Disconnected(*ipc.Client)    {}

func (x *executor) Request(c *ipc.Client, m *ipc.Message) {
	r, err := wire.ParseRequest(m.XML)
	if err != nil {
		x.t.Error(err)
	}
	reply := wire.Reply{Origin: "test", CallID: 3}
	var e *etree.Element
	switch {
	case r.Op == wire.OpRegister && r.Version == x.version:
		e = reply.Registered("token")
	case r.Op == wire.OpAlertExec && m.XML.SelectAttrValue("lrmd_async_id", "") == "token":
		reply.RC = 3
		e = reply.Element()
		_ = c.Event(wire.NewClient())
	case r.Op == wire.OpPoke:
		c.Disconnect()
		return
	default:
		reply.RC = -71
		e = reply.Element()
	}
	if err := c.Respond(m.ID, m.Flags, e); err != nil {
		x.t.Error(err)
	}
}

func serve(t *testing.T, version string) Options {
	name := fmt.Sprintf("lrmd-test-%d-%s", os.Getpid(), version)
	s, err := ipc.Listen(ipc.Options{Name: name, Handler: &executor{t, version}, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
	})
	return Options{Service: name, Dial: ipc.DialOptions{AnyServer: true}}
}

func TestConn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := Open(ctx, "test", serve(t, wire.Version))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if rc, err := c.Call(ctx, &wire.Request{Op: wire.OpAlertExec, AlertID: "a"}); rc != 3 || err != nil {
		t.Errorf("alert: %d, %v", rc, err)
	}
	if e, err := c.Event(ctx); err != nil || e.SelectAttrValue("lrmd_op", "") != wire.OpNewClient {
		t.Errorf("event: %v, %v", e, err)
	}
	var refused *Refused
	if _, err := c.Call(ctx, &wire.Request{Op: wire.OpCheck}); !errors.As(err, &refused) || refused.RC != -71 {
		t.Errorf("a request that is refused: %v", err)
	}
	if _, err := c.Call(ctx, &wire.Request{Op: wire.OpPoke}); err == nil {
		t.Error("no error when the executor hangs up")
	}
	c.Drain(ctx)
	<-c.Done()
}

// TestOtherVersion: an executor with another protocol does not register us.
func TestOtherVersion(t *testing.T) {
	var refused *Refused
	if _, err := Open(t.Context(), "test", serve(t, "9.9")); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}
