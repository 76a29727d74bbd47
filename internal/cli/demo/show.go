package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"golang.org/x/sync/errgroup"
)

// show prints what each node thinks of the cluster.
func (c *cluster) show(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "  %-7s %-10s %-9s %-7s %s\n", "node", "address", "members", "quorum", "quorate")
	for _, n := range c.nodes {
		if n.proc == nil {
			fmt.Fprintf(out, "  node%-3d %-10v down\n", n.id, n.addr)
			continue
		}
		i, err := n.votes(ctx)
		if err != nil {
			return fmt.Errorf("node%d: %w", n.id, err)
		}
		fmt.Fprintf(out, "  node%-3d %-10v %-9d %-7d %v\n", n.id, n.addr, i.TotalVotes, i.Quorum, i.TotalVotes >= i.Quorum)
	}
	return nil
}

const (
	group       = "demo"
	perNode     = 5000 // messages that each node sends
	messageSize = 100  // bytes
)

// deliver has a process on each node send into one group, all at once, and
// shows that all of them got everything in the same order.
func (c *cluster) deliver(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	orders := make([]uint64, len(c.nodes))
	for i, n := range c.nodes {
		g.Go(func() (err error) {
			if orders[i], err = n.talk(ctx, len(c.nodes)); err != nil {
				return fmt.Errorf("node%d: %w", n.id, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, o := range orders {
		if o != orders[0] {
			return fmt.Errorf("the nodes delivered in different orders: %x", orders)
		}
	}
	total := perNode * len(c.nodes)
	took := time.Since(start)
	fmt.Fprintf(out, "\nAll three sent %d messages at once: every node delivered all %d, in the same order,\nin %v (%.0f messages a second).\n",
		perNode, total, took.Round(time.Millisecond), float64(total)/took.Seconds())
	return nil
}

// talk joins the group on one node, waits for the others, sends, and returns a
// hash of what was delivered, in its order.
func (n *node) talk(ctx context.Context, members int) (uint64, error) {
	conn, err := cpg.Dial(ctx, cpg.Options{SocketDir: n.sockets()})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.Join(ctx, group); err != nil {
		return 0, err
	}
	h := fnv.New64a()
	g, ctx := errgroup.WithContext(ctx)
	for got, sending := 0, false; got < perNode*members; {
		e, err := conn.Next(ctx)
		if err != nil {
			return 0, fmt.Errorf("after %d messages: %w", got, err)
		}
		switch e := e.(type) {
		case *cpg.Membership:
			if len(e.Members) == members && !sending {
				sending = true
				g.Go(func() error { return n.send(ctx, conn) })
			}
		case *cpg.Message:
			got++
			_, _ = h.Write(e.Data) // a hash takes anything
		}
	}
	return h.Sum64(), g.Wait()
}

func (n *node) send(ctx context.Context, conn *cpg.Conn) error {
	msg := make([]byte, messageSize)
	for k := range perNode {
		copy(msg, fmt.Sprintf("node%d says %d", n.id, k))
		if err := conn.Mcast(ctx, msg); err != nil {
			return err
		}
	}
	return nil
}

// crash kills the last node and brings it back.
func (c *cluster) crash(ctx context.Context, out io.Writer) error {
	victim := c.nodes[len(c.nodes)-1]
	rest := c.nodes[:len(c.nodes)-1]
	fmt.Fprintf(out, "\nNow node%d crashes (SIGKILL).\n", victim.id)
	start := time.Now()
	victim.kill()
	for _, n := range rest {
		if err := n.await(ctx, uint32(len(rest))); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "The others have a new ring without it after %v (of it, 1 s of token and 1.2 s of consensus timeout):\n\n", since(start))
	if err := c.show(ctx, out); err != nil {
		return err
	}
	start = time.Now()
	if err := victim.start(); err != nil {
		return err
	}
	for _, n := range c.nodes {
		if err := n.await(ctx, nodeCount); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nStarted again, node%d is back after %v.\n", victim.id, since(start))
	return nil
}
