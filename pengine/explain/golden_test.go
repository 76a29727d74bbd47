package explain_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/pengine/explain"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

var rewrite = flag.Bool("rewrite", false, "write what is explained into testdata")

// What is explained of the CIBs in testdata, and of some of package graph's, is what
// the scripts there say: a line with the CIB, then questions with their answers.
func TestGolden(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(script), func(t *testing.T) {
			want, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(want), "\n")
			ws := schedule(t, filepath.Join("testdata", strings.TrimPrefix(first, "# ")))
			var got strings.Builder
			got.WriteString(first + "\n")
			for line := range strings.Lines(string(want)) {
				if question, ok := strings.CutPrefix(line, "$ "); ok {
					got.WriteString("\n" + line + answer(t, ws, strings.Fields(question)))
				}
			}
			if *rewrite {
				if err := os.WriteFile(script, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := golden.Difference(strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// answer is what is explained of a subject, as text or, if that is asked for, XML.
func answer(t *testing.T, ws *status.WorkingSet, question []string) string {
	t.Helper()
	format := "text"
	if len(question) > 1 {
		format = question[1]
	}
	e, err := explain.Of(ws, question[0])
	if err != nil {
		return err.Error() + "\n"
	}
	var b bytes.Buffer
	o := pcmktool.Common{OutputAs: &format}
	out, err := o.Open([]string{"crm_simulate", "--explain", question[0]}, &b, &b)
	if err != nil {
		t.Fatal(err)
	}
	e.Print(out)
	if err := out.Finish(crmexit.OK); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Nothing is explained without a trace, and of nothing.
func TestErrors(t *testing.T) {
	ws := schedule(t, "testdata/placement.xml")
	for _, tt := range []struct{ subject, want string }{
		{"wep", "Resource or node 'wep' not found: did you mean web?"},
		{"web@node9", "Node 'node9' not found: did you mean node1, node2 or node3?"},
		{"nothing@node1", "Resource 'nothing' not found"},
		{"", "Resource or node '' not found"},
		{"@", "Resource '' not found"},
		{"web:", "Resource or node 'web:' not found: did you mean web?"},
		{"web@", "Node '' not found"},
		{"lgoger", "Resource or node 'lgoger' not found: did you mean logger?"},
	} {
		if _, err := explain.Of(ws, tt.subject); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.subject, err, tt.want)
		}
	}
	ws.Options.Trace = nil
	if _, err := explain.Of(ws, "web"); err == nil {
		t.Error("explained without a trace")
	}
}
