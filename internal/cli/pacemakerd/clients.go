package pacemakerd

import (
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// Connected is ipc.Handler's.
func (s *server) Connected(*ipc.Client) error { return nil }

// Disconnected is ipc.Handler's.
func (s *server) Disconnected(c *ipc.Client) {
	s.core.ClientGone(time.Now(), c.PID())
	s.arm()
}

// Tasks that clients ask for; the name of the request to forget a node is every daemon's.
const (
	taskForget = "rm_node_cache"
	taskQuit   = "quit"
)

// Request is ipc.Handler's (pcmk_ipc_dispatch).
func (s *server) Request(c *ipc.Client, m *ipc.Message) {
	const function = "pcmk_ipc_dispatch"
	ack := func(in string, code crmexit.Code) {
		_ = c.Ack(m, ipc.Ack{Function: in, Status: code}) // who has gone hears nothing
	}
	if m.Err != nil || m.XML == nil {
		ack(function, crmexit.Protocol)
		return
	}
	task := m.XML.SelectAttrValue(crmmsg.Task, "")
	switch task {
	case taskForget:
		ack("handle_node_cache_request", crmexit.OK)
	case crmmsg.TaskPing:
		ack("handle_ping_request", crmexit.Indeterminate)
		state, progress := s.core.State()
		ping := etree.NewElement("ping_response")
		if to := m.XML.SelectAttr(crmmsg.SystemTo); to != nil {
			ping.CreateAttr("crm_subsystem", to.Value)
		}
		ping.CreateAttr("pacemakerd_state", state.String())
		ping.CreateAttr("crm-timestamp", strconv.FormatInt(progress.Unix(), 10))
		ping.CreateAttr("result", "ok")
		from := m.XML.SelectAttrValue(crmmsg.SystemFrom, "")
		s.core.Pinged(time.Now(), from, c.PID(), strings.Contains(from, "sbd"))
		s.answer(c, m, "handle_ping_request", ping)
	case taskQuit:
		ack("handle_shutdown_request", crmexit.Indeterminate)
		code := crmexit.InsufficientPriv
		if c.Privileged {
			code = crmexit.OK
			s.logf(loglevel.Notice, "handle_shutdown_request", "Shutting down in response to IPC request %s from %s",
				m.XML.SelectAttrValue(crmmsg.Reference, ""), m.XML.SelectAttrValue(crmmsg.Origin, ""))
		} else {
			s.logf(loglevel.Warning, "handle_shutdown_request", "Ignoring shutdown request from unprivileged client %s", c)
		}
		shutdown := etree.NewElement("shutdown")
		shutdown.CreateAttr("op-status", strconv.Itoa(int(code)))
		s.answer(c, m, "handle_shutdown_request", shutdown)
		if c.Privileged {
			s.core.Shutdown(time.Now())
		}
	default:
		ack("handle_unknown_request", crmexit.InvalidParam)
		s.logf(loglevel.Warning, function, "Processed %s request from client %s: Error (Unknown IPC request type '%s' (bug?))", task, c, c)
	}
	s.arm()
}

func (s *server) answer(c *ipc.Client, m *ipc.Message, function string, contents *etree.Element) {
	reply, err := crmmsg.Reply(m.XML, function, contents)
	if err != nil {
		s.logf(loglevel.Warning, "pcmk_ipc_dispatch", "Failed building reply for client %s: %v", c, err)
		return
	}
	if err := c.Event(reply); err != nil {
		s.logf(loglevel.Warning, "pcmk_ipc_dispatch", "Reply to client %s failed: %v", c, err)
	}
}
