package sim

import (
	"flag"
	"sync"
	"testing"
)

var seeds = flag.Int("seeds", 200, "how many seeds TestSeeds runs")

// TestSeeds runs worlds drawn from their seeds, two at a time.
func TestSeeds(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 40)
	}
	next := make(chan uint64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := Result{}
	for range 2 {
		wg.Go(func() {
			for seed := range next {
				r := Run(seed, nil)
				mu.Lock()
				total.Steps += r.Steps
				total.Delivered += r.Delivered
				total.Configs += r.Configs
				total.Virtual += r.Virtual
				if r.Err != nil {
					t.Errorf("seed %d: %v\nreplay: %s", seed, r.Err, r.Replay())
				}
				mu.Unlock()
			}
		})
	}
	for seed := range uint64(n) {
		next <- seed + 1
	}
	close(next)
	wg.Wait()
	t.Logf("%d seeds, %v of virtual time, %d steps, %d deliveries, %d configuration changes", n, total.Virtual, total.Steps, total.Delivered, total.Configs)
	if total.Delivered < 100*n || total.Configs < 5*n {
		t.Errorf("the worlds are too quiet to show anything")
	}
}

// Worlds of a hundred thousand in which something was wrong once.
func TestFormerFailures(t *testing.T) {
	for _, seed := range []uint64{
		26439, // a crash right after a ring whose number was far above the stored one
	} {
		if r := Run(seed, nil); r.Err != nil {
			t.Errorf("seed %d: %v\nreplay: %s", seed, r.Err, r.Replay())
		}
	}
}

// A seed replays exactly.
func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(10) {
		a, b := Run(seed+1, nil), Run(seed+1, nil)
		if a.Hash != b.Hash || a.Steps != b.Steps || a.Delivered != b.Delivered {
			t.Errorf("seed %d: %+v and %+v", seed+1, a, b)
		}
	}
	if Run(1, nil).Hash == Run(2, nil).Hash {
		t.Error("two seeds, one run")
	}
}

// TestTraceChangesNothing: to look at a run must not be to change it.
func TestTraceChangesNothing(t *testing.T) {
	o := Swarm(3)
	lines := 0
	o.Trace = func(string) { lines++ }
	if a, b := Run(3, &o), Run(3, nil); a.Hash != b.Hash || lines == 0 {
		t.Errorf("hash %x with a trace of %d lines, %x without", a.Hash, lines, b.Hash)
	}
}
