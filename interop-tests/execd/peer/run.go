package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd/client"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// carryOut reads operations, a line each: the resource, its class, provider (- for none) and agent, the action, its timeout
// in ms, and parameters name=value. The executor may have to be waited for.
func carryOut() error {
	ctx := context.Background()
	begin, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var c *client.Conn
	for {
		var err error
		if c, err = client.Open(begin, "peer", client.Options{Dial: ipc.DialOptions{}}); err == nil {
			break
		}
		if begin.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	defer c.Close()
	known := map[string]bool{}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) < 6 {
			return fmt.Errorf("%q: want a resource, class, provider, agent, action and timeout", in.Text())
		}
		timeout, err := strconv.Atoi(f[5])
		if err != nil {
			return err
		}
		r := &wire.Request{RscID: f[0], Class: f[1], Provider: strings.TrimPrefix(f[2], "-"), Type: f[3]}
		if !known[r.RscID] {
			known[r.RscID] = true
			r.Op = wire.OpRscRegister
			if _, err := c.Call(ctx, r); err != nil {
				return fmt.Errorf("%s: %w", in.Text(), err)
			}
		}
		x := &wire.Request{Op: wire.OpRscExec, RscID: f[0], Action: f[4], Timeout: timeout, Options: wire.NotifyOriginOnly}
		for _, p := range f[6:] {
			name, value, _ := strings.Cut(p, "=")
			x.Params = append(x.Params, wire.Param{Name: name, Value: value})
		}
		if _, err := c.Call(ctx, x); err != nil {
			return fmt.Errorf("%s: %w", in.Text(), err)
		}
		for {
			e, err := c.Event(ctx)
			if err != nil {
				return err
			}
			if done, ok, err := wire.ParseCompletion(e); err != nil {
				return err
			} else if ok {
				fmt.Printf("== %s\n%s of %s: %d, status %d, reason %q\n%s\n", in.Text(), done.Action, done.RscID, done.Code, done.Status, done.Reason, done.Output)
				break
			}
		}
	}
	return in.Err()
}
