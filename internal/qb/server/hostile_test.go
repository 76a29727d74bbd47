package server_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// rawConnect connects without saying anything.
func rawConnect(t testing.TB, name string) *net.UnixConn {
	t.Helper()
	addr, err := qb.ServiceAddress(name, "")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := addr.Connect(fd); err != nil {
		_ = unix.Close(fd)
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "raw")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.UnixConn)
}

// rawSetup connects and returns the server's answer.
func rawSetup(t testing.TB, name string, max uint32) (*net.UnixConn, wire.ConnectResponse) {
	t.Helper()
	c := rawConnect(t, name)
	if _, err := c.Write(wire.ConnectRequest{MaxMsgSize: max}.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, wire.ConnectResponseSize)
	// libqb reads it in one, so it has to come in one.
	if n, err := c.Read(b); n != len(b) {
		t.Fatalf("response of %d bytes, %v", n, err)
	}
	r, err := wire.ParseConnectResponse(b)
	if err != nil || r.Error != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	return c, r
}

// alive checks that another client is served.
func alive(t *testing.T, name string) {
	t.Helper()
	c := dial(t, name, 0)
	want := message(100, 3)
	if got, err := c.Call(limit(t), want); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("another client: %v", err)
	}
	_ = c.Close()
}

// ended waits until the server has closed a connection, which it does once it has
// counted why, and checks that it has said nothing.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %d bytes, %v, want the end", n, err)
	}
}

