package schedulerd

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// handler answers the requests of all clients.
type handler struct {
	log   loglevel.Logger
	files *store
	calc  service.Calculator
	rest  *time.Timer // gives back what a calculation has needed
}

// pause is after how much time without a calculation its memory is given back: one needs some 10 MB for each 100
// resources, and leaves nothing.
const pause = 250 * time.Millisecond

// Connected takes everybody whom the kernel lets in.
func (*handler) Connected(*ipc.Client) error { return nil }

// Disconnected has nothing to forget.
func (*handler) Disconnected(*ipc.Client) {}

func (h *handler) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(h.log, level, function, format, args...)
}

// dispatch is the function of the reference that takes requests.
const dispatch = "pe_ipc_dispatch"

// Request answers a request (pe_ipc_dispatch). Lines of acknowledgements are those of
// the reference's source.
func (h *handler) Request(c *ipc.Client, m *ipc.Message) {
	ack := func(function string, line int, status crmexit.Code) {
		if err := c.Ack(m, ipc.Ack{Function: function, Line: line, Status: status}); err != nil {
			h.logf(loglevel.Notice, "pcmk__ipc_send_xml", "IPC message to pid %d failed: %v", c.PID(), err)
		}
	}
	if m.Err != nil {
		h.logf(loglevel.Info, dispatch, "Ignoring malformed IPC message from %s: %v", c, m.Err)
		ack(dispatch, 243, crmexit.Protocol)
		return
	}
	if m.XML.SelectAttrValue(crmmsg.Subtype, "") == crmmsg.SubtypeResponse {
		ack(dispatch, 251, crmexit.Indeterminate)
		h.logf(loglevel.Info, dispatch, "Ignoring IPC reply from %s", c)
		return
	}
	if to := m.XML.SelectAttrValue(crmmsg.SystemTo, ""); to != crmmsg.Scheduler {
		ack(dispatch, 255, crmexit.Indeterminate)
		h.logf(loglevel.Info, dispatch, "Ignoring invalid IPC message: to '%s' not %s", to, crmmsg.Scheduler)
		return
	}
	task := m.XML.SelectAttrValue(crmmsg.Task, "")
	switch task {
	case crmmsg.TaskPECalc:
		ack("handle_pecalc_request", 77, crmexit.Indeterminate)
		if err := h.calculate(c, m); err != nil {
			h.processed(loglevel.Warning, c, task, "invalid ("+err.Error()+")")
			return
		}
	case crmmsg.TaskHello:
		ack("handle_hello_request", 195, crmexit.Indeterminate)
	default:
		ack("handle_unknown_request", 183, crmexit.InvalidParam)
		h.processed(loglevel.Warning, c, task, "invalid (Unknown IPC request type '"+c.String()+"' (bug?))")
		return
	}
	h.processed(loglevel.Debug, c, task, "complete")
}

func (h *handler) processed(level loglevel.Level, c *ipc.Client, task, result string) {
	h.logf(level, dispatch, "Processed %s request from client %s: %s", task, c, result)
}

// calculate sends the transition and keeps what it was made from.
func (h *handler) calculate(c *ipc.Client, m *ipc.Message) error {
	defer h.rest.Reset(pause)
	out, err := h.calc.Calculate(m.XML, time.Now())
	if err != nil {
		return err
	}
	if err := c.EventText(out.Reply); err != nil {
		h.logf(loglevel.Notice, "pcmk__ipc_send_xml", "IPC message to pid %d failed: %v", c.PID(), err)
	}
	if out.Keep != nil {
		h.files.keep(out.Keep)
	}
	return nil
}
