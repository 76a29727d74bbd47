package crmsimulate

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
)

// TestLargeCIB schedules a CIB for which the heap is prepared, before and after, to the
// same graph.
func TestLargeCIB(t *testing.T) {
	cluster := schedtest.Cluster{Nodes: 8, Resources: 200, Settled: true}
	cib := filepath.Join(t.TempDir(), "cib.xml")
	text := cluster.CIB()
	if len(text) < largeCIB {
		t.Fatalf("a CIB of %d bytes is none of size", len(text))
	}
	if err := os.WriteFile(cib, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	graph := func() []byte {
		name := filepath.Join(t.TempDir(), "graph.xml")
		if code := run([]string{"crm_simulate", "-x", cib, "-Q", "-G", name}, strings.NewReader(""), io.Discard, io.Discard, time.Unix(1700000100, 0).UTC()); code != 0 {
			t.Fatal("exit status ", code)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := graph()
	prepareHeap(filepath.Join(filepath.Dir(cib), "missing"))
	prepareHeap(cib)
	if !bytes.Equal(before, graph()) {
		t.Error("the graphs differ")
	}
}
