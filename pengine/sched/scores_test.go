package sched_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// What is decided of scores, and in which order, and what is wrong with a
// configuration is what the reference's crm_simulate says. See
// testdata/scores/refresh.sh.
func TestScores(t *testing.T) {
	files, err := filepath.Glob("testdata/scores/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs: %v", err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".xml")
		t.Run(filepath.Base(base), func(t *testing.T) {
			doc := etree.NewDocument()
			if err := doc.ReadFromFile(file); err != nil {
				t.Fatal(err)
			}
			var log messages
			ws, err := status.Unpack(doc.Root(), status.Options{
				Now: time.Unix(1700000000, 0).UTC(), Flags: status.NoCompat | status.ShowScores | status.ShowUtilization, Log: &log,
			})
			if err != nil {
				t.Fatal(err)
			}
			sched.Schedule(ws)
			var got []string
			for _, record := range ws.Records {
				got = append(got, record.String())
			}
			if diff := golden.Difference(got, linesOf(t, base+".scores")); diff != "" {
				t.Errorf("scores: %s", diff)
			}
			want := linesOf(t, base+".messages")
			want = slices.DeleteFunc(want, func(s string) bool { return !strings.HasPrefix(s, "(") })
			if diff := golden.Difference(log, want); diff != "" {
				t.Errorf("messages: %s", diff)
			}
		})
	}
}

// messages takes errors and warnings as crm_simulate -VV prints them.
type messages []string

func (m *messages) Enabled(level loglevel.Level) bool {
	return level == loglevel.Error || level == loglevel.Warning
}

func (m *messages) Logf(level loglevel.Level, format string, args ...any) {
	m.LogfAt(level, "", format, args...)
}

func (m *messages) LogfAt(level loglevel.Level, function, format string, args ...any) {
	name := "warning"
	if level == loglevel.Error {
		name = "error"
	}
	*m = append(*m, fmt.Sprintf("(%s) \t%s: %s", function, name, fmt.Sprintf(format, args...)))
}

// linesOf are the lines of a file that are not blank.
func linesOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return golden.Lines(string(text))
}
