package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// state is where a client stands towards its group: enum cpd_state of the
// reference, with its numbers, as they are logged.
type state int

const (
	unjoined state = iota
	leaveStarted
	joinStarted
	joined
)

// client is one connection (struct cpg_pd of the reference).
type client struct {
	conn   service.Conn
	serial uint64
	state  state
	group  *group // nil when unjoined
	pid    uint32 // as the client says, from the join on
	flags  uint32

	initialSent bool // the initial ring membership

	// inFlight counts the client's join and multicasts that this node has sent
	// and not seen come back. A leave waits for them: during a synchronisation it
	// would overtake those that the ring's queue holds back, and a process that
	// has left would speak, or join for good.
	inFlight     int
	joinInFlight bool
	closed       bool // the connection has ended, the leave waits

	// A message in fragments must see one membership of the group: transitions
	// counts the changes that the client was told, firstTransitions is the count
	// at the message's first fragment.
	transitions, firstTransitions uint64

	head       []byte // wire.Mcast in front of the payload, ready to send
	iterations []*iteration
	buffers    []mapped
}

// receives tells whether the client is told what happens in its group.
func (c *client) receives() bool { return c.state == joined || c.state == leaveStarted }

// sends tells whether the client may multicast.
func (c *client) sends() bool { return c.state == joined || c.state == joinStarted }

// Open implements service.Engine.
func (e *Engine) Open(conn service.Conn) error {
	c := &client{conn: conn, serial: conn.Serial()}
	conn.SetData(c)
	e.clients = append(e.clients, c)
	e.senders[c.serial] = c
	e.debugf("lib_init_fn: conn=%d", c.serial)
	return nil
}

// Close implements service.Engine.
func (e *Engine) Close(conn service.Conn) {
	c := conn.Data().(*client)
	e.debugf("exit_fn for conn=%d", c.serial)
	for _, m := range c.buffers {
		m.buf.Close()
	}
	c.buffers, c.iterations = nil, nil
	e.clients = without(e.clients, c)
	e.detach(c)
	conn.SetData(nil)
	c.closed = true
	e.bury(c)
}

// bury lets a client whose connection has ended leave, once all that it sent
// has come back.
func (e *Engine) bury(c *client) {
	if !c.closed || c.inFlight > 0 {
		return
	}
	if c.sends() {
		e.sendLeave(c, wire.ProcDown, true)
	}
	delete(e.senders, c.serial)
	if e.lastSender == c {
		e.lastSender = nil
	}
}

// landed notes that a message of this node's client with the serial number has
// come back.
func (e *Engine) landed(serial uint64) {
	c := e.lastSender
	if c == nil || c.serial != serial {
		if c = e.senders[serial]; c == nil {
			return // of this node's former life
		}
		e.lastSender = c
	}
	if c.inFlight > 0 {
		c.inFlight--
		e.bury(c)
	}
}

// landedJoin does so for a join, which does not name its client.
func (e *Engine) landedJoin(pid uint32, group []byte) {
	var c *client
	for _, s := range e.senders {
		if s.joinInFlight && s.pid == pid && s.group.name == string(group) && (c == nil || s.serial < c.serial) {
			c = s
		}
	}
	if c != nil {
		c.joinInFlight = false
		e.landed(c.serial)
	}
}

// attach puts a client into a group's list of local clients.
func (e *Engine) attach(c *client, g *group) {
	c.group = g
	g.clients = append(g.clients, c)
}

// detach takes a client out of its group's list.
func (e *Engine) detach(c *client) {
	if g := c.group; g != nil {
		g.clients = without(g.clients, c)
		e.release(g)
	}
}

func without(list []*client, c *client) []*client {
	if i := slices.Index(list, c); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
