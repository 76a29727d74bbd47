package clustersim

import (
	"fmt"
	"time"

	cpgengine "github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	quorumengine "github.com/ringmaster-ha/ringmaster/quorum/engine"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/sim"
)

// Options are the world's of a seed with the executive on its nodes.
func Options(seed uint64) *sim.Options {
	o, _ := world(seed)
	return o
}

func world(seed uint64) (*sim.Options, *cluster) {
	o := sim.Swarm(seed)
	c := &cluster{nodes: o.Nodes, checker: evs.New(), verdicts: map[totem.RingID]bool{}, up: make([]*node, o.Nodes)}
	// Clients wait for quorum and for one another: let things happen.
	o.FaultEvery += 300 * time.Millisecond
	o.NewApp = c.start
	o.Replay = "-services"
	return &o, c
}

// cluster is what the nodes of one world share.
type cluster struct {
	nodes    int
	up       []*node
	checker  *evs.Checker
	verdicts map[totem.RingID]bool // quorate or not
	messages int
}

func (c *cluster) check(n *node, e evs.Event) {
	if err := c.checker.Add(e); err != nil {
		n.env.Fail(fmt.Errorf("CPG: %w", err))
	}
}

// node is the executive of one life of one node.
type node struct {
	c       *cluster
	env     sim.Env
	exec    *engine.Node
	cpg     *cpgengine.Engine
	members []totem.NodeID // of the last regular configuration
	ring    totem.RingID
	clients []*client
	serial  uint64
}

// start makes the executive of a node's new life. Clients of the old one are
// dead since it crashed.
func (c *cluster) start(env sim.Env) sim.App {
	n := &node{c: c, env: env}
	i := int(env.NodeID()) - 1
	if old := c.up[i]; old != nil {
		for _, cl := range old.clients {
			cl.die()
		}
	}
	c.up[i] = n
	m := icmap.New()
	must(m.SetString("quorum.provider", "corosync_votequorum"))
	must(m.SetUint32("quorum.expected_votes", uint32(c.nodes)))
	n.exec = engine.NewNode(n, m, nil)
	n.cpg = cpgengine.New(n.exec, cpgengine.Options{})
	must(n.exec.Register("corosync_cpg", n.cpg))
	q, err := quorumengine.New(quorumengine.Config{Host: n.exec, Map: m})
	must(err)
	n.exec.SetQuorum(q.Quorate)
	q.OnQuorum(n.onQuorum)
	for _, e := range q.Engines() {
		must(n.exec.Register(e.Name, e.Engine))
	}
	for range 1 + env.Rand(3) {
		n.clients = append(n.clients, newClient(n))
	}
	n.later()
	return n
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (n *node) later() {
	n.env.After(n.env.Workload().Pause(), func() {
		if n.exec.Ready() && !n.exec.InSync() {
			n.env.Workload().Send()
		}
		n.later()
	})
}

// OnConfig implements sim.App.
func (n *node) OnConfig(c *totem.ConfigChange) {
	if c.Type == totem.Regular {
		n.members, n.ring = c.Members, c.Ring
	}
	n.exec.ConfigChange(c)
}

// OnMessage implements sim.App.
func (n *node) OnMessage(d pg.Delivery) {
	switch {
	case d.Groups.Has(sim.GroupLoad):
		n.env.Workload().Receive(d)
	case d.Groups.Has(engine.GroupServices):
		n.exec.Deliver(d.From, engine.GroupServices, d.Payload, d.Order)
	case d.Groups.Has(engine.GroupSync):
		n.exec.Deliver(d.From, engine.GroupSync, d.Payload, d.Order)
	}
}

// onQuorum checks what votequorum says: a majority of the votes and nothing
// less is quorate, and nodes of one ring say the same.
func (n *node) onQuorum(quorate bool) {
	if want := 2*len(n.members) > n.c.nodes; quorate != want {
		n.env.Fail(fmt.Errorf("votequorum: quorate %v in %v with members %v of %d nodes", quorate, n.ring, n.members, n.c.nodes))
	}
	if was, ok := n.c.verdicts[n.ring]; ok && was != quorate {
		n.env.Fail(fmt.Errorf("votequorum: quorate %v in %v, on another node %v", quorate, n.ring, was))
	}
	n.c.verdicts[n.ring] = quorate
}

// Settled implements sim.Settler.
func (n *node) Settled() error {
	if !n.exec.Ready() || n.exec.InSync() {
		return fmt.Errorf("the services are not synchronised")
	}
	if !n.exec.Quorate() {
		return fmt.Errorf("votequorum: not quorate")
	}
	known := fmt.Sprint(n.cpg.Groups())
	var procs []evs.Proc
	there := 0
	for _, other := range n.c.up {
		if g := fmt.Sprint(other.cpg.Groups()); g != known {
			return fmt.Errorf("CPG: the groups are %s, on node %d %s", known, other.env.NodeID(), g)
		}
		for _, cl := range other.clients {
			switch cl.state { // nothing starts any more
			case joined:
				there++
				procs = append(procs, cl.proc)
			case joining, leaving:
				return fmt.Errorf("CPG: client %v is joining or leaving", cl.proc)
			}
		}
	}
	members := 0
	for _, g := range n.cpg.Groups() {
		members += len(g.Members)
	}
	if members != there {
		return fmt.Errorf("CPG: %d processes in groups, %d clients are there", members, there)
	}
	if err := n.c.checker.Quiescent(procs); err != nil {
		return fmt.Errorf("CPG: %w", err)
	}
	return nil
}

// What follows makes the node the engine.Carrier.

func (n *node) NodeID() totem.NodeID { return n.env.NodeID() }

func (n *node) Send(trans bool, group string, parts ...[]byte) bool {
	return n.env.Send(trans, group == engine.GroupSync, group, parts...)
}

func (n *node) Reserve(size int) int         { return n.env.Reserve(size + len(engine.GroupServices)) }
func (n *node) Release(packets int)          { n.env.Release(packets) }
func (n *node) TransAck(totem.RingID)        { n.env.TransAck() }
func (n *node) Now() totem.Instant           { return n.env.Now() }
func (n *node) WallNow() time.Time           { return time.Unix(0, int64(n.env.Now())) }
func (n *node) Rand(i int) int               { return n.env.Rand(i) }
func (n *node) Log(s string) loglevel.Logger { return n.env.Log(s) }

type timer struct{ stop func() }

func (t timer) Stop() { t.stop() }

func (n *node) After(d time.Duration, fn func()) service.Timer {
	return timer{n.env.After(d, fn)}
}
