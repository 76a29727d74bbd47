package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

type suite struct {
	rounds  int
	span    time.Duration
	largest int
}

// sizes are those of the CIBs.
func (s *suite) sizes() (sizes []cibSize) {
	for _, z := range []cibSize{{"empty CIB", 0, 0}, {"1 MB", 1, 1 << 20}, {"10 MB", 10, 10 << 20}} {
		if z.megabytes <= s.largest {
			sizes = append(sizes, z)
		}
	}
	return sizes
}

type cibSize struct {
	name      string
	megabytes int
	bytes     int
}

// table has all results.
var table = bench.Table{Decimals: 2}

func (s *suite) all(only string) {
	table.Head(fmt.Sprintf("three nodes, median of %d", s.rounds))
	for _, p := range []struct {
		name string
		run  func()
	}{
		{"cib", s.cib}, {"patch", s.patch}, {"attribute", s.attribute}, {"start", s.start},
	} {
		if only == "" || only == p.name {
			p.run()
		}
	}
}

func (s *suite) cib() {
	for _, z := range s.sizes() {
		c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
			cl := form(kind, z.bytes)
			defer cl.b.Close()
			managers := cl.pids(basedName)
			writes := cl.times("write", s.span)
			var most float64
			for _, pid := range managers {
				most = max(most, cl.RSS(pid))
			}
			return []float64{writes, cl.times("section", s.span), cl.times("all", s.span), most}
		})
		table.Row(z.name+": writes", c[0], g[0], "/s", true)
		table.Row(z.name+": queries of a section", c[1], g[1], "/s", true)
		table.Row(z.name+": queries of all", c[2], g[2], "/s", true)
		table.Row(z.name+": largest CIB manager after the writes", c[3], g[3], "MB", false)
	}
}

// patch is crm_diff's time to find what has changed, and to make the new of the old
// and a patchset.
func (s *suite) patch() {
	for _, z := range s.sizes()[1:] {
		dir, err := os.MkdirTemp("", "bench-patch")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		before := configuration(z.bytes)
		after := strings.Replace(strings.ReplaceAll(before, `value="7"`, `value="8"`), `epoch="1"`, `epoch="2"`, 1)
		names := map[string]string{}
		for name, text := range map[string]string{"before": before, "after": after} {
			names[name] = filepath.Join(dir, name+".xml")
			if err := os.WriteFile(names[name], []byte(text), 0o644); err != nil {
				panic(err)
			}
		}
		c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
			patch := filepath.Join(dir, "patch.xml")
			made, took := tool(kind, "crm_diff", "-o", names["before"], "-n", names["after"])
			if err := os.WriteFile(patch, made, 0o644); err != nil {
				panic(err)
			}
			_, applied := tool(kind, "crm_diff", "-o", names["before"], "-p", patch)
			return []float64{took, applied}
		})
		table.Row(z.name+": crm_diff finds the changes", c[0], g[0], "ms", false)
		table.Row(z.name+": crm_diff applies them", c[1], g[1], "ms", false)
	}
}

// attribute is the time from an update until it reads back, with the tool of the kind.
func (s *suite) attribute() {
	c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
		cl := form(kind, 0)
		defer cl.b.Close()
		cl.Eventually(time.Minute, "there is an attribute manager", func() bool {
			_, err := cl.Host(0).Run("attrd_updater", "-n", "bench", "-U", "first")
			return err == nil
		})
		took := 1000 / cl.times("attribute", s.span)
		var most float64
		for _, pid := range cl.pids(attrdName) {
			most = max(most, cl.RSS(pid))
		}
		return []float64{took, most}
	})
	table.Row("attribute, until it reads back", c[0], g[0], "ms", false)
	table.Row("largest attribute manager then", c[1], g[1], "MB", false)
}

// start is the time that tools take to begin, and end.
func (s *suite) start() {
	for _, name := range []string{"cibadmin", "crm_attribute", "attrd_updater"} {
		c, g := bench.InTurn(s.rounds, func(kind lab.Kind) []float64 {
			const runs = 20
			var sum float64
			for range runs {
				_, took := tool(kind, name, "--version")
				sum += took
			}
			return []float64{sum / runs}
		})
		table.Row(name+" --version", c[0], g[0], "ms", false)
	}
}

// tool runs one of a kind here, and tells what it printed and how many milliseconds
// that took. It may end with a status of its own.
func tool(kind lab.Kind, name string, args ...string) (out []byte, took float64) {
	path := "/usr/sbin/" + name
	if kind == lab.Go {
		stage, err := lab.Stage()
		if err != nil {
			panic(err)
		}
		path = stage + path
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	start := time.Now()
	out, err := cmd.Output()
	took = time.Since(start).Seconds() * 1000
	if e, ok := err.(*exec.ExitError); err != nil && (!ok || e.Sys().(syscall.WaitStatus).Signaled()) {
		panic(fmt.Sprintf("%s: %v", path, err))
	}
	return out, took
}
