package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

const (
	// outboxRetry is how long the ring's queue gets to drain; about one token
	// rotation of a quiet ring.
	outboxRetry = time.Millisecond
	// outboxMax bounds the multicasts that wait, in bytes. Clients are held back
	// before they get here, so that it is not reached by honest ones.
	outboxMax = 8 << 20
)

// outbox keeps, in order, what must be sent although the ring's queue was
// full: leaves of processes that have died, and multicasts, to which no answer
// could tell the client to try again.
//
// While a synchronisation is under way it is held, as what waits in the ring's
// own queue is: everything in it was sent before, or follows such.
type outbox struct {
	queue []outMessage
	size  int // bytes of multicasts
	timer service.Timer
}

type outMessage struct {
	fn   int
	body []byte
}

func (o *outbox) stop() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// mcast sends at once or reports false. parts is what follows the header.
func (e *Engine) mcast(fn int, head, payload []byte) bool {
	if len(e.outbox.queue) > 0 {
		return false
	}
	return e.mcastNow(fn, head, payload)
}

func (e *Engine) mcastNow(fn int, head, payload []byte) bool {
	e.parts[0], e.parts[1] = head, payload
	ok := false
	if payload == nil {
		ok = e.host.Mcast(service.CPG, fn, e.parts[:1]...)
	} else {
		ok = e.host.Mcast(service.CPG, fn, e.parts[:]...)
	}
	e.parts[1] = nil
	return ok
}

// Congested tells whether messages wait in the outbox: others have to queue up
// behind them, better where they are than here.
func (e *Engine) Congested() bool { return len(e.outbox.queue) > 0 }

// enqueue keeps a message for later; false if it is lost.
func (e *Engine) enqueue(m outMessage) bool {
	if m.fn == wire.ExecMcast {
		if e.outbox.size+len(m.body) > outboxMax {
			e.stats.Overflow++
			e.log.Logf(loglevel.Warning, "no room for a message of %d bytes, it is lost", len(m.body))
			return false
		}
		e.outbox.size += len(m.body)
	}
	e.outbox.queue = append(e.outbox.queue, m)
	e.armOutbox()
	return true
}

func (e *Engine) armOutbox() {
	if e.outbox.timer == nil && len(e.outbox.queue) > 0 && !e.sync.transitional {
		e.outbox.timer = e.host.After(outboxRetry, e.flushOutbox)
	}
}

// flushOutbox sends what it can.
func (e *Engine) flushOutbox() {
	e.outbox.stop()
	if e.sync.transitional {
		return // SyncCompleted goes on
	}
	n := 0
	for _, m := range e.outbox.queue {
		if !e.mcastNow(m.fn, m.body, nil) {
			break
		}
		if m.fn == wire.ExecMcast {
			e.outbox.size -= len(m.body)
		}
		n++
	}
	clear(e.outbox.queue[:n])
	e.outbox.queue = e.outbox.queue[n:]
	if len(e.outbox.queue) == 0 {
		e.outbox.queue = nil
	}
	e.armOutbox()
}

// sendLeave multicasts that a client's process leaves. With must, a full queue
// makes it wait in the outbox; otherwise false is reported.
func (e *Engine) sendLeave(c *client, reason wire.Reason, must bool) bool {
	m := wire.Proc{Left: true, Group: []byte(c.group.name), PID: c.pid, Reason: reason}
	body := m.AppendTo(nil, service.Order)[service.HeaderSize:]
	p := c.group.find(e.self, c.pid)
	if e.mcast(wire.ExecProcLeave, body, nil) {
		if p != nil && e.sync.transitional {
			p.leaving = true
		}
		return true
	}
	if must {
		e.enqueue(outMessage{fn: wire.ExecProcLeave, body: body})
	}
	return must
}
