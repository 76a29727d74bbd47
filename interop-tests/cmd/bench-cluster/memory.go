package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// part is what a mapping of a process holds.
type part string

const (
	text     part = "text"     // code
	rodata   part = "rodata"   // constants; of a Go program also what it knows of its functions and types
	data     part = "data"     // variables that begin with a value
	bss      part = "bss"      // those that begin with none
	heap     part = "heap"     // what the program allocated; of a Go program also its goroutines' stacks
	metadata part = "metadata" // what the runtime of a Go program keeps of its heap and for itself
	private  part = "private"  // what else is private: of a program in C buffers, and stacks of threads
	stack    part = "stack"    // of the main thread
	rings    part = "rings"    // shared memory of IPC
	library  part = "library"  // code and data of shared libraries
	other    part = "other"    // files
)

var parts = []part{text, rodata, data, bss, heap, metadata, private, stack, rings, library, other}

// usage is the kB of a process that are in memory.
type usage struct {
	resident, proportional float64
	of                     map[part]float64
}

// look reads smaps of a process.
func look(pid int) usage {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		panic(err)
	}
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		panic(err)
	}
	u := usage{of: map[part]float64{}}
	var now part
	var end string
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if key, ok := strings.CutSuffix(fields[0], ":"); ok {
			switch key {
			case "Rss":
				kb := kilobytes(fields[1])
				u.resident += kb
				u.of[now] += kb
			case "Pss":
				u.proportional += kilobytes(fields[1])
			}
			continue
		}
		first, last, _ := strings.Cut(fields[0], "-")
		begin, err := strconv.ParseUint(first, 16, 64)
		if err != nil {
			panic(err)
		}
		now = partOf(begin, fields[1], strings.Join(fields[5:], " "), exe, first == end && (now == data || now == bss))
		end = last
	}
	return u
}

func kilobytes(s string) float64 {
	kb, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return kb
}

// arena is what Go's heap begins at a multiple of.
const arena = 4 << 20

// partOf tells what a mapping holds. Those of Go's runtime have names where the kernel keeps them.
func partOf(begin uint64, mode, path, exe string, followsData bool) part {
	switch {
	case path == exe && mode[2] == 'x':
		return text
	case path == exe && mode[1] == 'w':
		return data
	case path == exe:
		return rodata
	case strings.HasPrefix(path, "/dev/shm/"):
		return rings
	case strings.Contains(path, ".so"):
		return library
	case path == "[heap]" || path == "[anon: Go: heap]" || path == "" && begin%arena == 0:
		return heap
	case strings.HasPrefix(path, "[anon: Go:"):
		return metadata
	case strings.HasPrefix(path, "[stack"):
		return stack
	case path != "":
		return other
	case followsData:
		return bss
	}
	return private
}

// idle is how long the daemons have nothing to do before their memory is looked at for the last time.
const idle = time.Minute

// where prints what the memory of a kind's daemons is at this time.
func (c *cluster) where(kind lab.Kind, when string) {
	leader := c.leader()
	fmt.Printf("%v, %s, kB\n", kind, when)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\tresident\tproportional\t")
	for _, p := range parts {
		fmt.Fprintf(w, "%s\t", p)
	}
	fmt.Fprintln(w)
	total := usage{of: map[part]float64{}}
	row := func(name string, u usage) {
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t", name, u.resident, u.proportional)
		for _, p := range parts {
			fmt.Fprintf(w, "%.0f\t", u.of[p])
		}
		fmt.Fprintln(w)
	}
	for _, name := range daemons {
		for _, pid := range leader.Pids(name) {
			u := look(pid)
			row(name, u)
			total.resident += u.resident
			total.proportional += u.proportional
			for p, kb := range u.of {
				total.of[p] += kb
			}
		}
	}
	row("all", total)
	w.Flush()
}

// leader is the host whose controller leads: there the scheduler has work.
func (c *cluster) leader() *lab.Host {
	said := strings.TrimSpace(c.Host(0).MustRun("crmadmin", "-q", "-D"))
	for _, h := range c.Hosts() {
		if h.Name == said {
			return h
		}
	}
	panic(fmt.Sprintf("crmadmin -D says %q", said))
}

// memory shows what the memory of the daemons of a kind, or of both, is.
func memory(only string, resources int) {
	for _, kind := range []lab.Kind{lab.C, lab.Go} {
		if only != "both" && !strings.EqualFold(only, fmt.Sprint(kind)) {
			continue
		}
		func() {
			b := bench.New("bench-cluster", kind)
			defer b.Close()
			c := begin(b, kind)
			c.cold()
			c.where(kind, "begun")
			c.run(resources)
			c.Host(0).MustRun("sh", "-c", "for i in $(seq 50); do crm_attribute -n bench$i -v $i; cibadmin -Q >/dev/null; done")
			c.where(kind, "after work")
			time.Sleep(idle) // time has to pass here
			c.where(kind, fmt.Sprintf("after %v of rest", idle))
		}()
	}
}
