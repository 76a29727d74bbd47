package cmap_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ringmaster-ha/ringmaster/cmap"
)

// What is the token timeout, and who is in the node list?
func Example() {
	ctx := context.Background()
	c, err := cmap.Dial(ctx, cmap.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	v, err := c.Get(ctx, "runtime.config.totem.token")
	if errors.Is(err, cmap.ErrNotExist) {
		log.Fatal("this daemon has no ring")
	} else if err != nil {
		log.Fatal(err)
	}
	ms, _ := v.Uint()
	fmt.Println("token timeout:", ms, "ms")

	for p, err := range c.All(ctx, "nodelist.node.") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Key, "=", p.Value)
	}
}

// Watch nodes join and leave.
func ExampleConn_Next() {
	ctx := context.Background()
	c, err := cmap.Dial(ctx, cmap.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.TrackPrefix(ctx, "runtime.members.", cmap.AllEvents); err != nil {
		log.Fatal(err)
	}
	for {
		ch, err := c.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ch.Key, "was", ch.Old, "and is", ch.New)
	}
}

// Counters of the ring, from the statistics.
func ExampleDial_statistics() {
	ctx := context.Background()
	c, err := cmap.Dial(ctx, cmap.Options{Map: cmap.Statistics})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for p, err := range c.All(ctx, "stats.srp.") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Key, p.Value)
	}
}
