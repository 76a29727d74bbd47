package sched_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

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
			compareLines(t, got, linesOf(t, base+".scores"))
			want := linesOf(t, base+".messages")
			want = slices.DeleteFunc(want, func(s string) bool { return !strings.HasPrefix(s, "(") })
			compareLines(t, log, want)
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
func linesOf(t *testing.T, file string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if line = bytes.TrimRight(line, "\n"); len(line) > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines
}

// compareLines reports the first line that differs.
func compareLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "(no more)", "(no more)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d of %d:\n got %s\nwant %s", i+1, len(want), g, w)
			return
		}
	}
}
