package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

var names atomic.Int32

// answer is a server that gives its first client what it is told to, and then
// hangs up if hangUp.
func answer(t *testing.T, b []byte, hangUp bool) (name string) {
	t.Helper()
	name = fmt.Sprintf("qbclient-%d-%d", os.Getpid(), names.Add(1))
	addr, err := qb.ServiceAddress(name, "")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := addr.Bind(fd); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	done := make(chan int, 1)
	go func() {
		c, _, err := unix.Accept(fd)
		if err == nil {
			req := make([]byte, wire.ConnectRequestSize)
			_, _ = unix.Read(c, req)
			_, _ = unix.Write(c, b)
			if hangUp {
				_ = unix.Close(c)
				c = -1
			}
		}
		done <- c
	}()
	t.Cleanup(func() {
		if c := <-done; c >= 0 {
			_ = unix.Close(c)
		}
		_ = unix.Close(fd)
	})
	return name
}

// TestDialRejects: whatever the server says, Dial returns an error and holds
// nothing.
func TestDialRejects(t *testing.T) {
	dir := t.TempDir()
	dirfd, err := unix.Open(dir, unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dirfd)
	for _, base := range []string{"request", "response"} {
		r, err := ringbuffer.Create(dirfd, dir, base, 12328, ringbuffer.Owner{UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Unmap()
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	good := wire.ConnectResponse{Type: wire.Shm, MaxMsgSize: 12328, Request: in("request"), Response: in("response"), Event: in("event")}
	change := func(fn func(*wire.ConnectResponse)) []byte {
		r := good
		fn(&r)
		return r.AppendTo(nil)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "disconnected"},
		{"a part", good.AppendTo(nil)[:1000], "disconnected"},
		{"refusal", wire.ConnectResponse{Error: -13}.AppendTo(nil), "refused"},
		{"odd type", change(func(r *wire.ConnectResponse) { r.Type = 3 }), "type"},
		{"no size", change(func(r *wire.ConnectResponse) { r.MaxMsgSize = 0 }), "max_msg_size"},
		{"no event ring", good.AppendTo(nil), "event"},
		{"other size", change(func(r *wire.ConnectResponse) { r.MaxMsgSize = 1 << 20 }), "corrupt"},
		{"no ring", change(func(r *wire.ConnectResponse) { r.Request = "/nowhere" }), "nowhere"},
		{"no control file", change(func(r *wire.ConnectResponse) { r.Type, r.Request = wire.Socket, "/nowhere" }), "nowhere"},
		{"no sockets", change(func(r *wire.ConnectResponse) { r.Type, r.Request = wire.Socket, in("request-data") }), "refused"},
		{"name too long", change(func(r *wire.ConnectResponse) {
			r.Type, r.Request, r.Response = wire.Socket, in("request-data"), strings.Repeat("x", 200)
		}), "name"},
	} {
		before := descriptors(t)
		t.Run(tt.name, func(t *testing.T) {
			c, err := Dial(t.Context(), answer(t, tt.b, true), Options{})
			if err == nil {
				_ = c.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want something of %q", err, tt.want)
			}
		})
		if after := descriptors(t); after != before {
			t.Errorf("%s: %d descriptors before, %d after", tt.name, before, after)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

func TestDialEndsWithItsContext(t *testing.T) {
	name := answer(t, nil, false)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, name, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDialNobody(t *testing.T) {
	if _, err := Dial(t.Context(), "qb-nobody-is-there", Options{}); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("abstract: %v", err)
	}
	if _, err := Dial(t.Context(), "nobody", Options{SocketDir: t.TempDir()}); !errors.Is(err, unix.ENOENT) {
		t.Errorf("in the file system: %v", err)
	}
	if _, err := Dial(t.Context(), "no/body", Options{}); err == nil {
		t.Error("a name with a slash")
	}
}
