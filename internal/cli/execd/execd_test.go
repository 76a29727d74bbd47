package execd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// content is a fencer that is content with everything.
type content struct{}

func (content) Do(context.Context, *lrmd.Fence) lrmd.FenceResult { return lrmd.FenceResult{} }

// served is a running handler with a client.
type served struct {
	t     *testing.T
	h     *handler
	name  string
	conn  *ipc.Conn
	token string
	ctx   context.Context
	// root may ask for everything.
	root bool
}

func start(t *testing.T) *served {
	t.Helper()
	dir := t.TempDir()
	ocf := filepath.Join(dir, agent.OCFPath, "p")
	if err := os.MkdirAll(ocf, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ocf, "a"), []byte("#!/bin/sh\n[ $1 != monitor ] || exit 7\necho $OCF_RESKEY_x\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	runner := agent.New(agent.Options{
		Env: os.Environ(), Log: loglevel.Discard, Path: func(p string) string { return filepath.Join(dir, p) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	d := &served{t: t, h: newHandler(ctx, loglevel.Discard, runner, content{}), root: os.Geteuid() == 0}
	d.name = fmt.Sprintf("lrmd-test-%d-%s", os.Getpid(), strings.ToLower(t.Name()))
	s, err := ipc.Listen(ipc.Options{Name: d.name, Handler: d.h, Locker: &d.h.mu, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
		d.h.shutdown()
	})
	var stop context.CancelFunc
	d.ctx, stop = context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	d.conn = d.dial()
	d.token = d.call(&wire.Request{Op: wire.OpRegister, ClientName: "test", Version: wire.Version}, 0)
	return d
}

func (d *served) dial() *ipc.Conn {
	d.t.Helper()
	c, err := ipc.Dial(d.ctx, d.name, ipc.DialOptions{AnyServer: true})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	return c
}

// call asks, and checks the reply's number: any positive one for 1.
func (d *served) call(r *wire.Request, want int) (token string) {
	d.t.Helper()
	m, err := d.conn.Call(d.ctx, r.Element(d.token))
	if err != nil {
		d.t.Fatal(err)
	}
	reply, token, err := wire.ParseReply(m.XML)
	if !d.root && privilegedOps[r.Op] {
		want = -13
	}
	if err != nil || min(reply.RC, 1) != want {
		d.t.Errorf("%s: %+v, %v, want %d", r.Op, reply, err, want)
	}
	return token
}

// completion waits for the next operation that is done.
func (d *served) completion() wire.Completion {
	d.t.Helper()
	for {
		m, err := d.conn.Event(d.ctx)
		if err != nil {
			d.t.Fatal(err)
		}
		if c, ok, err := wire.ParseCompletion(m.XML); ok {
			if err != nil {
				d.t.Error(err)
			}
			return c
		}
	}
}

func TestConversation(t *testing.T) {
	d := start(t)
	d.call(&wire.Request{Op: wire.OpRscRegister, RscID: "r", Class: "ocf", Provider: "p", Type: "a"}, 0)
	d.call(&wire.Request{Op: wire.OpRscInfo, RscID: "r"}, 0)
	d.call(&wire.Request{Op: wire.OpRscInfo, RscID: "s"}, -19)
	d.call(&wire.Request{Op: wire.OpRscExec, RscID: "r", Action: "start", Timeout: 20_000, Params: []wire.Param{{Name: "x", Value: "y"}}}, 1)
	if d.root {
		if c := d.completion(); c.Action != "start" || c.Code != 0 || c.Output != `y\n` || c.CallID != 5 {
			t.Errorf("%+v", c)
		}
	}
	d.call(&wire.Request{Op: wire.OpRscExec, RscID: "r", Action: "monitor", Interval: 50, Timeout: 20_000, Options: wire.NotifyOriginOnly}, 1)
	if d.root {
		for range 3 {
			if c := d.completion(); c.Action != "monitor" || c.Code != 7 {
				t.Errorf("%+v", c)
			}
		}
	}
	d.call(&wire.Request{Op: wire.OpGetRecurring}, 0)
	d.call(&wire.Request{Op: wire.OpRscCancel, RscID: "r", Action: "monitor", Interval: 50}, 0)
	d.call(&wire.Request{Op: wire.OpRscCancel, RscID: "r", Action: "monitor", Interval: 50}, -95)
	d.call(&wire.Request{Op: wire.OpRscCancel, RscID: "r"}, -22)
	d.call(&wire.Request{Op: wire.OpRscExec}, -22)
	d.call(&wire.Request{Op: wire.OpAlertExec}, -22)
	d.call(&wire.Request{Op: wire.OpRscUnreg, RscID: "r"}, 0)
	d.call(&wire.Request{Op: wire.OpRscUnreg}, -19)
	d.call(&wire.Request{Op: wire.OpPoke}, 0)
	d.call(&wire.Request{Op: wire.OpForward}, -93)
	d.call(&wire.Request{Op: "odd"}, -95)
	d.call(&wire.Request{Op: wire.OpRegister, Version: "0.1"}, -71)
	d.call(&wire.Request{Op: wire.OpRegister, Version: wire.Version, Proxy: true}, -93)
}

// A fence device is the fencer's.
func TestFencing(t *testing.T) {
	d := start(t)
	d.call(&wire.Request{Op: wire.OpRscRegister, RscID: "f", Class: "stonith", Type: "fence_x"}, 0)
	d.call(&wire.Request{Op: wire.OpRscExec, RscID: "f", Action: "start", Timeout: 20_000}, 1)
	if d.root {
		if c := d.completion(); c.Action != "start" || c.Code != 0 || c.Status != int(lrmd.Done) {
			t.Errorf("%+v", c)
		}
	}
}

// Clients hear of each other, once they have a name.
func TestNewClient(t *testing.T) {
	d := start(t)
	d.dial()
	m, err := d.conn.Event(d.ctx)
	if err != nil || m.XML.SelectAttrValue("lrmd_op", "") != wire.OpNewClient {
		t.Errorf("%+v, %v", m, err)
	}
}

// What is no request, or wants no reply, harms nobody.
func TestGarbage(t *testing.T) {
	d := start(t)
	qc, err := client.Dial(d.ctx, d.name, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer qc.Close()
	for _, tt := range []struct {
		flags    frame.Flags
		document string
	}{
		{frame.ClientResponse, "lrmd_command"}, {0, `<lrmd_command lrmd_op="lrmd_rsc_poke"/>`},
	} {
		b, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: tt.flags, Text: tt.document}, 1<<16)
		if err == nil {
			err = qc.Send(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := frame.Encode(nil, &frame.Message{ID: 2, Flags: frame.ClientResponse,
		Text: `<lrmd_command lrmd_op="lrmd_rsc_exec"><x><lrmd_rsc lrmd_rsc_interval="soon"/></x></lrmd_command>`}, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := qc.Call(d.ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := frame.Decode(raw); err != nil || !strings.Contains(m.Text, `lrmd_rc="-22"`) {
		t.Errorf("%s, %v", m.Text, err)
	}
	d.call(&wire.Request{Op: wire.OpPoke}, 0)
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args        []string
		code        int
		out, errors string
	}{
		{[]string{"-?"}, 0, help, ""},
		{[]string{"--help"}, 0, help, ""},
		{[]string{"-$"}, 0, "Pacemaker 2.1.5\nWritten by Andrew Beekhof and the Pacemaker project contributors\n", ""},
		{[]string{"--bogus"}, 64, "", name + ": unrecognized option '--bogus'\n" + help},
		{[]string{"-l"}, 64, "", name + ": option requires an argument -- 'l'\n" + help},
	} {
		var out, errw bytes.Buffer
		if code := Main(append([]string{name}, tt.args...), nil, &out, &errw); code != tt.code || out.String() != tt.out || errw.String() != tt.errors {
			t.Errorf("%v: %d\n%s\n%s", tt.args, code, out.String(), errw.String())
		}
	}
}

func TestInheritance(t *testing.T) {
	for _, tt := range []struct{ own, want []string }{
		{
			[]string{"A=b", "NOTIFY_SOCKET=/x"},
			[]string{"A=b", "HA_LOGFACILITY=daemon", "HA_LOGFILE=/var/log/pacemaker/pacemaker.log", "HA_logfacility=daemon",
				"HA_logfile=/var/log/pacemaker/pacemaker.log", "PCMK_logfacility=daemon", "PCMK_logfile=/var/log/pacemaker/pacemaker.log", "PCMK_service=pacemaker-execd"},
		},
		{
			[]string{"PCMK_logfacility=none", "PCMK_logfile=/l", "PCMK_debug=yes"},
			[]string{"HA_DEBUGLOG=/l", "HA_LOGFILE=/l", "PCMK_debug=yes", "PCMK_logfacility=none", "PCMK_logfile=/l", "PCMK_service=pacemaker-execd"},
		},
	} {
		lookup := func(n string) (string, bool) {
			for _, s := range tt.own {
				if k, v, _ := strings.Cut(s, "="); k == n {
					return v, true
				}
			}
			return "", false
		}
		if got := inheritance(tt.own, lookup); !slices.Equal(got, tt.want) {
			t.Errorf("got\n%q\nwant\n%q", got, tt.want)
		}
	}
}
