package sched_test

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

func BenchmarkSchedule(b *testing.B) {
	for _, c := range schedtest.Clusters() {
		b.Run(c.String(), func(b *testing.B) {
			doc := etree.NewDocument()
			if err := doc.ReadFromString(c.CIB()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000100, 0).UTC(), Flags: status.NoCompat})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				sched.Schedule(ws)
			}
		})
	}
}
