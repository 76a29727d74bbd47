package pacemakerd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
)

const features = `Pacemaker 2.1.5 (Build: a3f44794f94)
 Supporting v3.16.1: agent-manpages cibsecrets corosync-ge-2 generated-manpages lha monotonic nagios ncurses remote systemd
`

// What the reference prints; interop-tests/pacemakerd compares more.
func TestOptions(t *testing.T) {
	t.Setenv(root.EnvDir, t.TempDir()) // where nothing runs
	for _, tt := range []struct {
		args        string
		code        int
		stdout, err string
	}{
		{"--features", 0, features, ""},
		{"-fF -p x extra", 0, features, ""},
		{"-S -F", 0, features, ""},
		{"--version", 0, "Pacemaker 2.1.5\nWritten by Andrew Beekhof and the Pacemaker project contributors\n", ""},
		{"--bogus", 64, "", "pacemakerd: Unknown option --bogus\n"},
		{"-p", 64, "", "pacemakerd: Missing argument for -p\n"},
		{"-F --output-as=html", 1, "", "pacemakerd: Error creating output format html: Unknown output format\n"},
		{"-S", 102, "", "Could not request shutdown of existing Pacemaker instance: No such file or directory\n"},
	} {
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{"pacemakerd"}, strings.Fields(tt.args)...), nil, &stdout, &stderr)
		if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.err {
			t.Errorf("%s: %d\n%s%s", tt.args, code, stdout.String(), stderr.String())
		}
	}
}

func TestStandby(t *testing.T) {
	for _, name := range []string{"PCMK_node_start_state", "HA_node_start_state"} {
		t.Setenv(name, "")
	}
	var out bytes.Buffer
	if code := Main([]string{"pacemakerd", "-s", "-F"}, nil, &out, &out); code != 0 {
		t.Error(code)
	}
	if got := os.Getenv("HA_node_start_state"); got != "standby" {
		t.Errorf("%q", got)
	}
}

// A process is told by its program, not by its number alone.
func TestRuns(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		t.Fatal(err)
	}
	if got := runs(os.Getpid(), self); got != engine.Alive {
		t.Error(got)
	}
	if got := runs(os.Getpid(), self+"d"); got != engine.Gone {
		t.Error(got)
	}
	const none = 1 << 23 // beyond the largest pid
	if got := runs(none, self); got != engine.Gone {
		t.Error(got)
	}
	t.Setenv(root.EnvDir, t.TempDir())
	if got := runs(os.Getpid(), os.Args[0]); got != engine.Alive {
		t.Error(got)
	}
}
