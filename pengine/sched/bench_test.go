package sched_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

func BenchmarkSchedule(b *testing.B) {
	for _, size := range schedtest.Sizes {
		for _, settled := range []bool{false, true} {
			state := "booted"
			if settled {
				state = "settled"
			}
			b.Run(fmt.Sprintf("%dx%d/%s", size[0], size[1], state), func(b *testing.B) {
				g := schedtest.Cluster{Nodes: size[0], Resources: size[1], Settled: settled}
				doc := etree.NewDocument()
				if err := doc.ReadFromString(g.CIB()); err != nil {
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
}
