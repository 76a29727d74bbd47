package attrd

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
)

// version is that of the protocol, as acknowledgements have it.
const version = "4"

// Connected takes everybody whom the kernel lets in.
func (*server) Connected(*ipc.Client) error { return nil }

// Disconnected has nothing to forget.
func (*server) Disconnected(*ipc.Client) {}

// Request does what a client asks for (attrd_ipc_dispatch).
func (s *server) Request(c *ipc.Client, m *ipc.Message) {
	const function = "attrd_ipc_dispatch"
	if s.ending {
		return
	}
	if m.Err != nil {
		s.log.LogfAt(loglevel.Debug, function, "Unrecognizable IPC data from PID %d", c.PID())
		s.ack(c, m, ipc.Ack{Function: function, Line: 481, Status: crmexit.Protocol})
		return
	}
	r, err := wire.Decode(m.XML)
	if err == nil && r.Answer {
		err = wire.ErrMalformed
	}
	if err != nil {
		s.log.LogfAt(loglevel.Error, function, "Ignoring request from client %s: %v", c, err)
		return
	}
	r.User = s.user(c, m, r)
	answer := s.engine.Request(time.Now(), c.String(), r)
	if a := answer.Ack; a != nil {
		if a.Always {
			m.Flags |= frame.ClientResponse
		}
		s.ack(c, m, ipc.Ack{Function: a.Function, Line: a.Line, Version: version, Status: crmexit.Indeterminate})
	}
	if answer.Reply != nil {
		s.sent(c, c.Respond(m.ID, m.Flags, answer.Reply.Encode()))
	}
	s.arm()
}

// user is whose permissions count: a client's own, or that of whom one of the cluster's
// speaks for (pcmk__update_acl_user).
func (s *server) user(c *ipc.Client, m *ipc.Message, r *wire.Message) *string {
	asked := r.User
	if a := m.XML.SelectAttr("acl_target"); a != nil {
		asked = &a.Value
	}
	if asked == nil || !c.Privileged {
		return &c.User
	}
	return asked
}

func (s *server) ack(c *ipc.Client, m *ipc.Message, a ipc.Ack) { s.sent(c, c.Ack(m, a)) }

func (s *server) sent(c *ipc.Client, err error) {
	if err != nil {
		s.log.LogfAt(loglevel.Notice, "pcmk__ipc_send_xml", "IPC message to pid %d failed: %v", c.PID(), err)
	}
}
