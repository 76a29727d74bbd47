package sim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	cibclient "github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

const groupController = "crmd"

// controller is a node's pacemaker-controld.
type controller struct {
	n     *node
	core  *engine.Controller
	peers *peerSet
	cib   *cibClient
	ring  func() // what quorum has said last, to be told to the core once it is there
	due   time.Time
	gone  bool // the process has ended
	// Connections to daemons that may have died since.
	exec      *executor
	scheduler *scheduler
	// client is what it is called by the fencer.
	client string
}

func (n *node) startController() {
	n.processes++
	c := &controller{n: n, client: fmt.Sprintf("%s-%d-%d-%s", n.name, n.boot, n.processes, controllerClient)}
	n.controller = c
	if n.told != nil {
		n.told()
	}
	c.core = engine.New(engine.Config{
		Host: c, Log: n.log, Program: "pacemaker-controld", DCVersion: "2.1.5-a3f44794f94",
	})
	c.act(func(now time.Time) { c.core.Start(now) })
}

// act calls the core.
func (c *controller) act(f func(now time.Time)) {
	if c.gone {
		return
	}
	f(c.n.w.now)
	if c.gone {
		return
	}
	at := c.core.NextDeadline()
	if at.IsZero() || at.Equal(c.due) {
		return
	}
	c.due = at
	c.n.w.at(at, c.n, func() {
		if c.due.Equal(at) {
			c.due = time.Time{}
			c.act(c.core.Tick)
		}
	})
}

func (c *controller) message(from *node, _ cpgmsg.Service, document string) {
	e := parse(document)
	e.CreateAttr(crmmsg.HostFrom, from.name)
	c.act(func(now time.Time) { c.core.PeerMessage(now, from.name, e) })
}

func (c *controller) changed(members, left, joined []peers.Address) {
	c.act(func(time.Time) { c.peers.changed(members, left, joined) })
}

func (c *controller) quorum(ring uint64, members []uint32, quorate bool) {
	c.ring = func() {
		c.act(func(now time.Time) {
			c.peers.cache.Ring(ring, members)
			c.core.Quorate(now, ring, quorate)
		})
	}
	if c.peers != nil {
		c.ring()
	}
}

// Send is the core's Host's, as those that follow.
func (c *controller) Send(to string, s cpgmsg.Service, e *etree.Element) bool {
	if c.peers == nil || c.gone {
		return false
	}
	c.n.send(groupController, to, s, text.Line(e))
	return true
}

// refused is an error of the CIB manager's.
type refused struct{ rc crmexit.RC }

func (r refused) Error() string  { return r.rc.String() }
func (r refused) RC() crmexit.RC { return r.rc }

// CIB asks the CIB manager.
func (c *controller) CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	if c.cib == nil || c.gone {
		return -1
	}
	if then == nil {
		return c.cib.ask(r, nil)
	}
	return c.cib.ask(r, func(_ time.Time, answer *etree.Element, err error) {
		if err != nil {
			err = refused{cibclient.RC(err)}
		}
		c.act(func(now time.Time) { then(now, answer, err) })
	})
}

func (c *controller) cibChanged(ev cibclient.Event) {
	switch {
	case ev.Kind == cibclient.NotifyReplace:
		c.act(func(now time.Time) { c.core.CIBReplaced(now, ev.Message) })
	case ev.Err == nil && ev.Answer != nil:
		c.act(func(now time.Time) { c.core.CIBDiff(now, string(ev.Op), ev.Answer) })
	}
}

// Attribute asks the manager of attributes.
func (c *controller) Attribute(m *attrdwire.Message) {
	m, err := attrdwire.Decode(m.Encode())
	if err != nil {
		c.n.w.fail("%s: a request to the manager of attributes: %v", c.n.name, err)
		return
	}
	c.n.attributes.update(m)
}

// Exec asks the executor.
func (c *controller) Exec(r *lrmdwire.Request) (answer int, info *etree.Element, err error) {
	if c.gone || c.exec == nil || c.exec.gone {
		return 0, nil, errNotConnected
	}
	answer, info = c.exec.request(r)
	return answer, info, nil
}

// Schedule asks the scheduler.
func (c *controller) Schedule(e *etree.Element) bool {
	if c.gone || c.scheduler == nil || c.scheduler.gone {
		return false
	}
	c.scheduler.schedule(xmltree.Copy(e), func(reply *etree.Element) {
		c.act(func(now time.Time) { c.core.Scheduled(now, reply) })
	})
	return true
}

// Reply would tell an IPC client something: there are none.
func (c *controller) Reply(string, *etree.Element) bool { return false }

// Dismiss would end a client's connection.
func (c *controller) Dismiss(string) {}

// Serve opens the IPC service.
func (c *controller) Serve(bool) error { return nil }

