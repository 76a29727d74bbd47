// Command peer talks to an executor, or is one to listen to: with "ask" it puts a
// fixed list of requests to the service lrmd and prints all that comes back, for goldens of
// lrmd/wire; with "listen" it prints what clients ask for and answers what keeps them going; with
// "run" it has the operations on its standard input carried out one after the other, and prints how they ended.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

func main() {
	run := ask
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "listen":
			run = listen
		case "run":
			run = carryOut
		}
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const patience = 20 * time.Second

func ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := ipc.Dial(ctx, "lrmd", ipc.DialOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	go func() {
		for {
			m, err := c.Event(ctx)
			if err != nil {
				return
			}
			fmt.Println("event", m.Text)
		}
	}()
	token := ""
	params := []wire.Param{{Name: "fake", Value: "a<b"}, {Name: "1", Value: "one"}, {Name: "CRM_meta_timeout", Value: "20000"}}
	for _, r := range []wire.Request{
		{Op: wire.OpRegister, ClientName: "peer", Version: wire.Version},
		{Op: wire.OpRegister, ClientName: "peer", Version: "0.9"},
		{Op: wire.OpRegister, ClientName: "peer", Version: wire.Version, Proxy: true},
		{Op: wire.OpRscRegister, RscID: "d", Class: "ocf", Provider: "pacemaker", Type: "Dummy"},
		{Op: wire.OpRscInfo, RscID: "d"},
		{Op: wire.OpRscInfo, RscID: "none"},
		{Op: wire.OpRscExec, RscID: "d", Action: "monitor", Timeout: 20000, UserData: "probe"},
		{Op: wire.OpRscExec, RscID: "d", Action: "start", Timeout: 20000, Params: params, UserData: "start & go"},
		{Op: wire.OpRscExec, RscID: "d", Action: "monitor", Interval: 100, Timeout: 20000, Options: wire.NotifyChangesOnly},
		{Op: wire.OpRscExec, RscID: "none", Action: "start"},
		{Op: wire.OpRscExec, Action: "start"},
		{Op: wire.OpGetRecurring},
		{Op: wire.OpGetRecurring, RscID: "d"},
		{Op: wire.OpGetRecurring, RscID: "none"},
		{Op: wire.OpRscCancel, RscID: "d", Action: "monitor", Interval: 7},
		{Op: wire.OpRscCancel, RscID: "d", Action: "monitor", Interval: 100},
		{Op: wire.OpRscCancel, RscID: "d"},
		{Op: wire.OpRscCancel, RscID: "none", Action: "monitor"},
		{Op: wire.OpPoke, RscID: "d"},
		{Op: wire.OpAlertExec},
		{Op: wire.OpForward},
		{Op: "odd"},
		{Op: wire.OpRscUnreg, RscID: "none"},
		{Op: wire.OpRscUnreg},
		{Op: wire.OpRscExec, RscID: "d", Action: "stop", Timeout: 20000},
		{Op: wire.OpRscUnreg, RscID: "d"},
	} {
		m, err := c.Call(ctx, r.Element(token))
		if err != nil {
			return fmt.Errorf("%s: %w", r.Op, err)
		}
		fmt.Println("reply", m.Text)
		if _, t, err := wire.ParseReply(m.XML); err == nil && t != "" {
			token = t
		}
		time.Sleep(300 * time.Millisecond) // events come in between
	}
	return nil
}

// printer is a service that prints.
type printer struct{ calls int }

func (*printer) Connected(*ipc.Client) error { return nil }
func (*printer) Disconnected(*ipc.Client)    {}

func (p *printer) Request(c *ipc.Client, m *ipc.Message) {
	fmt.Println("request", m.Text)
	r, err := wire.ParseRequest(m.XML)
	if err != nil {
		fmt.Println(err)
	}
	p.calls++
	reply := wire.Reply{Origin: "peer", CallID: p.calls}
	e := reply.Element()
	switch r.Op {
	case wire.OpRegister:
		e = reply.Registered(c.ID)
	case wire.OpRscExec:
		reply.RC = p.calls
		e = reply.Element()
	}
	if err := c.Respond(m.ID, 0, e); err != nil {
		fmt.Println(err)
	}
}

func listen() error {
	s, err := ipc.Listen(ipc.Options{Name: "lrmd", Handler: &printer{}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.Serve(ctx)
}
