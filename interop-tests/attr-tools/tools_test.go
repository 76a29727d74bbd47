//go:build interop

// Package attrtools_test compares the reference's tools for node attributes, cluster options
// and tickets with ours: what they print, their statuses, what they ask the daemons for, and
// what becomes of the CIB. With -refresh it writes the goldens of the tools' own tests.
package attrtools_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/attrdupdater"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibsecret"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmadmin"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmattribute"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmfailcount"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmmaster"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmnode"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmresource"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmstandby"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmticket"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var (
	refresh = flag.Bool("refresh", false, "write the goldens of internal/cli")
	seed    = flag.Uint64("seed", 1, "what command lines are drawn from")
	runs    = flag.Int("runs", 60, "how many command lines of each tool")
)

var ours = map[string]func(args []string, stdin io.Reader, stdout, stderr io.Writer) int{
	"attrd_updater": attrdupdater.Main,
	"cibsecret":     cibsecret.Main,
	"crm_attribute": crmattribute.Main,
	"crm_failcount": crmfailcount.Main,
	"crm_node":      crmnode.Main,
	"crm_resource":  crmresource.Main,
	"crmadmin":      crmadmin.Main,
	"crm_master":    crmmaster.Main,
	"crm_standby":   crmstandby.Main,
	"crm_ticket":    crmticket.Main,
}

// apart tells the copy of this program that has a network of its own.
const apart = "RINGMASTER_ATTR_TOOLS_APART"

// TestMain plays our tools when it is run by their names, and runs the tests in a network
// namespace, where no other daemon has the names of services.
func TestMain(m *testing.M) {
	if tool := ours[filepath.Base(os.Args[0])]; tool != nil {
		os.Exit(tool(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	lab.Init()
	if os.Getenv(apart) != "" {
		os.Exit(m.Run())
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(self, os.Args[1:]...)
	c.Env = append(os.Environ(), apart+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := c.Run(); err != nil {
		os.Exit(1)
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// random is what the reference makes up.
var random = regexp.MustCompile(`/tmp/cib-invalid\.\w{6}`)

// assertion is what the reference says of its own mistakes.
var assertion = regexp.MustCompile(`(?m)^\(log_assertion_as\) .*\n|^\(process:\d+\): GLib-WARNING.*\n.*\n.*\n|^\n\(process:\d+\): GLib-WARNING.*(\n.+)*\n`)

var unasked = regexp.MustCompile(`(?m)^\(\w+\) \terror: .*\n`)

// execute runs the program at path with a command line, where there is a file in.xml if cib is
// not empty.
func execute(t *testing.T, path string, c golden.Command, cib string) golden.Command {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "in.xml")
	if cib != "" {
		if err := os.WriteFile(file, []byte(cib), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	cmd := exec.Cmd{
		Path: path, Args: c.Args, Env: []string{"LC_ALL=C", "TZ=" + c.Zone, "PATH=/usr/sbin:/usr/bin:/bin", "CIB_shadow_dir=" + folder},
		Stdin: strings.NewReader(c.Stdin), Stdout: &out, Stderr: &errs, Dir: folder,
	}
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	began := time.Now().Unix()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	c.Status, c.Stdout = cmd.ProcessState.ExitCode(), out.String()
	c.Stderr = random.ReplaceAllString(errs.String(), "/tmp/cib-invalid.XXXXXX")
	if assertion.MatchString(c.Stderr) {
		// From there on it shows errors though it has not been asked to.
		c.Stderr = unasked.ReplaceAllString(assertion.ReplaceAllString(c.Stderr, ""), "")
	}
	if cib != "" {
		after, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(after)
		for now := began; now <= time.Now().Unix(); now++ {
			text = strings.ReplaceAll(text, strconv.FormatInt(now, 10), strconv.FormatInt(c.Now, 10))
		}
		c.Changed = golden.Changes(cib, text)
	}
	return c
}
