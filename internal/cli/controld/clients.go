package controld

import (
	"context"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// Serve opens the IPC service, or closes it (pcmk__serve_controld_ipc). It is the core's Host's.
func (s *server) Serve(on bool) error {
	if !on {
		if s.serving != nil {
			s.serving()
			s.serving = nil
		}
		return nil
	}
	buffer, _ := s.env("PCMK_ipc_buffer")
	transport, _ := s.env("PCMK_ipc_type")
	l, err := ipc.Listen(ipc.Options{
		Name: crmmsg.Controller, Type: transport, Buffer: frame.Buffer(buffer, 0),
		Log: s.log, SocketDir: root.SocketDir(), Handler: s, Locker: &s.mu,
	})
	if err != nil {
		s.log.LogfAt(loglevel.Error, "mainloop_add_ipc_server_with_prio", "Could not start %s IPC server: %v", crmmsg.Controller, err)
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.serving = cancel
	s.all.Go(func() {
		if err := l.Serve(ctx); err != nil {
			s.log.LogfAt(loglevel.Error, "mainloop_add_ipc_server_with_prio", "%s IPC server: %v", crmmsg.Controller, err)
		}
	})
	return nil
}

// Connected takes everybody whom the kernel lets in.
func (s *server) Connected(c *ipc.Client) error {
	s.clients[c.ID] = c
	return nil
}

// Disconnected forgets a client.
func (s *server) Disconnected(c *ipc.Client) {
	delete(s.clients, c.ID)
	s.act(func(now time.Time) { s.core.ClientGone(now, c.ID) })
}

// Dismiss is the core's Host's.
func (s *server) Dismiss(client string) {
	if c := s.clients[client]; c != nil {
		c.Disconnect()
	}
}

// Request does what a client asks for (dispatch_controller_ipc).
func (s *server) Request(c *ipc.Client, m *ipc.Message) {
	const function = "dispatch_controller_ipc"
	if s.ending {
		return
	}
	if m.Err != nil {
		s.sent(c, c.Ack(m, ipc.Ack{Function: function, Line: 387, Status: crmexit.Protocol}))
		return
	}
	s.sent(c, c.Ack(m, ipc.Ack{Function: function, Line: 390, Status: crmexit.Indeterminate}))
	user := setUser(c, m.XML)
	s.act(func(now time.Time) { s.core.ClientMessage(now, c.ID, user, m.XML) })
}

func (s *server) sent(c *ipc.Client, err error) {
	if err != nil {
		s.log.LogfAt(loglevel.Notice, "pcmk__ipc_send_xml", "IPC message to pid %d failed: %v", c.PID(), err)
	}
}

// setUser says in a message whose permissions count: a client's own, or those of whom one of the cluster's
// speaks for (pcmk__update_acl_user).
func setUser(c *ipc.Client, e *etree.Element) string {
	const target = "acl_target"
	user := c.User
	if c.Privileged {
		user = e.SelectAttrValue(target, e.SelectAttrValue(crmmsg.User, user))
	}
	e.CreateAttr(target, user)
	return user
}

// Reply sends something to a client, if it is still there. It is the core's Host's.
func (s *server) Reply(client string, e *etree.Element) bool {
	c := s.clients[client]
	if c == nil {
		return false
	}
	err := c.Event(e)
	s.sent(c, err)
	return err == nil
}
