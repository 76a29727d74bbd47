//go:build interop

// Package pacemakertools_test runs Pacemaker's command-line tools and ours on the
// same thousands of command lines, drawn from a seed, and compares what they
// print and their statuses. With -refresh it writes the goldens of the tools' own
// tests from what the reference says.
package pacemakertools_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/crmerror"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmrule"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmsimulate"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmverify"
	"github.com/ringmaster-ha/ringmaster/internal/cli/fencelegacy"
	"github.com/ringmaster-ha/ringmaster/internal/cli/fencewatchdog"
	"github.com/ringmaster-ha/ringmaster/internal/cli/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var (
	refresh = flag.Bool("refresh", false, "write the goldens of internal/cli")
	seed    = flag.Uint64("seed", 1, "what command lines are drawn from")
	runs    = flag.Int("runs", 400, "how many command lines of each tool")
)

var ours = map[string]func(args []string, stdin io.Reader, stdout, stderr io.Writer) int{
	"crm_error":      crmerror.Main,
	"crm_rule":       crmrule.Main,
	"crm_simulate":   crmsimulate.Main,
	"crm_verify":     crmverify.Main,
	"fence_legacy":   fencelegacy.Main,
	"fence_watchdog": fencewatchdog.Main,
	"iso8601":        iso8601.Main,
}

var unasked = regexp.MustCompile(`(?m)^\(\w+\) \terror: .*\n`)

var assertion = regexp.MustCompile(`(?m)^\(log_assertion_as\) .*\n`)

// TestMain plays our tools when it is run by their names.
func TestMain(m *testing.M) {
	if tool := ours[filepath.Base(os.Args[0])]; tool != nil {
		os.Exit(tool(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// run runs the program at path with a command line, where there is a file in.xml if cib
// is not nil.
func run(t *testing.T, path string, c golden.Command, cib []byte) golden.Command {
	t.Helper()
	folder := t.TempDir()
	if cib != nil {
		if err := os.WriteFile(filepath.Join(folder, "in.xml"), cib, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	cmd := exec.Cmd{
		Path: path, Args: c.Args, Env: []string{"LC_ALL=C", "TZ=" + c.Zone, "PATH=/usr/sbin:/usr/bin", "CIB_shadow_dir=" + folder},
		Stdin: strings.NewReader(c.Stdin), Stdout: &out, Stderr: &errs, Dir: folder,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	c.Status, c.Stdout, c.Stderr = cmd.ProcessState.ExitCode(), out.String(), errs.String()
	// What the reference prints of its own mistakes, such as looking for constraints in a
	// CIB without.
	if assertion.MatchString(c.Stderr) && !slices.ContainsFunc(c.Args, func(a string) bool { return strings.HasPrefix(a, "-V") }) {
		// From there on it shows errors though it has not been asked to.
		c.Stderr = unasked.ReplaceAllString(c.Stderr, "")
	}
	c.Stderr = assertion.ReplaceAllString(c.Stderr, "")
	return c
}

// compare runs both; what depends on the current second gets another chance.
func compare(t *testing.T, c golden.Command) golden.Command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var want, got golden.Command
	for range 3 {
		c.Now = time.Now().Unix()
		want = run(t, "/usr/sbin/"+c.Args[0], c, nil)
		got = run(t, self, c, nil)
		if got.Stdout == want.Stdout && got.Stderr == want.Stderr && got.Status == want.Status {
			return want
		}
	}
	t.Logf("TZ=%s stdin %q", c.Zone, c.Stdin)
	got.Compare(t, want)
	return want
}

func TestTools(t *testing.T) {
	zones := []string{"UTC", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Los_Angeles"}
	for tool, draw := range map[string]func(*rand.Rand) golden.Command{
		"crm_error": drawError, "crm_rule": drawRule, "iso8601": drawISO8601,
	} {
		t.Run(tool, func(t *testing.T) {
			r := rand.New(rand.NewPCG(*seed, 0))
			var kept []golden.Command
			fixed := fixedLines(tool)
			for i := range *runs + len(fixed) {
				var c golden.Command
				if i < len(fixed) {
					c = golden.Command{Args: fixed[i]}
				} else {
					c = draw(r)
				}
				zone := zones[0]
				if i%3 == 2 && i >= len(fixed) {
					zone = zones[r.IntN(len(zones))]
				}
				c.Zone = zone
				want := compare(t, c)
				if len(kept) < 600 {
					kept = append(kept, want)
				}
			}
			if *refresh {
				name := strings.ReplaceAll(tool, "_", "")
				golden.WriteCommands(t, "../../internal/cli/"+name+"/testdata/golden.jsonl", kept)
			}
		})
	}
}
