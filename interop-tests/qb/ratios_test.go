//go:build interop

package qb

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

var ratios = flag.Bool("ratios", false, "compare the speed of our server with libqb's")

// TestRatios runs the same C clients against libqb's server and ours in turn
// and prints how many times as fast ours is.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("a benchmark: run with -ratios")
	}
	for _, tr := range []wire.Transport{wire.Shm, wire.Socket} {
		for _, w := range []struct {
			clients     int
			what        string
			count, size int
		}{
			{1, "echo", 20000, 64}, {1, "echo", 2000, 100000}, {100, "echo", 500, 64},
			{1, "pipe", 64000, 64}, {100, "pipe", 1600, 64},
			{1, "events", 50000, 64}, {1, "events", 20000, 4000}, {100, "events", 1000, 64},
		} {
			c, g := launch(t, "echo_server", tr), launch(t, "go_server", tr)
			var cs, gs []float64
			for range 5 {
				cs = append(cs, load(t, c.name, w.clients, w.what, w.count, w.size))
				gs = append(gs, load(t, g.name, w.clients, w.what, w.count, w.size))
			}
			_, _ = c.stop(), g.stop()
			slices.Sort(cs)
			slices.Sort(gs)
			total := float64(w.clients * w.count)
			fmt.Printf("%-6v %3d x %-6s %6d B: C %8.0f/s, Go %8.0f/s, ratio %.2f\n",
				tr, w.clients, w.what, w.size, total/cs[2], total/gs[2], cs[2]/gs[2])
		}
	}
}

// load runs clients at once and returns how many seconds the whole took: of
// one client what it says itself, of several until the last has ended.
func load(t *testing.T, name string, clients int, what string, count, size int) float64 {
	args := []string{what, strconv.Itoa(count), strconv.Itoa(size)}
	if clients == 1 {
		s, err := strconv.ParseFloat(strings.TrimPrefix(cClient(t, name, "1048576", args...), "seconds "), 64)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if out := cClient(t, name, "16384", args...); !strings.HasPrefix(out, "seconds") {
				t.Error(out)
			}
		}()
	}
	wg.Wait()
	return time.Since(begin).Seconds()
}

// TestIdleClients prints what a thousand clients that say nothing cost the
// server, and how long each took to come in.
func TestIdleClients(t *testing.T) {
	if !*ratios {
		t.Skip("a benchmark: run with -ratios")
	}
	for _, tr := range []wire.Transport{wire.Shm, wire.Socket} {
		for _, which := range []string{"echo_server", "go_server"} {
			p := launch(t, which, tr)
			before := memory(t, p)
			var conns []*client.Conn
			begin := time.Now()
			for range 1000 {
				c, err := client.Dial(limit(t), p.name, client.Options{})
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
			}
			took := time.Since(begin)
			after := memory(t, p)
			fmt.Printf("%-6v %-11s RssAnon %5d kB, %5.2f kB more per client; RssShmem %5.1f kB per client; %v to connect\n",
				tr, which, after["RssAnon"], float64(after["RssAnon"]-before["RssAnon"])/1000,
				float64(after["RssShmem"]-before["RssShmem"])/1000, took/1000)
			for _, c := range conns {
				_ = c.Close()
			}
			_ = p.stop()
		}
	}
}

// memory reads the kB of /proc/PID/status.
func memory(t *testing.T, p *program) map[string]int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == "kB" {
			m[strings.TrimSuffix(f[0], ":")], _ = strconv.Atoi(f[1])
		}
	}
	return m
}
