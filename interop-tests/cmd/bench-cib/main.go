// Command bench-cib compares what a cluster's configuration costs: three nodes with
// the reference's pacemaker-based and pacemaker-attrd, and three with ours, in turn
// in one run, above the same corosync and below nothing. It drives both with one
// client in Go, and each tool against the daemons of its kind, and prints ratios; a
// ratio above 1 in the last column is in our favour.
package main

import (
	"flag"
	"os"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == clientMode {
		os.Exit(client(os.Args[2:]))
	}
	lab.Init()
	os.Exit(run())
}

func run() int {
	rounds := flag.Int("rounds", 3, "measurements of each kind; the median counts")
	span := flag.Duration("span", 2*time.Second, "length of one measurement of how many there are a second")
	only := flag.String("only", "", "measure just this: cib, patch, attribute or start")
	largest := flag.Int("largest", 10, "size of the largest CIB in megabytes: 0, 1 or 10")
	flag.Parse()
	return bench.Main("bench-cib", func() {
		s := &suite{rounds: *rounds, span: *span, largest: *largest}
		s.all(*only)
	})
}
