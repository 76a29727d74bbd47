package explain_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/pengine/explain/explaintest"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// In all CIBs of the scheduler's tests explanations add up and agree with the
// schedule.
func TestAll(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/*.xml", "../sched/testdata/*/*.xml", "../status/testdata/*.xml", "../graph/testdata/*.xml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no CIBs as %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			doc := etree.NewDocument()
			if err := doc.ReadFromFile(file); err != nil {
				t.Fatal(err)
			}
			for _, text := range explaintest.Check(schedule(t, doc.Root(), time.Unix(1700000000, 0).UTC())) {
				t.Error(text)
			}
		})
	}
}

// schedule reads a CIB and schedules it, with a trace.
func schedule(t *testing.T, cib *etree.Element, now time.Time) *status.WorkingSet {
	t.Helper()
	upgraded, _ := schema.UpdateConfiguration(cib)
	ws, err := status.Unpack(upgraded.CIB, status.Options{Now: now, Flags: status.NoCompat | status.ShowScores, Trace: status.NewTrace()})
	if err != nil {
		t.Fatal(err)
	}
	sched.Schedule(ws)
	return ws
}
