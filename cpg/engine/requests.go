package engine

import (
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Request implements service.Engine.
func (e *Engine) Request(conn service.Conn, id int, msg []byte) {
	c := conn.Data().(*client)
	var err error
	switch id {
	case wire.ReqJoin:
		err = e.requestJoin(c, msg)
	case wire.ReqLeave:
		err = e.requestLeave(c, msg)
	case wire.ReqMcast:
		err = e.requestMcast(c, msg)
	case wire.ReqPartialMcast:
		err = e.requestPartial(c, msg)
	case wire.ReqMembership:
		err = e.requestMembership(c, msg)
	case wire.ReqLocalGet:
		e.respond(c, wire.AppendLocalGetResponse(e.buf[:0], uint32(e.self), cserr.OK))
	case wire.ReqIterationInitialize:
		err = e.requestIteration(c, msg)
	case wire.ReqIterationNext:
		err = e.requestIterationNext(c, msg)
	case wire.ReqIterationFinalize:
		err = e.requestIterationFinalize(c, msg)
	case wire.ReqFinalize:
		e.requestFinalize(c)
	case wire.ReqZCAlloc:
		err = e.requestZCAlloc(c, msg)
	case wire.ReqZCFree:
		err = e.requestZCFree(c, msg)
	case wire.ReqZCExecute:
		err = e.requestZCExecute(c, msg)
	}
	if err == nil {
		return
	}
	e.stats.BadRequests++
	e.debugf("bad request %d of conn %d: %v", id, conn.Serial(), err)
	if id != wire.ReqMcast { // that one has no response
		e.answer(c, 0, cserr.InvalidParam)
	}
}

// respond sends a response that was built in e.buf.
func (e *Engine) respond(c *client, b []byte) {
	e.buf = b
	e.parts[0] = b
	c.conn.Respond(e.parts[:1]...)
}

// answer sends a response that is only a header.
func (e *Engine) answer(c *client, id int32, code cserr.Code) {
	e.respond(c, wire.AppendResponse(e.buf[:0], id, code))
}

func (e *Engine) requestJoin(c *client, msg []byte) error {
	q, err := wire.ParseJoinRequest(msg)
	if err == nil {
		e.answer(c, wire.ResJoin, e.join(c, q))
	}
	return err
}

func (e *Engine) join(c *client, q wire.JoinRequest) cserr.Code {
	if q.TooLong {
		return cserr.NameTooLong
	}
	g := e.lookup(q.Group)
	if g != nil {
		for _, other := range g.clients {
			if other.pid == q.PID {
				return cserr.Exist
			}
		}
		if g.find(e.self, q.PID) != nil {
			// The leave of the process's last connection is still on its way.
			return cserr.TryAgain
		}
	}
	switch c.state {
	case leaveStarted:
		return cserr.Busy
	case joinStarted, joined:
		return cserr.Exist
	}
	m := wire.Proc{Group: q.Group, PID: q.PID, Reason: wire.Join}
	if !e.mcast(wire.ExecProcJoin, m.AppendTo(nil, service.Order)[service.HeaderSize:], nil) {
		return cserr.TryAgain
	}
	if g == nil {
		g = e.make(q.Group)
	}
	c.state, c.pid, c.flags = joinStarted, q.PID, q.Flags
	c.inFlight++
	c.joinInFlight = true
	e.attach(c, g)
	head := wire.Mcast{Group: []byte(g.name), PID: c.pid, Source: e.source(c)}
	c.head = head.AppendHead(c.head[:0], 0, service.Order)
	return cserr.OK
}

// source names a client in what it multicasts.
func (e *Engine) source(c *client) wire.Source {
	return wire.Source{Node: uint32(e.self), Conn: c.conn.Serial()}
}

func (e *Engine) requestLeave(c *client, msg []byte) error {
	q, err := wire.ParseLeaveRequest(msg)
	if err != nil {
		return err
	}
	e.debugf("got leave request on %d", c.conn.Serial())
	code := cserr.OK
	switch {
	case c.state == unjoined || c.state == leaveStarted:
		code = cserr.NotExist
	case c.state == joinStarted:
		code = cserr.Busy
	case c.group.name != string(q.Group):
		// The reference sends a leave of the group that is named, whoever is in
		// it, and leaves the client in its own for ever.
		code = cserr.NotExist
	case !e.sendLeave(c, wire.Leave, false):
		code = cserr.TryAgain
	default:
		c.state = leaveStarted
	}
	e.answer(c, wire.ResLeave, code)
	return nil
}

// requestFinalize ends what the client is told; its connection ends next, and
// Close makes it leave.
func (e *Engine) requestFinalize(c *client) {
	e.debugf("cpg finalize for conn=%d", c.conn.Serial())
	e.clients = without(e.clients, c)
	if g := c.group; g != nil {
		// The group is not released: the client is still in it.
		g.clients = without(g.clients, c)
	}
	e.answer(c, wire.ResFinalize, cserr.OK)
}

// payloadMax is the longest payload, or fragment, that is sent: more than
// libcpg does at once. Peers assemble messages in buffers that are not much
// larger, and the reference does not look.
const payloadMax = totem.MessageSizeMax

// mayMcast is the code for sending n bytes in the client's state.
func (c *client) mayMcast(n int) cserr.Code {
	switch {
	case !c.sends():
		return cserr.NotExist
	case n > payloadMax:
		return cserr.TooBig
	}
	return cserr.OK
}

func (e *Engine) cannotMcast(c *client, code cserr.Code) {
	name := ""
	if c.group != nil {
		name = c.group.name
	}
	e.log.Logf(loglevel.Error, "*** %d can't mcast to group %s state:%d, error:%d",
		c.conn.Serial(), name, c.state, code)
}

func (e *Engine) requestMcast(c *client, msg []byte) error {
	if e.log.Enabled(loglevel.Trace) {
		e.log.Logf(loglevel.Trace, "got mcast request on %d", c.conn.Serial())
	}
	q, err := wire.ParseMcastRequest(msg)
	if err != nil {
		return err
	}
	if code := c.mayMcast(len(q.Message)); code != cserr.OK {
		e.cannotMcast(c, code)
		return nil
	}
	if !e.mcastFrom(c, q.Message) {
		// No answer could tell the client: it must not be lost.
		body := make([]byte, 0, len(c.head)-service.HeaderSize+len(q.Message))
		body = append(body, c.head[service.HeaderSize:]...)
		if e.enqueue(outMessage{fn: wire.ExecMcast, body: append(body, q.Message...)}) {
			c.inFlight++
		}
	}
	return nil
}

// mcastFrom multicasts a client's message to its group. It leaves the
// message's head in c.head.
func (e *Engine) mcastFrom(c *client, payload []byte) bool {
	wire.SetMcastLen(c.head, len(payload), service.Order)
	if !e.mcast(wire.ExecMcast, c.head[service.HeaderSize:], payload) {
		return false
	}
	c.inFlight++
	return true
}

func (e *Engine) requestPartial(c *client, msg []byte) error {
	q, err := wire.ParsePartialMcastRequest(msg)
	if err != nil {
		return err
	}
	if e.log.Enabled(loglevel.Debug) {
		e.log.Logf(loglevel.Debug, "Sending fragmented message size = %d bytes", len(q.Message))
	}
	code := c.mayMcast(len(q.Message))
	if q.Type == wire.First {
		c.firstTransitions = c.transitions
	}
	if c.transitions != c.firstTransitions {
		code = cserr.Interrupt
	}
	if code == cserr.OK {
		m := wire.PartialMcast{Group: []byte(c.group.name), MsgLen: q.MsgLen, PID: c.pid, Type: q.Type, Source: e.source(c)}
		e.buf = m.AppendHead(e.buf[:0], len(q.Message), service.Order)
		if e.mcast(wire.ExecPartialMcast, e.buf[service.HeaderSize:], q.Message) {
			c.inFlight++
		} else {
			code = cserr.TryAgain
		}
	} else {
		e.cannotMcast(c, code)
	}
	e.answer(c, wire.ResPartialSend, code)
	return nil
}

func (e *Engine) requestMembership(c *client, msg []byte) error {
	name, err := wire.ParseMembershipRequest(msg)
	if err != nil {
		return err
	}
	e.members = e.members[:0]
	if g := e.lookup(name); g != nil {
		for _, p := range g.procs {
			e.members = append(e.members, p.address(wire.Undefined))
		}
	}
	e.respond(c, wire.AppendMembershipResponse(e.buf[:0], e.members, cserr.OK))
	return nil
}