func TestHostileSetUp(t *testing.T) {
	good := wire.ConnectRequest{MaxMsgSize: 8192}.AppendTo(nil)
	for n := range good {
		// every proper prefix, then the end: a client killed while it connects
		t.Run("prefix", func(t *testing.T) {
			s, name := start(t, &handler{request: echo}, nil)
			c := rawConnect(t, name)
			_, _ = c.Write(good[:n])
			_ = c.Close()
			alive(t, name) // comes after it in the server's poller
			if s.Stats().Malformed != 1 {
				t.Errorf("%+v", s.Stats())
			}
		})
	}
	t.Run("wrong id", func(t *testing.T) {
		s, name := start(t, &handler{request: echo}, nil)
		c := rawConnect(t, name)
		_, _ = c.Write(bytes.Repeat([]byte{0x5a}, 24))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("answered %d bytes, %v", n, err)
		}
		if s.Stats().Malformed != 1 {
			t.Errorf("%+v", s.Stats())
		}
		alive(t, name)
	})
	t.Run("in single bytes", func(t *testing.T) {
		_, name := start(t, &handler{request: echo}, nil)
		c := rawConnect(t, name)
		for i := range good {
			if _, err := c.Write(good[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := c.Read(make([]byte, wire.ConnectResponseSize)); n != wire.ConnectResponseSize {
			t.Errorf("answer of %d bytes", n)
		}
		alive(t, name)
	})
	t.Run("a file with it", func(t *testing.T) {
		_, name := start(t, &handler{request: echo}, nil)
		c := rawConnect(t, name)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, _, err := c.WriteMsgUnix(good, unix.UnixRights(int(w.Fd())), nil); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		// If the server kept it, the pipe would stay open.
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("the pipe gave %d bytes, %v", n, err)
		}
		alive(t, name)
	})
}

func TestSilentClients(t *testing.T) {
	s, name := start(t, &handler{request: echo}, func(o *server.Options) {
		o.MaxSetup, o.SetupTimeout = 10, 300*time.Millisecond
	})
	conns := make([]*net.UnixConn, 30)
	for i := range conns {
		conns[i] = rawConnect(t, name)
	}
	alive(t, name)
	for _, c := range conns {
		ended(t, c)
	}
	if got := s.Stats().SetupTimeouts; got != 30 {
		t.Errorf("%d set-ups timed out, want 30", got)
	}
	alive(t, name)
}

// openRequest opens the request ring as a client does.
func openRequest(t testing.TB, r wire.ConnectResponse) *ringbuffer.Ring {
	t.Helper()
	ring, err := ringbuffer.Open(r.Request, r.MaxMsgSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ring.Unmap)
	return ring
}

// file maps a file of the connection.
func file(t testing.TB, path string) *shm.Mapping {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := shm.Map(int(f.Fd()), int(st.Size()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Unmap)
	return m
}

func TestHostileRings(t *testing.T) {
	const semaphore = 8208
	post := func(m *shm.Mapping) { m.Semaphore(semaphore).Post() }
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, hdr, data *shm.Mapping)
	}{
		{"posted without a chunk", func(t *testing.T, hdr, data *shm.Mapping) { post(hdr) }},
		{"huge semaphore", func(t *testing.T, hdr, data *shm.Mapping) { hdr.Store(semaphore, 0xffffffff) }},
		{"waiters that are not", func(t *testing.T, hdr, data *shm.Mapping) {
			hdr.Store(semaphore+4, 0xffffffff)
			post(hdr)
		}},
		{"chunk of 4 GB", func(t *testing.T, hdr, data *shm.Mapping) {
			data.Store(0, 0xffffffff)
			data.Store(4, 0xA1A1A1A1)
			post(hdr)
		}},
		{"chunk longer than allowed", func(t *testing.T, hdr, data *shm.Mapping) {
			data.Store(0, 12329)
			data.Store(4, 0xA1A1A1A1)
			post(hdr)
		}},
		{"chunk shorter than a header", func(t *testing.T, hdr, data *shm.Mapping) {
			data.Store(0, 15)
			data.Store(4, 0xA1A1A1A1)
			post(hdr)
		}},
		{"header claims more", func(t *testing.T, hdr, data *shm.Mapping) {
			data.CopyIn(8, wire.RequestHeader{ID: 1, Size: 17}.AppendTo(nil))
			data.Store(0, 16)
			data.Store(4, 0xA1A1A1A1)
			post(hdr)
		}},
		{"header claims less than itself", func(t *testing.T, hdr, data *shm.Mapping) {
			data.CopyIn(8, wire.RequestHeader{ID: 1, Size: -5}.AppendTo(nil))
			data.Store(0, 16)
			data.Store(4, 0xA1A1A1A1)
			post(hdr)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &handler{request: echo}
			s, name := start(t, h, nil)
			c, r := rawSetup(t, name, 0x3000)
			hdr, data := file(t, r.Request+"-header"), file(t, r.Request+"-data")
			tt.do(t, hdr, data)
			if _, err := c.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
			if got := <-h.closed; got.err == nil {
				t.Error("closed without an error")
			}
			if s.Stats().Malformed != 1 {
				t.Errorf("%+v", s.Stats())
			}
			alive(t, name)
		})
	}
}

func TestHostileReadPosition(t *testing.T) {
	for _, pos := range []uint32{0xffffffff, 1 << 20, 4096} {
		h := &handler{request: echo}
		_, name := start(t, h, nil)
		c, r := rawSetup(t, name, 0x3000)
		file(t, r.Response+"-header").Store(4, pos)
		ring := openRequest(t, r)
		if err := ring.Write(message(100, 0)); err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte{0})
		if got := <-h.closed; !errors.Is(got.err, ringbuffer.ErrCorrupt) {
			t.Errorf("read position %d: %v", pos, got.err)
		}
		alive(t, name)
	}
}

