package based

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
)

// handler is one of the three services. Its calls are made under the server's lock.
type handler struct {
	*server
	readOnly bool
}

func (h *handler) Connected(c *ipc.Client) error {
	if err := h.m.Connect(manager.Client{ID: c.ID, User: c.User, PID: c.PID()}); err != nil {
		return err
	}
	h.clients[c.ID] = c
	return nil
}

func (h *handler) Disconnected(c *ipc.Client) {
	delete(h.clients, c.ID)
	h.do(h.m.Disconnect(time.Now(), c.ID))
}

func (h *handler) Request(c *ipc.Client, m *ipc.Message) {
	h.do(h.m.Request(time.Now(), c.ID, manager.Request{
		ID:       m.ID,
		Flags:    uint32(m.Flags),
		Waits:    m.Flags.Has(frame.ClientResponse),
		XML:      m.XML,
		ReadOnly: h.readOnly,
	}))
}
