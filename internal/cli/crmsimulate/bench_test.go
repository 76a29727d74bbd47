package crmsimulate

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
)

// BenchmarkTransition is what bench-scheduler measures, without the process: reading
// a CIB, scheduling, writing the graph.
func BenchmarkTransition(b *testing.B) {
	for _, c := range schedtest.Clusters() {
		b.Run(c.String(), func(b *testing.B) {
			dir := b.TempDir()
			cib, graph := filepath.Join(dir, "cib.xml"), filepath.Join(dir, "graph.xml")
			if err := os.WriteFile(cib, []byte(c.CIB()), 0o666); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				args := []string{"crm_simulate", "-x", cib, "-Q", "-G", graph}
				if code := run(args, strings.NewReader(""), io.Discard, io.Discard, time.Unix(1700000100, 0).UTC()); code != 0 {
					b.Fatal(fmt.Sprint("exit status ", code))
				}
			}
		})
	}
}
