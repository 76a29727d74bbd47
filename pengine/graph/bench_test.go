package graph_test

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

func scheduled(b *testing.B, cib *etree.Element) *status.WorkingSet {
	ws, err := status.Unpack(cib, status.Options{Now: time.Unix(1700000100, 0).UTC()})
	if err != nil {
		b.Fatal(err)
	}
	sched.Schedule(ws)
	return ws
}

func BenchmarkNew(b *testing.B) {
	schedtest.Run(b, func(b *testing.B, cib *etree.Element) {
		for b.Loop() {
			b.StopTimer()
			ws := scheduled(b, cib)
			b.StartTimer()
			graph.New(ws, 0)
		}
	})
}

func BenchmarkText(b *testing.B) {
	schedtest.Run(b, func(b *testing.B, cib *etree.Element) {
		g := graph.New(scheduled(b, cib), 0)
		var text []byte
		for b.Loop() {
			text = g.Text(graph.Lines).Append(text[:0])
		}
		b.SetBytes(int64(len(text)))
	})
}
