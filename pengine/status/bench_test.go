package status_test

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

func BenchmarkUnpack(b *testing.B) {
	schedtest.Run(b, func(b *testing.B, cib *etree.Element) {
		for b.Loop() {
			ws, err := status.Unpack(cib, status.Options{Now: time.Unix(1700000100, 0).UTC()})
			if err != nil || ws.Instances == 0 {
				b.Fatal(ws.Instances, err)
			}
		}
	})
}
