package cfgsvc

import (
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Actions is what the service has the daemon do. None of them may block; those
// with a done call it once, at once or later, as a call into engines (under
// the service lock).
type Actions interface {
	// Interfaces are this node's own links, as "0 192.0.2.1" and "OK".
	Interfaces() []cfgwire.Interface
	// NodeAddrs are the addresses of a node, of link 0 first; none when the
	// node is not configured.
	NodeAddrs(totem.NodeID) []netip.Addr
	// NodeStatus tells of a node; an error only when the transport cannot.
	NodeStatus(totem.NodeID) (cfgwire.NodeStatus, error)

	// Reload reads corosync.conf and makes it live, or changes nothing. It
	// logs what is wrong. An error that holds no cserr.Code is told to the
	// client as CS_ERR_INVALID_PARAM. crypto tells that the encryption is to
	// change, which is then done in the phases of CryptoPhase.
	Reload(done func(err error, crypto bool))
	// CryptoPhase does one of cfgwire.CryptoActivate and CryptoCleanup.
	CryptoPhase(phase uint32)

	// ReopenLogs opens the log files anew.
	ReopenLogs(done func(error))
	// Shutdown ends the daemon in order.
	Shutdown()
	// Exit ends it at once; where goes into the last line of the log.
	Exit(code exitcode.Code, where string)
}

// Engine is the service; New makes it.
type Engine struct {
	host    service.Host
	actions Actions
	config  *icmap.Map
	log     loglevel.Logger

	clients  map[uint64]*client
	trackers []*client // the latest first
	shutdown shutdown
	reloads  []reload // the first one is under way

	malformed uint64
}

// client is the state of one connection.
type client struct {
	conn     service.Conn
	tracking bool
	asked    bool // has ever called TryShutdown
	reply    reply
}

var (
	_ service.Engine = (*Engine)(nil)
)

// New makes the service of one node. config is the node's configuration map.
func New(host service.Host, config *icmap.Map, actions Actions) *Engine {
	return &Engine{
		host: host, actions: actions, config: config,
		log:     host.Log("CFG"),
		clients: map[uint64]*client{},
	}
}

// Info describes the service.
func (e *Engine) Info() service.Info {
	requests := make([]service.Request, cfgwire.ReqCount)
	for id := range requests {
		requests[id] = service.Request{FlowControl: true, MinSize: cfgwire.MinSize[id]}
	}
	for _, id := range []int{
		cfgwire.ReqGetNodeAddrs, cfgwire.ReqLocalGet,
		cfgwire.ReqReopenLogFiles, cfgwire.ReqNodeStatusGet,
	} {
		requests[id].FlowControl = false
	}
	return service.Info{
		ID: service.CFG, Name: "corosync configuration service", IPC: "cfg",
		Priority: 1, AllowInquorate: true,
		Requests: requests, ExecCount: cfgwire.ExecCount,
	}
}

// Malformed is how many ring messages could not be read.
func (e *Engine) Malformed() uint64 { return e.malformed }

// Deliver takes a message from the ring.
func (e *Engine) Deliver(from totem.NodeID, fn int, msg []byte, order mar.ByteOrder) {
	var err error
	switch fn {
	case cfgwire.ExecKillNode:
		var k cfgwire.KillNode
		if k, err = cfgwire.ParseExecKillNode(msg, order); err == nil {
			e.kill(from, k)
		}
	case cfgwire.ExecShutdown:
		e.log.Logf(loglevel.Notice, "Node %d was shut down by sysadmin", from)
		if from == e.host.NodeID() {
			e.actions.Shutdown()
		}
	case cfgwire.ExecReloadConfig:
		var s cfgwire.Source
		if s, err = cfgwire.ParseSource(msg, order); err == nil {
			e.startReload(from, s)
		}
	case cfgwire.ExecCryptoReconfig:
		var phase uint32
		if phase, err = cfgwire.ParsePhase(msg, order); err == nil {
			e.cryptoPhase(from, phase)
		}
	}
	if err != nil {
		e.malformed++
	}
}

func (e *Engine) kill(from totem.NodeID, k cfgwire.KillNode) {
	e.log.Logf(loglevel.Debug, "request to kill node %d (us=%d)", k.Node, e.host.NodeID())
	if k.Node == e.host.NodeID() {
		e.log.Logf(loglevel.Notice, "Killed by node %d : %s", from, k.Reason)
		e.actions.Exit(exitcode.Killed, "cfg.c:566")
	}
}

// cryptoPhase handles this node's own message only: each node moves at its own
// pace, so that the end of the one that began does not leave the others between
// two keys.
func (e *Engine) cryptoPhase(from totem.NodeID, phase uint32) {
	if from != e.host.NodeID() {
		return
	}
	e.log.Logf(loglevel.Debug, "Crypto reconfiguration phase %d", int32(phase))
	e.actions.CryptoPhase(phase)
	if phase < cfgwire.CryptoCleanup {
		e.mcast(cfgwire.ExecCryptoReconfig, func() []byte {
			return cfgwire.AppendPhase(nil, service.Order, cfgwire.CryptoCleanup)
		})
	}
}

// mcast sends what must not be lost: when the ring's queue is full it tries
// again, where the reference would abort.
func (e *Engine) mcast(fn int, body func() []byte) {
	if !e.host.Mcast(service.CFG, fn, body()) {
		e.host.After(retryAfter, func() { e.mcast(fn, body) })
	}
}

// ConfigChange is of no interest to this service.
func (e *Engine) ConfigChange(*totem.ConfigChange) {}

// Open accepts every client.
func (e *Engine) Open(c service.Conn) error {
	cl := &client{conn: c}
	c.SetData(cl)
	e.clients[c.Serial()] = cl
	return nil
}

// Close forgets a client; for a shutdown under negotiation it is a yes.
func (e *Engine) Close(c service.Conn) {
	if cl := e.clients[c.Serial()]; cl != nil {
		e.stopTracking(cl)
		delete(e.clients, c.Serial())
	}
}

// Dump has nothing to tell, as in the reference.
func (e *Engine) Dump() {}

// Stop has nothing to undo.
func (e *Engine) Stop() {}

// Request handles a client's request.
func (e *Engine) Request(c service.Conn, id int, msg []byte) {
	cl := e.clients[c.Serial()]
	if cl == nil {
		return
	}
	switch id {
	case cfgwire.ReqRingStatusGet:
		c.Respond(cfgwire.AppendRingStatus(nil, e.actions.Interfaces()))
	case cfgwire.ReqRingReenable:
		respond(c, cfgwire.ResRingReenable, cserr.NotSupported)
	case cfgwire.ReqKillNode:
		respond(c, cfgwire.ResKillNode, e.requestKill(msg))
	case cfgwire.ReqTryShutdown:
		e.tryShutdown(cl, msg)
	case cfgwire.ReqReplyToShutdown:
		respond(c, cfgwire.ResReplyToShutdown, e.replyToShutdown(cl, msg))
	case cfgwire.ReqGetNodeAddrs:
		e.nodeAddrs(c, msg)
	case cfgwire.ReqLocalGet:
		c.Respond(cfgwire.AppendLocal(nil, e.host.NodeID()))
	case cfgwire.ReqReloadConfig:
		src := cfgwire.Source{Node: e.host.NodeID(), Conn: c.Serial()}
		if !e.host.Mcast(service.CFG, cfgwire.ExecReloadConfig, cfgwire.AppendSource(nil, service.Order, src)) {
			respond(c, cfgwire.ResReloadConfig, cserr.TryAgain)
		}
	case cfgwire.ReqReopenLogFiles:
		e.log.Logf(loglevel.Debug, "Reopening logging files\n")
		serial := c.Serial()
		e.actions.ReopenLogs(func(err error) { e.respondTo(serial, cfgwire.ResReopenLogFiles, cserr.Of(err)) })
	case cfgwire.ReqNodeStatusGet:
		e.nodeStatus(c, msg)
	case cfgwire.ReqTrackStart:
		e.startTracking(cl)
		respond(c, cfgwire.ResTrackStart, cserr.OK)
	case cfgwire.ReqTrackStop:
		e.stopTracking(cl)
		respond(c, cfgwire.ResTrackStop, cserr.OK)
	}
}

func respond(c service.Conn, id int, code cserr.Code) {
	c.Respond(cfgwire.AppendResponse(nil, id, code))
}

// respondTo answers a client that may have gone in the meantime.
func (e *Engine) respondTo(serial uint64, id int, code cserr.Code) {
	if cl := e.clients[serial]; cl != nil {
		respond(cl.conn, id, code)
	}
}

// requestKill passes the request on for a member of the ring only.
func (e *Engine) requestKill(msg []byte) cserr.Code {
	k, err := cfgwire.ParseKillNode(msg)
	if err != nil {
		return cserr.InvalidParam
	}
	key := memberStatus(k.Node)
	v, err := e.config.Get(key)
	if err != nil {
		return cserr.NotExist
	}
	switch status, ok := v.Str(); {
	case !ok:
		return cserr.Library
	case status != "joined":
		return cserr.NotExist
	}
	if !e.host.Mcast(service.CFG, cfgwire.ExecKillNode, cfgwire.AppendExecKillNode(nil, service.Order, k)) {
		return cserr.TryAgain
	}
	return cserr.OK
}

func (e *Engine) nodeAddrs(c service.Conn, msg []byte) {
	n, err := cfgwire.ParseU32Request(msg)
	if err != nil {
		respond(c, cfgwire.ResGetNodeAddrs, cserr.InvalidParam)
		return
	}
	node := totem.NodeID(n)
	if node == 0 {
		node = e.host.NodeID()
	}
	c.Respond(cfgwire.AppendNodeAddrs(nil, e.actions.NodeAddrs(node)))
}

func (e *Engine) nodeStatus(c service.Conn, msg []byte) {
	node, version, err := cfgwire.ParseNodeStatusRequest(msg)
	if err != nil {
		c.Respond(cfgwire.AppendNodeStatusError(nil, cserr.InvalidParam))
		return
	}
	s, err := e.actions.NodeStatus(node)
	switch {
	case err != nil:
		c.Respond(cfgwire.AppendNodeStatusError(nil, cserr.FailedOperation))
	case version != cfgwire.NodeStatusVersion:
		c.Respond(cfgwire.AppendNodeStatusError(nil, cserr.NotSupported))
	default:
		s.Node = node
		c.Respond(cfgwire.AppendNodeStatus(nil, &s))
	}
}
