//go:build interop

package cibschema

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
)

// printed is a fault as libxml2 prints it about a document of one line.
func printed(file string, faults []schema.Fault) string {
	var b strings.Builder
	for _, f := range faults {
		if f.Element != nil {
			fmt.Fprintf(&b, "%s:1: element %s: ", file, f.Element.Tag)
		}
		if !f.Reference {
			b.WriteString("Relax-NG ")
		}
		b.WriteString("validity error : " + f.Text + "\n")
	}
	return b.String()
}

// TestExplain compares the errors of mutated samples.
func TestExplain(t *testing.T) {
	o := newOracle(t)
	pool := newPool(t)
	refused, same, shown := 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 2))
		v := schema.Version(rng.IntN(int(schema.None)))
		cib := v.Sample(rng.IntN, words)
		pool.one(rng, cib)
		xml := serialize(cib)
		want := o.about(fmt.Sprintf("E.%d", v), xml).said
		got := printed(o.scratch, v.Explain(parse(t, xml)))
		got, want = ordered(got), ordered(want)
		if want == "" && got == "" {
			continue
		}
		refused++
		if got == want {
			same++
		} else if shown < 8 {
			shown++
			t.Logf("seed %d of %v: got\n%swant\n%s%s", seed, v, got, want, xml)
		}
	}
	t.Logf("of %d configurations with one fault, %d are explained alike", refused, same)
}

// ordered sorts what is said of references by the ID: libxml2's order is random.
func ordered(said string) string {
	lines := strings.SplitAfter(said, "\n")
	slices.SortStableFunc(lines, func(a, b string) int {
		_, a, _ = strings.Cut(a, "references an unknown ID")
		_, b, _ = strings.Cut(b, "references an unknown ID")
		return strings.Compare(a, b)
	})
	return strings.Join(lines, "")
}
