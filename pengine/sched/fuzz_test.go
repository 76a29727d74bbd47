package sched_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// No CIB, however odd, makes scheduling panic or go on for ever. The fuzzer draws
// a CIB of testdata and a seed; the seed says what is done to the CIB.
func FuzzSchedule(f *testing.F) {
	files, err := filepath.Glob("testdata/scores/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no CIBs: %v", err)
	}
	for i := range files {
		for seed := range uint64(10) {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64) {
		doc := etree.NewDocument()
		if err := doc.ReadFromFile(files[int(which)%len(files)]); err != nil {
			t.Fatal(err)
		}
		schedtest.Disturb(doc.Root(), rand.New(rand.NewPCG(seed, uint64(which))).IntN)
		ws, err := status.Unpack(doc.Root(), status.Options{
			Now: time.Unix(1700000000, 0).UTC(), Flags: status.NoCompat | status.ShowScores | status.ShowUtilization,
		})
		if err != nil {
			t.Fatal(err)
		}
		sched.Schedule(ws)
	})
}
