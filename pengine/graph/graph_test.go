package graph_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/pengine/graph"
)

// Graphs and drawings of CIBs of our own are those that testdata/refresh.sh has
// the reference make, the graphs byte for byte.
func TestGolden(t *testing.T) {
	cibs, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(cibs) == 0 {
		t.Fatalf("no CIBs: %v", err)
	}
	for _, cib := range cibs {
		base := strings.TrimSuffix(cib, ".xml")
		t.Run(filepath.Base(base), func(t *testing.T) {
			ws, g := schedule(t, cib, time.Time{})
			want, err := os.ReadFile(base + ".graph")
			if err != nil {
				t.Fatal(err)
			}
			got := string(g.AppendXML(nil))
			if diff := difference(strings.Split(got, "\n"), strings.Split(string(want), "\n")); diff != "" {
				t.Errorf("graph: %s", diff)
			}
			want, err = os.ReadFile(base + ".dot")
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(graph.AppendDot(nil, ws, graph.DotOptions{AllActions: true}))), "\n")
			lines[0] = " " + lines[0]
			slices.Sort(lines)
			if diff := difference(slices.Compact(lines), strings.Split(strings.TrimRight(string(want), "\n"), "\n")); diff != "" {
				t.Errorf("drawing: %s", diff)
			}
		})
	}
}

// The same CIB comes to the same graph each time, whatever the order of Go's
// maps.
func TestRepeatable(t *testing.T) {
	const cib = "testdata/bundles.xml"
	_, first := schedule(t, cib, time.Time{})
	want := string(first.AppendXML(nil))
	for range 5 {
		_, g := schedule(t, cib, time.Time{})
		if string(g.AppendXML(nil)) != want {
			t.Fatal("another graph")
		}
	}
}
