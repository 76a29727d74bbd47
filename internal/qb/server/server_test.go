package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

var bothTransports = []wire.Transport{wire.Shm, wire.Socket}

// each runs a test over both transports.
func each(t *testing.T, fn func(t *testing.T, tr wire.Transport)) {
	for _, tr := range bothTransports {
		t.Run(tr.String(), func(t *testing.T) { fn(t, tr) })
	}
}

// handler calls what is set.
type handler struct {
	open    func(*server.Conn) error
	request func(*server.Conn, []byte)
	closed  chan closing
}

type closing struct {
	c   *server.Conn
	err error
}

func (h *handler) Open(c *server.Conn) error {
	if h.open != nil {
		return h.open(c)
	}
	return nil
}

func (h *handler) Request(c *server.Conn, msg []byte) { h.request(c, msg) }

func (h *handler) Close(c *server.Conn, err error) { h.closed <- closing{c, err} }

// noteOpen has h tell of the connections that are opened.
func noteOpen(h *handler) (*handler, <-chan *server.Conn) {
	opened := make(chan *server.Conn, 16)
	h.open = func(c *server.Conn) error {
		opened <- c
		return nil
	}
	return h, opened
}

// signal sends to a channel that holds one, unless it does.
func signal(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// echo answers with the request, which has room for a response's header.
func echo(c *server.Conn, msg []byte) { c.Respond(msg) }

var names atomic.Int32

// start runs a service until the test ends and checks that it leaves nothing.
func start(t testing.TB, h *handler, change func(*server.Options)) (*server.Server, string) {
	t.Helper()
	if h.closed == nil {
		h.closed = make(chan closing, 1000)
	}
	name := fmt.Sprintf("qbtest-%d-%d", os.Getpid(), names.Add(1))
	opts := server.Options{Name: name, Type: wire.Shm, Handler: h}
	if change != nil {
		change(&opts)
	}
	if opts.ShmDir == "" {
		dir, err := os.MkdirTemp("/dev/shm", "q")
		if err != nil {
			t.Skipf("no usable /dev/shm: %v", err)
		}
		opts.ShmDir = dir
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	s, err := server.Listen(opts)
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
		if left, _ := filepath.Glob(opts.ShmDir + "/qb-*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if st := s.Stats(); st.Active != 0 {
			t.Errorf("%d connections are still active", st.Active)
		}
	})
	return s, name
}

func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, name string, max uint32) *client.Conn {
	t.Helper()
	c, err := client.Dial(limit(t), name, client.Options{MaxMsgSize: max})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// message is a request of n bytes that tells its number.
func message(n, number int) []byte {
	b := wire.RequestHeader{ID: 1, Size: int32(n)}.AppendTo(make([]byte, 0, n))
	b = b[:n]
	for i := wire.RequestHeaderSize; i < n; i++ {
		b[i] = byte(i*5 + number)
	}
	return b
}

// event is an event of n bytes that tells its number.
func event(n, number int) []byte {
	b := wire.ResponseHeader{ID: 2, Size: int32(n), Error: int32(number)}.AppendTo(make([]byte, 0, n))
	return b[:n]
}

func TestRoundTrips(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		h := &handler{request: echo}
		s, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 100000)
		if got := c.MaxMsgSize(); got != 100000 {
			t.Errorf("max message size %d, want 100000", got)
		}
		if got := c.Server(); got.PID != os.Getpid() || got.UID != uint32(os.Getuid()) {
			t.Errorf("server is %+v", got)
		}
		// More bytes than the ring has, of lengths that make it wrap at all
		// places.
		for i := range 500 {
			want := message(24+(i*i*7)%99976, i)
			got, err := c.Call(limit(t), want[:10], want[10:])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("answer %d of %d bytes differs", i, len(want))
			}
		}
		conn := s.Conns()[0]
		if st := conn.Stats(); st.Requests != 500 || st.Responses != 500 {
			t.Errorf("stats %+v", st)
		}
		if conn.PID() != os.Getpid() || conn.UID() != uint32(os.Getuid()) || conn.GID() != uint32(os.Getgid()) {
			t.Errorf("client is %d %d %d", conn.PID(), conn.UID(), conn.GID())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if got := <-h.closed; got.c != conn || got.err != nil {
			t.Errorf("closed %+v, want %v without error", got, conn)
		}
	})
}