// TestTruncation is the attack that ends a process that does not expect it.
func TestTruncation(t *testing.T) {
	for _, what := range []string{"request-header", "request-data", "response-header", "response-data", "event-header", "event-data"} {
		t.Run(what, func(t *testing.T) {
			h := &handler{request: func(c *server.Conn, msg []byte) {
				c.Event(msg)
				c.Respond(msg)
			}}
			s, name := start(t, h, nil)
			c, r := rawSetup(t, name, 0x3000)
			ring := openRequest(t, r)
			dir := filepath.Dir(r.Request)
			kind, file, _ := strings.Cut(what, "-")
			if err := os.Truncate(filepath.Join(dir, "qb-"+kind+"-"+name+"-"+file), 0); err != nil {
				t.Fatal(err)
			}
			if kind != "request" {
				if err := ring.Write(message(100, 0)); err != nil {
					t.Fatal(err)
				}
			} else if file == "data" {
				hdr := func() (err error) {
					defer shm.Catch(shm.Arm(), &err)
					ring.Semaphore().Post()
					return nil
				}
				if err := hdr(); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = c.Write([]byte{0})
			if got := <-h.closed; !errors.Is(got.err, shm.ErrFault) {
				t.Errorf("closed with %v, want %v", got.err, shm.ErrFault)
			}
			alive(t, name)
			s.SetRate(server.Off)
			s.SetRate(server.Fast)
		})
	}
}

func TestTruncatedWhenRateChanges(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		h, opened := noteOpen(&handler{request: echo})
		s, name := start(t, h, func(o *server.Options) { o.Type = tr })
		_, r := rawSetup(t, name, 0x3000)
		p := r.Request
		if tr == wire.Shm {
			p += "-header"
		}
		<-opened
		if err := os.Truncate(p, 0); err != nil {
			t.Fatal(err)
		}
		s.SetRate(server.Off2)
		if got := <-h.closed; !errors.Is(got.err, shm.ErrFault) {
			t.Errorf("closed with %v", got.err)
		}
		s.SetRate(server.Fast)
		alive(t, name)
	})
}

// TestDirectoryReplaced: the directory is the client's, who may put a link to
// somewhere else in its place before the server cleans up.
func TestDirectoryReplaced(t *testing.T) {
	h := &handler{request: echo}
	_, name := start(t, h, nil)
	c, r := rawSetup(t, name, 0x3000)
	dir := filepath.Dir(r.Request)
	precious := t.TempDir()
	victim := filepath.Join(precious, "qb-request-"+name+"-header")
	if err := os.WriteFile(victim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, dir); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	<-h.closed
	if _, err := os.Stat(victim); err != nil {
		t.Error("the server removed a file outside its directory")
	}
	_ = os.Remove(dir)
	_ = os.RemoveAll(dir + ".moved")
}

// TestClientDiesAnywhere ends a client after each step of its life.
func TestClientDiesAnywhere(t *testing.T) {
	steps := []func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse){
		func(*testing.T, *net.UnixConn, wire.ConnectResponse) {},
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { openRequest(t, r) },
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { // chunk begun, never ended
			openRequest(t, r)
			file(t, r.Request+"-data").Store(4, 0xA110CED0)
		},
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { // written, no byte sent
			_ = openRequest(t, r).Write(message(50, 0))
		},
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { // byte sent, nothing read
			ring := openRequest(t, r)
			for range 20 {
				_ = ring.Write(message(50, 0))
				_, _ = c.Write([]byte{0})
			}
		},
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { // half closed
			_ = c.CloseWrite()
		},
		func(t *testing.T, c *net.UnixConn, r wire.ConnectResponse) { // took its files with it
			_ = os.RemoveAll(filepath.Dir(r.Request))
		},
	}
	for i, step := range steps {
		h := &handler{request: func(c *server.Conn, msg []byte) {
			for range 100 {
				c.Event(msg)
			}
			c.Respond(msg)
		}}
		s, name := start(t, h, nil)
		c, r := rawSetup(t, name, 0x3000)
		step(t, c, r)
		_ = c.Close()
		got := <-h.closed
		if got.err != nil {
			t.Errorf("step %d: closed with %v", i, got.err)
		}
		if n := len(s.Conns()); n != 0 {
			t.Errorf("step %d: %d connections", i, n)
		}
		if _, err := os.Stat(filepath.Dir(r.Request)); err == nil {
			t.Errorf("step %d: %s is still there", i, filepath.Dir(r.Request))
		}
	}
}

