package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	lrmd "github.com/ringmaster-ha/ringmaster/lrmd/client"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	fencer "github.com/ringmaster-ha/ringmaster/stonithd/client"
	stonith "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// clientMode, as the first argument, makes this program the client, on a host.
const clientMode = "client"

func client(args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := measure(ctx, args[0], args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %v\n", args, err)
		return 1
	}
	return 0
}

// measure does one thing and prints what it took.
func measure(ctx context.Context, what string, args []string) error {
	switch what {
	case "query", "fence", "pacemaker-fenced":
		return askFencer(ctx, what, args)
	}
	conn, err := lrmd.Open(ctx, "bench-exec", lrmd.Options{})
	if err != nil {
		return err
	}
	defer conn.Close()
	e := &executor{conn}
	switch what {
	case "one":
		return e.one(ctx, args[0])
	case "many":
		return e.many(ctx, args[0])
	case "queue":
		return e.queue(ctx, args[0])
	case "recurring":
		return e.recurring(ctx, args[0], args[1])
	}
	return nil
}

// sample calls something again and again for a while, and prints how often, in how many seconds,
// and the median of the calls in us.
func sample(span string, call func() error) error {
	d, err := time.ParseDuration(span)
	if err != nil {
		return err
	}
	var took []time.Duration
	start := time.Now()
	for time.Since(start) < d {
		before := time.Now()
		if err := call(); err != nil {
			return err
		}
		took = append(took, time.Since(before))
	}
	all := time.Since(start)
	slices.Sort(took)
	fmt.Println(len(took), all.Seconds(), float64(took[len(took)/2].Nanoseconds())/1000)
	return nil
}

type executor struct{ *lrmd.Conn }

func name(i int) string { return "r" + strconv.Itoa(i) }

// register makes n resources.
func (e *executor) register(ctx context.Context, n int) error {
	for i := range n {
		if _, err := e.Call(ctx, &wire.Request{Op: wire.OpRscRegister, RscID: name(i), Class: "ocf", Provider: "bench", Type: "True"}); err != nil {
			return err
		}
	}
	return nil
}

// monitor asks for an operation of a resource and returns its number.
func (e *executor) monitor(ctx context.Context, i, interval int) (int, error) {
	return e.Call(ctx, &wire.Request{Op: wire.OpRscExec, RscID: name(i), Action: "monitor", Interval: interval, Timeout: 20000,
		Options: wire.NotifyOriginOnly | wire.NotifyChangesOnly, Params: []wire.Param{{Name: "CRM_meta_timeout", Value: "20000"}, {Name: "state", Value: "/run/state"}}})
}

// done waits for the next operation that is done.
func (e *executor) done(ctx context.Context) (c wire.Completion, err error) {
	for {
		x, err := e.Event(ctx)
		if err != nil {
			return c, err
		}
		c, ok, err := wire.ParseCompletion(x)
		if err != nil {
			return c, err
		}
		if ok {
			if c.Code != 0 || c.Status != 0 {
				return c, fmt.Errorf("operation %d of %s: status %d, code %d", c.CallID, c.RscID, c.Status, c.Code)
			}
			return c, nil
		}
	}
}

// one has a resource's operations carried out one after the other.
func (e *executor) one(ctx context.Context, span string) error {
	if err := e.register(ctx, 1); err != nil {
		return err
	}
	return sample(span, func() error {
		id, err := e.monitor(ctx, 0, 0)
		if err != nil {
			return err
		}
		c, err := e.done(ctx)
		if err == nil && c.CallID != id {
			err = fmt.Errorf("operation %d is done, not %d", c.CallID, id)
		}
		return err
	})
}

// many keeps the operations of 50 resources going.
func (e *executor) many(ctx context.Context, span string) error {
	const resources = 50
	d, err := time.ParseDuration(span)
	if err != nil {
		return err
	}
	if err := e.register(ctx, resources); err != nil {
		return err
	}
	start := time.Now()
	for i := range resources {
		if _, err := e.monitor(ctx, i, 0); err != nil {
			return err
		}
	}
	n := 0
	for ; time.Since(start) < d; n++ {
		c, err := e.done(ctx)
		if err != nil {
			return err
		}
		i, err := strconv.Atoi(c.RscID[1:])
		if err != nil {
			return err
		}
		if _, err := e.monitor(ctx, i, 0); err != nil {
			return err
		}
	}
	fmt.Println(n, time.Since(start).Seconds())
	return nil
}

// queue asks for n operations of 100 resources at once.
func (e *executor) queue(ctx context.Context, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	took, err := e.once(ctx, n, 100, 0, n)
	if err == nil {
		fmt.Println(took.Seconds())
	}
	return err
}

// recurring has n resources monitored from now on, and waits until each was once. The reference gives a client up
// for which it has too many results at a time, so they begin a hundred at a time.
func (e *executor) recurring(ctx context.Context, count, interval string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	ms, err := strconv.Atoi(interval)
	if err != nil {
		return err
	}
	_, err = e.once(ctx, n, n, ms, 100)
	return err
}

// once asks for n operations of so many resources, of which some are under way at a time, and sees each of
// them done once: how long that takes.
func (e *executor) once(ctx context.Context, n, resources, interval, underWay int) (took time.Duration, err error) {
	if err := e.register(ctx, resources); err != nil {
		return 0, err
	}
	start := time.Now()
	// The reference gives a client up that does not take what it is told.
	g, ctx := errgroup.WithContext(ctx)
	done := make(map[int]int, n)
	room := make(chan struct{}, underWay)
	g.Go(func() error {
		for i := range n {
			c, err := e.done(ctx)
			<-room
			if err != nil {
				return fmt.Errorf("%d operations are not done: %w", n-i, err)
			}
			done[c.CallID]++
		}
		return nil
	})
	asked := make([]int, n)
	for i := range n {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return 0, g.Wait()
		}
		if asked[i], err = e.monitor(ctx, i%resources, interval); err != nil {
			return 0, err
		}
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	took = time.Since(start)
	for _, id := range asked {
		if done[id] != 1 {
			return 0, fmt.Errorf("operation %d was done %d times", id, done[id])
		}
	}
	return took, nil
}

func askFencer(ctx context.Context, what string, args []string) error {
	c, err := fencer.Dial(ctx, "bench-exec", fencer.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	if what == "pacemaker-fenced" {
		return nil
	}
	device := &stonith.Device{ID: "d", Agent: "fence_dummy", Namespace: "redhat", Params: []stonith.Param{{Name: "pcmk_host_list", Value: "x1 x2 x3"}}}
	if err := c.Register(ctx, device); err != nil {
		return err
	}
	return sample(args[0], func() error {
		if what == "query" {
			devices, err := c.Query(ctx, "x2", 10)
			if err == nil && len(devices) != 1 {
				err = fmt.Errorf("%d devices", len(devices))
			}
			return err
		}
		id, err := c.Fence(ctx, &stonith.Fence{Target: "x2", Action: "off", Timeout: 20})
		if err != nil {
			return err
		}
		for {
			e, err := c.Event(ctx)
			if err != nil {
				return err
			}
			if e.Reply == nil || e.Reply.CallID != id {
				continue
			}
			if !e.Reply.Result.OK() {
				return errors.New("not fenced: " + e.Reply.Result.Reason)
			}
			return nil
		}
	})
}
