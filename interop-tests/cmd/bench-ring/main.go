// Command bench-ring compares rings of three nodes, all the reference's and all
// ours, in turn in one run: what they carry, how soon, how fast they recover
// from a crash or the loss of a link, and what they cost. It drives both with the same client
// program through the reference's C library and prints ratios; a ratio above 1
// in the last column is in our favour.
package main

import (
	"flag"
	"os"

	"github.com/ringmaster-ha/ringmaster/interop-tests/bench"
	"github.com/ringmaster-ha/ringmaster/interop-tests/clients"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func main() {
	lab.Init()
	os.Exit(run())
}

func run() int {
	transport := flag.String("transport", "udpu", "udpu, udp or knet")
	crypto := flag.String("crypto", "", "with knet: cipher and hash, as aes256/sha256")
	rounds := flag.Int("rounds", 3, "measurements of each kind; the median counts")
	seconds := flag.Int("seconds", 2, "length of one throughput measurement")
	only := flag.String("only", "", "measure just this: throughput, latency, membership, idle, stall or, with knet, failover")
	hold := flag.String("hold", "", "C or Go: form that ring and carry one size of messages, for a profiler; prints the pids and what a message costs")
	size := flag.Int("size", 64, "with -hold: length of a message in bytes")
	flag.Parse()
	return bench.Main("bench-ring", func() {
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
			return
		}
		s.all(*only)
	})
}
