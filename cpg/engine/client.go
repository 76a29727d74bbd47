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
	conn  service.Conn
	state state
	group *group // nil when unjoined
	pid   uint32 // as the client says, from the join on
	flags uint32

	initialSent bool // the initial ring membership

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
	c := &client{conn: conn}
	conn.SetData(c)
	e.clients = append(e.clients, c)
	e.debugf("lib_init_fn: conn=%d", conn.Serial())
	return nil
}

// Close implements service.Engine.
func (e *Engine) Close(conn service.Conn) {
	c := conn.Data().(*client)
	e.debugf("exit_fn for conn=%d", conn.Serial())
	if c.sends() {
		e.sendLeave(c, wire.ProcDown, true)
	}
	for _, m := range c.buffers {
		m.buf.Close()
	}
	c.buffers, c.iterations = nil, nil
	e.detach(c)
	e.clients = without(e.clients, c)
	conn.SetData(nil)
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
