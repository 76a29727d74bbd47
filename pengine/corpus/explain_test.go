package corpus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/explain/explaintest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// TestExplain explains each resource of the corpus, on all nodes and on each: what is
// said of scores adds up to those that crm_simulate -s prints, and agrees with the
// schedule.
func TestExplain(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the corpus takes a while")
	}
	corpus := folder(t)
	tests, err := os.ReadFile(filepath.Join(corpus, "tests.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	explained := 0
	for line := range strings.Lines(string(tests)) {
		name, args, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		ok := t.Run(name, func(t *testing.T) {
			at, _ := strings.CutPrefix(args, "-t ")
			for _, text := range explaintest.Check(traced(t, filepath.Join(corpus, "xml", name+".xml"), at)) {
				t.Error(text)
			}
		})
		if ok {
			explained++
		}
	}
	t.Logf("explained %d CIBs", explained)
}

// traced is a CIB of the corpus, scheduled with a trace at a time, or if that is ""
// at any.
func traced(t *testing.T, file, at string) *status.WorkingSet {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(file); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1700000000, 0).UTC()
	if at != "" {
		parsed, err := iso8601.Parse(at, iso8601.FromTime(now))
		if err != nil {
			t.Fatal(err)
		}
		now = time.Unix(parsed.Epoch(), 0).UTC()
	}
	ws, err := explaintest.Schedule(doc.Root(), now)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}
