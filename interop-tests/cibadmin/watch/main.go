// Command watch is a client of the CIB manager that follows the CIB by its notifications: it prints
// "ready", then after each change the version and the digest of what the CIB is now by the
// patchsets alone. At the end of its input it compares with the CIB itself, as it is then.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

func main() {
	if err := watch(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func watch() error {
	ctx := context.Background()
	c, err := client.Open(ctx, "watch", client.Options{Cluster: true, Type: client.Nonblocking})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Subscribe(ctx, client.NotifyDiff, true); err != nil {
		return err
	}
	whole := call.Request{Op: ops.Query, Options: call.ScopeLocal}
	cib, err := c.Do(ctx, whole)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	count := 0
	for {
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		e, err := c.Event(short)
		cancel()
		if err != nil {
			select {
			case <-ended:
			default:
				continue
			}
			break
		}
		if e.Err != nil {
			continue // somebody's request was refused
		}
		if cib, err = e.Apply(cib); err != nil {
			return fmt.Errorf("event %d: %w", count, err)
		}
		count++
		fmt.Println(version(cib), digest.OfCIB(cib))
	}
	if err := c.Subscribe(ctx, client.NotifyDiff, false); err != nil {
		return err
	}
	is, err := c.Do(ctx, whole)
	if err != nil {
		return err
	}
	if is, was := digest.OfCIB(is), digest.OfCIB(cib); is != was {
		return fmt.Errorf("after %d events the digest is %s, not %s", count, was, is)
	}
	fmt.Println("followed", count, "changes")
	return nil
}

func version(cib *etree.Element) string {
	return cib.SelectAttrValue("admin_epoch", "") + "." + cib.SelectAttrValue("epoch", "") + "." + cib.SelectAttrValue("num_updates", "")
}
