package based

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/password"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/remote"
)

// testLogins knows hacluster, with one password, and root, who is not in the group.
func testLogins(log loglevel.Logger) *logins {
	return &logins{
		log: log,
		member: func(user, group string) error {
			switch {
			case user == "hacluster" && group == "haclient":
				return nil
			case user == "root":
				return account.ErrNotMember
			}
			return account.ErrNoUser
		},
		check: func(_ context.Context, _, word string) error {
			if word != "geheim" {
				return password.ErrAuthentication
			}
			return nil
		},
	}
}

// lines is a log that can be read.
type lines struct{ *strings.Builder }

func (lines) Enabled(loglevel.Level) bool { return true }
func (l lines) Logf(_ loglevel.Level, format string, args ...any) {
	fmt.Fprintf(l, format+"\n", args...)
}

// serveRemotely serves an alone manager's clients on other machines.
func serveRemotely(t *testing.T, a *alone, secured secure) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { a.serveRemote(ctx, remoteListener{l, secured}, testLogins(a.log)) })
	t.Cleanup(func() { cancel(); all.Wait() })
	return l.Addr().String()
}

// remotely is the environment of a client.
func remotely(address string, more ...string) client.Options {
	_, port, _ := net.SplitHostPort(address)
	env := map[string]string{"CIB_port": port, "CIB_server": "127.0.0.1", "CIB_encrypted": "no", "CIB_passwd": "geheim"}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return client.Options{Getenv: func(name string) (string, bool) { value, ok := env[name]; return value, ok }}
}

func TestRemote(t *testing.T) {
	for _, tt := range []struct {
		name, encrypted string
		secured         secure
	}{{"clear", "no", nil}, {"TLS", "yes", encrypt}} {
		t.Run(tt.name, func(t *testing.T) {
			a := serve(t, t.TempDir())
			testRemote(t, a, remotely(serveRemotely(t, a, tt.secured), "CIB_encrypted", tt.encrypted))
		})
	}
}

