// Command bench-scheduler compares the reference's crm_simulate and ours in
// turn, as whole processes that compute the transition of generated clusters of
// growing size, freshly booted and settled with one node lost. It prints how long
// each takes by the clock, what it costs in user and system time and in memory, the
// ratios (above 1 is in our favour), whether both transitions are the same, and the
// exponent with which our time grows with nodes × resources. On a busy machine only user
// and system time say something, of which ours uses more than one processor's.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 3, "measurements of each; the least counts")
	limit := flag.Duration("limit", 2*time.Minute, "processor time that either may take for one transition")
	largest := flag.Int("largest", 64, "the most nodes")
	only := flag.Bool("ours", false, "do not run the reference")
	keep := flag.String("keep", "", "leave the generated CIBs in this directory")
	apart := flag.String("generate", "", "only write a CIB to this file; its nodes, resources, instances of a clone and whether it is settled are arguments")
	flag.Parse()
	if *apart != "" {
		if err := generate(*apart, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "bench-scheduler:", err)
			os.Exit(1)
		}
		return
	}
	s := &suite{rounds: *rounds, limit: *limit, largest: *largest, dir: *keep}
	if !*only {
		s.reference = "/usr/sbin/crm_simulate"
	}
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-scheduler:", err)
		os.Exit(1)
	}
}
