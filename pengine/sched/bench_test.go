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
	schedtest.Run(b, func(b *testing.B, cib *etree.Element) {
		for b.Loop() {
			b.StopTimer()
			ws, err := status.Unpack(cib, status.Options{Now: time.Unix(1700000100, 0).UTC()})
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			sched.Schedule(ws)
		}
	})
}
