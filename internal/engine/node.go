package engine

import (
	"fmt"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Node is the executive of one cluster node. Its methods may not be called
// concurrently; it is the Host of its engines.
type Node struct {
	carrier  Carrier
	observer Observer
	cmap     *icmap.Map
	log      loglevel.Logger // MAIN
	serv     loglevel.Logger // SERV: what comes and goes

	engines  [service.Max]service.Engine
	infos    [service.Max]service.Info
	counters [service.Max]execCounters
	order    []service.ID // as registered

	sync          synchronisation
	inSync        bool
	trans         bool // sends go to the transitional queue
	quorate       func() bool
	malformed     uint64 // messages from the ring that made no sense
	everCompleted bool

	// Room for Mcast to put a message together, so that it allocates nothing.
	header [service.HeaderSize]byte
	parts  [][]byte
}

// NewNode makes an executive without services. The map may be shared with the
// engines; observer may be nil.
func NewNode(c Carrier, m *icmap.Map, observer Observer) *Node {
	n := &Node{
		carrier: c, observer: observer, cmap: m, log: c.Log("MAIN"), serv: c.Log("SERV"),
		// Until the first configuration is synchronised nothing may be sent
		// ahead of it: corosync starts with its synchronisation under way.
		inSync: true, trans: true,
		quorate: func() bool { return true },
	}
	n.sync = synchronisation{n: n, log: c.Log("SYNC")}
	return n
}

// Register adds a service. name is that of the reference's service object,
// "corosync_cpg"; cmap keys carry its suffix.
func (n *Node) Register(name string, e service.Engine) error {
	info := e.Info()
	if info.ID < 0 || info.ID >= service.Max || n.engines[info.ID] != nil {
		return fmt.Errorf("service %s: id %d is not free", name, info.ID)
	}
	n.engines[info.ID], n.infos[info.ID] = e, info
	n.order = append(n.order, info.ID)
	n.counters[info.ID] = newExecCounters(n.cmap, name, info)
	n.serv.Logf(loglevel.Notice, "Service engine loaded: %s [%d]", info.Name, info.ID)
	return nil
}

// Engine returns the service with that id, or nil.
func (n *Node) Engine(id service.ID) service.Engine {
	if id < 0 || id >= service.Max {
		return nil
	}
	return n.engines[id]
}

// Services returns what is registered, in order.
func (n *Node) Services() []service.Info {
	var all []service.Info
	for _, id := range n.order {
		all = append(all, n.infos[id])
	}
	return all
}

// SetQuorum tells the Node whom to ask whether the cluster is quorate, as the
// quorum provider; without one it always is.
func (n *Node) SetQuorum(quorate func() bool) { n.quorate = quorate }

// QuorumChanged passes a change of quorum on to the observer.
func (n *Node) QuorumChanged(quorate bool) {
	if n.observer != nil {
		n.observer.Quorum(quorate)
	}
}

// InSync tells whether a synchronisation is under way.
func (n *Node) InSync() bool { return n.inSync }

// Ready tells whether a first synchronisation has completed: clients are
// admitted from then on.
func (n *Node) Ready() bool { return n.everCompleted }

// ConfigChange takes a configuration change from the ring.
func (n *Node) ConfigChange(c *totem.ConfigChange) {
	abort := n.inSync
	n.inSync, n.trans = true, true
	if n.observer != nil {
		n.observer.SyncState(true)
		n.observer.Membership(c)
	}
	for _, e := range n.engines {
		if e != nil {
			e.ConfigChange(c)
		}
	}
	if abort {
		n.sync.abort()
	}
	if c.Type == totem.Transitional {
		n.sync.saveTransitional(c.Members)
	} else {
		n.sync.start(c)
	}
}

func (n *Node) syncCompleted(ring totem.RingID) {
	n.log.Logf(loglevel.Notice, "Completed service synchronization, ready to provide service.")
	n.inSync, n.trans = false, false
	n.everCompleted = true
	n.carrier.TransAck(ring)
	for _, e := range n.engines {
		if e, ok := e.(service.SyncCompleter); ok {
			e.SyncCompleted()
		}
	}
	if n.observer != nil {
		n.observer.SyncState(false)
	}
}

// Deliver takes a whole message from the ring, in agreed order. msg is valid
// during the call.
func (n *Node) Deliver(from totem.NodeID, group string, msg []byte, order mar.ByteOrder) {
	switch group {
	case GroupServices:
		n.deliverService(from, msg, order)
	case GroupSync:
		n.sync.deliver(from, msg, order)
	}
}

func (n *Node) deliverService(from totem.NodeID, msg []byte, order mar.ByteOrder) {
	if len(msg) < service.HeaderSize {
		n.malformed++
		n.log.Logf(loglevel.Warning, "discarded message of %d bytes from node %d, a header has %d", len(msg), from, service.HeaderSize)
		return
	}
	id := order.Uint32(msg)
	svc, fn := service.ID(id>>16), int(id&0xffff)
	if svc >= service.Max || n.engines[svc] == nil {
		return // a service that only the peer has
	}
	if limit := n.infos[svc].ExecCount; fn >= limit {
		n.malformed++
		n.log.Logf(loglevel.Warning, "discarded unknown message %d for service %d (max id %d)", fn, svc, limit)
		return
	}
	n.counters[svc].rx[fn]++
	n.engines[svc].Deliver(from, fn, msg, order)
}

// Verdict is what becomes of a client's request.
type Verdict int

// The verdicts. Invalid and Overloaded have been answered with an error where
// the client reads an answer.
const (
	Served     Verdict = iota
	Invalid            // CS_ERR_INVALID_PARAM
	Overloaded         // CS_ERR_TRY_AGAIN
	// Later: as Overloaded, but nobody could be told. The request is to be made
	// again, ahead of the client's others; the reference discards it.
	Later
)

// Congested may be implemented by an engine: messages of its own wait for room
// in the send queue, so that new ones have to wait too.
type Congested interface{ Congested() bool }

// CPGMcastRequest is libcpg's one request that no answer is read for.
const CPGMcastRequest = 2

// Request takes a request of a client of service svc. id is what the client
// wrote into the header; msg includes it and is valid during the call.
func (n *Node) Request(c service.Conn, svc service.ID, id int32, msg []byte) Verdict {
	e := n.engines[svc]
	if e == nil {
		return Invalid
	}
	info := &n.infos[svc]
	verdict, reserved := n.admit(e, info, id, len(msg))
	if reserved > 0 {
		defer n.carrier.Release(reserved)
	}
	if verdict == Served {
		if svc == service.CMAP {
			n.PublishCounters()
		}
		e.Request(c, int(id), msg)
		return Served
	}
	if svc == service.CPG && id == CPGMcastRequest {
		if verdict == Overloaded {
			return Later
		}
		n.log.Logf(loglevel.Warning, "discarded an asynchronous request of client %d for service %d: %s", c.PID(), svc, verdict)
		return verdict
	}
	code := cserr.TryAgain
	if verdict == Invalid {
		code = cserr.InvalidParam
	}
	w := mar.NewWriter(nil, service.Order)
	w.I32(0).Align(8).I32(service.ResponseHeaderSize).Align(8).I32(int32(code)).Align(8)
	c.Respond(w.Buf())
	return verdict
}

// admit decides as corosync_sending_allowed does. The caller releases what was
// reserved.
func (n *Node) admit(e service.Engine, info *service.Info, id int32, size int) (v Verdict, reserved int) {
	reserved = n.carrier.Reserve(size)
	if reserved < 0 || id < 0 || int(id) >= len(info.Requests) || size < max(service.HeaderSize, info.Requests[id].MinSize) {
		return Invalid, reserved
	}
	switch {
	case !n.quorate() && !info.AllowInquorate:
		return Overloaded, reserved
	case !info.Requests[id].FlowControl:
		return Served, reserved
	case reserved == 0 || n.inSync:
		return Overloaded, reserved
	}
	if c, ok := e.(Congested); ok && c.Congested() {
		return Overloaded, reserved
	}
	return Served, reserved
}

func (v Verdict) String() string {
	return [...]string{"served", "invalid", "overloaded", "later"}[v]
}

// The methods of service.Host.

// NodeID is this node's.
func (n *Node) NodeID() totem.NodeID { return n.carrier.NodeID() }

// Mcast implements service.Host.
func (n *Node) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	size := service.HeaderSize
	for _, p := range parts {
		size += len(p)
	}
	service.Order.PutUint32(n.header[0:], uint32(id)<<16|uint32(fn))
	service.Order.PutUint32(n.header[8:], uint32(size))
	n.parts = append(append(n.parts[:0], n.header[:]), parts...)
	sent := n.carrier.Send(n.trans, GroupServices, n.parts...)
	clear(n.parts)
	if !sent {
		return false
	}
	if tx := n.counters[id].tx; fn < len(tx) { // a service may send before it is registered
		tx[fn]++
	}
	return true
}