// TestBadDatagrams: what another user sends to the request socket of a
// client is not the client's. (Of our own user it is as good as the client's.)
func TestBadDatagrams(t *testing.T) {
	for _, b := range [][]byte{{}, {1}, bytes.Repeat([]byte{255}, 16), make([]byte, 16), make([]byte, 20000)} {
		h := &handler{request: echo}
		s, name := start(t, h, func(o *server.Options) { o.Type = wire.Socket })
		c, r := rawSetup(t, name, 0x3000)
		addr, err := qb.Abstract(r.Response + "-request")
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := addr.Connect(fd); err != nil {
			t.Fatal(err)
		}
		if err := unix.Sendto(fd, b, unix.MSG_NOSIGNAL, nil); err != nil {
			t.Fatal(err)
		}
		<-h.closed
		if len(b) > 0 && s.Stats().Malformed != 1 {
			t.Errorf("%d bytes: %+v", len(b), s.Stats())
		}
		_ = unix.Close(fd)
		_ = c.Close()
		alive(t, name)
	}
}

func FuzzSetUp(f *testing.F) {
	f.Add([]byte{}, uint8(1))
	f.Add(wire.ConnectRequest{MaxMsgSize: 8192}.AppendTo(nil), uint8(24))
	f.Add(wire.ConnectRequest{MaxMsgSize: 1 << 31}.AppendTo(nil), uint8(7))
	s, name := fuzzServer(f)
	f.Fuzz(func(t *testing.T, in []byte, chunk uint8) {
		c := rawConnect(t, name)
		for len(in) > 0 {
			n := min(len(in), int(chunk)+1)
			if _, err := c.Write(in[:n]); err != nil {
				break
			}
			in = in[n:]
		}
		_ = c.CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		b := make([]byte, wire.ConnectResponseSize+1)
		for {
			if _, err := c.Read(b); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("the server neither served nor hung up")
				}
				break
			}
		}
		_ = c.Close()
		if t.Failed() {
			t.Logf("%+v", s.Stats())
		}
	})
}

// FuzzRings lets a client write what it likes into the shared memory.
func FuzzRings(f *testing.F) {
	f.Add(uint8(0), uint16(4), uint32(0xA1A1A1A1), uint32(16))
	f.Add(uint8(1), uint16(8208), uint32(5), uint32(0xffffffff))
	f.Add(uint8(2), uint16(4), uint32(0xffff), uint32(1))
	f.Add(uint8(3), uint16(0), uint32(0), uint32(0))
	_, name := fuzzServer(f)
	f.Fuzz(func(t *testing.T, which uint8, off uint16, a, b uint32) {
		c, r := rawSetup(t, name, 0x3000)
		defer c.Close()
		ring := openRequest(t, r)
		paths := []string{r.Request + "-data", r.Request + "-header", r.Response + "-header", r.Event + "-header",
			r.Response + "-data", r.Event + "-data"}
		m := file(t, paths[int(which)%len(paths)])
		at := int(off) % (m.Len() - 8) &^ 3
		_ = ring.Write(message(100, 1))
		m.Store(at, a)
		m.Store(at+4, b)
		_ = ring.Write(message(40, 2))
		file(t, r.Request+"-header").Semaphore(8208).Post()
		_, _ = c.Write([]byte{0, 0, 0})
		_ = c.CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		for {
			if _, err := c.Read(make([]byte, 100)); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("the server is stuck")
				}
				return
			}
		}
	})
}

// fuzzServer runs one service for all inputs of a fuzzer.
func fuzzServer(f *testing.F) (*server.Server, string) {
	f.Helper()
	h := &handler{closed: make(chan closing, 1<<20), request: func(c *server.Conn, msg []byte) {
		c.Event(msg)
		c.Respond(msg)
	}}
	return start(f, h, nil)
}
