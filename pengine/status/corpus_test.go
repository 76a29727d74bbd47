package status_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// The reference's own inputs unpack without a panic. What comes out is compared
// where it is printed.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("RINGMASTER_CORPUS")
	if corpus == "" {
		t.Skip("RINGMASTER_CORPUS does not name the folder of the reference's cts/scheduler")
	}
	files, err := filepath.Glob(filepath.Join(corpus, "xml", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no inputs: %v", err)
	}
	instances := 0
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			doc := etree.NewDocument()
			if err := doc.ReadFromFile(name); err != nil {
				t.Skipf("not well-formed: %v", err)
			}
			before, _ := doc.WriteToString()
			ws, err := status.Unpack(doc.Root(), status.Options{Now: time.Unix(1700000000, 0).UTC()})
			if err != nil {
				t.Fatal(err)
			}
			instances += ws.Instances
			if after, _ := doc.WriteToString(); after != before {
				t.Error("the document has changed")
			}
		})
	}
	t.Logf("%d inputs, %d instances", len(files), instances)
}