func TestMessageOfMaxMsgSize(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		_, name := start(t, &handler{request: echo}, func(o *server.Options) { o.Type, o.MinMsgSize = tr, 131072 })
		c := dial(t, name, 1000) // less than the server insists on
		if c.MaxMsgSize() != 131072 {
			t.Fatalf("max message size %d, want 131072", c.MaxMsgSize())
		}
		for range 3 {
			want := message(131072, 1)
			got, err := c.Call(limit(t), want)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes back, %v", len(got), err)
			}
		}
		if err := c.Send(make([]byte, 131073)); !errors.Is(err, client.ErrTooLarge) {
			t.Errorf("a byte more: %v", err)
		}
	})
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		err  error
		max  uint32
		want unix.Errno
	}{
		{err: unix.EAGAIN, want: unix.EAGAIN}, // corosync's "not ready"
		{err: fmt.Errorf("uid 7: %w", unix.EACCES), want: unix.EACCES},
		{err: errors.New("no"), want: unix.EACCES},
		{max: 1 << 30, want: unix.EMSGSIZE},
	} {
		s, name := start(t, &handler{}, func(o *server.Options) {
			o.Accept = func(p server.Peer) error {
				if p.PID != os.Getpid() {
					t.Errorf("asked about %+v", p)
				}
				return tt.err
			}
		})
		_, err := client.Dial(limit(t), name, client.Options{MaxMsgSize: tt.max})
		var refused *client.RefusedError
		if !errors.As(err, &refused) || refused.Errno != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, err, tt.want)
		}
		if st := s.Stats(); st.Refused != 1 || st.Active != 0 {
			t.Errorf("%v: %+v", tt.err, st)
		}
	}
}

func TestHandlerRefusesAtOpen(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		h := &handler{open: func(*server.Conn) error { return errors.New("no room") }}
		_, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c, err := client.Dial(limit(t), name, client.Options{})
		if err != nil {
			return // the files were gone before it could open them
		}
		<-c.Done()
		if _, err := c.Event(limit(t)); !errors.Is(err, client.ErrDisconnected) {
			t.Errorf("event: %v", err)
		}
		_ = c.Close()
		if len(h.closed) > 0 {
			t.Error("Close was called though Open failed")
		}
	})
}

func TestDisconnectFromAnywhere(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		h, opened := noteOpen(&handler{request: func(c *server.Conn, msg []byte) {
			c.Disconnect()
			c.Disconnect()
			c.Respond(msg)
			c.Event(msg)
		}})
		_, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		if _, err := c.Call(limit(t), message(24, 0)); !errors.Is(err, client.ErrDisconnected) {
			t.Fatalf("call: %v", err)
		}
		first := <-h.closed
		first.c.Event(message(24, 0)) // of no effect
		first.c.Disconnect()
		d := dial(t, name, 0)
		<-opened
		(<-opened).Disconnect()
		<-d.Done()
		if second := <-h.closed; second.c == first.c || second.c.Serial() == first.c.Serial() {
			t.Error("the same connection closed twice")
		}
	})
}

