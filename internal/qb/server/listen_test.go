package server_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// A connection is what the engines of the services want of one.
var _ service.Conn = (*server.Conn)(nil)

func TestListenRejects(t *testing.T) {
	for name, opts := range map[string]server.Options{
		"no handler":   {Name: "x", Type: wire.Shm},
		"no name":      {Type: wire.Shm, Handler: &handler{}},
		"odd type":     {Name: "x", Type: 2, Handler: &handler{}},
		"no directory": {Name: "x", Type: wire.Shm, Handler: &handler{}, SocketDir: "/nowhere"},
	} {
		if _, err := server.Listen(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	_, name := start(t, &handler{}, nil)
	if _, err := server.Listen(server.Options{Name: name, Type: wire.Shm, Handler: &handler{}}); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("the same name again: %v", err)
	}
}

func TestSocketInFileSystem(t *testing.T) {
	dir := t.TempDir()
	h := &handler{request: echo, closed: make(chan closing, 10)}
	opts := server.Options{Name: "cpg", Type: wire.Shm, Handler: h, SocketDir: dir}
	path := filepath.Join(dir, "cpg")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // left by one that died
		t.Fatal(err)
	}
	s, err := server.Listen(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	st, err := os.Stat(path)
	if err != nil || st.Mode() != os.ModeSocket|0o777 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	c, err := client.Dial(limit(t), "cpg", client.Options{SocketDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(limit(t), message(24, 1)); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the socket is still there")
	}
}

func TestConnTellsItsProcess(t *testing.T) {
	h := &handler{request: func(c *server.Conn, msg []byte) {
		c.SetData("state")
		if c.Data() != "state" {
			t.Error("lost the state")
		}
		c.Respond(msg)
	}}
	s, name := start(t, h, nil)
	c := dial(t, name, 0)
	if _, err := c.Call(limit(t), message(24, 1)); err != nil {
		t.Fatal(err)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	conn := s.Conns()[0]
	if got := conn.ProcessName() + "\n"; got != string(comm) {
		t.Errorf("name %q, want %q", got, comm)
	}
	if conn.String() == "" {
		t.Error("no description")
	}
	conn.ResetStats()
	if st := conn.Stats(); st.Requests != 0 || st.Responses != 0 {
		t.Errorf("%+v", st)
	}
}

// complaints is a log that passes errors on.
type complaints chan string

func (complaints) Enabled(l loglevel.Level) bool { return l <= loglevel.Error }

func (c complaints) Logf(_ loglevel.Level, format string, args ...any) {
	select {
	case c <- fmt.Sprintf(format, args...):
	default:
	}
}

// TestNoDescriptorsLeft: clients wait at the door until there are some.
func TestNoDescriptorsLeft(t *testing.T) {
	log := make(complaints, 1)
	_, name := start(t, &handler{request: echo}, func(o *server.Options) { o.Log = log })
	addr, err := qb.ServiceAddress(name, "")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(fd + 1), Max: old.Max}); err != nil {
		t.Skipf("cannot lower the limit: %v", err)
	}
	var full []int
	for { // no holes below
		fd, err := unix.Dup(0)
		if err != nil {
			break
		}
		full = append(full, fd)
	}
	err = addr.Connect(fd)
	if err == nil {
		if got := <-log; !strings.HasPrefix(got, "Could not accept client connection: ") {
			t.Errorf("logged %q", got)
		}
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	for _, fd := range full {
		_ = unix.Close(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(fd, wire.ConnectRequest{MaxMsgSize: 8192}.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(fd, make([]byte, wire.ConnectResponseSize)); n != wire.ConnectResponseSize {
		t.Errorf("answer of %d bytes, %v", n, err)
	}
	alive(t, name)
}
