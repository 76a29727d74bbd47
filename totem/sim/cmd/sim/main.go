// Command sim runs the ring's simulator from seeds: see internal/cli/sim.
package main

import (
	"os"

	"github.com/ringmaster-ha/ringmaster/internal/cli/sim"
)

func main() { os.Exit(sim.Main(os.Args, os.Stdout, os.Stderr)) }
