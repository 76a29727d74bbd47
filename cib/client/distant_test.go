package client

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/remote"
)

// answerer is a daemon on another machine: what it answers to the nth message of a connection, nothing
// if that is "", and then it hangs up if that is "end".
type answerer func(connection, n int, message string) string

// serveRemote serves until the test ends; the options lead there.
func serveRemote(t *testing.T, answer answerer) Options {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for connection := 0; ; connection++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				messages := remote.NewConn(conn)
				for n := 0; ; n++ {
					message, err := messages.Receive(remote.MaxLogin)
					if err != nil {
						return
					}
					switch text := answer(connection, n, message); text {
					case "":
					case "end":
						return
					default:
						if err := messages.Send(text); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	env := map[string]string{"CIB_port": port, "CIB_server": "127.0.0.1", "CIB_encrypted": "no", "CIB_passwd": "geheim"}
	return Options{Getenv: func(name string) (string, bool) { value, ok := env[name]; return value, ok }}
}

func TestRemote(t *testing.T) {
	var mu sync.Mutex
	var got [2][]string
	o := serveRemote(t, func(connection, n int, message string) string {
		mu.Lock()
		defer mu.Unlock()
		got[connection] = append(got[connection], message)
		switch {
		case n == 0:
			return fmt.Sprintf(`<cib_result cib_op="register" cib_clientid="token%d"/>`, connection)
		case strings.Contains(message, "cib_notify"):
			return `<notify t="cib_notify" subt="cib_diff_notify" cib_op="cib_modify" cib_rc="0"/>`
		case strings.Contains(message, `cib_op="noop"`):
			return `<cib-reply t="cib" cib_op="noop" cib_callid="3" cib_rc="0"/>`
		case strings.Contains(message, "cib_query"):
			return `<cib-reply t="cib" cib_op="cib_query" cib_callid="1" cib_rc="0"><cib_calldata><nodes/></cib_calldata></cib-reply>`
		}
		return `<cib-reply t="cib" cib_op="cib_modify" cib_callid="2" cib_rc="-13"/>`
	})
	ctx := within(t)
	c, err := Open(ctx, "test", o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if answer, err := c.Do(ctx, call.Request{Op: ops.Query, Section: "nodes"}); err != nil || answer.Tag != "nodes" {
		t.Errorf("%v, %v", answer, err)
	}
	if _, err := c.Do(ctx, call.Request{Op: ops.Modify, Data: element(t, `<nodes/>`), User: "anna"}); err == nil || RC(err).String() != "Permission denied" {
		t.Error(err)
	}
	if err := c.Subscribe(ctx, NotifyDiff, true); err != nil {
		t.Error(err)
	}
	if number, err := c.Send(ctx, call.Request{Op: call.Noop}); err != nil || number != 3 {
		t.Error(number, err)
	}
	if e, err := c.Await(ctx, 3); err != nil || e.Op != call.Noop {
		t.Error(e, err)
	}
	if e, err := c.Event(ctx); err != nil || e.Kind != NotifyDiff {
		t.Error(e, err)
	}
	mu.Lock()
	defer mu.Unlock()
	const login = `<cib_command op="authenticate" user="hacluster" password="geheim" hidden="password" name="test"/>`
	want := [2][]string{{
		login,
		`<cib_command __name__="cib_command" t="cib" cib_async_id="token1" cib_op="cib_query" cib_section="nodes" cib_callid="1" cib_callopt="4096"/>`,
		`<cib_command __name__="cib_command" t="cib" cib_async_id="token1" cib_op="cib_modify" cib_callid="2" cib_callopt="4096"><cib_calldata><nodes/></cib_calldata></cib_command>`,
	}, {
		login,
		`<cib_command cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1"/>`,
		`<cib_command __name__="cib_command" t="cib" cib_async_id="token1" cib_op="noop" cib_callid="3" cib_callopt="0"/>`,
	}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRemoteRefused: the texts are those with which the reference's tools fail.
func TestRemoteRefused(t *testing.T) {
	login := `<cib_result cib_op="register" cib_clientid="x"/>`
	for _, tt := range []struct {
		name, want string
		answer     answerer
	}{
		{"hung up", "Protocol error", func(int, int, string) string { return "end" }},
		{"something else", "Protocol error", func(int, int, string) string { return `<cib_result cib_op="other" cib_clientid="x"/>` }},
		{"no token", "Protocol error", func(int, int, string) string { return `<cib_result cib_op="register"/>` }},
		{"no XML", "Protocol error", func(int, int, string) string { return "x" }},
		{"hung up on the second", "Protocol error", func(connection, _ int, _ string) string { return []string{login, "end"}[connection] }},
	} {
		_, err := Open(within(t), "test", serveRemote(t, tt.answer))
		if err == nil || RC(err).String() != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, tt := range []struct {
		name, want string
		answer     string
	}{
		{"hung up", "Transport endpoint is not connected", "end"},
		{"no XML", "No message of desired type", "x"},
		{"no number", "No message of desired type", ""},
	} {
		o := serveRemote(t, func(_, n int, _ string) string { return []string{login, tt.answer}[n] })
		o.Timeout = 50 * time.Millisecond
		c, err := Open(within(t), "test", o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(context.Background(), call.Request{Op: ops.Query}); err == nil || RC(err).String() != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		<-c.Done()
		if _, err := c.Event(within(t)); err == nil {
			t.Error("an event of a connection that has ended")
		}
		_ = c.Close()
	}
	var closed Options
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	closed.Getenv = func(name string) (string, bool) {
		return map[string]string{"CIB_port": port, "CIB_server": "127.0.0.1"}[name], name == "CIB_port" || name == "CIB_server"
	}
	if _, err := Open(within(t), "test", closed); err == nil || RC(err).String() != "Transport endpoint is not connected" {
		t.Error(err)
	}
}
