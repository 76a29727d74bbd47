package fenced

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// TestOptions: what a caller gets who does not want the daemon to run.
func TestOptions(t *testing.T) {
	metadata, err := os.ReadFile("testdata/metadata.xml") // what the reference prints
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/lib/pacemaker/pacemaker-fenced"
	for _, tt := range []struct {
		args        []string
		code        int
		out, failed string
	}{
		{[]string{"--version"}, 0, "Pacemaker 2.1.5\n", ""},
		{[]string{"--help"}, 0, help, ""},
		{[]string{"-?"}, 0, help, ""},
		{[]string{"metadata"}, 0, string(metadata), ""},
		{[]string{"METADATA"}, 0, string(metadata), ""},
		{[]string{"foo"}, 64, "", help},
		{[]string{"metadata", "metadata"}, 64, "", help},
		{[]string{"-f"}, 64, "", program + ": invalid option -- 'f'\n" + help},
	} {
		var out, failed bytes.Buffer
		code := Main(append([]string{program}, tt.args...), strings.NewReader(""), &out, &failed)
		if code != tt.code || !strings.HasPrefix(out.String(), tt.out) || failed.String() != tt.failed {
			t.Errorf("%q: %d, %q, %q, want %d, %q, %q", tt.args, code, out.String(), failed.String(), tt.code, tt.out, tt.failed)
		}
	}
}

// quiet is a log that nobody reads.
type quiet struct{ loglevel.Logger }

func (quiet) LogfAt(loglevel.Level, string, string, ...any) {}

// agentScript is a fence agent that writes down what it was called for.
const agentScript = `#!/bin/sh
in=$(cat)
action=$(printf "%s\n" "$in" | sed -n 's/^action=//p')
case $action in
metadata) echo '<resource-agent name="fence_test"><parameters><parameter name="plug"/></parameters><actions><action name="on"/><action name="off"/><action name="reboot"/><action name="list"/><action name="monitor"/></actions></resource-agent>'; exit 0 ;;
list) echo n1; echo n2; exit 0 ;;
esac
printf "%s\n" "$in" >>"$0.calls"
! printf "%s\n" "$in" | grep -q nodename=bad
`

// TestAlone talks to a fencer without a cluster over real sockets.
func TestAlone(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "fence_test")
	if err := os.WriteFile(script, []byte(agentScript), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newServer(quiet{loglevel.Discard}, func(string) (string, bool) { return "", false })
	s.agents.Dir = dir
	s.begin(nil)
	name := fmt.Sprintf("fenced-test-%d", os.Getpid())
	srv, err := ipc.Listen(ipc.Options{Name: name, Handler: s, Locker: &s.mu, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.all.Go(func() {
		if err := srv.Serve(s.ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.end)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, "test", client.Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root := os.Geteuid() == 0
	err = c.Register(ctx, &wire.Device{ID: "d", Agent: "fence_test", Namespace: wire.NamespaceRHCS, Params: []wire.Param{{Name: "pcmk_host_list", Value: "n1 bad"}, {Name: "pcmk_off_retries", Value: "1"}}})
	if !root {
		if client.RC(err) != crmexit.RC(syscall.EACCES) {
			t.Errorf("who is nobody registers a device: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"n1": "[d]", "n2": "[]", "": "[d]"} {
		if ids, err := c.Query(ctx, target, 10); err != nil || fmt.Sprint(ids) != want {
			t.Errorf("devices for %q: %v, %v", target, ids, err)
		}
	}
	// Line feeds in attributes are two characters between Pacemaker's programs.
	if out, err := c.Exec(ctx, &wire.ExecRequest{Device: "d", Action: "list"}, 10); err != nil || out != `n1\nn2\n` {
		t.Errorf("list: %q, %v", out, err)
	}
	if err := c.Subscribe(ctx, wire.NotifyFence); err != nil {
		t.Fatal(err)
	}
	for target, ok := range map[string]bool{"n1": true, "bad": false, "n2": false} {
		call, err := c.Fence(ctx, &wire.Fence{Target: target, Action: "off", Timeout: 10})
		if err != nil {
			t.Fatal(err)
		}
		replied, told := false, false
		for !replied || !told {
			ev, err := c.Event(ctx)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case ev.Reply != nil && ev.Reply.CallID == call:
				replied = true
				if ev.Reply.Result.OK() != ok {
					t.Errorf("%s: %+v", target, ev.Reply.Result)
				}
			case ev.Notification != nil && ev.Notification.Kind == wire.NotifyFence:
				told = true
				if ev.Notification.Target != target || ev.Notification.Result.OK() != ok {
					t.Errorf("%s: %+v", target, ev.Notification)
				}
			}
		}
	}
	calls, err := os.ReadFile(script + ".calls")
	if err != nil || strings.Count(string(calls), "action=off\n") != 2 || !strings.Contains(string(calls), "plug=n1\n") {
		t.Errorf("called with %q, %v", calls, err)
	}
	if err := c.Remove(ctx, "d"); err != nil {
		t.Error(err)
	}
	if ids, err := c.Query(ctx, "", 10); err != nil || len(ids) != 0 {
		t.Errorf("devices after that: %v, %v", ids, err)
	}
}
