package cpg_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg"
)

// Join a group, greet the others and print what happens.
func Example() {
	ctx := context.Background()
	conn, err := cpg.Dial(ctx, cpg.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Join(ctx, "greeters"); err != nil {
		log.Fatal(err)
	}
	if err := conn.Mcast(ctx, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	for {
		ev, err := conn.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		switch ev := ev.(type) {
		case *cpg.Message:
			fmt.Printf("%v says %s\n", ev.From, ev.Data)
		case *cpg.Membership:
			for _, j := range ev.Joined {
				fmt.Println("here comes", j)
			}
			for _, l := range ev.Left {
				fmt.Println("there goes", l)
			}
		case *cpg.RingChange:
			fmt.Printf("ring %v of %v\n", ev.Ring, ev.Nodes)
		}
	}
}

// Give up when the cluster has taken nothing for a second.
func ExampleConn_Mcast() {
	var conn *cpg.Conn // joined
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := conn.Mcast(ctx, []byte("state: "), []byte("ready")); err != nil {
		log.Print(err)
	}
}

// Compose messages in memory that the daemon reads.
func ExampleConn_NewBuffer() {
	var conn *cpg.Conn // joined
	ctx := context.Background()
	buf, err := conn.NewBuffer(ctx, 4096)
	if err != nil {
		log.Fatal(err)
	}
	defer buf.Free(ctx)
	n := copy(buf.Bytes(), "composed in place")
	if err := buf.Mcast(ctx, n); err != nil {
		log.Fatal(err)
	}
}

// List the groups of the cluster.
func ExampleConn_Groups() {
	var conn *cpg.Conn
	names, err := conn.Groups(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", names)
}
