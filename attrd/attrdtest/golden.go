package attrdtest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// Run is a run of a tool before a manager of attributes, and what it asked for: a line of
// JSON in a golden file.
type Run struct {
	golden.Command
	Env   map[string]string `json:"env,omitempty"`
	Asked []string          `json:"asked,omitempty"`
}

// Runs reads the runs in a file.
func Runs(t testing.TB, path string) []Run {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var runs []Run
	for line := range strings.Lines(string(b)) {
		var r Run
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		runs = append(runs, r)
	}
	return runs
}

// WriteRuns writes such a file.
func WriteRuns(t testing.TB, path string, runs []Run) {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, r := range runs {
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
