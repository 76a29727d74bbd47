package quorum_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Watch quorum and membership of the cluster that this node is in.
func Example() {
	ctx := context.Background()
	c, err := quorum.Dial(ctx, quorum.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Track(ctx, quorum.Current|quorum.Changes); err != nil {
		log.Fatal(err)
	}
	for {
		e, err := c.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch e := e.(type) {
		case quorum.Change:
			fmt.Println("quorate:", e.Quorate, "members:", e.Members)
		case quorum.Membership:
			fmt.Println("ring", e.Ring, "joined:", e.Joined, "left:", e.Left)
		}
	}
}

// Ask how the votes stand.
func ExampleVotes_Info() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	v, err := quorum.DialVotes(ctx, quorum.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	info, err := v.Info(ctx, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("node %d: %d of %d votes, %d needed, %v\n", info.Node, info.TotalVotes, info.ExpectedVotes, info.Quorum, info.Flags)
}

// Be a quorum device that always gives its vote to this node.
func ExampleVotes_PollDevice() {
	const name = "always"
	ctx := context.Background()
	v, err := quorum.DialVotes(ctx, quorum.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	if err := v.RegisterDevice(ctx, name); err != nil {
		log.Fatal(err)
	}
	if err := v.Track(ctx, 0, quorum.Changes); err != nil {
		log.Fatal(err)
	}
	rings := make(chan totem.RingID)
	go func() {
		for {
			e, err := v.Next(ctx)
			if err != nil {
				log.Fatal(err)
			}
			if n, ok := e.(quorum.Nodes); ok {
				rings <- n.Ring
			}
		}
	}()
	ring := <-rings
	for every := time.Tick(time.Second); ; {
		err := v.PollDevice(ctx, name, true, ring)
		if err != nil && !errors.Is(err, quorum.ErrMessage) { // the ring has just changed
			log.Fatal(err)
		}
		select {
		case ring = <-rings:
		case <-every:
		}
	}
}
