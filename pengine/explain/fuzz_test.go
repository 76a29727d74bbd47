package explain_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/explain/explaintest"
	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
)

// Of no CIB, however odd, does an explanation panic, or say what does not add up or
// is not in the schedule. The fuzzer draws a CIB and a seed, which says what is done
// to the CIB.
func FuzzExplain(f *testing.F) {
	files := cibs(f)
	for i := range files {
		for seed := range uint64(2) {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64) {
		doc := etree.NewDocument()
		if err := doc.ReadFromFile(files[int(which)%len(files)]); err != nil {
			t.Fatal(err)
		}
		schedtest.Disturb(doc.Root(), rand.New(rand.NewPCG(seed, uint64(which))).IntN)
		ws, err := explaintest.Schedule(doc.Root(), time.Unix(1700000000, 0).UTC())
		if err != nil {
			t.Skip(err)
		}
		for _, text := range explaintest.Check(ws) {
			t.Error(text)
		}
	})
}
