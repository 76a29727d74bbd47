package server

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

var (
	errHeader = errors.New("malformed request")
	errQueue  = errors.New("too much waits in memory for the client")
	errClosed = errors.New("server is closed")
)

// Conn is one client.
type Conn struct {
	s      *Server
	serial uint64
	peer   Peer
	max    uint32
	dir    directory
	fd     int // the set-up socket

	data any // the Handler's own

	// Under Options.Locker.
	lent     bool   // watched by Server.lent instead of Server.poll; changes under mu too
	ready    bool   // in Server.ready, or Lent.ready
	gone     bool   // the set-up socket has ended: take what is left, then close
	muted    bool   // not listened to, because of the rate; changes under mu
	held     []byte // a request that the Handler has postponed
	postpone bool   // what Postpone has been called for
	requests atomic.Uint64

	mu      sync.Mutex // guards what follows, and the life of the transport
	rings   *rings     // exactly one of the two, until dead
	socks   *sockets
	dead    bool // the transport is gone
	doomed  bool // in Server.doomed
	why     error
	corked  bool // in Cork.dirty
	owed    int  // notification bytes that the client has not been sent
	wantOut bool // the set-up socket is watched for room
	queue   queue
	waiting bool   // in Server.backlog
	rate    uint32 // the service's flow-control word
	brake   brake
	stats   ConnStats
}

// Serial is unique among all connections of this process.
func (c *Conn) Serial() uint64 { return c.serial }

// PID is the client's process.
func (c *Conn) PID() int { return c.peer.PID }

// UID is the client's real user.
func (c *Conn) UID() uint32 { return c.peer.UID }

// GID is the client's real group.
func (c *Conn) GID() uint32 { return c.peer.GID }

// ProcessName is what the kernel calls the client's process, empty if that has
// ended.
func (c *Conn) ProcessName() string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.peer.PID))
	if err != nil {
		return ""
	}
	from, to := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if from < 0 || to < from {
		return ""
	}
	return string(stat[from+1 : to])
}

// Data returns what SetData has set, nil before. Both are for the Handler, to
// be called where its own locking allows.
func (c *Conn) Data() any { return c.data }

// SetData keeps the Handler's own state of the connection.
func (c *Conn) SetData(v any) { c.data = v }

// MaxMsgSize is the length that messages of this connection may have, in bytes.
func (c *Conn) MaxMsgSize() int { return int(c.max) }

func (c *Conn) String() string { return c.dir.path + "/qb" }

// Respond answers a request with the parts one after the other, header
// included. They are copied. What does not fit now is sent later; what is
// longer than MaxMsgSize is dropped and logged.
func (c *Conn) Respond(parts ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.doomed {
		return
	}
	err := ringbuffer.ErrFull
	if c.queue.responses.empty() {
		err = c.sendResponse(parts...)
	}
	if errors.Is(err, ringbuffer.ErrFull) {
		c.enqueue(&c.queue.responses, parts)
		return
	}
	if err != nil {
		c.failSend("response", err)
	}
}

// Event sends a message that the client has not asked for; as Respond.
func (c *Conn) Event(parts ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.doomed {
		return
	}
	if !c.queue.events.empty() {
		// Room may have come since; and order must be kept.
		c.flushEvents()
	}
	err := ringbuffer.ErrFull
	if c.queue.events.empty() {
		err = c.sendEvent(parts...)
	}
	switch {
	case errors.Is(err, ringbuffer.ErrFull):
		if !c.stats.Queueing {
			c.stats.Queueing, c.stats.Queued, c.stats.Sent = true, 0, 0
		}
		c.stats.Queued++
		c.enqueue(&c.queue.events, parts)
	case err != nil:
		c.failSend("event", err)
		return
	}
	if c.owed > 0 && !c.corked {
		if c.corked = c.s.opts.Cork.hold(c); !c.corked {
			c.notify()
		}
	}
}

