package ipc

import (
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
)

// Ack acknowledges a request, where the reference has nothing better to say.
type Ack struct {
	Tag      string // "ack" if empty; some refuse with "nack"
	Function string // that acknowledges
	Line     int    // likewise; means nothing
	Version  string // of the service's protocol, where it has one
	Status   crmexit.Code
}

// Ack acknowledges a request, if its client waits for that (pcmk__ipc_send_ack).
func (c *Client) Ack(r *Message, a Ack) error {
	if !r.Flags.Has(frame.ClientResponse) {
		return nil
	}
	tag := a.Tag
	if tag == "" {
		tag = "ack"
	}
	e := etree.NewElement(tag)
	e.CreateAttr("function", a.Function)
	e.CreateAttr("line", strconv.Itoa(a.Line))
	e.CreateAttr("status", strconv.Itoa(int(a.Status)))
	if a.Version != "" {
		e.CreateAttr("ipc-protocol-version", a.Version)
	}
	return c.Respond(r.ID, r.Flags, e)
}
