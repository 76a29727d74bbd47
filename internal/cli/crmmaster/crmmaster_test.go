package crmmaster

import (
	"io"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked with a file in the cluster's place;
// testdata/README says how.
func TestGolden(t *testing.T) {
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return Main(c.Args, stdin, stdout, stderr)
	})
}
