package notify

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
)

// TestMain plays other processes when told to.
func TestMain(m *testing.M) {
	switch act := os.Getenv("NOTIFY_TEST"); {
	case act == "detach":
		fmt.Fprintln(os.Stderr, "configuration read")
		report := os.NewFile(4, "report") // our own, for the test
		if !InBackground() {
			os.Exit(1)
		}
		err := Detach()
		fmt.Fprintln(os.Stderr, "nobody reads this")
		to, _ := os.Readlink("/proc/self/fd/2")
		sid, _ := os.ReadFile("/proc/self/stat")
		fields := strings.Fields(string(sid[bytes.LastIndexByte(sid, ')')+1:]))
		fmt.Fprintf(report, "%v %s leader=%v in=%v\n", err, to, fields[3] == strconv.Itoa(os.Getpid()), InBackground())
		os.Exit(0)
	case act == "fail":
		os.Exit(int(exitcode.MainConfigRead))
	case act == "end":
		os.Exit(0)
	case act == "killed":
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	case strings.HasPrefix(act, "lock "):
		_, err := Lock(act[5:])
		var l *LockError
		if errors.As(err, &l) {
			fmt.Println(l)
			os.Exit(int(l.Code))
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func self(act string) *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{"corosync"},
		Env: append(os.Environ(), "NOTIFY_TEST="+act),
	}
}

func TestBackground(t *testing.T) {
	// Descriptor 4 of the daemon: it comes behind Background's own.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := self("detach")
	cmd.Path = "/bin/sh"
	cmd.Args = []string{"sh", "-c", `exec "$0" 4<&0 </dev/null`, exe}
	cmd.Stdin = w
	var stderr bytes.Buffer
	stderrR, stderrW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = stderrW
	if code := background(cmd); code != exitcode.Exit {
		t.Errorf("code %v, want 0", code)
	}
	w.Close()
	stderrW.Close()
	report := make([]byte, 200)
	n, _ := r.Read(report)
	if got, want := string(report[:n]), "<nil> /dev/null leader=true in=false\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	stderr.ReadFrom(stderrR)
	if got := stderr.String(); got != "configuration read\n" {
		t.Errorf("standard error %q", got)
	}
}

func TestBackgroundEndsEarly(t *testing.T) {
	for act, want := range map[string]exitcode.Code{
		"fail": exitcode.MainConfigRead, "end": exitcode.Exit, "killed": exitcode.FatalErr,
	} {
		if code := background(self(act)); code != want {
			t.Errorf("%s: %v, want %v", act, code, want)
		}
	}
	if code := background(&exec.Cmd{Path: "/no/such/program"}); code != exitcode.Fork {
		t.Errorf("no program: %v", code)
	}
}

func TestDetachInForeground(t *testing.T) {
	if err := Detach(); err != nil {
		t.Error(err)
	}
	t.Setenv(detachFD, "x")
	if err := Detach(); err == nil {
		t.Error("a bad descriptor passes")
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corosync.pid")
	if err := os.WriteFile(path, []byte("a stale one, and longer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("holds %q", b)
	}
	// Reading it has closed a descriptor and with it the lock: take it anew.
	p, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := self("lock " + path)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != int(exitcode.AlreadyRunning) || string(out) != "Another Corosync instance is already running.\n" {
		t.Errorf("another process: %v, %q", err, out)
	}
	p.Remove()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
	if err := self("lock " + path).Run(); err != nil {
		t.Errorf("free: %v", err)
	}
	_, err = Lock(filepath.Join(path, "no", "where"))
	var l *LockError
	if !errors.As(err, &l) || l.Code != exitcode.AcquireLock || l.Text != "Corosync Executive couldn't create lock file." {
		t.Errorf("got %v", err)
	}
}

func TestSystemd(t *testing.T) {
	if err := Systemd(Ready); err != nil {
		t.Error(err)
	}
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@ringmaster-notify-test-" + strconv.Itoa(os.Getpid())} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("NOTIFY_SOCKET", name)
		if err := Systemd(Ready, "STATUS=ok"); err != nil {
			t.Error(err)
		}
		b := make([]byte, 100)
		n, _ := l.Read(b)
		if got := string(b[:n]); got != "READY=1\nSTATUS=ok" {
			t.Errorf("got %q", got)
		}
		l.Close()
		if err := Systemd(Ready); err == nil {
			t.Error("nobody listens, no error")
		}
	}
	t.Setenv("NOTIFY_SOCKET", "relative")
	if err := Systemd(Ready); err == nil {
		t.Error("a relative path passes")
	}
}
