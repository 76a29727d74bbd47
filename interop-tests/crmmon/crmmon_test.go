//go:build interop

package crmmon

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var (
	runs = flag.Int("runs", 100, "how many command lines TestFiles draws")
	seed = flag.Uint64("seed", 1, "from which")
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

// built is our binary.
func built(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "ours")
	cmd := exec.Command("go", "build", "-o", bin, "../../cmd/ringmaster")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// clock is the time of day that output tells.
var clock = regexp.MustCompile(`((?:^|\n|>|last_update time=")|Last updated: (?:</span><span>)?)[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`)

const reference = "/usr/sbin/crm_mon"

// ask runs a program as crm_mon, and is all that it says.
func ask(program string, args []string, env ...string) string {
	var out, errs bytes.Buffer
	cmd := &exec.Cmd{Path: program, Args: append([]string{"crm_mon"}, args...), Env: append(os.Environ(), env...), Stdout: &out, Stderr: &errs}
	_ = cmd.Run() // the status tells
	said := fmt.Sprintf("%s%sexit status %d\n", out.Bytes(), errs.Bytes(), cmd.ProcessState.ExitCode())
	return clock.ReplaceAllString(said, "${1}NOW")
}

// drawn are options that the drawn command lines have, each with what belongs to it.
var drawn = []string{
	"-n", "-r", "-f", "-o", "-t", "-c", "-L", "-A", "-D", "-R", "-b", "-Q", "-j", "-s", "-X", "-N", "-m", "-m3", "-m 0", "--include=all", "--exclude=all",
	"--include=none,nodes", "--include=bans", "--include=bans:cli-", "--include=options", "-U none", "-I attributes,tickets", "-U nodes,resources",
	"--include=default,operations", "-I fencing", "--html-title=title", "--text-fancy", "-L cli", "--output-as=text", "--output-as=html", "--output-as=xml",
	"--resource=nobody", "--node=nobody", "--node=*", "--exclude=bogus",
}

var (
	resourceID = regexp.MustCompile(`<(?:primitive|clone|group|master|bundle|tag) [^>]*?\bid="([^"]+)"`)
	nodeName   = regexp.MustCompile(`\buname="([^"]+)"`)
)

// TestFiles puts drawn command lines to CIBs: those of our tests, and of the reference's
// regression tests of the scheduler if RINGMASTER_CORPUS names their folder.
func TestFiles(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../pengine/*/testdata/*.xml", os.Getenv("RINGMASTER_CORPUS") + "/xml/*.xml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	bin := built(t)
	r := rand.New(rand.NewPCG(*seed, 0))
	for i := range *runs {
		file := files[r.IntN(len(files))]
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"-1"}
		for range r.IntN(6) {
			args = append(args, strings.Fields(drawn[r.IntN(len(drawn))])...)
		}
		args = append(args, []string{"--output-as=text", "--output-as=html", "--output-as=xml"}[r.IntN(3)])
		if found := resourceID.FindAllSubmatch(text, -1); len(found) > 0 && r.IntN(3) == 0 {
			args = append(args, "--resource="+string(found[r.IntN(len(found))][1])+[]string{"", "", ":0"}[r.IntN(3)])
		}
		if found := nodeName.FindAllSubmatch(text, -1); len(found) > 0 && r.IntN(3) == 0 {
			args = append(args, "--node="+string(found[r.IntN(len(found))][1]))
		}
		env := []string{"CIB_file=" + file, "TZ=UTC", "LC_ALL=C"}
		if d := golden.Difference(golden.Lines(ask(bin, args, env...)), golden.Lines(ask(reference, args, env...))); d != "" {
			t.Errorf("run %d: CIB_file=%s crm_mon %s: %s", i, file, strings.Join(args, " "), d)
		}
	}
}
