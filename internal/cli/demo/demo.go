// Package demo is "ringmaster demo": a cluster of three nodes of the whole stack on this machine, as an
// ordinary user, without namespaces and without touching a file of the system. It shows a group of resources
// survive the crash of the node that runs it, and stays up to play with.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const nodeCount = 3

// Main runs the program and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ringmaster demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	once := flags.Bool("once", false, "end after the show")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *once, stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "ringmaster demo:", err)
		return 1
	}
	return 0
}

// limit is how long any one step may take.
const limit = 60 * time.Second

func run(ctx context.Context, once bool, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ringmaster")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := newCluster(dir)
	if err != nil {
		return err
	}
	defer c.end()

	fmt.Fprintf(out, "Starting %d nodes of corosync and Pacemaker below %s\n", nodeCount, dir)
	start := time.Now()
	for _, n := range c.nodes {
		if err := n.start(ctx); err != nil {
			return err
		}
	}
	s := screen{out: out, began: start}
	if err := s.watch(ctx, c.nodes[0], online(c.nodes)); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe cluster is up after %v. Now a fence device, and a group of two resources, with cibadmin:\n", since(start))
	if err := c.configure(ctx); err != nil {
		return err
	}
	s.began = time.Now()
	if err := s.watch(ctx, c.nodes[0], running(c.names()...)); err != nil {
		return err
	}
	if err := c.crash(ctx, &s); err != nil {
		return err
	}
	if once {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe cluster stays up. In another terminal:\n\n  export %s=%s\n  %s crm_mon\n  %s crm_resource --move --resource shop\n  %s crm_resource --clear --resource shop\n  %s cibadmin -Q\n  tail -f %s\n\nThe daemons' log: %s\nCtrl-C ends it.\n",
		root.EnvDir, c.nodes[0].dir, self, self, self, self, c.ticks(), c.nodes[0].pacemakerLog())
	<-ctx.Done()
	return nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Millisecond) }
