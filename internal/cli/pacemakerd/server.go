package pacemakerd

import (
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// server answers clients (pcmkd_messages.c). Its calls come under node.mu.
type server node

// Connected takes everybody whom the kernel lets in.
func (*server) Connected(*ipc.Client) error { return nil }

// Disconnected may be that of SBD, which has heard that all is down.
func (s *server) Disconnected(c *ipc.Client) {
	s.engine.ClientClosed(time.Now(), c.PID())
	(*node)(s).changed()
}

// Lines of the reference's source that acknowledgements tell.
var ackLines = map[string]int{
	"pcmk_ipc_dispatch": 228, "handle_node_cache_request": 34, "handle_ping_request": 54, "handle_shutdown_request": 112, "handle_unknown_request": 155,
}

// Request answers a request (pcmk_ipc_dispatch).
func (s *server) Request(c *ipc.Client, m *ipc.Message) {
	const dispatch = "pcmk_ipc_dispatch"
	logf := (*node)(s).logf
	ack := func(function string, status crmexit.Code) {
		if err := c.Ack(m, ipc.Ack{Function: function, Line: ackLines[function], Status: status}); err != nil {
			logf(loglevel.Notice, "pcmk__ipc_send_xml", "IPC message to pid %d failed: %v", c.PID(), err)
		}
	}
	if m.Err != nil {
		ack(dispatch, crmexit.Protocol)
		return
	}
	task := m.XML.SelectAttrValue(crmmsg.Task, "")
	var about *etree.Element
	then := func() {}
	switch task {
	case "":
		logf(loglevel.Error, dispatch, "Ignoring request without %s from client %s", crmmsg.Task, c)
		ack(dispatch, crmexit.Protocol)
		return
	case crmmsg.TaskRemoveNode:
		ack("handle_node_cache_request", crmexit.OK)
	case crmmsg.TaskPing:
		ack("handle_ping_request", crmexit.Indeterminate)
		about = s.ping(c, m.XML)
	case crmmsg.TaskQuit:
		ack("handle_shutdown_request", crmexit.Indeterminate)
		about, then = s.shutdown(c, m.XML)
	default:
		ack("handle_unknown_request", crmexit.InvalidParam)
		logf(loglevel.Warning, dispatch, "Processed %s request from client %s: invalid (Unknown IPC request type '%s' (bug?))", task, c, c)
		return
	}
	if about != nil {
		function := "handle_ping_request"
		if task == crmmsg.TaskQuit {
			function = "handle_shutdown_request"
		}
		reply, err := crmmsg.Reply(m.XML, function, about)
		if err == nil {
			err = c.Event(reply)
		}
		if err != nil {
			logf(loglevel.Warning, dispatch, "Processed %s request from client %s: error (%v)", task, c, err)
			then()
			return
		}
	}
	then()
	logf(loglevel.Debug, dispatch, "Processed %s request from client %s: complete", task, c)
	(*node)(s).changed()
}

func (s *server) ping(c *ipc.Client, request *etree.Element) *etree.Element {
	now, progress := s.engine.Ping(time.Now(), request.SelectAttrValue(crmmsg.SystemFrom, ""), c.PID())
	e := etree.NewElement("ping_response")
	e.CreateAttr("crm_subsystem", request.SelectAttrValue(crmmsg.SystemTo, ""))
	e.CreateAttr("pacemakerd_state", now.String())
	e.CreateAttr("crm-timestamp", strconv.FormatInt(progress.Unix(), 10))
	e.CreateAttr("result", "ok")
	return e
}

// shutdown is for root and the cluster's user; others have to go through the CIB, and its
// permissions.
func (s *server) shutdown(c *ipc.Client, request *etree.Element) (about *etree.Element, then func()) {
	const function = "handle_shutdown_request"
	status := crmexit.OK
	then = func() {}
	if c.Privileged {
		(*node)(s).logf(loglevel.Notice, function, "Shutting down in response to IPC request %s from %s",
			request.SelectAttrValue(crmmsg.Reference, ""), request.SelectAttrValue(crmmsg.Origin, ""))
		then = func() { s.engine.Shutdown(time.Now()) }
	} else {
		(*node)(s).logf(loglevel.Warning, function, "Ignoring shutdown request from unprivileged client %s", c)
		status = crmexit.InsufficientPriv
	}
	about = etree.NewElement("shutdown")
	about.CreateAttr("op-status", strconv.Itoa(int(status)))
	return about, then
}
