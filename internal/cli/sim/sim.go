// Package sim is the command that runs many seeds of the simulator, or one with
// a trace:
//
//	sim -seeds 100000 [-from 1] [-workers 2]
//	sim -seed 4711 [-services] [-trace]
//
// Every third seed is run a second time with synchronisation, CPG and votequorum
// on the nodes.
//
// It prints how far it has come, and for each seed that fails what was violated
// and how to see that again. It exits with 1 if any did.
package sim

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/clustersim"
	"github.com/ringmaster-ha/ringmaster/totem/sim"
)

// Main runs the command.
func Main(args []string, out, errw io.Writer) int {
	fs := flag.NewFlagSet("sim", flag.ContinueOnError)
	fs.SetOutput(errw)
	seeds := fs.Uint64("seeds", 1000, "how many seeds to run")
	from := fs.Uint64("from", 1, "the first seed")
	seed := fs.Uint64("seed", 0, "run this seed only")
	trace := fs.Bool("trace", false, "with -seed: print every event")
	services := fs.Bool("services", false, "with -seed: with CPG and votequorum on the nodes")
	workers := fs.Int("workers", runtime.NumCPU(), "how many run at once")
	if err := fs.Parse(args[1:]); err != nil {
		return 2
	}
	if *seed != 0 {
		return one(*seed, *services, *trace, out)
	}
	return many(*from, *seeds, max(1, *workers), out)
}

func one(seed uint64, services, trace bool, out io.Writer) int {
	swarm := sim.Swarm(seed)
	o := &swarm
	if services {
		o = clustersim.Options(seed)
	}
	if trace {
		o.Trace = func(line string) { fmt.Fprintln(out, line) }
	}
	r := sim.Run(seed, o)
	o.Trace, o.NewApp = nil, nil
	fmt.Fprintf(out, "%+v\n", *o)
	report(out, &r)
	if r.Err != nil {
		return 1
	}
	return 0
}

func report(out io.Writer, r *sim.Result) {
	fmt.Fprintf(out, "seed %d: %d steps, %v, settled in %v, %d deliveries, %d configuration changes, hash %016x\n",
		r.Seed, r.Steps, r.Virtual, r.Settled, r.Delivered, r.Configs, r.Hash)
	if r.Err != nil {
		fmt.Fprintf(out, "seed %d FAILED: %v\nreplay: %s\n", r.Seed, r.Err, r.Replay())
	}
}

// gcPercent is what spares a run most of the collector's work: each is over soon,
// and what it has made with it.
const gcPercent = 800

func many(from, seeds uint64, workers int, out io.Writer) int {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	next := make(chan uint64)
	results := make(chan sim.Result)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for s := range next {
				results <- sim.Run(s, nil)
				if s%3 == 0 {
					results <- sim.Run(s, clustersim.Options(s))
				}
			}
		})
	}
	go func() {
		for s := range seeds {
			next <- from + s
		}
		close(next)
		wg.Wait()
		close(results)
	}()
	began, said := time.Now(), time.Now()
	var runs, steps, delivered int
	var failed []uint64
	for r := range results {
		runs++
		steps += r.Steps
		delivered += r.Delivered
		if r.Err != nil {
			failed = append(failed, r.Seed)
			report(out, &r)
		}
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			fmt.Fprintf(out, "%d runs for %d seeds, %d failed, %d steps, %d deliveries, %v\n", runs, seeds, len(failed), steps, delivered, time.Since(began).Round(time.Second))
		}
	}
	fmt.Fprintf(out, "%d runs for %d seeds, %d failed %v, %d steps, %d deliveries, %v\n", runs, seeds, len(failed), failed, steps, delivered, time.Since(began).Round(time.Second))
	if len(failed) > 0 {
		return 1
	}
	return 0
}