func (c *Conn) sendResponse(parts ...[]byte) (err error) {
	if c.rings != nil {
		err = c.rings.response.Write(parts...)
	} else {
		err = c.socks.sendResponse(parts...)
	}
	switch {
	case err == nil:
		c.stats.Responses++
	case errors.Is(err, ringbuffer.ErrFull):
		c.stats.SendRetries++
	}
	return err
}

func (c *Conn) sendEvent(parts ...[]byte) (err error) {
	if c.rings != nil {
		if err = c.rings.event.Write(parts...); err == nil {
			c.owed++
		}
	} else {
		err = c.socks.sendEvent(parts...)
	}
	switch {
	case err == nil:
		c.stats.Events++
		c.stats.Sent++
	case errors.Is(err, ringbuffer.ErrFull):
		c.stats.SendRetries++
	}
	return err
}

// failSend deals with a message that cannot be sent now or later. One that is
// too long is the Handler's fault and costs the message, anything else is the
// client's and costs the connection.
func (c *Conn) failSend(what string, err error) {
	if errors.Is(err, ringbuffer.ErrTooLarge) {
		c.s.logError("%s for %v dropped: %v", what, c, err)
		return
	}
	c.doom(fmt.Errorf("%s: %w", what, err))
}

func (c *Conn) enqueue(l *list, parts [][]byte) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > int(c.max) {
		c.failSend("message", ringbuffer.ErrTooLarge)
		return
	}
	if c.queue.bytes+n > c.s.opts.MaxQueued {
		c.s.overrun.Add(1)
		c.doom(errQueue)
		return
	}
	c.queue.add(l, parts, n)
	c.brakeNow()
	if !c.waiting {
		c.waiting = true
		c.s.addBacklog(c)
	}
}

// flush sends what waits as far as there is room, and reports whether any
// could be sent and whether more is left. Serve's goroutine calls it.
func (c *Conn) flush() (progress, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.doomed {
		return false, false
	}
	before := c.queue.bytes
	for !c.queue.responses.empty() {
		err := c.sendResponse(c.queue.responses.head())
		if errors.Is(err, ringbuffer.ErrFull) {
			break
		}
		if err != nil {
			c.failSend("response", err)
			return false, false
		}
		c.queue.drop(&c.queue.responses)
	}
	c.flushEvents()
	if !c.corked {
		c.notify()
	}
	c.brakeNow()
	c.waiting = !c.queue.empty()
	return c.queue.bytes != before, c.waiting
}

func (c *Conn) flushEvents() {
	before := c.queue.bytes
	defer func() {
		if c.queue.bytes != before {
			c.brake.read = time.Now()
		}
	}()
	for !c.queue.events.empty() {
		err := c.sendEvent(c.queue.events.head())
		if errors.Is(err, ringbuffer.ErrFull) {
			return
		}
		if err != nil {
			c.failSend("event", err)
			return
		}
		c.queue.drop(&c.queue.events)
		c.stats.Queued--
	}
	if c.stats.Queueing {
		c.s.logInfo("Q empty, queued:%d sent:%d.", c.stats.Queued, c.stats.Sent)
		c.stats.Queueing, c.stats.Queued, c.stats.Sent = false, 0, 0
	}
}

// notify sends the client one byte for each event that it has not been told
// of: a client takes one byte from the set-up socket per event, so their
// numbers must agree.
func (c *Conn) notify() {
	if c.owed == 0 || c.dead {
		return
	}
	for c.owed > 0 {
		n := sendBytes(c.fd, zeros[:min(c.owed, len(zeros))])
		if n <= 0 {
			break // an error other than a full socket: Serve sees the end of it
		}
		c.owed -= n
	}
	if want := c.owed > 0; want != c.wantOut {
		c.wantOut = want
		c.s.watch(c)
	}
}

var zeros [512]byte

// Queued is how many bytes wait in memory for the client.
func (c *Conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue.bytes
}

// Stats returns the counters.
func (c *Conn) Stats() ConnStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.stats
	st.Requests = c.requests.Load()
	return st
}

// ResetStats sets the counters to zero, the states excepted.
func (c *Conn) ResetStats() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests.Store(0)
	c.stats = ConnStats{Queueing: c.stats.Queueing, Queued: c.stats.Queued, FlowControl: c.stats.FlowControl}
}

