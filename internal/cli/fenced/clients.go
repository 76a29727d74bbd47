package fenced

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/stonithd/engine"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// session is what is known of a client.
type session struct {
	waiting int32 // the request that it waits for; 0 if there is none
	wants   map[string]bool
}

// Connected takes everybody whom the kernel lets in.
func (s *server) Connected(c *ipc.Client) error {
	c.Data = &session{wants: map[string]bool{}}
	s.clients[c.ID] = c
	s.order = append(s.order, c)
	return nil
}

// Disconnected forgets a client. What it has asked for goes on.
func (s *server) Disconnected(c *ipc.Client) {
	delete(s.clients, c.ID)
	s.order = slices.DeleteFunc(s.order, func(o *ipc.Client) bool { return o == c })
}

func (s *server) connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}

// Request does what a client asks for (st_ipc_dispatch).
func (s *server) Request(c *ipc.Client, m *ipc.Message) {
	if s.ending {
		return
	}
	if m.Err != nil {
		s.sent(c, c.Ack(m, ipc.Ack{Tag: "nack", Function: "st_ipc_dispatch", Line: 107, Status: crmexit.Protocol}))
		return
	}
	e := m.XML
	if strings.EqualFold(e.SelectAttrValue("crm_task", ""), engine.ForgetNode) {
		e.CreateAttr("t", wire.TypeFencer)
		e.CreateAttr("st_op", engine.ForgetNode)
		s.sign(c, e)
		s.Send("", e)
		return
	}
	if c.Name == "" {
		c.Name = fmt.Sprintf("%s.%d", e.SelectAttrValue("st_clientname", "unknown"), c.PID())
	}
	s.sign(c, e)
	switch e.SelectAttrValue("st_op", "") {
	case wire.OpRegister:
		s.sent(c, c.Respond(m.ID, m.Flags, (&wire.Registered{Client: c.ID}).Element()))
		return
	case wire.OpNotify:
		s.subscribe(c, e)
		s.sent(c, c.Ack(m, ipc.Ack{Function: "handle_notify_request", Line: 3274, Status: crmexit.OK}))
		return
	}
	if r, _ := wire.ParseRequest(e); r.Options.Has(wire.Sync) { // the engine answers what is malformed
		if !m.Flags.Has(frame.ClientResponse) {
			s.log.LogfAt(loglevel.Error, "st_ipc_dispatch", "Ignoring request from client %s that does not wait for its answer", c)
			return
		}
		c.Data.(*session).waiting = m.ID
	}
	s.engine.Request(time.Now(), engine.Client{ID: c.ID, Name: c.Name, Privileged: c.Privileged}, e)
	s.arm()
}

// sign says in a message whose it is.
func (s *server) sign(c *ipc.Client, e *etree.Element) {
	e.CreateAttr("st_clientid", c.ID)
	e.CreateAttr("st_clientname", c.String())
	e.CreateAttr("st_clientnode", s.engine.Node)
}

// kinds are those that clients may subscribe to (get_stonith_flag). Of others every client
// is told.
var kinds = []string{wire.NotifyFence, wire.OpDeviceAdd, wire.OpDeviceDel, wire.NotifyHistory, wire.NotifyHistorySynced}

func (s *server) subscribe(c *ipc.Client, e *etree.Element) {
	set := func(attr string, on bool, verb string) {
		kind := e.SelectAttrValue(attr, "")
		if kind == "" {
			return
		}
		s.log.LogfAt(loglevel.Debug, "handle_notify_request", "%s %s callbacks for client %s", verb, kind, c)
		c.Data.(*session).wants[strings.ToLower(kind)] = on
	}
	set("st_notify_activate", true, "Enabling")
	set("st_notify_deactivate", false, "Disabling")
}

// Notify is the engine's Host's (stonith_notify_client).
func (s *server) Notify(kind string, e *etree.Element) {
	all := !slices.Contains(kinds, kind)
	for _, c := range s.order {
		if all || c.Data.(*session).wants[kind] {
			if err := c.Event(e); err != nil {
				s.log.LogfAt(loglevel.Warning, "stonith_notify_client", "%s notification of client %s failed: %v | id=%.8s", kind, c, err, c.ID)
			}
		}
	}
}

// Reply is the engine's Host's (do_local_reply).
func (s *server) Reply(client string, e *etree.Element, wait bool) {
	c := s.clients[client]
	if c == nil {
		return
	}
	if !wait {
		s.sent(c, c.Event(e))
		return
	}
	state := c.Data.(*session)
	id := state.waiting
	state.waiting = 0
	s.sent(c, c.Respond(id, 0, e))
}

// Event is the engine's Host's.
func (s *server) Event(client string, e *etree.Element) {
	if c := s.clients[client]; c != nil {
		s.sent(c, c.Event(e))
	}
}

func (s *server) sent(c *ipc.Client, err error) {
	if err != nil {
		s.log.LogfAt(loglevel.Warning, "do_local_reply", "Reply to client %s failed: %v", c, err)
	}
}
