package digest

import (
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// TestGolden repeats what the reference's cibadmin was asked;
// interop-tests/cib makes the file anew with -refresh.
func TestGolden(t *testing.T) {
	runs := golden.Commands(t, "testdata/golden.jsonl")
	if len(runs) < 50 {
		t.Fatalf("only %d runs", len(runs))
	}
	for _, want := range runs {
		doc, err := xmltree.Parse([]byte(want.Stdin), xmltree.DropBlanks)
		if err != nil {
			t.Errorf("%s: %v", want.Stdin, err)
			continue
		}
		got := OnDisk(doc.Root())
		if want.Args[1] == "--md5-sum-versioned" {
			got = OfCIB(doc.Root())
		}
		if got != strings.TrimSpace(want.Stdout) {
			t.Errorf("%s of %s: got %s, want %s", want.Args[1], want.Stdin, got, want.Stdout)
		}
	}
}

func BenchmarkVersioned(b *testing.B) {
	text := "<cib crm_feature_set=\"3.16.1\">" + strings.Repeat(`<primitive id="r" class="ocf" type="Dummy"><meta_attributes id="m"/></primitive>`, 10000) + "</cib>"
	doc, err := xmltree.Parse([]byte(text), xmltree.DropText)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		OfCIB(doc.Root())
	}
}
