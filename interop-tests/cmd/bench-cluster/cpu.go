package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// processor shows what processor time the daemons of the three nodes take while
// resources are started and attributes written, and the machine as a whole: agents,
// tools and the kernel's share.
func processor(only string, resources int) {
	for _, kind := range []lab.Kind{lab.C, lab.Go} {
		if only != "both" && !strings.EqualFold(only, fmt.Sprint(kind)) {
			continue
		}
		func() {
			b := bench.New("bench-cluster", kind)
			defer b.Close()
			c := begin(b, kind)
			c.cold()
			c.spent(kind, fmt.Sprintf("%d resources started", resources), func() { c.run(resources) })
			c.spent(kind, "50 crm_attribute writes", func() { c.writes() })
		}()
	}
}

// spent prints the seconds of processor time of a piece of work.
func (c *cluster) spent(kind lab.Kind, what string, work func()) {
	count := func() (of map[string]time.Duration) {
		of = map[string]time.Duration{}
		for i, h := range c.Hosts() {
			for _, name := range daemons {
				for _, pid := range h.Pids(name) {
					t := c.CPU(pid)
					of[name] += t
					of[fmt.Sprintf("%s on node %d", name, i+1)] += t
				}
			}
		}
		return of
	}
	before, machine, start := count(), busy(), time.Now()
	work()
	took, all, after := time.Since(start), busy()-machine, count()
	fmt.Printf("%v: %s: %.2f s, %.2f s of processor time\n", kind, what, took.Seconds(), all.Seconds())
	rest := all
	for _, name := range daemons {
		fmt.Printf("  %-22s %6.2f (", name, (after[name] - before[name]).Seconds())
		for i := range c.Hosts() {
			on := fmt.Sprintf("%s on node %d", name, i+1)
			fmt.Printf(" %.2f", (after[on] - before[on]).Seconds())
		}
		fmt.Println(" )")
		rest -= after[name] - before[name]
	}
	fmt.Printf("  %-22s %6.2f\n", "agents, tools, kernel", rest.Seconds())
}

// busy is how long the machine's processors have not been idle.
func busy() (total time.Duration) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		panic(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	const tick, idle, iowait = 10 * time.Millisecond, 3, 4
	for i, f := range strings.Fields(line)[1:] {
		var n int64
		if _, err := fmt.Sscan(f, &n); err == nil && i != idle && i != iowait && i < 8 { // guests are in user
			total += time.Duration(n) * tick
		}
	}
	return total
}
