package fencelegacy

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked, with a command that just tells how it
// was called; testdata/README says how.
func TestGolden(t *testing.T) {
	fakes, err := filepath.Abs("testdata/fakes")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", fakes+":/usr/bin:/bin")
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		before := os.Environ()
		defer func() {
			os.Clearenv()
			for _, e := range before {
				name, value, _ := strings.Cut(e, "=")
				os.Setenv(name, value)
			}
		}()
		return Main(c.Args, stdin, stdout, stderr)
	})
}

// TestMissing: a command that is not there is an error, after what was to be done.
func TestMissing(t *testing.T) {
	var out, errs bytes.Buffer
	missing := filepath.Join(t.TempDir(), "stonith")
	status := Main([]string{"fence_legacy", "-s", missing, "-o", "list"}, strings.NewReader(""), &out, &errs)
	if status != 1 || out.String() != "" || !strings.Contains(errs.String(), missing) {
		t.Errorf("status %d, %q, %q", status, out.String(), errs.String())
	}
	out.Reset()
	status = Main([]string{"fence_legacy", "-s", missing, "-o", "stat"}, strings.NewReader(""), &out, io.Discard)
	if want := "Performing: " + missing + " -t none -E -S\n"; status != 1 || out.String() != want {
		t.Errorf("status %d, %q, want %q", status, out.String(), want)
	}
}
