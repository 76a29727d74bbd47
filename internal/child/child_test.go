package child

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a program of the shell's.
func script(t testing.TB, text string) *Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Program{Path: path, Args: []string{path}, Env: os.Environ(), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}
}

// run runs a program to its end.
func (p *Program) run(t testing.TB, ctx context.Context) (end Ending, stdout, stderr string) {
	t.Helper()
	c, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	end = c.Wait(ctx)
	return end, p.Stdout.(*bytes.Buffer).String(), p.Stderr.(*bytes.Buffer).String()
}

func TestEnd(t *testing.T) {
	p := script(t, "cat; echo said >&2; exit 3")
	p.Input = "given\n"
	if end, out, errs := p.run(t, t.Context()); !end.Status.Exited() || end.Status.ExitStatus() != 3 || out != "given\n" || errs != "said\n" {
		t.Errorf("%+v, %q, %q", end, out, errs)
	}
	if end, _, _ := script(t, "kill -9 $$").run(t, t.Context()); end.Status.Signal() != syscall.SIGKILL || end.TimedOut {
		t.Errorf("%+v", end)
	}
	// What a program leaves behind is not waited for.
	if end, out, _ := script(t, "sleep 1000 & echo done $!").run(t, t.Context()); !end.Status.Exited() || !strings.HasPrefix(out, "done") {
		t.Errorf("%+v, %q", end, out)
	} else if left, err := os.FindProcess(atoi(t, out)); err == nil {
		_ = left.Kill()
	}
	if _, err := (&Program{Path: "/nowhere", Args: []string{"/nowhere"}}).Start(); err != syscall.ENOENT {
		t.Errorf("%v", err)
	}
	shell := script(t, "")
	if err := os.WriteFile(shell.Path, []byte("echo by the shell\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if end, out, _ := shell.run(t, t.Context()); !end.Status.Exited() || out != "by the shell\n" {
		t.Errorf("%+v, %q", end, out)
	}
}

func atoi(t *testing.T, out string) (n int) {
	t.Helper()
	for _, c := range strings.TrimSpace(strings.TrimPrefix(out, "done")) {
		n = 10*n + int(c-'0')
	}
	return max(n, 2)
}

// TestKilled: a program and all that is of its group are killed when its time is over, or nobody waits any more.
func TestKilled(t *testing.T) {
	hang := "sleep 1000 & wait"
	p := script(t, hang)
	p.Timeout = 100 * time.Millisecond
	if end, _, _ := p.run(t, t.Context()); !end.TimedOut || end.Status.Signal() != syscall.SIGKILL {
		t.Errorf("%+v", end)
	}
	// Both before Wait looks and while it waits.
	for _, after := range []time.Duration{0, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		if end, _, _ := script(t, hang).run(t, ctx); end.TimedOut || end.Status.Signal() != syscall.SIGKILL {
			t.Errorf("after %v: %+v", after, end)
		}
		cancel()
	}
}

// TestLong: more is read and written than pipes hold, by a program that takes its time.
func TestLong(t *testing.T) {
	long := strings.Repeat("a line\n", 100_000)
	p := script(t, "sleep 0.05; cat; cat /dev/null")
	p.Input = long
	if end, out, _ := p.run(t, t.Context()); !end.Status.Exited() || out != long {
		t.Errorf("%+v, %d bytes of %d", end, len(out), len(long))
	}
	// It need not read it all.
	p = script(t, "read line; echo $line")
	p.Input = long
	if end, out, _ := p.run(t, t.Context()); !end.Status.Exited() || out != "a line\n" {
		t.Errorf("%+v, %q", end, out)
	}
}

func BenchmarkRun(b *testing.B) {
	p := script(b, "while read -r line; do case $line in x) ;; esac; done")
	p.Input = "nodename=x2\naction=off\nplug=x2\n"
	for b.Loop() {
		if end, _, _ := p.run(b, b.Context()); !end.Status.Exited() {
			b.Fatal(end)
		}
	}
}
