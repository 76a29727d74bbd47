package votequorum

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// View is what a provider reports to the quorum service: the members of the
// last synchronisation, its ring, and whether they are quorate.
type View struct {
	Members []totem.NodeID
	Ring    totem.RingID
	Quorate bool
}

// BarrierStore keeps the barrier of expected_votes_tracking over restarts, in
// the file ev_tracking of the state directory.
type BarrierStore interface {
	// LoadBarrier is called once, from New, when the feature is configured. It
	// returns 0 and creates the file where there was none.
	LoadBarrier() (votes uint32, err error)
	// StoreBarrier takes a new value; it must not block.
	StoreBarrier(votes uint32)
}

// Config is what the engine needs. All fields are required, but for Barrier,
// without which nothing is kept.
type Config struct {
	Host    service.Host
	Map     *icmap.Map
	Barrier BarrierStore
	Report  func(View)
}

// Engine is votequorum on one node.
type Engine struct {
	host   service.Host
	cmap   *icmap.Map
	log    loglevel.Logger
	store  BarrierStore
	report func(View)

	opt     options
	nodes   nodeTable
	us      *node // in nodes
	device  device
	quorum  uint32
	quorate bool

	evBarrier    uint32 // expected_votes as configured or set; the floor of downscaling
	evTracked    uint32 // ev_tracking_barrier
	waitingAll   bool   // wait_for_all_status
	lowest       int32
	highest      int32
	members      []totem.NodeID // quorum_members
	prevMembers  []totem.NodeID // previous_quorum_members
	ring         totem.RingID
	sync         syncState
	lastManTimer service.Timer

	trackers  []service.Conn
	malformed uint64
	stopped   bool
}

// New starts the engine. The error of a configuration that cannot work has the
// reference's text.
func New(cfg Config) (*Engine, error) {
	e := &Engine{
		host:    cfg.Host,
		cmap:    cfg.Map,
		log:     cfg.Host.Log("VOTEQ"),
		store:   cfg.Barrier,
		report:  cfg.Report,
		opt:     options{lastManStandingWindow: defaultLMSWindow},
		device:  newDevice(),
		lowest:  -1,
		highest: -1,
	}
	e.us = &node{id: cfg.Host.NodeID(), state: wire.StateMember, votes: 1, flags: wire.FlagFirst}
	e.nodes.add(e.us)
	e.set32("this_node_id", uint32(e.us.id))
	if err := e.readConfig(false); err != nil {
		return nil, err
	}
	e.recalculate(false, false)
	e.protectKeys()
	e.trackConfig()
	e.sendNodeinfo(e.us.id)
	return e, nil
}

// Info describes the service to its carrier.
func (e *Engine) Info() service.Info {
	req := make([]service.Request, wire.ReqCount)
	for id, size := range requestSizes {
		req[id].MinSize = size
	}
	return service.Info{
		ID:             service.Votequorum,
		Name:           "corosync vote quorum service v1.0",
		IPC:            "votequorum",
		Priority:       2,
		AllowInquorate: true,
		Requests:       req,
		ExecCount:      wire.ExecCount,
	}
}

// Deliver handles a message of the ring.
func (e *Engine) Deliver(from totem.NodeID, fn int, msg []byte, order mar.ByteOrder) {
	body := msg[service.HeaderSize:]
	var err error
	switch fn {
	case wire.ExecNodeinfo:
		var m wire.Nodeinfo
		if m, err = wire.ParseNodeinfo(body, order); err == nil {
			e.onNodeinfo(from, m)
		}
	case wire.ExecReconfigure:
		var m wire.Reconfigure
		if m, err = wire.ParseReconfigure(body, order); err == nil {
			e.onReconfigure(from, m)
		}
	case wire.ExecQdeviceReg:
		var m wire.QdeviceReg
		if m, err = wire.ParseQdeviceReg(body, order); err == nil {
			e.onQdeviceReg(from, m)
		}
	case wire.ExecQdeviceReconfigure:
		var m wire.QdeviceReconfigure
		if m, err = wire.ParseQdeviceReconfigure(body, order); err == nil {
			e.onQdeviceReconfigure(from, m)
		}
	}
	if err != nil {
		e.malformed++
		e.log.Logf(loglevel.Debug, "Dropping message from node %d: %v", from, err)
	}
}

// Malformed is how many messages of the ring were dropped.
func (e *Engine) Malformed() uint64 { return e.malformed }

// ConfigChange has nothing to do: votequorum works from synchronisations.
func (e *Engine) ConfigChange(*totem.ConfigChange) {}

// Dump has nothing to say in the reference either.
func (e *Engine) Dump() {}

// leaveRetry is how long a full send queue keeps the announcement of leaving.
const leaveRetry = 10 * time.Millisecond

// Stop tells the other nodes that this one leaves, when they may expect less
// for it.
func (e *Engine) Stop() {
	if e.opt.allowDownscale {
		e.us.flags |= wire.FlagLeaving
		if !e.sendNodeinfo(e.us.id) {
			e.host.After(leaveRetry, e.Stop)
			return
		}
	}
	e.stopped = true
}

// Quorate tells whether this node has quorum.
func (e *Engine) Quorate() bool { return e.quorate }

func (e *Engine) sendNodeinfo(id totem.NodeID) bool {
	m := wire.Nodeinfo{NodeID: id}
	if id == wire.DeviceNodeID {
		m.Votes = e.device.votes
	} else {
		n := e.find(id)
		if n == nil {
			return false
		}
		m.Votes, m.ExpectedVotes, m.Flags = n.votes, n.expected, n.flags
		e.logFlags(n.flags)
	}
	return e.host.Mcast(service.Votequorum, wire.ExecNodeinfo, m.AppendTo(nil, service.Order))
}

func (e *Engine) sendReconfigure(param wire.ReconfigureParam, id totem.NodeID, value uint32) bool {
	m := wire.Reconfigure{NodeID: id, Value: value, Param: param}
	return e.host.Mcast(service.Votequorum, wire.ExecReconfigure, m.AppendTo(nil, service.Order))
}

// set32 and set8 publish a value below runtime.votequorum in the map.
func (e *Engine) set32(key string, v uint32) { e.cmap.SetUint32("runtime.votequorum."+key, v) }

func (e *Engine) set8(key string, v bool) {
	var n uint8
	if v {
		n = 1
	}
	e.cmap.SetUint8("runtime.votequorum."+key, n)
}
