//go:build interop

package qb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	"github.com/ringmaster-ha/ringmaster/interop-tests/qb/echo"
)

var refresh = flag.Bool("refresh", false, "write the captures of internal/qb")

var bin string // where the programs are

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qbinterop")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	if err := os.Chmod(dir, 0o755); err != nil { // other users run what is there
		fmt.Println(err)
		return 1
	}
	for _, name := range []string{"echo_client", "echo_server", "golden_ring"} {
		if out, err := exec.Command("gcc", "-O2", "-Wall", "-o", filepath.Join(dir, name),
			filepath.Join("testdata", name+".c"), "-lqb").CombinedOutput(); err != nil {
			fmt.Printf("%s: %v\n%s", name, err, out)
			return 1
		}
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "go_server"), "./echoserver").CombinedOutput(); err != nil {
		fmt.Printf("echoserver: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

var names atomic.Int32

func newName() string { return fmt.Sprintf("qbi-%d-%d", os.Getpid(), names.Add(1)) }

func limit(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func each(t *testing.T, fn func(t *testing.T, tr wire.Transport)) {
	for _, tr := range []wire.Transport{wire.Shm, wire.Socket} {
		t.Run(tr.String(), func(t *testing.T) { fn(t, tr) })
	}
}

// serve runs a service of ours in this process.
func serve(t testing.TB, opts server.Options) (*server.Server, string) {
	t.Helper()
	opts.Name = newName()
	if opts.Handler == nil {
		opts.Handler = echo.Service{}
	}
	s, err := server.Listen(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.SetRate(server.Fast)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, opts.Name
}

// program is an echo server in a process of its own.
type program struct {
	cmd  *exec.Cmd
	in   io.Closer
	name string
}

// launch starts the program of that name, "echo_server" or "go_server".
func launch(t testing.TB, which string, tr wire.Transport) *program {
	t.Helper()
	p := &program{name: newName()}
	p.cmd = exec.Command(filepath.Join(bin, which), p.name, tr.String())
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%s says %q, %v", which, line, err)
	}
	return p
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop ends the program in order.
func (p *program) stop() error {
	_ = p.in.Close()
	return p.cmd.Wait()
}

// cClient runs the C client to its end and returns what it prints.
func cClient(t testing.TB, name, max string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "echo_client"),
		append([]string{name, max}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestCClient(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		s, name := serve(t, server.Options{Type: tr})
		if got := cClient(t, name, "8192", "hello"); got != "size 12328" {
			t.Errorf("buffer: %s", got)
		}
		for _, args := range [][]string{
			{"echo", "2000", "24"}, {"echo", "2000", "1001"}, {"echo", "300", "100003"}, {"echo", "20", "1000000"},
			{"pipe", "6400", "64"}, {"pipe", "320", "20000"}, // overtakes the ring: 640 kB each way
			{"events", "20000", "40"}, {"events", "3000", "5001"}, {"slow", "20000", "100"}, {"slow", "1000", "50000"},
		} {
			if got := cClient(t, name, "1048576", args...); !strings.HasPrefix(got, "seconds") {
				t.Errorf("%v: %s", args, got)
			}
		}
		for end := time.Now().Add(5 * time.Second); s.Stats().Active > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("a client that left is still there")
			}
		}
		if st := s.Stats(); st.Malformed != 0 || st.Closed != 11 {
			t.Errorf("%+v", st)
		}
	})
}

func TestCClientIsRefused(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EACCES, unix.EAGAIN, unix.EMFILE, unix.ENOSYS} {
		_, name := serve(t, server.Options{Type: wire.Shm, Accept: func(server.Peer) error { return errno }})
		if got, want := cClient(t, name, "8192", "hello"), fmt.Sprintf("errno %d", int(errno)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestCClientOfAnotherUser: the server is root, the client is not.
func TestCClientOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	const nobody = 65534
	each(t, func(t *testing.T, tr wire.Transport) {
		var saw atomic.Pointer[server.Peer]
		_, name := serve(t, server.Options{Type: tr, Accept: func(p server.Peer) error {
			saw.Store(&p)
			return nil
		}})
		cmd := exec.Command(filepath.Join(bin, "echo_client"), name, "20000", "echo", "1000", "500")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "seconds") {
			t.Errorf("%s, %v", out, err)
		}
		if p := saw.Load(); p == nil || p.UID != nobody || p.GID != nobody || p.PID != cmd.Process.Pid {
			t.Errorf("client is %+v", p)
		}
	})
}

// TestCClientsAreKilled kills clients wherever they happen to be.
func TestCClientsAreKilled(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		s, name := serve(t, server.Options{Type: tr})
		for i := range 60 {
			what := []string{"echo", "pipe", "events", "slow"}[i%4]
			cmd := exec.Command(filepath.Join(bin, "echo_client"), name, "100000", what, "20000", strconv.Itoa(24+50*i))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i%20) * time.Millisecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if left, _ := filepath.Glob(fmt.Sprintf("/dev/shm/qb-%d-%d-*", os.Getpid(), cmd.Process.Pid)); len(left) > 0 {
				dirs := left
				for end := time.Now().Add(5 * time.Second); len(left) > 0; time.Sleep(time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("left behind: %v", dirs)
					}
					left, _ = filepath.Glob(dirs[0])
				}
			}
		}
		if got := cClient(t, name, "100000", "echo", "100", "100"); !strings.HasPrefix(got, "seconds") {
			t.Error(got)
		}
		if st := s.Stats(); st.Active > 1 || st.Overrun > 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestCClientLearnsOfTheEnd ends a server of ours in order and by SIGKILL, after
