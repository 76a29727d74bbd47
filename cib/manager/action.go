package manager

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// Action is one thing to do: a Respond, Ack, Event, Send, Write, DropClients or Exit. They are
// to be done in their order.
type Action interface{ action() }

// Respond answers a client's request.
type Respond struct {
	Client string
	ID     int32       // of the request
	Flags  uint32      // of the message
	Text   packed.Text // an XML document
}

// Ack acknowledges a request that nobody answers otherwise (pcmk__ipc_send_ack).
type Ack struct {
	Client   string
	ID       int32
	Flags    uint32
	Tag      string // "ack" or "nack"
	Function string // of the reference
	Line     int
	Status   crmexit.Code
}

// Event sends clients what they have not asked for, or do not wait for.
type Event struct {
	Clients []string
	Text    packed.Text // an XML document
}

// Send sends a message to a peer, or to all, this node among them.
type Send struct {
	To   string // the node's name; "" for all
	Text string // an XML document
}

// Write makes a CIB, without its status, the one on the disk; Manager.Written is to be told when
// that is done.
type Write struct{ CIB *etree.Element }

// DropClients disconnects all clients; Manager.Disconnect is to be told of each.
type DropClients struct{}

// Exit ends the daemon. Nothing follows.
type Exit struct{ Code crmexit.Code }

func (Respond) action()     {}
func (Ack) action()         {}
func (Event) action()       {}
func (Send) action()        {}
func (Write) action()       {}
func (DropClients) action() {}
func (Exit) action()        {}
