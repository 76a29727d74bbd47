package graph_test

import (
	"io"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// scheduled is a function that makes a scheduled working set of the cluster.
func scheduled(b *testing.B, c *schedtest.Cluster) func() *status.WorkingSet {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(c.CIB()); err != nil {
		b.Fatal(err)
	}
	return func() *status.WorkingSet {
		ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC(), Flags: status.NoCompat})
		if err != nil {
			b.Fatal(err)
		}
		sched.Schedule(ws)
		return ws
	}
}

func BenchmarkNew(b *testing.B) {
	for _, c := range schedtest.Clusters() {
		b.Run(c.String(), func(b *testing.B) {
			schedule := scheduled(b, c)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				ws := schedule()
				b.StartTimer()
				graph.New(ws, 0)
			}
		})
	}
}

func BenchmarkWriteXML(b *testing.B) {
	for _, c := range schedtest.Clusters() {
		b.Run(c.String(), func(b *testing.B) {
			g := graph.New(scheduled(b, c)(), 0)
			b.SetBytes(int64(len(g.AppendXML(nil))))
			b.ReportAllocs()
			for b.Loop() {
				if err := g.WriteXML(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