// which libqb's client removes the files.
func TestCClientLearnsOfTheEnd(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		for _, killed := range []bool{false, true} {
			p := launch(t, "go_server", tr)
			cmd := exec.Command(filepath.Join(bin, "echo_client"), p.name, "8192", "idle")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(out)
			if line, _ := r.ReadString('\n'); line != "ready\n" {
				t.Fatalf("client says %q", line)
			}
			if killed {
				p.kill()
			} else if err := p.stop(); err != nil {
				t.Error(err)
			}
			line, _ := r.ReadString('\n')
			if !strings.HasPrefix(line, "end -") {
				t.Errorf("client says %q", line)
			}
			_ = cmd.Wait()
			// libqb's client leaves the empty directory of a server that was
			// killed, whatever server that was.
			dirs := fmt.Sprintf("/dev/shm/qb-%d-*", p.cmd.Process.Pid)
			if left, _ := filepath.Glob(dirs + "/*"); len(left) > 0 {
				t.Errorf("killed %t: left behind %v", killed, left)
			}
			left, _ := filepath.Glob(dirs)
			if !killed && len(left) > 0 {
				t.Errorf("left behind %v", left)
			}
			for _, d := range left {
				_ = os.Remove(d)
			}
		}
	})
}

func TestGoClientOfCServer(t *testing.T) {
	each(t, func(t *testing.T, tr wire.Transport) {
		p := launch(t, "echo_server", tr)
		c, err := client.Dial(limit(t), p.name, client.Options{MaxMsgSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if c.Server().PID != p.cmd.Process.Pid || c.MaxMsgSize() != 1<<20 {
			t.Errorf("server %+v, %d bytes", c.Server(), c.MaxMsgSize())
		}
		for i := range 1000 {
			want := wire.RequestHeader{ID: echo.MsgEcho, Size: int32(24 + i*i)}.AppendTo(nil)
			want = append(want, bytes.Repeat([]byte{byte(i)}, 8+i*i)...)
			want = want[:min(len(want), 1<<20)]
			wire.RequestHeader{ID: echo.MsgEcho, Size: int32(len(want))}.AppendTo(want[:0])
			got, err := c.Call(limit(t), want)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("answer %d of %d bytes: %v", i, len(want), err)
			}
		}
		const count, size = 5000, 700
		req := wire.RequestHeader{ID: echo.MsgEvents, Size: 24}.AppendTo(nil)
		req = wire.Order.AppendUint32(req, count)
		req = wire.Order.AppendUint32(req, size)
		if err := c.Send(req); err != nil {
			t.Fatal(err)
		}
		want := make([]byte, size)
		for i := range int32(count) {
			got, err := c.Event(limit(t))
			echo.Event(want, i)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("event %d: %d bytes, %v", i, len(got), err)
			}
		}
		waiting := make(chan error)
		go func() {
			_, err := c.Event(context.Background())
			waiting <- err
		}()
		p.kill()
		if err := <-waiting; !errors.Is(err, client.ErrDisconnected) {
			t.Errorf("event: %v", err)
		}
		if _, err := c.Call(limit(t), req); !errors.Is(err, client.ErrDisconnected) {
			t.Errorf("call: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(fmt.Sprintf("/dev/shm/qb-%d-*", p.cmd.Process.Pid)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// TestCaptures compares, or with -refresh writes, what libqb sends.
func TestCaptures(t *testing.T) {
	const ring = "/dev/shm/qb-golden"
	if err := os.Mkdir(ring, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(ring)
	out, err := exec.Command(filepath.Join(bin, "golden_ring"), ring).Output()
	if err != nil {
		t.Fatal(err)
	}
	capture(t, "../../internal/qb/ringbuffer/testdata/ring.txt", string(out))
	capture(t, "../../internal/qb/wire/testdata/connect_request.hex", hex.EncodeToString(captureRequest(t))+"\n")
	if *refresh {
		// Paths and addresses differ each time, so there is nothing to compare.
		for _, tr := range []wire.Transport{wire.Shm, wire.Socket} {
			b := captureResponse(t, tr)
			capture(t, fmt.Sprintf("../../internal/qb/wire/testdata/connect_response_%v.hex", tr), sparse(b))
		}
	}
}

func capture(t *testing.T, path, got string) {
	t.Helper()
	if *refresh {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s differs from what libqb does, %v", path, err)
	}
}

// sparse writes lines of an offset and 16 bytes, those of zeros left out.
func sparse(b []byte) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 16 {
		if line := b[i:min(i+16, len(b))]; len(bytes.Trim(line, "\x00")) > 0 {
			fmt.Fprintf(&s, "%d %x\n", i, line)
		}
	}
	return s.String()
}

// captureRequest is what a C client says first when it asks for 1 MiB.
func captureRequest(t *testing.T) []byte {
	name := newName()
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
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.Command(filepath.Join(bin, "echo_client"), name, "1048576", "hello")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	_ = cmd.Wait()
	return b[:n]
}

// captureResponse is what a C server answers.
func captureResponse(t *testing.T, tr wire.Transport) []byte {
	p := launch(t, "echo_server", tr)
	addr, err := qb.ServiceAddress(p.name, "")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := addr.Connect(fd); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(fd, wire.ConnectRequest{MaxMsgSize: 1 << 20}.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, wire.ConnectResponseSize+1)
	n, err := unix.Read(fd, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	return b[:n]
}
