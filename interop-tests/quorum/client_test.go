//go:build interop

package quorum

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/quorum"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// clientArg makes this program the client that TestGoClient runs on a host.
const clientArg = "quorum-client"

// TestGoClient has the Go clients do the same with a C and with a Go daemon.
func TestGoClient(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	said := map[lab.Kind]string{}
	for _, kind := range []lab.Kind{lab.C, lab.Go} {
		l := lab.New(t, 1)
		l.DumpLogs("/var/log/corosync/corosync.log")
		h := l.Host(0)
		l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu", Quorum: "  device {\n    model: net\n    votes: 1\n  }\n"}.Conf(l.Hosts()))
		h.Use(kind)
		h.StartCorosync()
		l.Form(h)
		h.WriteFile("/run/client", string(program))
		h.MustRun("chmod", "755", "/run/client")
		said[kind] = h.MustRun("/run/client", clientArg)
	}
	if said[lab.C] != said[lab.Go] {
		t.Errorf("the client saw otherwise:\n%s", difference(said[lab.C], said[lab.Go]))
	}
	t.Log(said[lab.Go])
}

// client prints what the daemon answers.
func client() int {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := talk(ctx); err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	return 0
}

func talk(ctx context.Context) error {
	c, err := quorum.Dial(ctx, quorum.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	quorate, err := c.Quorate(ctx)
	fmt.Println("provider", c.HasProvider(), "quorate", quorate, err)
	fmt.Println("track", c.Track(ctx, quorum.Current|quorum.Changes), c.Track(ctx, quorum.ChangesOnly))
	for range 2 {
		e, err := c.Next(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%T %+v\n", e, e)
	}

	v, err := quorum.DialVotes(ctx, quorum.Options{})
	if err != nil {
		return err
	}
	defer v.Close()
	fmt.Println("track", v.Track(ctx, 7, quorum.Changes))
	var ring totem.RingID
	for range 2 {
		e, err := v.Next(ctx)
		if err != nil {
			return err
		}
		if n, ok := e.(quorum.Nodes); ok {
			ring = n.Ring
		}
		fmt.Printf("%T %+v\n", e, e)
	}
	// info waits: what a request changes comes round by the ring.
	info := func(arrived func(quorum.Info) bool) {
		for range time.Tick(10 * time.Millisecond) {
			i, err := v.Info(ctx, 0)
			if err != nil || arrived(i) {
				fmt.Printf("%+v %v\n", i, err)
				return
			}
		}
	}
	old := ring
	old.Seq--
	fmt.Println("early poll", v.PollDevice(ctx, "go", true, ring))
	fmt.Println("register", v.RegisterDevice(ctx, "go"), v.RegisterDevice(ctx, "go"), v.RegisterDevice(ctx, "other"))
	fmt.Println("poll", v.PollDevice(ctx, "go", true, old), v.PollDevice(ctx, "other", true, ring), v.PollDevice(ctx, "go", true, ring))
	fmt.Println("master wins", v.SetMasterWins(ctx, "go", true))
	info(func(i quorum.Info) bool { return i.Flags.Has(quorum.Quorate) })
	_, err = v.Info(ctx, 99)
	fmt.Println("unknown node", err, errors.Is(err, quorum.ErrNotExist))
	fmt.Println("expected", v.SetExpected(ctx, 1), "votes", v.SetVotes(ctx, 99, 1))
	fmt.Println("unregister", v.UnregisterDevice(ctx, "go"), v.UnregisterDevice(ctx, "go"))
	info(func(i quorum.Info) bool { return !i.Flags.Has(quorum.Quorate) && i.DeviceName == "" })
	for quorate := true; quorate; {
		e, err := c.Next(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%T %+v\n", e, e)
		quorate = e.(quorum.Change).Quorate
	}
	fmt.Println("untrack", v.Untrack(ctx), v.Untrack(ctx), c.Untrack(ctx))

	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = c.Next(short)
	fmt.Println("nothing more", errors.Is(err, context.DeadlineExceeded))
	return nil
}
