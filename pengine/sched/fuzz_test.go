package sched_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// No CIB, however odd, makes scheduling panic.
func FuzzSchedule(f *testing.F) {
	files, err := filepath.Glob("testdata/scores/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no CIBs: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := xmltree.Parse(text, 0)
		if err != nil || doc.Root() == nil {
			return
		}
		ws, err := status.Unpack(doc.Root(), status.Options{
			Now: time.Unix(1700000000, 0).UTC(), Flags: status.NoCompat | status.ShowScores | status.ShowUtilization,
		})
		if err != nil {
			t.Fatal(err)
		}
		sched.Schedule(ws)
	})
}
