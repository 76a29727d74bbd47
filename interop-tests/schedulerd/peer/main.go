// Command peer is one end of an IPC connection of Pacemaker's on a host of a scenario.
//
//	peer record DIR NAME        offers the service NAME and keeps each request, as its
//	                            bytes, in DIR/request.N
//	peer ask DIR CIB...         sends the CIBs in files to the scheduler and keeps what
//	                            comes back, in DIR/response.N and DIR/event.N
//	peer garbage NAME SECONDS   sends what is no message to a service, for so long
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: peer record DIR NAME | ask DIR CIB... | garbage NAME SECONDS")
	}
	switch args[0] {
	case "record":
		return record(args[1], args[2])
	case "ask":
		return askAll(args[1], args[2:])
	case "garbage":
		return garbage(args[1], args[2])
	}
	return fmt.Errorf("unknown command %q", args[0])
}

type recorder struct {
	dir string
	n   int
}

func (*recorder) Open(*server.Conn) error { return nil }

func (r *recorder) Request(_ *server.Conn, msg []byte) {
	r.n++
	if err := os.WriteFile(filepath.Join(r.dir, "request."+strconv.Itoa(r.n)), msg, 0o644); err != nil {
		log.Print(err)
	}
}

func (*recorder) Close(*server.Conn, error) {}

func record(dir, name string) error {
	s, err := server.Listen(server.Options{Name: name, Type: 1, Handler: &recorder{dir: dir}, MinMsgSize: frame.DefaultBuffer})
	if err != nil {
		return err
	}
	return s.Serve(context.Background())
}

func askAll(dir string, files []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, crmmsg.Scheduler, client.Options{MaxMsgSize: 5 << 20})
	if err != nil {
		return err
	}
	defer c.Close()
	for i, file := range files {
		response, event, err := ask(ctx, c, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		n := strconv.Itoa(i)
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "response."+n), response, 0o644),
			os.WriteFile(filepath.Join(dir, "event."+n), event, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a CIB. The request is the same at any time, so that the replies of two daemons
// can be compared.
func ask(ctx context.Context, c *client.Conn, file string) (response, event []byte, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	doc, err := xmltree.Parse(b, xmltree.DropText)
	if err != nil {
		return nil, nil, err
	}
	var m crmmsg.Maker
	request := m.Request(&crmmsg.Request{Function: "ask", Task: crmmsg.TaskPECalc, SystemTo: crmmsg.Scheduler,
		From: "peer", UUID: "1", Contents: doc.Root()}, time.Unix(1700000000, 0))
	raw, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: frame.ClientResponse, Text: text.Line(request)}, c.MaxMsgSize())
	if err != nil {
		return nil, nil, err
	}
	if response, err = c.Call(ctx, raw); err != nil {
		return nil, nil, err
	}
	event, err = c.Event(ctx)
	return response, event, err
}

// garbage sends drawn bytes, and messages of which some bytes were changed.
func garbage(name, seconds string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n)*time.Second)
	defer cancel()
	r := rand.New(rand.NewPCG(1, 2))
	good, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: frame.ClientResponse,
		Text: `<create_request_adv t="crmd" subt="request" crm_task="pe_calc" crm_sys_to="pengine"><crm_xml><cib/></crm_xml></create_request_adv>`}, 1<<20)
	if err != nil {
		return err
	}
	sent := 0
	for ctx.Err() == nil {
		c, err := client.Dial(ctx, name, client.Options{MaxMsgSize: frame.DefaultBuffer})
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		for range 20 {
			msg := append([]byte(nil), good...)
			for range 1 + r.IntN(4) {
				msg[16+r.IntN(len(msg)-16)] = byte(r.Uint32())
			}
			if c.Send(msg) == nil {
				sent++
			}
		}
		_ = c.Close()
	}
	fmt.Println(sent, "messages sent")
	return nil
}
