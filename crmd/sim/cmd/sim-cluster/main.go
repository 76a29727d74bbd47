// Command sim-cluster runs seeds of the simulation of a whole cluster (package crmd/sim), or one with a
// trace and the daemons' logs:
//
//	sim-cluster -seeds 1000 [-from 1] [-workers 2]
//	sim-cluster -seed 4711 [-trace] [-log]
//
// It says for each seed that fails what was wrong, and exits with 1 if any did.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/sim"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// rareGC has the collector run when memory has grown to five times what is live: a simulated cluster keeps little and drops much.
const rareGC = 400

func main() {
	debug.SetGCPercent(rareGC)
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

func run(args []string, out, errw io.Writer) int {
	fs := flag.NewFlagSet("sim-cluster", flag.ContinueOnError)
	fs.SetOutput(errw)
	seeds := fs.Uint64("seeds", 100, "how many seeds to run")
	from := fs.Uint64("from", 1, "the first seed")
	seed := fs.Uint64("seed", 0, "run this seed only")
	trace := fs.Bool("trace", false, "with -seed: print what happens")
	logs := fs.Bool("log", false, "with -seed: print what the daemons log")
	workers := fs.Int("workers", runtime.NumCPU(), "how many run at once")
	if err := fs.Parse(args[1:]); err != nil {
		return 2
	}
	if *seed != 0 {
		return one(*seed, *trace, *logs, out)
	}
	return many(*from, *seeds, max(1, *workers), out)
}

func one(seed uint64, trace, logs bool, out io.Writer) int {
	w, err := sim.Simulate(seed, sim.Full, func(w *sim.World) {
		if trace {
			w.Trace = func(now time.Time, node, text string) {
				fmt.Fprintf(out, "%s %-6s %s\n", now.UTC().Format("15:04:05.000"), node, text)
			}
		}
		if logs {
			w.Log(func(now time.Time, node string, level loglevel.Level, function, text string) {
				fmt.Fprintf(out, "%s %-6s %v (%s) %s\n", now.UTC().Format("15:04:05.000"), node, level, function, text)
			})
		}
	})
	return report(out, seed, w, err)
}

func report(out io.Writer, seed uint64, w *sim.World, err error) int {
	if err != nil {
		fmt.Fprintf(out, "seed %d FAILED: %v\nreplay: sim-cluster -seed %d -trace -log\n", seed, err, seed)
		return 1
	}
	fmt.Fprintf(out, "seed %d: %d steps\n", seed, w.Steps())
	return 0
}

type result struct {
	seed uint64
	w    *sim.World
	err  error
}

func many(from, seeds uint64, workers int, out io.Writer) int {
	next, results := make(chan uint64), make(chan result)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for s := range next {
				w, err := sim.Simulate(s, sim.Full, nil)
				results <- result{s, w, err}
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
	runs, steps := 0, 0
	var failed []uint64
	sum := func() {
		fmt.Fprintf(out, "%d of %d seeds, %d failed %v, %d steps, %v\n", runs, seeds, len(failed), failed, steps, time.Since(began).Round(time.Second))
	}
	for r := range results {
		runs++
		steps += r.w.Steps()
		if r.err != nil {
			failed = append(failed, r.seed)
			report(out, r.seed, r.w, r.err)
		}
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			sum()
		}
	}
	sum()
	if len(failed) > 0 {
		return 1
	}
	return 0
}
