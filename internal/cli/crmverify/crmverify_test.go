package crmverify

import (
	"io"
	"testing"
	_ "time/tzdata"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; testdata/README says how.
func TestGolden(t *testing.T) {
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return run(c.Args, stdin, stdout, stderr, c.Time(t))
	})
}

// TestWorst repeats the mutations of CIBs that reach the most of what can be wrong.
func TestWorst(t *testing.T) {
	golden.Repeat(t, "testdata/worst.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return run(c.Args, stdin, stdout, stderr, c.Time(t))
	})
}
