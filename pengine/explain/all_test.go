package explain_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/explain/explaintest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// In all CIBs of the scheduler's tests explanations add up and agree with the
// schedule.
func TestAll(t *testing.T) {
	for _, file := range cibs(t) {
		t.Run(file, func(t *testing.T) {
			for _, text := range explaintest.Check(schedule(t, file)) {
				t.Error(text)
			}
		})
	}
}

// Two nodes of one name share their fencing, two of one id their scores: neither
// makes the scheduler or an explanation stumble.
func TestTwins(t *testing.T) {
	for _, tt := range []struct{ from, attribute, value string }{
		{"unseen", "id", "99"},
		{"unseen", "uname", "other"},
		{"lost", "id", "99"},
		{"healthy", "id", "99"},
		{"healthy", "uname", "other"},
	} {
		doc := etree.NewDocument()
		if err := doc.ReadFromFile("testdata/nodes.xml"); err != nil {
			t.Fatal(err)
		}
		twin := doc.FindElement("//nodes/node[@uname='" + tt.from + "']").Copy()
		twin.CreateAttr(tt.attribute, tt.value)
		doc.FindElement("//nodes").AddChild(twin)
		ws, err := explaintest.Schedule(doc.Root(), time.Unix(1700000000, 0).UTC())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range explaintest.Check(ws) {
			t.Errorf("%v: %s", tt, text)
		}
	}
}

// cibs are the files with the CIBs of the scheduler's tests.
func cibs(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/*.xml", "../sched/testdata/*/*.xml", "../status/testdata/*.xml", "../graph/testdata/*.xml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no CIBs as %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

// schedule reads a CIB from a file and schedules it, with a trace.
func schedule(t *testing.T, file string) *status.WorkingSet {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(file); err != nil {
		t.Fatal(err)
	}
	ws, err := explaintest.Schedule(doc.Root(), time.Unix(1700000000, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	return ws
}
