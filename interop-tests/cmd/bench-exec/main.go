// Command bench-exec compares what pacemaker-execd and pacemaker-fenced cost, the reference's and
// ours in turn in one run, each daemon alone on a host without a cluster (the fencer in its
// stand-alone mode). Agents do nothing: the resource agent is /bin/true, which ends as soon
// as it can, and the fence agent a script of the shell. It drives both kinds with one
// client in Go and prints ratios; a ratio above 1 in the last column is in our favour.
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
	s := &suite{}
	flag.IntVar(&s.rounds, "rounds", 3, "measurements of each kind; the median counts")
	flag.DurationVar(&s.span, "span", 2*time.Second, "length of one measurement of how many there are a second")
	flag.IntVar(&s.queued, "queued", 5000, "how many operations are queued at once")
	flag.IntVar(&s.recurring, "recurring", 1000, "how many operations recur")
	only := flag.String("only", "", "measure just this: executor, queued, recurring or fencer")
	flag.Parse()
	return bench.Main("bench-exec", func() { s.all(*only) })
}
