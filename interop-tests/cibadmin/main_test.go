//go:build interop

package cibadmin

import (
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cli/cibadmin"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmshadow"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var (
	refresh = flag.Bool("refresh", false, "write the goldens of internal/cli")
	seed    = flag.Uint64("seed", 1, "what command lines are drawn from")
	runs    = flag.Int("runs", 400, "how many command lines of each tool")
)

var ours = map[string]func(args []string, stdin io.Reader, stdout, stderr io.Writer) int{
	"cibadmin":   cibadmin.Main,
	"crm_shadow": crmshadow.Main,
}

// TestMain plays our tools when it is run by their names.
func TestMain(m *testing.M) {
	lab.Init()
	if tool := ours[filepath.Base(os.Args[0])]; tool != nil {
		os.Exit(tool(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// play runs the program at path in a sandbox.
func play(t *testing.T, s golden.Sandbox, path string) golden.Sandbox {
	t.Helper()
	folder := t.TempDir()
	return s.Play(t, folder, func(s golden.Sandbox, stdout, stderr io.Writer) int {
		cmd := exec.Cmd{
			Path: path, Args: s.Args, Env: append([]string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/sbin:/usr/bin:/bin"}, s.Env...),
			Stdin: strings.NewReader(s.Stdin), Stdout: stdout, Stderr: stderr, Dir: folder,
		}
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode()
	})
}

// both plays a sandbox with both programs. crashed tells that the reference did not end by
// itself.
func both(t *testing.T, s golden.Sandbox) (want golden.Sandbox, same, crashed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want = play(t, s, "/usr/sbin/"+s.Args[0])
	if want.Status < 0 || strings.Contains(want.Stderr, "(log_assertion_as)") || strings.Contains(want.Stderr, "Triggered") {
		return want, false, true
	}
	return want, play(t, s, self).Compare(t, want), false
}

// next is the sandbox for the next command on what a run has left.
func next(s golden.Sandbox, args ...string) golden.Sandbox {
	files := maps.Clone(s.Files)
	maps.Copy(files, s.After)
	for _, name := range s.Gone {
		delete(files, name)
	}
	return golden.Sandbox{Args: args, Env: s.Env, Files: files}
}
