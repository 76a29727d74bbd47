//go:build interop

package cibschema

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// printed are the faults as libxml2 prints them about a document of one line.
func printed(file string, faults []schema.Fault) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString(f.Print(file, func(*etree.Element) int { return 1 }) + "\n")
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

// TestExplainLines compares the errors of files of many lines, at every version.
func TestExplainLines(t *testing.T) {
	o := newOracle(t)
	same := 0
	for _, file := range corpus(t) {
		xml := read(t, file)
		if len(xml) > 100_000 {
			continue
		}
		doc, lines, err := xmltree.ParseLines(xml, xmltree.DropBlanks)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []schema.Version{schema.V1_0, schema.V1_3, schema.V2_10, schema.V3_0, schema.Latest} {
			var b strings.Builder
			for _, f := range v.Explain(doc.Root()) {
				b.WriteString(f.Print(file, func(e *etree.Element) int { return lines[e] }) + "\n")
			}
			want := o.ask(fmt.Sprintf("E.%d", v), file).said
			if got := ordered(b.String()); got == ordered(want) {
				same++
			} else {
				t.Errorf("%s at %v: got\n%swant\n%s", file, v, got, ordered(want))
			}
		}
	}
	t.Logf("%d reports are the same", same)
}
