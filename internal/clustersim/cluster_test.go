package clustersim

import (
	"flag"
	"sync"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem/sim"
)

var seeds = flag.Int("seeds", 60, "how many seeds TestSeeds runs")

func TestSeeds(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 20)
	}
	next := make(chan uint64)
	var mu sync.Mutex
	var wg sync.WaitGroup
	steps, messages := 0, 0
	for range 2 {
		wg.Go(func() {
			for seed := range next {
				o, c := world(seed)
				r := sim.Run(seed, o)
				mu.Lock()
				steps += r.Steps
				messages += c.messages
				if r.Err != nil {
					t.Errorf("seed %d: %v\nreplay: %s", seed, r.Err, r.Replay())
				}
				mu.Unlock()
			}
		})
	}
	for s := range uint64(n) {
		next <- s + 1
	}
	close(next)
	wg.Wait()
	t.Logf("%d seeds, %d steps, %d messages delivered to CPG clients", n, steps, messages)
	if messages < 50*n {
		t.Error("the clients are too quiet to show anything")
	}
}

func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(4) {
		a, b := sim.Run(seed+1, Options(seed+1)), sim.Run(seed+1, Options(seed+1))
		if a.Hash != b.Hash || a.Steps != b.Steps {
			t.Errorf("seed %d: %+v and %+v", seed+1, a, b)
		}
	}
}
