package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Options are what an Engine may have beyond its Host.
type Options struct {
	// Buffers maps zero-copy buffers of clients; nil refuses them.
	Buffers Buffers
	// Interfaces prints a node's addresses for log lines, as
	// "r(0) ip(192.0.2.1) "; nil prints none.
	Interfaces func(totem.NodeID) string
}

// Stats counts what an Engine has dropped.
type Stats struct {
	Malformed   uint64 // messages of the ring that cannot be understood
	BadRequests uint64 // requests of clients that cannot be understood
	UnknownNode uint64 // multicasts of nodes without a process in the group
	Overflow    uint64 // multicasts for which there was no room at all
}

// Engine is the CPG service of one node. It implements service.Engine and
// service.Synchronizer.
type Engine struct {
	host service.Host
	self totem.NodeID
	log  loglevel.Logger
	opt  Options

	registry
	clients    []*client          // open and not finalized
	senders    map[uint64]*client // by serial, until their leave is sent
	lastSender *client
	outbox     outbox
	sync       syncState
	stats      Stats

	nextHandle uint64 // of iterations and zero-copy buffers

	// Scratch, so that the steady state allocates nothing.
	buf     []byte
	zc      []byte
	parts   [2][]byte
	members []wire.Address
}

var (
	_ service.Engine        = (*Engine)(nil)
	_ service.Synchronizer  = (*Engine)(nil)
	_ service.SyncCompleter = (*Engine)(nil)
)

// New makes the CPG service of host's node.
func New(host service.Host, opt Options) *Engine {
	if opt.Interfaces == nil {
		opt.Interfaces = func(totem.NodeID) string { return "" }
	}
	return &Engine{host: host, self: host.NodeID(), log: host.Log("CPG"), opt: opt, senders: make(map[uint64]*client)}
}

// Info implements service.Engine.
func (e *Engine) Info() service.Info {
	const required = true // CS_LIB_FLOW_CONTROL_REQUIRED
	return service.Info{
		ID:             service.CPG,
		Name:           "corosync cluster closed process group service v1.01",
		IPC:            "cpg",
		Priority:       1,
		AllowInquorate: true,
		ExecCount:      wire.ExecCount,
		Requests: []service.Request{
			wire.ReqJoin:                {FlowControl: required, MinSize: wire.JoinSize},
			wire.ReqLeave:               {FlowControl: required, MinSize: wire.LeaveSize},
			wire.ReqMcast:               {FlowControl: required, MinSize: wire.McastRequestHead},
			wire.ReqMembership:          {MinSize: wire.MembershipSize},
			wire.ReqLocalGet:            {MinSize: wire.LocalGetSize},
			wire.ReqIterationInitialize: {MinSize: wire.IterationInitializeSize},
			wire.ReqIterationNext:       {MinSize: wire.IterationHandleSize},
			wire.ReqIterationFinalize:   {MinSize: wire.IterationHandleSize},
			wire.ReqFinalize:            {FlowControl: required, MinSize: wire.FinalizeSize},
			wire.ReqZCAlloc:             {FlowControl: required, MinSize: wire.ZCAllocSize},
			wire.ReqZCFree:              {FlowControl: required, MinSize: wire.ZCFreeSize},
			wire.ReqZCExecute:           {FlowControl: required, MinSize: wire.ZCExecuteSize},
			wire.ReqPartialMcast:        {FlowControl: required, MinSize: wire.PartialRequestHead},
		},
	}
}

// Stats returns the counters.
func (e *Engine) Stats() Stats { return e.stats }

// Group is a process group as Groups reports it.
type Group struct {
	Name    string
	Members []wire.Address
}

// Groups returns what the node knows, by name: for tests and checkers.
func (e *Engine) Groups() []Group {
	var list []Group
	for _, g := range e.groups {
		if len(g.procs) == 0 {
			continue
		}
		out := Group{Name: g.name}
		for _, p := range g.procs {
			out.Members = append(out.Members, p.address(wire.Undefined))
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b Group) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return list
}

// ConfigChange implements service.Engine. From the transitional configuration
// on, what is sent goes ahead of what still waits in the ring's queue.
func (e *Engine) ConfigChange(c *totem.ConfigChange) {
	if c.Type == totem.Transitional {
		e.sync.transitional = true
	}
}

// Dump implements service.Engine; the reference has nothing to dump.
func (e *Engine) Dump() {}

// Stop implements service.Engine.
func (e *Engine) Stop() { e.outbox.stop() }

// Deliver implements service.Engine.
func (e *Engine) Deliver(from totem.NodeID, fn int, msg []byte, order mar.ByteOrder) {
	var err error
	switch fn {
	case wire.ExecMcast:
		err = e.deliverMcast(from, msg, order)
	case wire.ExecPartialMcast:
		err = e.deliverPartial(from, msg, order)
	case wire.ExecProcJoin:
		err = e.deliverJoin(from, msg, order)
	case wire.ExecProcLeave:
		err = e.deliverLeave(from, msg, order)
	case wire.ExecJoinList:
		err = e.deliverJoinList(from, msg, order)
	case wire.ExecDownList:
		var d wire.DownList
		if d, err = wire.ParseDownList(msg, order); err == nil {
			e.debugf("downlist left_list: %d received", len(d.Left))
		}
	case wire.ExecDownListOld:
		e.debugf("downlist OLD from node %d", from)
	}
	if err != nil {
		e.stats.Malformed++
		e.debugf("dropped message %d of node %d: %v", fn, from, err)
	}
}

func (e *Engine) deliverJoin(from totem.NodeID, msg []byte, order mar.ByteOrder) error {
	p, err := wire.ParseProc(msg, false, order)
	if err != nil {
		return err
	}
	e.debugf("got procjoin message from cluster node %d (%s) for pid %d", from, e.opt.Interfaces(from), p.PID)
	e.sync.confirm(from, p.PID, p.Group)
	g := e.make(p.Group)
	if e.add(g, from, p.PID) {
		e.notify(g, []wire.Address{{Node: uint32(from), PID: p.PID, Reason: wire.Join}}, nil)
	}
	if from == e.self {
		e.landedJoin(p.PID, p.Group)
	}
	return nil
}

func (e *Engine) deliverLeave(from totem.NodeID, msg []byte, order mar.ByteOrder) error {
	p, err := wire.ParseProc(msg, true, order)
	if err != nil {
		return err
	}
	e.debugf("got procleave message from cluster node %d (%s) for pid %d", from, e.opt.Interfaces(from), p.PID)
	e.sync.strike(from, p.PID, p.Group)
	// Of a process that nobody has seen joining nobody is told that it left.
	if g := e.lookup(p.Group); g != nil {
		if known := g.find(from, p.PID); known != nil {
			e.leave(known, p.Reason)
		}
	}
	return nil
}

// leave makes a process unknown and tells its group.
func (e *Engine) leave(p *proc, reason wire.Reason) {
	e.remove(p)
	e.notify(p.group, nil, []wire.Address{p.address(reason)})
	e.release(p.group)
}

func (e *Engine) debugf(format string, args ...any) {
	if e.log.Enabled(loglevel.Debug) {
		e.log.Logf(loglevel.Debug, format, args...)
	}
}
