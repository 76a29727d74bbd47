//go:build interop

package cib

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var (
	seeds   = flag.Int("seeds", 200, "how many documents to make up")
	first   = flag.Uint64("seed", 1, "the first one's seed")
	refresh = flag.Bool("refresh", false, "write the goldens anew")
)

// run runs a program of the reference with a document on its standard input.
func run(t testing.TB, env []string, stdin string, args ...string) golden.Command {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), append(env, "LC_ALL=C.UTF-8", "TZ=UTC")...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return golden.Command{Args: args, Stdin: stdin, Status: c.ProcessState.ExitCode(), Stdout: out.String(), Stderr: errs.String()}
}

// documents are our own configurations and the reference's, if they are there.
func documents(t testing.TB) []string {
	files, err := filepath.Glob("../../cib/schema/testdata/upgrade/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no configurations", err)
	}
	if dir := os.Getenv("RINGMASTER_CORPUS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "xml", "*.xml"))
		if err != nil || len(more) == 0 {
			t.Fatal("no corpus", err)
		}
		files = append(files, more...)
	} else {
		t.Log("RINGMASTER_CORPUS is not set: only with our own configurations")
	}
	texts := make([]string, len(files))
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(b)
	}
	return texts
}