// testRemote has clients change the CIB, hear of it, and be told of the end.
func testRemote(t *testing.T, a *alone, o client.Options) {
	ctx := within(t)
	var conns []client.Conn
	for range 2 {
		c, err := client.Open(ctx, "test", o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	if err := conns[1].Subscribe(ctx, client.NotifyDiff, true); err != nil {
		t.Fatal(err)
	}
	// The answer to this comes after the subscription has been read.
	number, err := conns[1].Send(ctx, call.Request{Op: call.Noop})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conns[1].Await(ctx, number); err != nil {
		t.Fatal(err)
	}
	nodes := element(t, `<nodes><node id="1" uname="a"/></nodes>`)
	if _, err := conns[0].Do(ctx, call.Request{Op: ops.Modify, Section: "nodes", Data: nodes}); err != nil {
		t.Error(err)
	}
	if e, err := conns[1].Event(ctx); err != nil || e.Kind != client.NotifyDiff || e.Message.SelectAttrValue("cib_op", "") != "cib_modify" {
		t.Error(e, err)
	}
	got, err := conns[1].Do(ctx, call.Request{Op: ops.Query})
	if err != nil || got.FindElement("configuration/nodes/node[@uname='a']") == nil || got.SelectAttrValue("update-client", "") != "test" || got.SelectAttrValue("update-user", "") != "hacluster" {
		t.Errorf("%v: %v", err, got)
	}
	a.shutdown()
	for _, c := range conns {
		select {
		case <-c.Done():
		case <-ctx.Done():
			t.Error("a client was not told of the end")
		}
	}
}

// TestRemoteRefused: who does not log in as he should is disconnected without a word, and others are
// served.
func TestRemoteRefused(t *testing.T) {
	a := serve(t, t.TempDir())
	address := serveRemotely(t, a, nil)
	for _, env := range [][]string{{"CIB_passwd", "falsch"}, {"CIB_user", "root"}, {"CIB_user", "nobody"}} {
		if _, err := client.Open(within(t), "test", remotely(address, env...)); !errors.Is(err, client.ErrProtocol) {
			t.Errorf("%v: %v", env, err)
		}
	}
	frame := func(text string) string {
		b, err := remote.Append(nil, 1, text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, sent := range map[string]string{
		"nothing, then an end": "",
		"half a header":        frame("x")[:20],
		"half a message":       frame("<x/>")[:42],
		"TLS":                  "\x16\x03\x01\x00\xc1\x01" + strings.Repeat("x", 200),
		"no XML":               frame("x"),
		"empty":                frame(""),
		"another tag":          frame(`<x op="authenticate" user="hacluster" password="geheim"/>`),
		"another operation":    frame(`<cib_command op="x" user="hacluster" password="geheim"/>`),
		"no password":          frame(`<cib_command op="authenticate" user="hacluster"/>`),
		"too much":             frame(strings.Repeat(" ", remote.MaxLogin)),
	} {
		c, err := net.Dial("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := c.Write([]byte(sent)); err != nil {
			t.Error(err)
		}
		if sent == "" {
			_ = c.(*net.TCPConn).CloseWrite()
		}
		if b, err := io.ReadAll(c); len(b) != 0 || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
		_ = c.Close()
	}
	if _, err := client.Open(within(t), "test", remotely(address, "CIB_encrypted", "yes")); client.RC(err) != crmexit.RC(syscall.EPERM) {
		t.Errorf("TLS where there is none: %v", err)
	}
	if _, err := client.Open(within(t), "test", remotely(serveRemotely(t, a, encrypt))); !errors.Is(err, client.ErrProtocol) {
		t.Errorf("none where there is TLS: %v", err)
	}
	c, err := client.Open(within(t), "test", remotely(address))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// TestRemoteNoise: what a client that has logged in says wrongly is passed over, as long as it is a
// message.
func TestRemoteNoise(t *testing.T) {
	a := serve(t, t.TempDir())
	c, err := net.Dial("tcp4", serveRemotely(t, a, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	messages := remote.NewConn(c)
	for _, text := range []string{
		`<cib_command op="authenticate" user="hacluster" password="geheim"/>`,
		`<other cib_op="cib_query" cib_callid="1" cib_callopt="4096"/>`, `no XML`, ``,
		`<cib_command cib_op="nothing known" cib_callid="2"/>`,
		`<cib_command cib_op="cib_ismaster"/>`,
		// As the reference's tools escape it.
		`<cib_command cib_op="cib_create" cib_section="nodes" cib_callid="4" cib_callopt="0"><cib_calldata><node id="1" uname="ü""/></cib_calldata></cib_command>`,
	} {
		if err := messages.Send(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`<cib_result cib_op="register" `, `<cib-reply t="cib" cib_op="cib_ismaster" cib_callid="`, `<cib-reply t="cib" cib_op="cib_create" cib_callid="4"`} {
		if got, err := messages.Receive(remote.MaxLogin); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s, %v", got, err)
		}
	}
	if _, err := c.Write([]byte(strings.Repeat("garbage", 10))); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(c); len(b) != 0 {
		t.Errorf("%q", b)
	}
}

func TestListenRemote(t *testing.T) {
	var log strings.Builder
	taken, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, tt := range []struct{ attributes, want string }{
		{``, ""}, {`remote-clear-port="0"`, ""},
		{`remote-clear-port="x"`, "Could not parse integer from 'x' (using -1 instead): No digits found\n"},
		{`remote-clear-port="` + port + `"`, "Starting plain-text listener on port " + port + "\nCannot bind to listener socket: address already in use\n"},
	} {
		log.Reset()
		if all := listenRemote(element(t, "<cib "+tt.attributes+"/>"), lines{&log}); len(all) != 0 || log.String() != tt.want {
			t.Errorf("%s: %v, %s", tt.attributes, all, log.String())
		}
	}
}
