package sched_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/sched"
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
		disturb(doc.Root(), rand.New(rand.NewPCG(seed, uint64(which))))
		for _, nvpair := range doc.Root().FindElements(".//nvpair[@name='clone-max']") {
			if len(nvpair.SelectAttrValue("value", "")) > 1 { // a thousand instances only take their time
				nvpair.CreateAttr("value", "9")
			}
		}
		ws, err := status.Unpack(doc.Root(), status.Options{
			Now: time.Unix(1700000000, 0).UTC(), Flags: status.NoCompat | status.ShowScores | status.ShowUtilization,
		})
		if err != nil {
			t.Fatal(err)
		}
		sched.Schedule(ws)
	})
}

// disturb takes elements of a CIB away, doubles or moves them, and gives them
// values that others have.
func disturb(cib *etree.Element, r *rand.Rand) {
	for range 1 + r.IntN(12) {
		all := cib.FindElements(".//*")
		e, other := all[r.IntN(len(all))], all[r.IntN(len(all))]
		switch r.IntN(5) {
		case 0:
			if e.Parent() != nil && e.Parent() != cib {
				e.Parent().RemoveChild(e)
			}
		case 1:
			if e.Parent() != nil && e.Parent() != cib {
				e.Parent().AddChild(e.Copy())
			}
		case 2:
			other.AddChild(e.Copy())
		case 3:
			if len(e.Attr) > 0 {
				e.RemoveAttr(e.Attr[r.IntN(len(e.Attr))].Key)
			}
		default:
			if len(e.Attr) > 0 && len(other.Attr) > 0 {
				e.Attr[r.IntN(len(e.Attr))].Value = other.Attr[r.IntN(len(other.Attr))].Value
			}
		}
	}
}
