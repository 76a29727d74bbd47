package fencewatchdog

import (
	"io"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; testdata/README says how.
func TestGolden(t *testing.T) {
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return Main(c.Args, stdin, stdout, stderr)
	})
}

// TestFull: output that cannot be written is an error.
func TestFull(t *testing.T) {
	r, w := io.Pipe()
	_ = r.Close()
	if status := Main([]string{"fence_watchdog", "-o", "metadata"}, nil, w, io.Discard); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}
