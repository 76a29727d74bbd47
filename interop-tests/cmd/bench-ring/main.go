// Command bench-ring compares rings of three nodes, all the reference's and all
// ours, in turn in one run: what they carry, how soon, how fast they recover
// from a crash, and what they cost. It drives both with the same client
// program through the reference's C library and prints ratios; a ratio above 1
// in the last column is in our favour.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/ringmaster-ha/ringmaster/interop-tests/clients"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func main() {
	lab.Init()
	os.Exit(run())
}

// bench is the lab.TB of a program that is not a test.
type bench struct {
	dir     string
	kind    lab.Kind
	cleanup []func()
	failed  bool
}

func (b *bench) Name() string            { return "bench-ring" }
func (b *bench) Helper()                 {}
func (b *bench) Logf(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) }
func (b *bench) Cleanup(f func())        { b.cleanup = append(b.cleanup, f) }
func (b *bench) TempDir() string         { return b.dir }
func (b *bench) Failed() bool            { return b.failed }
func (b *bench) Fatalf(f string, a ...any) {
	b.failed = true
	panic(fmt.Sprintf("%v: ", b.kind) + fmt.Sprintf(f, a...))
}

func (b *bench) close() {
	for i := len(b.cleanup) - 1; i >= 0; i-- {
		b.cleanup[i]()
	}
	b.cleanup = nil
	os.RemoveAll(b.dir)
}

func run() (code int) {
	transport := flag.String("transport", "udpu", "udpu, udp or knet")
	crypto := flag.String("crypto", "", "with knet: cipher and hash, as aes256/sha256")
	rounds := flag.Int("rounds", 3, "measurements of each kind; the median counts")
	seconds := flag.Int("seconds", 2, "length of one throughput measurement")
	only := flag.String("only", "", "measure just this: throughput, latency, membership, idle or stall")
	hold := flag.String("hold", "", "C or Go: form that ring and carry one size of messages, for a profiler; prints the pids and what a message costs")
	size := flag.Int("size", 64, "with -hold: length of a message in bytes")
	flag.Parse()
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintln(os.Stderr, "bench-ring:", p)
			if os.Getenv("RINGMASTER_TRACE") != "" {
				debug.PrintStack()
			}
			code = 1
		}
	}()
	dir, err := os.MkdirTemp("", "bench-ring")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	programs, err := clients.Build(dir)
	if err != nil {
		panic(err)
	}
	s := &suite{transport: *transport, crypto: *crypto, rounds: *rounds, seconds: *seconds, clients: programs}
	if *hold != "" {
		s.hold(*hold, *size, *seconds)
		return 0
	}
	s.all(*only)
	return 0
}
