// Command bench-cluster compares what a user waits for: three nodes of the reference, corosync and Pacemaker with its
// tools, and three of ours, in turn in one run on the same hosts. It prints ratios; one above 1 in the last column is in
// our favour.
package main

import (
	"flag"
	"os"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func main() {
	lab.Init()
	os.Exit(run())
}

var table = bench.Table{Decimals: 2}

func run() int {
	rounds := flag.Int("rounds", 3, "measurements of each kind; the median counts")
	resources := flag.Int("resources", 100, "how many resources are started and stopped")
	where := flag.String("memory", "", "show what the memory of the daemons of a kind (C, Go or both) is, and measure nothing else")
	cpu := flag.String("cpu", "", "show the processor time of the daemons of a kind (C, Go or both), and measure nothing else")
	flag.Parse()
	return bench.Main("bench-cluster", func() {
		if *where != "" {
			memory(*where, *resources)
			return
		}
		if *cpu != "" {
			processor(*cpu, *resources)
			return
		}
		c, g := bench.InTurn(*rounds, func(kind lab.Kind) []float64 { return measure(kind, *resources) })
		table.Head("three nodes")
		for i, row := range []struct{ name, unit string }{
			{"cold start: until all are online", "s"},
			{"resources: until all are started", "s"},
			{"50 crm_attribute writes", "s"},
			{"50 cibadmin -Q", "s"},
			{"memory of corosync and Pacemaker, one node", "MB"},
			{"resources: until all are stopped", "s"},
			{"failover: from a crash until it runs elsewhere", "s"},
		} {
			table.Row(row.name, c[i], g[i], row.unit, false)
		}
	})
}