// Connect connects to a daemon of the node or to the group.
func (c *controller) Connect(s engine.Subsystem) {
	w := c.n.w
	w.after(w.between(time.Millisecond, 50*time.Millisecond), c.n, func() {
		if c.gone {
			return
		}
		switch s {
		case engine.CIB:
			c.cib = c.n.cib.open(c.client, c.cibChanged)
		case engine.ClusterLayer:
			c.joined()
			return
		case engine.Executor:
			if c.n.exec.gone {
				c.act(func(now time.Time) { c.core.Connected(now, s, errNotConnected) })
				return
			}
			c.exec = c.n.exec
			c.exec.event = func(e *etree.Element) { c.act(func(now time.Time) { c.core.ExecutorEvent(now, e) }) }
		case engine.Scheduler:
			if c.n.scheduler.gone {
				c.act(func(now time.Time) { c.core.Connected(now, s, errNotConnected) })
				return
			}
			c.scheduler = c.n.scheduler
		case engine.Fencer:
			c.n.fencer.notified = func(ev *stonithwire.Event) {
				c.act(func(now time.Time) { c.core.FencerEvent(now, ev.Notification) })
			}
		}
		c.act(func(now time.Time) { c.core.Connected(now, s, nil) })
	})
}

func (c *controller) joined() {
	c.peers = c.n.newPeerSet(groupController, true, c, func(ch peers.Change) {
		c.act(func(now time.Time) { c.core.PeerChanged(now, ch) })
	})
	of := engine.Cluster{Name: c.n.name, UUID: strconv.Itoa(int(c.n.id)), ClusterName: "sim", Peers: c.peers.cache}
	for _, n := range c.n.w.nodes {
		of.Nodes = append(of.Nodes, engine.Node{ID: n.id, Name: n.name})
	}
	c.act(func(now time.Time) { c.core.Joined(now, of) })
	if c.ring != nil {
		c.n.w.deliver(c.n, func() { c.ring() })
	}
}

// Disconnect ends a connection.
func (c *controller) Disconnect(s engine.Subsystem) {
	switch s {
	case engine.CIB:
		c.cib = nil
	case engine.ClusterLayer:
		c.n.leave(groupController)
		c.peers = nil
	case engine.Executor:
		if c.exec != nil {
			c.exec.event = nil
		}
		c.exec = nil
	case engine.Scheduler:
		c.scheduler = nil
	case engine.Fencer:
		c.n.fencer.notified = nil
	}
}

// Metadata is what an agent says of itself.
func (c *controller) Metadata(_, _, agent string, then func(now time.Time, xml string, err error)) {
	w := c.n.w
	w.after(w.between(5*time.Millisecond, 100*time.Millisecond), c.n, func() {
		c.act(func(now time.Time) {
			then(now, fmt.Sprintf(`<resource-agent name="%s"><parameters/><actions/></resource-agent>`, agent), nil)
		})
	})
}

// Fence asks the fencer.
func (c *controller) Fence(f *stonithwire.Fence, options stonithwire.CallOptions, then func(now time.Time, r stonithwire.Result)) int {
	return c.n.fencer.fence(f, options, func(_ time.Time, r stonithwire.Result) {
		c.act(func(now time.Time) { then(now, r) })
	})
}

// SyncFencing has the fencers exchange their histories.
func (c *controller) SyncFencing() bool {
	c.n.fencer.sync()
	return true
}

// AlertNode, AlertFencing and AlertResource tell those who want to know: nobody.
func (c *controller) AlertNode(*alert.NodeChange) {}

// AlertFencing is about fencing.
func (c *controller) AlertFencing(*stonithwire.Notification) {}

// AlertResource is about a result.
func (c *controller) AlertResource(*alert.ResourceResult) {}

// Load is that of a machine with nothing to do.
func (c *controller) Load() te.Load { return te.Load{Cores: 4} }

// SaveCIB keeps nothing.
func (c *controller) SaveCIB(string, *etree.Element) {}

// CPUTime is what the process has used.
func (c *controller) CPUTime() time.Duration { return c.n.cpu() }

// Watchdog: there is none.
func (c *controller) Watchdog() bool { return false }

// CheckWatchdog has nothing to do.
func (c *controller) CheckWatchdog(string) {}

// NewID is an id.
func (c *controller) NewID() string { return c.n.w.newID() }

// Panic resets the node.
func (c *controller) Panic() {
	c.n.crash("panic")
	c.n.w.after(c.n.w.between(5*time.Second, 30*time.Second), nil, c.n.boots)
}

// Exit ends the daemon. pacemakerd takes the others down after it, which here is the node's end, or starts it again.
func (c *controller) Exit(code crmexit.Code) {
	if c.gone {
		return
	}
	c.n.w.trace(c.n, "the controller exits: %v", code)
	if c.n.w.course.Daemons && code != crmexit.Fatal && code != crmexit.Panic {
		c.n.controllerEnds()
		return
	}
	c.n.crash("exit")
	c.n.w.after(c.n.w.between(5*time.Second, 30*time.Second), nil, c.n.boots)
}
