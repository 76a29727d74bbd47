package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// sizes of a message in bytes; the largest is close to what libcpg sends whole.
var sizes = []int{64, 256, 1024, 4096, 16384, 65536, 262144, 1000000}

type suite struct {
	transport       string
	crypto          string
	rounds, seconds int
	clients         string // where the client programs are
}

// cluster is a ring of three of one kind.
type cluster struct {
	*lab.Lab
	b     *bench.TB
	kind  lab.Kind
	tool  string // the client program on a host
	suite *suite
}

// form makes a ring over the kernel's bridge; with several links, over networks
// that can be cut, one for each.
func (s *suite) form(kind lab.Kind, token, links int) *cluster {
	c := &cluster{b: bench.New("bench-ring", kind), kind: kind, suite: s, tool: "/run/cpgbench"}
	net := lab.Option(lab.Bridged)
	if links > 1 {
		net = lab.Networks(links)
	}
	c.Lab = lab.New(c.b, 3, net)
	conf := lab.Ring{Transport: s.transport, Links: links, Crypto: s.crypto, Token: token, Realtime: true}.Conf(c.Hosts())
	conf = strings.Replace(conf, "debug: on", "debug: off", 1)
	for _, h := range c.Hosts() {
		h.Use(kind)
		h.WriteFile("/etc/corosync/corosync.conf", conf)
		h.Copy(s.clients+"/cpgbench", c.tool)
		h.StartCorosync()
	}
	c.Form(c.Hosts()...)
	return c
}

// receivers joins the other two nodes to the group.
func (c *cluster) receivers() {
	for _, h := range c.Hosts()[1:] {
		h.Start(c.tool, "receive")
	}
	time.Sleep(300 * time.Millisecond) // their joins
}

// both measures with C and Go in turn, rounds times, and returns the medians.
func (s *suite) both(token, links int, measure func(*cluster) []float64) (c, g []float64) {
	return bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		cl := s.form(kind, token, links)
		defer cl.b.Close()
		return measure(cl)
	})
}

// table has all results.
var table = bench.Table{Decimals: 1}

func (s *suite) all(only string) {
	table.Head(fmt.Sprintf("three nodes, %s, median of %d", s.transport, s.rounds))
	type part struct {
		name string
		run  func()
	}
	parts := []part{
		{"throughput", s.throughput}, {"latency", s.latency}, {"membership", s.membership}, {"idle", s.idle}, {"stall", s.stall},
	}
	if s.transport == "knet" {
		parts = append(parts, part{"failover", s.failover})
	}
	for _, p := range parts {
		if only == "" || only == p.name {
			p.run()
		}
	}
}

func (s *suite) throughput() {
	c, g := s.both(1000, 1, func(cl *cluster) (out []float64) {
		cl.receivers()
		for _, size := range sizes {
			var n, bytes, secs float64
			text := cl.Host(0).MustRun(cl.tool, "throughput", fmt.Sprint(size), fmt.Sprint(s.seconds))
			if _, err := fmt.Sscan(text, &n, &bytes, &secs); err != nil {
				panic(fmt.Sprintf("cpgbench said %q: %v", text, err))
			}
			out = append(out, n/secs, bytes/secs/1e6)
		}
		return out
	})
	for i, size := range sizes {
		table.Row(fmt.Sprintf("throughput of %d B messages", size), c[2*i], g[2*i], "msgs/s", true)
		table.Row("", c[2*i+1], g[2*i+1], "MB/s", true)
	}
}

func (s *suite) latency() {
	c, g := s.both(1000, 1, func(cl *cluster) []float64 {
		cl.receivers()
		var p50, p99, most float64
		text := cl.Host(0).MustRun(cl.tool, "latency", "64", "2000")
		if _, err := fmt.Sscan(text, &p50, &p99, &most); err != nil {
			panic(fmt.Sprintf("cpgbench said %q: %v", text, err))
		}
		return []float64{p50, p99}
	})
	table.Row("latency of one message, median", c[0], g[0], "µs", false)
	table.Row("latency of one message, 99th percentile", c[1], g[1], "µs", false)
}

// membership is the time from a crash until the two others have a new ring.
func (s *suite) membership() {
	c, g := s.both(1000, 1, func(cl *cluster) []float64 {
		victim := cl.Host(2)
		start := time.Now()
		victim.Crash()
		for cl.Host(0).Members() != "1 2" {
			if time.Since(start) > time.Minute {
				panic("no new membership within a minute")
			}
		}
		return []float64{float64(time.Since(start).Milliseconds())}
	})
	table.Row("new membership after a crash, token 1000", c[0], g[0], "ms", false)
}

func (s *suite) idle() {
	const span = 10 * time.Second
	c, g := s.both(1000, 1, func(cl *cluster) []float64 {
		pid := cl.Host(0).Pids("corosync")[0]
		before := cl.CPU(pid)
		time.Sleep(span)
		return []float64{(cl.CPU(pid) - before).Seconds() / span.Seconds() * 100, cl.RSS(pid)}
	})
	table.Row("idle CPU", c[0], g[0], "%", false)
	table.Row("resident memory, idle", c[1], g[1], "MB", false)
}

// stall is the longest time without a token while 100 clients write at once.
func (s *suite) stall() {
	c, g := s.both(3000, 1, func(cl *cluster) []float64 {
		watch := cl.WatchToken(cl.Host(1))
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() { cl.Host(0).Exec(cl.tool, "write", "1024", "3", fmt.Sprint("writer", i)) })
		}
		wg.Wait()
		r := watch.Stop()
		if r.Lost > 0 {
			panic(fmt.Sprintf("the watch has lost %d of %d tokens", r.Lost, r.Tokens))
		}
		return []float64{float64(r.Longest.Microseconds()) / 1000, cl.RSS(cl.Host(0).Pids("corosync")[0])}
	})
	table.Row("longest time without a token, 100 writers", c[0], g[0], "ms", false)
	table.Row("resident memory after it", c[1], g[1], "MB", false)
}

// hold forms a ring, loads it and says whom to profile and what it cost.
func (s *suite) hold(kind string, size, secs int) {
	k := lab.C
	if kind == "Go" {
		k = lab.Go
	}
	cl := s.form(k, 1000, 1)
	defer cl.b.Close()
	cl.receivers()
	var before []time.Duration
	for _, h := range cl.Hosts() {
		fmt.Println(h.Name, h.Pids("corosync"))
		before = append(before, cl.CPU(h.Pids("corosync")[0]))
	}
	text := cl.Host(0).MustRun(cl.tool, "throughput", fmt.Sprint(size), fmt.Sprint(secs))
	var n, bytes, took float64
	if _, err := fmt.Sscan(text, &n, &bytes, &took); err != nil {
		panic(fmt.Sprintf("cpgbench said %q: %v", text, err))
	}
	fmt.Printf("%.0f msgs/s, %.1f MB/s\n", n/took, bytes/took/1e6)
	for i, h := range cl.Hosts() {
		pid := h.Pids("corosync")[0]
		used := cl.CPU(pid) - before[i]
		fmt.Printf("%s: %.2f µs of CPU a message, %.1f MB resident\n", h.Name, used.Seconds()*1e6/n, cl.RSS(pid))
	}
}
