package based

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/disk"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// TestCommandLine compares with what the reference prints.
func TestCommandLine(t *testing.T) {
	metadata, err := os.ReadFile("testdata/metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args        string
		out, errors string
		status      int
	}{
		{"--help", usage, "", 0},
		{"-?", "", usage, 64},
		{"--bogus", "", "pacemaker-based: unrecognized option '--bogus'\n" + usage, 64},
		{"-Z", "", "pacemaker-based: invalid option -- 'Z'\n" + usage, 64},
		{"-r", "", "pacemaker-based: option requires an argument -- 'r'\n" + usage, 64},
		{"metadata", string(metadata), "", 0},
		{"METADATA", string(metadata), "", 0},
	} {
		var out, errors bytes.Buffer
		if status := Main([]string{name, tt.args}, nil, &out, &errors); status != tt.status || out.String() != tt.out || errors.String() != tt.errors {
			t.Errorf("%s: %d\n%s%s", tt.args, status, out.String(), errors.String())
		}
	}
}

// alone is a manager without peers on services of its own.
type alone struct {
	*server
	dir      string
	name     string
	shutdown func()
}

func serve(t *testing.T, dir string) *alone {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	store := &disk.Store{FS: disk.Folder(dir), Name: disk.Live}
	found, err := store.Read()
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(loglevel.Discard, store, end)
	cib, status := manager.Prepare(found.CIB, false, loglevel.Discard)
	var all sync.WaitGroup
	all.Go(s.writer)
	s.mu.Lock()
	var first []manager.Action
	s.m, first = manager.New(manager.Config{Node: localNode, CIB: cib, Status: status, Alone: true, DaemonUser: "root"})
	s.do(first)
	s.mu.Unlock()
	a := &alone{server: s, dir: dir, name: fmt.Sprintf("cib-test-%d-%s", os.Getpid(), strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")))}
	service, err := ipc.Listen(ipc.Options{Name: a.name, ShmDir: t.TempDir(), Locker: &s.mu, Handler: &handler{server: s}})
	if err != nil {
		t.Fatal(err)
	}
	all.Go(func() {
		if err := service.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	a.shutdown = sync.OnceFunc(func() {
		s.with(func(m *manager.Manager) []manager.Action { return m.Shutdown(time.Now()) })
		<-ctx.Done()
		close(s.write)
		all.Wait()
	})
	t.Cleanup(a.shutdown)
	return a
}

func dial(t *testing.T, a *alone) *ipc.Conn {
	t.Helper()
	c, err := ipc.Dial(t.Context(), a.name, ipc.DialOptions{AnyServer: true})
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

func element(t *testing.T, document string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(document), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// TestClients: a change is answered, notified to who wants that, and on the disk after the end.
func TestClients(t *testing.T) {
	dir := t.TempDir()
	a := serve(t, dir)
	writer, watcher := dial(t, a), dial(t, a)
	ctx := within(t)
	call := func(c *ipc.Conn, document, want string) {
		t.Helper()
		r, err := c.Call(ctx, element(t, document))
		if err != nil {
			t.Fatal(err)
		}
		if got := text.Line(r.XML); !strings.Contains(got, want) {
			t.Errorf("%s\nis answered %s\nwant %s", document, got, want)
		}
	}
	call(watcher, `<cib_command t="cib" cib_op="register" cib_clientname="watcher" cib_callopt="4096"/>`, `<cib_common_callback_worker cib_op="register" cib_clientid="`)
	call(watcher, `<cib_command t="cib" cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1" cib_callopt="0"/>`, `<ack function="cib_common_callback_worker" line="199" status="0"/>`)
	call(writer, `<cib_command t="cib" cib_op="cib_create" cib_section="nodes" cib_callid="1" cib_callopt="4096"><cib_calldata><node id="1" uname="one"/></cib_calldata></cib_command>`, ` cib_rc="0"/>`)
	event, err := watcher.Event(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := text.Line(event.XML); !strings.HasPrefix(got, `<notify t="cib_notify" subt="cib_diff_notify" cib_op="cib_create" cib_rc="0"`) {
		t.Error(got)
	}
	// Asynchronous: the reply is an event.
	if _, err := writer.Send(ctx, element(t, `<cib_command t="cib" cib_op="cib_query" cib_section="nodes" cib_callid="2" cib_callopt="256"/>`)); err != nil {
		t.Fatal(err)
	}
	if event, err = writer.Event(ctx); err != nil || !strings.Contains(text.Line(event.XML), `<node id="1" uname="one"/>`) {
		t.Errorf("%v, %v", event, err)
	}
	a.shutdown()
	again := serve(t, dir)
	call(dial(t, again), `<cib_command t="cib" cib_op="cib_query" cib_section="nodes" cib_callid="1" cib_callopt="4096"/>`, `<node id="1" uname="one"/>`)
}

// TestGarbage: what is no message is refused, and the daemon goes on.
func TestGarbage(t *testing.T) {
	a := serve(t, t.TempDir())
	c, err := client.Dial(t.Context(), a.name, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := within(t)
	for _, tt := range []struct{ document, want string }{
		{`cib`, `<nack function="cib_common_callback" line="221" status="76"/>`},
		{``, `<nack function="cib_common_callback" line="221" status="76"/>`},
		{`<x cib_op="register"/>`, `<cib_common_callback_worker cib_op="register" cib_clientid="`},
	} {
		b, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: frame.ClientResponse, Text: tt.document}, 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := c.Call(ctx, b)
		if err != nil {
			t.Fatalf("%s: %v", tt.document, err)
		}
		if m, err := frame.Decode(raw); err != nil || !strings.HasPrefix(m.Text, tt.want) {
			t.Errorf("%s: %s, %v, want %s", tt.document, m.Text, err, tt.want)
		}
	}
}
