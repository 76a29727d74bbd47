package sched_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// The scores of the reference's own regression tests come out the same: sorted
// and without blank lines, as its runner compares them.
func TestCorpusScores(t *testing.T) {
	corpus := os.Getenv("RINGMASTER_CORPUS")
	if corpus == "" {
		t.Skip("RINGMASTER_CORPUS does not name the folder of the reference's cts/scheduler")
	}
	tests, err := os.ReadFile(filepath.Join(corpus, "tests.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	passed, all := 0, 0
	for line := range strings.Lines(string(tests)) {
		name, args, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		all++
		ok := t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(corpus, "scores", name+".scores"))
			if err != nil {
				t.Fatal(err)
			}
			ws := scheduled(t, filepath.Join(corpus, "xml", name+".xml"), args)
			var got []string
			for _, record := range ws.Records {
				got = append(got, record.String())
			}
			compareSorted(t, got, strings.Split(string(want), "\n"))
		})
		if ok {
			passed++
		}
	}
	t.Logf("%d of %d scores", passed, all)
}

// scheduled is the working set of a CIB in a file, scheduled as crm_simulate -sS
// does: at the time of -t, or of the CIB's execution-date, or now.
func scheduled(t *testing.T, file, args string) *status.WorkingSet {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(file); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	if text, ok := strings.CutPrefix(args, "-t "); ok {
		at, err := iso8601.Parse(text, iso8601.FromTime(now))
		if err != nil {
			t.Fatal(err)
		}
		now = time.Unix(at.Epoch(), 0).UTC()
	} else if date := doc.Root().SelectAttrValue("execution-date", ""); date != "" {
		seconds, err := time.ParseDuration(date + "s")
		if err != nil {
			t.Fatal(err)
		}
		now = time.Unix(int64(seconds.Seconds()), 0).UTC()
	}
	upgraded, _ := schema.UpdateConfiguration(doc.Root())
	ws, err := status.Unpack(upgraded.CIB, status.Options{Now: now, Flags: status.NoCompat | status.ShowScores})
	if err != nil {
		t.Fatal(err)
	}
	sched.Schedule(ws)
	return ws
}

// compareSorted compares lines without regard to their order and to blank ones.
func compareSorted(t *testing.T, got, want []string) {
	t.Helper()
	isBlank := func(s string) bool { return strings.TrimSpace(s) == "" }
	got, want = slices.DeleteFunc(got, isBlank), slices.DeleteFunc(want, isBlank)
	slices.Sort(got)
	slices.Sort(want)
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(got) > 0 && len(want) > 0 && got[0] == want[0]:
			got, want = got[1:], want[1:]
		case len(want) == 0 || len(got) > 0 && got[0] < want[0]:
			t.Errorf("extra   %s", got[0])
			got = got[1:]
		default:
			t.Errorf("missing %s", want[0])
			want = want[1:]
		}
	}
}
