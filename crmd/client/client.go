// Package client asks the controller of a node, pacemaker-controld, as tools do (the reference's
// lib/common/ipc_controld.c).
//
// A Conn is for one goroutine at a time. Tools and tests import it.
package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// ErrProtocol is an answer that is none.
var ErrProtocol = errors.New("the controller's answer is not understood")

// Timeout is how long the daemon may take to take a request (crm_ipc_send).
const Timeout = 5 * time.Second

const taskNodeInfo = "node-info"

// Options of Dial; the zero value will do.
type Options struct {
	IPC ipc.DialOptions
	// Service is another than the daemon's own, if not empty.
	Service string
}

// Conn is a connection to the controller.
type Conn struct {
	ipc     *ipc.Conn
	program string
	maker   crmmsg.Maker
}

// Dial connects and says that a program of that name does.
func Dial(ctx context.Context, program string, o Options) (*Conn, error) {
	if o.Service == "" {
		o.Service = crmmsg.Controller
	}
	conn, err := ipc.Dial(ctx, o.Service, o.IPC)
	if err != nil {
		return nil, err
	}
	c := &Conn{ipc: conn, program: program}
	about := etree.NewElement("options")
	about.CreateAttr("major_version", "1")
	about.CreateAttr("minor_version", "0")
	about.CreateAttr("client_name", program)
	about.CreateAttr("client_uuid", uuid())
	hello := c.maker.Request(&crmmsg.Request{Function: "create_hello_message", Task: crmmsg.TaskHello, From: program, UUID: uuid(), Contents: about}, time.Now())
	if _, err := conn.Send(ctx, hello); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ipc.Close() }

// uuid is what tells programs of one name apart: the process.
func uuid() string { return strconv.Itoa(os.Getpid()) }

// NodeName asks for the name of the controller's own node. It is nil if the controller does not
// know it.
func (c *Conn) NodeName(ctx context.Context) (*string, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	m := c.maker.Request(&crmmsg.Request{
		Function: "create_controller_request", Task: taskNodeInfo, SystemTo: crmmsg.Controller, From: c.program, UUID: uuid(),
	}, time.Now())
	r, err := c.ipc.Call(ctx, m)
	// What comes first is an acknowledgement.
	for err == nil && r.Err == nil && r.XML != nil && r.XML.Tag == "ack" {
		r, err = c.ipc.Event(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case r.Err != nil:
		return nil, r.Err
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	if subtype := r.XML.SelectAttrValue(crmmsg.Subtype, ""); subtype != crmmsg.SubtypeRequest && subtype != crmmsg.SubtypeResponse {
		return nil, fmt.Errorf("%w: %s %q", ErrProtocol, crmmsg.Subtype, subtype)
	}
	if task := r.XML.SelectAttrValue(crmmsg.Task, ""); task != taskNodeInfo {
		return nil, fmt.Errorf("%w: %s %q to %s", ErrProtocol, crmmsg.Task, task, taskNodeInfo)
	}
	node := crmmsg.ContentsOf(r.XML)
	if node == nil || node.SelectAttr("uname") == nil {
		return nil, nil
	}
	name := node.SelectAttrValue("uname", "")
	return &name, nil
}

// RC is the reference's result for what went wrong.
func RC(err error) crmexit.RC {
	if errors.Is(err, ErrProtocol) {
		return crmexit.RC(syscall.EPROTO)
	}
	return ipc.RC(err)
}
