package graph_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// schedule reads a CIB, upgrades it and makes its graph.
func schedule(t testing.TB, name string) (*status.WorkingSet, *graph.Graph) {
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(name); err != nil {
		t.Fatal(err)
	}
	u, ok := schema.UpdateConfiguration(doc.Root())
	if !ok {
		t.Fatalf("%s: no upgrade", name)
	}
	now := time.Unix(1700000000, 0).UTC()
	if date := u.CIB.SelectAttrValue("execution-date", ""); date != "" {
		epoch, _ := strconv.ParseInt(date, 10, 64)
		now = time.Unix(epoch, 0).UTC()
	}
	ws, err := status.Unpack(u.CIB, status.Options{Now: now, Flags: status.Sanitized})
	if err != nil {
		t.Fatal(err)
	}
	sched.Schedule(ws)
	return ws, graph.New(ws, 0)
}

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
			ws, g := schedule(t, cib)
			want, err := os.ReadFile(base + ".graph")
			if err != nil {
				t.Fatal(err)
			}
			got := string(g.Text(graph.Lines).Append(nil))
			if diff := golden.Difference(strings.Split(got, "\n"), strings.Split(string(want), "\n")); diff != "" {
				t.Errorf("graph: %s", diff)
			}
			want, err = os.ReadFile(base + ".dot")
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(graph.AppendDot(nil, ws, graph.DotOptions{AllActions: true}))), "\n")
			lines[0] = " " + lines[0]
			slices.Sort(lines)
			if diff := golden.Difference(slices.Compact(lines), strings.Split(strings.TrimRight(string(want), "\n"), "\n")); diff != "" {
				t.Errorf("drawing: %s", diff)
			}
		})
	}
}

// The same CIB comes to the same graph each time, whatever the order of Go's
// maps.
func TestRepeatable(t *testing.T) {
	const cib = "testdata/bundles.xml"
	_, first := schedule(t, cib)
	want := string(first.Text(graph.Lines).Append(nil))
	for range 5 {
		_, g := schedule(t, cib)
		if string(g.Text(graph.Lines).Append(nil)) != want {
			t.Fatal("another graph")
		}
	}
}

// A text is the same whichever of its pieces are made first, by whom, and at the same time
// (the race detector watches).
func TestPieces(t *testing.T) {
	for _, cluster := range []schedtest.Cluster{{Nodes: 3, Resources: 20}, {Nodes: 8, Resources: 100, Settled: true}} {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(cluster.CIB()); err != nil {
			t.Fatal(err)
		}
		ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC()})
		if err != nil {
			t.Fatal(err)
		}
		sched.Schedule(ws)
		g := graph.New(ws, 0)
		for _, form := range []graph.Form{graph.Line, graph.Lines} {
			want := g.Text(form).Append(nil)
			text := g.Text(form)
			pieces := make([][]byte, text.Pieces())
			var wait sync.WaitGroup
			for hand := range 3 {
				wait.Go(func() {
					w := text.Writer()
					for i := len(pieces) - 1 - hand; i >= 0; i -= 3 {
						pieces[i] = w.Append(nil, i)
					}
				})
			}
			wait.Wait()
			if got := bytes.Join(pieces, nil); !bytes.Equal(got, want) {
				t.Errorf("%v in %d pieces: %d bytes, want %d", &cluster, len(pieces), len(got), len(want))
			}
			if cluster.Settled && len(pieces) < 3 {
				t.Errorf("%v: %d pieces", &cluster, len(pieces))
			}
		}
	}
}
