package crmresource

import (
	"io"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked with a file in the cluster's place;
// testdata/README says how.
func TestGolden(t *testing.T) {
	t.Setenv("TZ", "UTC")
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return run(c.Args, stdin, stdout, stderr, c.Time(t))
	})
}
