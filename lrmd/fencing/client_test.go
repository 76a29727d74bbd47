package fencing

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// fencer answers as the reference's does, with the results that it is told.
type fencer struct {
	mu     sync.Mutex // of all
	seen   []string
	result map[string]string // attributes of a reply, by operation
	hangUp bool
}

func (*fencer) Connected(*ipc.Client) error { return nil }
func (*fencer) Disconnected(*ipc.Client)    {}

func (f *fencer) Request(c *ipc.Client, m *ipc.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	op := m.XML.SelectAttrValue("st_op", "")
	if data := m.XML.SelectElement("st_calldata"); data != nil {
		f.seen = append(f.seen, op+" "+text.Line(data.ChildElements()[0]))
	}
	e := etree.NewElement("st-reply")
	e.CreateAttr("t", "stonith-ng")
	switch op {
	case "register":
		e.CreateAttr("st_op", op)
		e.CreateAttr("st_clientid", "token")
	default:
		if f.hangUp {
			c.Disconnect()
			return
		}
		e.CreateAttr("st_callid", m.XML.SelectAttrValue("st_callid", ""))
		for pair := range strings.FieldsSeq(f.result[op]) {
			name, value, _ := strings.Cut(pair, "=")
			e.CreateAttr(name, value)
		}
	}
	if op == opExecute {
		_ = c.Event(e)
	} else {
		_ = c.Respond(m.ID, m.Flags, e)
	}
}

func start(t *testing.T, f *fencer) (c *Client, lost chan bool) {
	t.Helper()
	name := fmt.Sprintf("stonith-test-%d-%s", os.Getpid(), strings.ReplaceAll(strings.ToLower(t.Name()), "/", "-"))
	s, err := ipc.Listen(ipc.Options{Name: name, Handler: f, ShmDir: t.TempDir()})
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
	dir := t.TempDir()
	for _, file := range []string{"usr/sbin/fence_x", "usr/lib/stonith/plugins/external/y"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lost = make(chan bool, 10)
	c = New(Options{
		Name: "test", Log: loglevel.Discard, Dial: ipc.DialOptions{AnyServer: true}, Service: name,
		Lost: func() { lost <- true }, Path: func(p string) string { return filepath.Join(dir, p) },
	})
	t.Cleanup(c.Close)
	return c, lost
}

const ok = "rc-code=0 op-status=0"

func TestDo(t *testing.T) {
	params := []wire.Param{{Name: "ip", Value: "1 & 2"}}
	for _, tt := range []struct {
		name   string
		fence  lrmd.Fence
		result map[string]string
		want   lrmd.FenceResult
		seen   []string
	}{
		{
			"start", lrmd.Fence{Action: lrmd.FenceStart, RscID: "f", Type: "fence_x", Params: params, TimeoutMilliseconds: 20_000},
			map[string]string{opAdd: ok, opExecute: ok}, lrmd.FenceResult{},
			[]string{
				`st_device_register <st_device_id id="f" st_origin="create_device_registration_xml" agent="fence_x" namespace="stonith-ng"><attributes ip="1 &amp; 2"/></st_device_id>`,
				`st_execute <st_device_id st_origin="stonith_api_call" st_device_id="f" st_device_action="monitor"/>`,
			},
		},
		{
			"plugin", lrmd.Fence{Action: lrmd.FenceStart, RscID: "f", Type: "external/y"},
			map[string]string{opAdd: "rc-code=2 op-status=9"}, lrmd.FenceResult{Code: 1, Status: lrmd.Failed, Reason: "Invalid argument"},
			[]string{`st_device_register <st_device_id id="f" st_origin="create_device_registration_xml" agent="fence_legacy" namespace="heartbeat"><attributes plugin="external/y"/></st_device_id>`},
		},
		{
			"stop", lrmd.Fence{Action: lrmd.FenceStop, RscID: "f"},
			map[string]string{opRemove: ok}, lrmd.FenceResult{Reason: "OK"},
			[]string{`st_device_remove <st_device_id st_origin="stonith_api_remove_device" id="f"/>`},
		},
		{
			"monitor", lrmd.Fence{Action: lrmd.FenceMonitor, RscID: "f"},
			map[string]string{opExecute: "rc-code=1 op-status=2 exit-reason=slow"}, lrmd.FenceResult{Code: 1, Status: lrmd.TimedOut, Reason: "slow"},
			[]string{`st_execute <st_device_id st_origin="stonith_api_call" st_device_id="f" st_device_action="monitor"/>`},
		},
		{
			"old fencer", lrmd.Fence{Action: lrmd.FenceMonitor, RscID: "f"},
			map[string]string{opExecute: "st_rc=-19"}, lrmd.FenceResult{Code: 1, Status: lrmd.NoFenceDevice, Reason: "No such device"}, nil,
		},
		{
			"no result", lrmd.Fence{Action: lrmd.FenceMonitor, RscID: "f"}, nil,
			lrmd.FenceResult{Code: 1, Status: lrmd.Failed, Reason: "Fencer reply contained neither a full result nor a legacy return code (bug?)"}, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &fencer{result: tt.result}
			c, _ := start(t, f)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			got := c.Do(ctx, &tt.fence)
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if tt.seen != nil && strings.Join(f.seen, "\n") != strings.Join(tt.seen, "\n") {
				t.Errorf("asked\n%s\nwant\n%s", strings.Join(f.seen, "\n"), strings.Join(tt.seen, "\n"))
			}
		})
	}
}

// A fencer that goes fails what it was asked for, and the next question finds another.
func TestLost(t *testing.T) {
	f := &fencer{hangUp: true, result: map[string]string{opExecute: ok}}
	c, lost := start(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	monitor := lrmd.Fence{Action: lrmd.FenceMonitor, RscID: "f"}
	if res := c.Do(ctx, &monitor); res.Status != lrmd.NotConnected {
		t.Errorf("%+v", res)
	}
	<-lost
	f.mu.Lock()
	f.hangUp = false
	f.mu.Unlock()
	if res := c.Do(ctx, &monitor); res != (lrmd.FenceResult{}) {
		t.Errorf("%+v", res)
	}
}

func TestLegacy(t *testing.T) {
	for errno, status := range statuses() {
		if res := legacy(errno); res.Status != status || res.Code == 0 {
			t.Errorf("%v: %+v", errno, res)
		}
	}
	for status, want := range map[lrmd.Status]syscall.Errno{
		lrmd.Pending: syscall.EINPROGRESS, lrmd.Cancelled: syscall.ECANCELED, lrmd.NoSecrets: syscall.EACCES, lrmd.Failed: syscall.ENODATA, lrmd.Invalid: syscall.ENODATA,
	} {
		if got := errnoOf(&lrmd.FenceResult{Code: 1, Status: status}); got != want {
			t.Errorf("%v: %v", status, got)
		}
	}
}
