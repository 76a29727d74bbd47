//go:build interop

package cibschema

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// pieces are put into documents to break them.
var pieces = []string{
	"<", ">", "/", "&", "&amp;", "&#10;", "&#x0;", "&x;", "\"", "'", "=", " ", "\n", "\r\n", "\t", "<!--", "-->", "--", "<?", "?>",
	"<?xml version='1.0'?>", "<![CDATA[", "]]>", "<a>", "</a>", "<a/>", " x='1'", "\x00", "\x01", "\xff", "\xc3\xa4", "\xef\xbf\xbe", "\xc2\xb7", "é", "1", "-",
}

// TestReader breaks documents at random: ours takes what libxml2 takes, and reads the same.
func TestReader(t *testing.T) {
	o := newOracle(t)
	var small [][]byte
	for _, file := range corpus(t) {
		if xml := read(t, file); len(xml) < 5000 {
			small = append(small, xml)
		}
	}
	taken, refused, wrong := 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 3))
		xml := bytes.Clone(small[rng.IntN(len(small))])
		for range 1 + rng.IntN(2) {
			at := rng.IntN(len(xml))
			if rng.IntN(2) == 0 {
				at = rng.IntN(min(len(xml), 200))
			}
			end := at
			if rng.IntN(2) == 0 {
				end = min(at+rng.IntN(8), len(xml))
			}
			piece := pieces[rng.IntN(len(pieces))]
			xml = append(xml[:at:at], append([]byte(piece), xml[end:]...)...)
		}
		want := o.about("P", xml)
		doc, err := xmltree.Parse(xml, xmltree.DropBlanks)
		switch {
		case (err == nil) != (want.rc == 1):
			wrong++
			t.Errorf("seed %d: %v, but the reference %d\n%s", seed, err, want.rc, xml)
		case err != nil:
			refused++
		default:
			taken++
			if bytes.IndexByte(xml, '\r') >= 0 {
				continue // libxml2 looks for blanks in each line of a text alone then
			}
			again, err := xmltree.Parse([]byte(want.text), xmltree.KeepText)
			if err != nil || golden.Document(doc.Root()) != golden.Document(again.Root()) {
				wrong++
				t.Errorf("seed %d: %v\ngot\n%s\nwant\n%s", seed, err, golden.Document(doc.Root()), golden.Document(again.Root()))
			}
		}
		if wrong > 5 {
			t.FailNow()
		}
	}
	t.Logf("%d broken documents: %d taken and %d refused by both", *seeds, taken, refused)
}
