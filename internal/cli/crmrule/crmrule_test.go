package crmrule

import (
	"bytes"
	"strings"
	"testing"
	_ "time/tzdata"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; testdata/README says how.
func TestGolden(t *testing.T) {
	runs := golden.Commands(t, "testdata/golden.jsonl")
	if len(runs) < 100 {
		t.Fatalf("only %d runs", len(runs))
	}
	t.Chdir(t.TempDir())
	for _, want := range runs {
		c := want
		var out, errs bytes.Buffer
		c.Status = run(c.Args, strings.NewReader(c.Stdin), &out, &errs, c.Time(t))
		c.Stdout, c.Stderr = out.String(), errs.String()
		c.Compare(t, want)
	}
}