func TestCork(t *testing.T) {
	cork := new(server.Cork)
	release := make(chan struct{})
	h := &handler{request: func(c *server.Conn, msg []byte) {
		cork.Hold()
		cork.Hold()
		for i := range 20 {
			c.Event(event(24, i))
		}
		cork.Release()
		go func() {
			<-release
			cork.Release()
		}()
		c.Respond(msg)
	}}
	_, name := start(t, h, func(o *server.Options) { o.Cork = cork })
	c := dial(t, name, 0)
	if _, err := c.Call(limit(t), message(24, 0)); err != nil {
		t.Fatal(err)
	}
	close(release)
	for i := range 20 {
		if _, err := c.Event(limit(t)); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
}

func TestManyClients(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		var lock sync.Mutex
		inside := 0
		h := &handler{request: func(c *server.Conn, msg []byte) {
			inside++ // the race detector would find it unguarded
			c.Event(event(24, inside))
			c.Respond(msg)
		}}
		s, name := start(t, h, func(o *server.Options) { o.Type, o.Locker = tr, &lock })
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				c, err := client.Dial(limit(t), name, client.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				for k := range 30 {
					want := message(24+k*10, i)
					if got, err := c.Call(limit(t), want); err != nil || !bytes.Equal(got, want) {
						t.Errorf("client %d: %v", i, err)
						return
					}
					if _, err := c.Event(limit(t)); err != nil {
						t.Errorf("client %d: event: %v", i, err)
						return
					}
				}
			}()
		}
		wg.Wait()
		for range 60 {
			<-h.closed
		}
		lock.Lock()
		defer lock.Unlock()
		if inside != 60*30 {
			t.Errorf("%d requests, want %d", inside, 60*30)
		}
		if st := s.Stats(); st.Malformed != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestCallThatTimesOutLeavesNoStaleAnswer(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		go1 := make(chan struct{})
		h := &handler{request: func(c *server.Conn, msg []byte) {
			if binary.NativeEndian.Uint32(msg) == 7 {
				<-go1
			}
			c.Respond(msg)
		}}
		_, name := start(t, h, func(o *server.Options) { o.Type = tr })
		c := dial(t, name, 0)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		slow := message(24, 0)
		binary.NativeEndian.PutUint32(slow, 7)
		if _, err := c.Call(ctx, slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		close(go1)
		want := message(40, 2)
		if got, err := c.Call(limit(t), want); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

func TestServerEnds(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		dir, err := os.MkdirTemp("/dev/shm", "q")
		if err != nil {
			t.Skipf("no usable /dev/shm: %v", err)
		}
		defer os.RemoveAll(dir)
		requested := make(chan struct{})
		h := &handler{request: func(*server.Conn, []byte) { close(requested) }, closed: make(chan closing, 10)}
		name := fmt.Sprintf("qbtest-%d-%d", os.Getpid(), names.Add(1))
		s, err := server.Listen(server.Options{Name: name, Type: tr, Handler: h, ShmDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx) }()
		c := dial(t, name, 0)
		called := make(chan error)
		go func() {
			_, err := c.Call(context.Background(), message(24, 0))
			called <- err
		}()
		go func() {
			_, err := c.Event(context.Background())
			called <- err
		}()
		<-requested
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-called; !errors.Is(err, client.ErrDisconnected) {
				t.Errorf("got %v", err)
			}
		}
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if len(h.closed) != 1 {
			t.Errorf("Close was called %d times", len(h.closed))
		}
	})
}

// TestGroup: what a client is to share with a group stays with our user, and the group
// may use it.
func TestGroup(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		dirs := make(chan string, 1)
		h := &handler{request: echo}
		var base string
		h.open = func(*server.Conn) error {
			files, err := filepath.Glob(filepath.Join(base, "qb-*", "*"))
			if err != nil || len(files) == 0 {
				t.Errorf("no files of the connection: %v", err)
				dirs <- ""
				return nil
			}
			for _, f := range files {
				if st, err := os.Stat(f); err != nil || st.Mode().Perm() != 0o660 {
					t.Errorf("%s: %v, %v", f, st, err)
				}
			}
			dirs <- filepath.Dir(files[0])
			return nil
		}
		_, name := start(t, h, func(o *server.Options) {
			o.Type = tr
			base = t.TempDir()
			o.ShmDir = base
			o.Group = func(p server.Peer) (uint32, bool) { return p.GID, true }
		})
		c, err := client.Dial(t.Context(), name, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if st, err := os.Stat(<-dirs); err != nil || st.Mode().Perm() != 0o770 {
			t.Errorf("directory: %v, %v", st, err)
		}
	})
}
