package cfg_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ringmaster-ha/ringmaster/cfg"
)

// List the addresses of a node.
func Example() {
	ctx := context.Background()
	c, err := cfg.Dial(ctx, cfg.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	addrs, err := c.NodeAddrs(ctx, 2)
	if errors.Is(err, cfg.ErrNotExist) {
		log.Fatal("there is no node 2")
	} else if err != nil {
		log.Fatal(err)
	}
	for _, a := range addrs {
		fmt.Println(a)
	}
}

// Keep the node up while there is work to do.
func ExampleConn_NextShutdown() {
	ctx := context.Background()
	c, err := cfg.Dial(ctx, cfg.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.TrackShutdown(ctx); err != nil {
		log.Fatal(err)
	}
	busy := func() bool { return false }
	for {
		how, err := c.NextShutdown(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if how == cfg.Request {
			if err := c.ReplyToShutdown(ctx, !busy()); err != nil {
				log.Print(err)
			}
		}
	}
}