// Disconnect ends the connection. Handler.Close follows, later and from
// Serve's goroutine; no other call of the Handler for c does.
func (c *Conn) Disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doom(nil)
}

// doom hands c to Serve's goroutine to be closed. Precondition: c.mu is held.
func (c *Conn) doom(why error) {
	if c.doomed || c.dead {
		return
	}
	c.doomed, c.why = true, why
	c.s.addDoomed(c)
}

func (c *Conn) isDoomed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doomed
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doom(err)
}

// setFlow takes the service's flow-control word.
func (c *Conn) setFlow(v uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rate = v
	c.publishFlow()
}

// publishFlow tells the client the service's flow-control word, or its own.
// Precondition: c.mu is held.
func (c *Conn) publishFlow() {
	v := c.rate
	if v == 0 && c.brake.on {
		v = flowBraked
	}
	if c.dead || c.stats.FlowControl == v {
		return
	}
	c.stats.FlowControl = v
	c.stats.FlowControlCount++
	var err error
	if c.rings != nil {
		err = c.rings.request.SetFlowControl(v)
	} else {
		err = c.socks.setFlow(v)
	}
	if err != nil {
		c.doom(err)
	}
}

// receive takes one request into the server's buffer, which grows to what comes; ringbuffer.ErrEmpty
// when there is none. With Locker held, without which nobody ends the transport.
func (c *Conn) receive() (msg []byte, err error) {
	if c.rings == nil {
		c.s.buf = slices.Grow(c.s.buf[:0], int(c.max))
		return c.socks.receive(c.s.buf[:c.max], c.peer)
	}
	msg, err = c.rings.request.TryRead(c.s.buf[:0])
	if cap(msg) > cap(c.s.buf) {
		c.s.buf = msg
	}
	return msg, err
}

// Postpone tells, from within Handler.Request, that the request cannot be
// handled now: it is kept and handed over again, before any other of this
// client, which is not listened to until then. It reports whether this is the
// first time for the request.
func (c *Conn) Postpone() (first bool) {
	c.postpone = true
	return c.held == nil
}

// next is the request that was postponed, or else one more; as take.
func (c *Conn) next() (msg []byte, done bool) {
	if c.held != nil {
		return c.held, false
	}
	return c.take()
}

// handled follows the Handler's call for msg; it reports whether that was
// postponed.
func (c *Conn) handled(msg []byte) bool {
	if !c.postpone {
		c.held = nil
		return false
	}
	c.postpone = false
	c.hold(msg)
	return true
}

// hold keeps a request that is to be handled later; next returns it then.
func (c *Conn) hold(msg []byte) {
	if c.held == nil {
		c.held = append([]byte(nil), msg...)
	}
}

// take receives one request and checks its header. done: there is no more for
// now, or c has been doomed.
func (c *Conn) take() (msg []byte, done bool) {
	msg, err := c.receive()
	if errors.Is(err, ringbuffer.ErrEmpty) {
		return nil, true
	}
	if err != nil {
		c.s.malformed.Add(1)
		c.fail(err)
		return nil, true
	}
	if len(msg) == 0 {
		c.fail(nil) // libqb takes an empty message for a farewell
		return nil, true
	}
	h, err := wire.ParseRequestHeader(msg)
	if err != nil {
		c.s.malformed.Add(1)
		c.fail(fmt.Errorf("%w: %w", errHeader, err))
		return nil, true
	}
	if h.ID == wire.IDDisconnect {
		c.fail(nil)
		return nil, true
	}
	c.requests.Add(1)
	return msg[:h.Size], false
}

// end takes the transport down and removes its files. Serve's goroutine only.
func (c *Conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	_ = unix.Shutdown(c.fd, unix.SHUT_RDWR)
	_ = unix.Close(c.fd)
	if c.rings != nil {
		c.rings.close(c.dir)
	} else {
		c.socks.close(c.dir)
	}
	c.queue = queue{}
}
