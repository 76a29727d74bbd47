package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

type suite struct {
	rounds            int
	span              time.Duration
	queued, recurring int
}

const (
	execdPath  = "/usr/lib/pacemaker/pacemaker-execd"
	fencedPath = "/usr/lib/pacemaker/pacemaker-fenced"
	ocfDir     = "/usr/lib/ocf/resource.d"
	fenceAgent = "/usr/sbin/fence_dummy" // over which ours is laid
	onHost     = "/run/bench-exec"       // this program there
)

// noFence is a fence agent that is content with everything. It starts no other program but for
// its metadata.
const noFence = `#!/bin/sh
while read -r line; do
case $line in
action=metadata) cat <<'END'
<?xml version="1.0" ?>
<resource-agent name="fence_dummy" shortdesc="Does nothing"><longdesc>Does nothing</longdesc><vendor-url>none</vendor-url>
<parameters><parameter name="action" unique="0" required="1"><content type="string" default="reboot"/><shortdesc lang="en">Action</shortdesc></parameter>
<parameter name="plug" unique="0" required="1"><content type="string"/><shortdesc lang="en">Plug</shortdesc></parameter></parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
END
;;
esac
done
exit 0
`

// alone is a host on which one daemon runs.
type alone struct {
	*lab.Lab
	*lab.Host
	b   *bench.TB
	pid int
}

// start runs a daemon of a kind, and waits until it answers its client.
func start(kind lab.Kind, path string, args ...string) *alone {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	a := &alone{b: bench.New("bench-exec", kind)}
	a.Lab = lab.New(a.b, 1, lab.Bridged)
	h := a.Lab.Host(0)
	a.Host = h
	h.Copy(self, onHost)
	h.WriteFile("/run/fence", noFence)
	h.MustRun("sh", "-c", "chmod 755 /run/fence && mount --bind /run/fence "+fenceAgent+
		" && mkdir -p /run/ocf/bench && cp -a "+ocfDir+"/. /run/ocf && cp /bin/true /run/ocf/bench/True && mount --bind /run/ocf "+ocfDir)
	if kind == lab.Go {
		h.Lay(path)
	}
	h.Start(path, args...)
	name := path[strings.LastIndexByte(path, '/')+1:]
	a.Eventually(time.Minute, name+" answers", func() bool {
		pids := h.Pids(name)
		if len(pids) != 1 {
			return false
		}
		a.pid = pids[0]
		_, err := h.Run(onHost, clientMode, name)
		return err == nil
	})
	return a
}

// measured are the numbers that the client prints.
func (a *alone) measured(n int, args ...string) []float64 {
	out := a.MustRun(onHost, append([]string{clientMode}, args...)...)
	values := make([]float64, n)
	for i, f := range strings.Fields(out) {
		if _, err := fmt.Sscan(f, &values[i]); err != nil {
			panic(fmt.Sprintf("the client said %q: %v", out, err))
		}
	}
	return values
}

// cpu is the seconds of processor time that the daemon itself takes while something is done.
func (a *alone) cpu(do func()) float64 {
	before := a.CPU(a.pid)
	do()
	return (a.CPU(a.pid) - before).Seconds()
}

var table = bench.Table{Decimals: 2}

func (s *suite) all(only string) {
	table.Head(fmt.Sprintf("a daemon alone, median of %d", s.rounds))
	for _, p := range []struct {
		name string
		run  func()
	}{
		{"executor", s.executor}, {"queued", s.queue}, {"recurring", s.recur}, {"fencer", s.fencer},
	} {
		if only == "" || only == p.name {
			p.run()
		}
	}
}

// executor is how fast operations are carried out, one after the other and of many resources at once.
func (s *suite) executor() {
	c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		a := start(kind, execdPath)
		defer a.b.Close()
		rss := a.RSS(a.pid)
		one := a.measured(3, "one", s.span.String())
		var many []float64
		cpu := a.cpu(func() { many = a.measured(2, "many", s.span.String()) })
		return []float64{rss, one[2], one[0] / one[1], many[0] / many[1], 1e6 * cpu / many[0], a.RSS(a.pid)}
	})
	table.Row("executor that has just begun", c[0], g[0], "MB", false)
	table.Row("one operation, median", c[1], g[1], "us", false)
	table.Row("operations one after the other", c[2], g[2], "/s", true)
	table.Row("operations of 50 resources", c[3], g[3], "/s", true)
	table.Row("the executor's own time for one of these", c[4], g[4], "us", false)
	table.Row("executor then", c[5], g[5], "MB", false)
}

// queue is how long operations take that are asked for all at once, and what the executor has grown to.
func (s *suite) queue() {
	c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		a := start(kind, execdPath)
		defer a.b.Close()
		took := a.measured(1, "queue", fmt.Sprint(s.queued))
		return []float64{took[0], a.peak()}
	})
	table.Row(fmt.Sprintf("%d operations at once, until all are done", s.queued), c[0], g[0], "s", false)
	table.Row("executor, at most", c[1], g[1], "MB", false)
}

// recurrence is how often the operations of recur are carried out: seldom enough that the reference has
// time to spare on a busy machine.
const recurrence = 10 * time.Second

// recur is what many recurring operations that find no change cost.
func (s *suite) recur() {
	c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		a := start(kind, execdPath)
		defer a.b.Close()
		a.measured(0, "recurring", fmt.Sprint(s.recurring), fmt.Sprint(recurrence.Milliseconds()))
		// Time has to pass here: it is what is measured.
		cpu := a.cpu(func() { time.Sleep(recurrence) })
		return []float64{100 * cpu / recurrence.Seconds(), a.RSS(a.pid)}
	})
	table.Row(fmt.Sprintf("%d recurring each %v: CPU", s.recurring, recurrence), c[0], g[0], "%", false)
	table.Row("executor then", c[1], g[1], "MB", false)
}

// fencer is how fast the fencer says who can fence a node, and fences one.
func (s *suite) fencer() {
	c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		a := start(kind, fencedPath, "-s")
		defer a.b.Close()
		rss := a.RSS(a.pid)
		query := a.measured(3, "query", s.span.String())
		fence := a.measured(3, "fence", s.span.String())
		return []float64{rss, query[2], fence[2], a.RSS(a.pid)}
	})
	table.Row("fencer that has just begun", c[0], g[0], "MB", false)
	table.Row("who can fence a node, median", c[1], g[1], "us", false)
	table.Row("fencing, median", c[2], g[2], "us", false)
	table.Row("fencer then", c[3], g[3], "MB", false)
}

// peak is the most memory in MB that the daemon has had.
func (a *alone) peak() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.pid))
	if err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kb float64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		panic(err)
	}
	return kb / 1024
}
