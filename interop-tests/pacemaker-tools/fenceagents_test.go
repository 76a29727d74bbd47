//go:build interop

package pacemakertools_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

const legacyFakes = "../../internal/cli/fencelegacy/testdata/fakes"

// TestFenceAgents compares the fence agents of Pacemaker's own by what they are asked on the command line and through
// standard input. The command that fence_legacy runs tells how it was called.
func TestFenceAgents(t *testing.T) {
	fakes, err := filepath.Abs(legacyFakes)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	play := func(path string, c golden.Command) golden.Command {
		var out, errs bytes.Buffer
		cmd := exec.Cmd{
			Path: path, Args: c.Args, Env: []string{"LC_ALL=C", "PATH=" + fakes + ":/usr/bin:/bin"},
			Stdin: strings.NewReader(c.Stdin), Stdout: &out, Stderr: &errs, Dir: t.TempDir(),
		}
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		c.Status, c.Stdout, c.Stderr = cmd.ProcessState.ExitCode(), out.String(), errs.String()
		return c
	}
	for tool, given := range map[string]agentWords{"fence_watchdog": watchdogWords, "fence_legacy": legacyWords} {
		t.Run(tool, func(t *testing.T) {
			r := rand.New(rand.NewPCG(*seed, 0))
			cases := given.fixed
			for range *runs / 4 {
				cases = append(cases, given.draw(r))
			}
			var kept []golden.Command
			for _, c := range cases {
				c.Args = append([]string{tool}, c.Args...)
				want, got := play("/usr/sbin/"+tool, c), play(self, c)
				if strings.HasPrefix(want.Stderr, "Traceback") {
					want.Stderr = got.Stderr
					got.Compare(t, want)
					continue
				}
				got.Compare(t, want)
				kept = append(kept, want)
			}
			if *refresh {
				golden.WriteCommands(t, "../../internal/cli/"+strings.ReplaceAll(tool, "_", "")+"/testdata/golden.jsonl", kept)
			}
		})
	}
}

// agentWords are command lines of an agent, and what more are made of.
type agentWords struct {
	fixed       []golden.Command
	args, lines []string
}

func (w agentWords) draw(r *rand.Rand) golden.Command {
	var c golden.Command
	if r.IntN(3) > 0 {
		for range r.IntN(5) {
			c.Args = append(c.Args, w.args[r.IntN(len(w.args))])
		}
	}
	for range r.IntN(6) {
		c.Stdin += w.lines[r.IntN(len(w.lines))] + []string{"\n", "\n", "\n", "\r\n", "\r"}[r.IntN(5)]
	}
	return c
}

var watchdogWords = agentWords{
	fixed: []golden.Command{
		{}, {Args: []string{"-h"}}, {Args: []string{"--help"}}, {Args: []string{"-V"}}, {Args: []string{"-o", "metadata"}},
		{Stdin: "action=metadata\n"}, {Stdin: "action=off\nnodename=a\nplug=b\n"}, {Stdin: "action=metadata\nplug=3\nversion=yes\n"},
		{Stdin: "# nothing\n\n  action=METADATA  \n"}, {Stdin: "nonsense\n=x\nplu=3\nhelp=off\nversion=On"}, {Stdin: "help=1\n"},
		{Args: []string{"-o", "off", "--action", "metadata"}}, {Args: []string{"--action", "metadata", "-o", "off"}},
		{Args: []string{"-o", "off", "--action", "metadata", "-o", "on"}},
	},
	args: []string{
		"-o", "-ometadata", "-oMetadata", "--action=metadata", "--action", "--act=off", "metadata", "off", "on", "-V", "-h", "-n", "-nport", "--plug=<p>&", "--plug",
		"-N", "node1", "--nodename=x", "--n", "--p", "--", "--=", "--v", "--version=1", "-x", "-Vo", "-Vometadata", "-VN", "-", "", "--nonsense", "--help", "--helpme", "-hx", "-é",
	},
	lines: []string{
		"action=metadata", "action=off", "action=", "action", "plug=a b=c", "nodename=node1", "port=1", "version=true", "version=no", "help=no", " plug=x ", "plug =x",
		"#plug=x", "", "ACTION=metadata", "option=metadata", "version=1", "help=yes", "é=é",
	},
}

var legacyWords = agentWords{
	fixed: []golden.Command{
		{}, {Args: []string{"-h"}}, {Args: []string{"--help"}}, {Args: []string{"-V"}}, {Args: []string{"-o", "metadata"}}, {Stdin: "action=metadata\n"},
		{Stdin: "plugin=external/ssh\naction=off\nnodename=node1\np_hostlist=node1 node2\nagent=fence_legacy\n"},
		{Stdin: "plugin=external/ssh\naction=reboot\nnodename=node1\np_x = y = z \n"}, {Stdin: "plugin=external/ssh\naction=monitor\n"},
		{Stdin: "plugin=external/ssh\naction=list\n"}, {Stdin: "plugin=external/ssh\noption=status\nresult=3\n"},
		{Stdin: "plugin=external/ssh\naction=off\nnodename=node1\nsignal=9\n"}, {Stdin: "plugin=external/ssh\naction=POWEROFF\nnodename=node1\nresult=1\n"},
		{Stdin: "stonith=stonith\naction=nonsense\nnodename=n\n"}, {Stdin: "action=off\n=x\n"}, {Stdin: "action=off\nnonsense\n"}, {Stdin: "# x\n\naction\n"},
		{Args: []string{"-q", "-o", "off"}}, {Args: []string{"-t", "external/ssh", "-n", "node1", "-o", "on"}}, {Args: []string{"-o", "nonsense"}}, {Args: []string{"-o", "it's"}},
	},
	args: []string{
		"-t", "-text", "external/ssh", "-n", "-nnode1", "node1", "-o", "-ooff", "-o=off", "-oreboot", "on", "hostlist", "stat", "poweron", "-s", "stonith", "-sstonith", "-q", "-qh", "-qV", "-qx", "-qooff",
		"-qo", "-h", "--help", "--he", "--help=x", "--ver", "--v", "--", "--=x", "--x", "-x", "-V", "-1", "-.5", "a b", "-a b", "", "-", "-t=", "-q=", "-h=x", "-é", "-qé", "-o'", "-o\"'\\\t",
	},
	lines: []string{
		"plugin=external/ssh", "plugin = null", "action=off", "action=On", "action=reset", "action=list", "action=HOSTLIST", "action=status", "option=poweron", "action=", "nodename=node1", "nodename=", "p_a=b",
		"p_c=d e=f", " p_g = h ", "result=0", "result=1", "result=5", "signal=15", "agent=x", "#x", "", "nonsense", "=", "port=node2", "stonith=stonith", "p_é=é",
	},
}