// After implements service.Host.
func (n *Node) After(d time.Duration, fn func()) service.Timer { return n.carrier.After(d, fn) }

// Now implements service.Host.
func (n *Node) Now() totem.Instant { return n.carrier.Now() }

// WallNow implements service.Host.
func (n *Node) WallNow() time.Time { return n.carrier.WallNow() }

// Rand implements service.Host.
func (n *Node) Rand(k int) int { return n.carrier.Rand(k) }

// Quorate implements service.Host.
func (n *Node) Quorate() bool { return n.quorate() }

// Log implements service.Host.
func (n *Node) Log(subsys string) loglevel.Logger { return n.carrier.Log(subsys) }

// Dump logs the state of every engine.
func (n *Node) Dump() {
	for _, id := range n.order {
		n.engines[id].Dump()
	}
}

// Stop ends the services in the reference's order: the highest priority first,
// within one the lowest id. stopped is called after each, so that the shell can
// close its clients' connections.
func (n *Node) Stop(stopped func(service.Info)) {
	n.serv.Logf(loglevel.Notice, "Unloading all Corosync service engines.")
	highest := 0
	for _, id := range n.order {
		highest = max(highest, n.infos[id].Priority)
	}
	for prio := highest; prio >= 0; prio-- {
		for id, e := range n.engines {
			if e == nil || n.infos[id].Priority != prio {
				continue
			}
			e.Stop()
			stopped(n.infos[id])
			n.serv.Logf(loglevel.Notice, "Service engine unloaded: %s", n.infos[id].Name)
			n.engines[id] = nil
		}
	}
	n.sync.phase = syncIdle
}
