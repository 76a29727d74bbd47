package schedtest

import (
	"testing"

	"github.com/beevik/etree"
)

// Run runs a benchmark on the CIBs of all Clusters.
func Run(b *testing.B, f func(b *testing.B, cib *etree.Element)) {
	for _, c := range Clusters() {
		b.Run(c.String(), func(b *testing.B) {
			doc := etree.NewDocument()
			if err := doc.ReadFromString(c.CIB()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			f(b, doc.Root())
		})
	}
}
