package sim

import (
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	cibclient "github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/engine"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

const groupFencer = "stonith-ng"

// fenceAgent turns nodes of the world off.
const fenceAgent = "fence_sim"

const fenceMetadata = `<resource-agent name="fence_sim"><parameters><parameter name="port"/></parameters><actions>` +
	`<action name="on"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/></actions></resource-agent>`

// fencer is a node's pacemaker-fenced, whose only client is the controller.
type fencer struct {
	n      *node
	core   *engine.Engine
	peers  *peerSet
	cib    *cibClient
	config *etree.Element
	due    time.Time
	calls  int
	// waiting are what hears of the end of calls, notified what hears of notifications.
	waiting  map[int]func(now time.Time, r wire.Result)
	notified func(*wire.Event)
}

func (n *node) startFencer() {
	f := &fencer{n: n, waiting: map[int]func(time.Time, wire.Result){}}
	n.fencer = f
	f.peers = n.newPeerSet(groupFencer, false, f, f.peerChanged)
	f.core = engine.New(engine.Config{
		Node: n.name, System: "pacemaker-fenced", PID: 1, Peers: fencerPeers{f.peers}, Host: f, Log: n.log,
		Metadata:  func(string) (*etree.Element, bool) { return parse(fenceMetadata), false },
		Namespace: func(string) string { return wire.NamespaceRHCS },
		Random:    n.w.rand.IntN, NewID: n.w.newID,
		WatchdogTimeout: func() time.Duration { return 10 * time.Second },
	})
	f.cib = n.cib.open("stonithd", f.cibChanged)
	f.fetch()
}

func (f *fencer) fetch() {
	f.config = nil
	f.cib.ask(call.Request{Op: ops.Query, Options: call.ScopeLocal}, func(now time.Time, cib *etree.Element, err error) {
		if err != nil {
			f.n.w.fail("%s: the fencer has no CIB: %v", f.n.name, err)
			return
		}
		f.config = cib
		f.core.Configured(now, cib)
		f.arm()
	})
}

func (f *fencer) cibChanged(ev cibclient.Event) {
	if ev.Kind != cibclient.NotifyDiff || ev.Err != nil || f.config == nil {
		return
	}
	changed, err := ev.Change(f.config)
	if err != nil {
		f.fetch()
		return
	}
	if changed {
		f.core.Changed(f.n.w.now, f.config, ev.Answer)
		f.arm()
	}
}

func (f *fencer) peerChanged(ch peers.Change) {
	if f.core == nil || ch.Peer.Remote {
		return
	}
	if ch.Kind != peers.ProcessesChanged {
		f.core.PeerChanged(ch.Peer.ID)
	} else if ch.Left() && ch.Peer.Name != "" {
		f.core.PeerLost(f.n.w.now, ch.Peer.Name)
	}
}

func (f *fencer) changed(members, left, joined []peers.Address) {
	f.peers.changed(members, left, joined)
	f.arm()
}

func (f *fencer) message(from *node, _ cpgmsg.Service, document string) {
	f.core.Message(f.n.w.now, from.name, parse(document))
	f.arm()
}

// fence is the controller's request; then hears how it ends, if it does in time.
func (f *fencer) fence(r *wire.Fence, options wire.CallOptions, then func(now time.Time, r wire.Result)) int {
	f.calls++
	number := f.calls
	f.waiting[number] = then
	m := &wire.Command{
		Op: wire.OpFence, Client: f.client(), CallID: number, Options: options,
		Timeout: r.Timeout, Delay: &r.Delay, Data: r.Element(),
	}
	w := f.n.w
	w.after(w.between(20*time.Microsecond, time.Millisecond), f.n, func() {
		f.core.Request(w.now, engine.Client{ID: f.client(), Name: "pacemaker-controld", Privileged: true}, f.request(m))
		f.arm()
	})
	// libstonithd gives up a while after the fencer should have.
	w.after(time.Duration(r.Timeout)*time.Second+wireGrace, f.n, func() {
		f.answer(number, wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: "Fencer did not respond within time limit"})
	})
	return number
}

// wireGrace is how long beyond its time the end of an operation is waited for.
const wireGrace = time.Minute

func (f *fencer) request(m *wire.Command) *etree.Element {
	e := m.Element()
	e.CreateAttr("st_clientid", f.client())
	e.CreateAttr("st_clientname", "pacemaker-controld")
	return e
}

func (f *fencer) answer(number int, r wire.Result) {
	then := f.waiting[number]
	delete(f.waiting, number)
	if then != nil {
		then(f.n.w.now, r)
	}
}

// sync has all fencers tell each other their histories.
func (f *fencer) sync() {
	f.calls++
	m := &wire.Command{
		Op: wire.OpHistory, Client: f.client(), CallID: f.calls, Options: wire.Sync | wire.Broadcast,
		Timeout: 5, Data: (&wire.HistoryRequest{}).Element(),
	}
	w := f.n.w
	w.after(w.between(20*time.Microsecond, time.Millisecond), f.n, func() {
		f.core.Request(w.now, engine.Client{ID: f.client(), Name: "pacemaker-controld", Privileged: true}, f.request(m))
		f.arm()
	})
}

// Send is the engine's Host's, as those that follow.
func (f *fencer) Send(to string, e *etree.Element) {
	f.n.send(groupFencer, to, cpgmsg.StonithNG, text.Line(e))
}

// client is what the controller is called, which other nodes hear of too.
func (f *fencer) client() string {
	return f.n.controller.client
}

// Reply answers the controller.
func (f *fencer) Reply(client string, e *etree.Element, _ bool) { f.Event(client, e) }

// Event tells the controller something.
func (f *fencer) Event(client string, e *etree.Element) {
	if client == f.client() {
		f.tell(e)
	}
}

func (f *fencer) tell(e *etree.Element) {
	document := text.Line(e)
	w := f.n.w
	w.after(w.between(20*time.Microsecond, time.Millisecond), f.n, func() {
		ev, err := wire.ParseEvent(parse(document))
		switch {
		case err != nil:
			w.fail("%s: the fencer says %s: %v", f.n.name, document, err)
		case ev.Reply != nil:
			f.answer(ev.Reply.CallID, ev.Reply.Result)
		case f.notified != nil:
			f.notified(ev)
		}
	})
}

// Notify tells the controller of what it has asked to know.
func (f *fencer) Notify(kind string, e *etree.Element) {
	if kind == wire.NotifyFence || kind == wire.NotifyHistorySynced {
		f.tell(e)
	}
}

// Run runs the agent.
func (f *fencer) Run(number int, device string, c *agent.Call, timeout int) {
	w := f.n.w
	takes := w.between(20*time.Millisecond, time.Second)
	if w.rand.IntN(1000) < w.agents.failing {
		takes = w.between(10*time.Second, 2*time.Minute)
	}
	fails := w.rand.IntN(1000) < w.agents.failing
	act := func() wire.Result {
		w.trace(f.n, "device %s: %s of %q, fails %v", device, c.Action, c.Target, fails)
		if fails {
			return wire.Result{Exit: crmexit.Error, Exec: wire.ExecDone, Reason: "it failed"}
		}
		switch c.Action {
		case "off", "reboot":
			w.off(c.Target, c.Action == "reboot")
		}
		return wire.Result{}
	}
	if limit := time.Duration(timeout) * time.Second; timeout > 0 && takes > limit {
		late := w.rand.IntN(2) == 0
		w.after(limit, f.n, func() {
			f.core.Ran(w.now, number, &wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: "it took too long"})
			f.arm()
		})
		if late {
			w.after(takes, nil, func() { act() }) // and does it all the same
		}
		return
	}
	w.after(takes, f.n, func() {
		r := act()
		if !f.n.up {
			return // it has shot its own node
		}
		f.core.Ran(w.now, number, &r)
		f.arm()
	})
}

// Panic resets the node.
func (f *fencer) Panic() { f.n.crash("panic") }

func (f *fencer) arm() {
	at := f.core.NextDeadline()
	if at.IsZero() || at.Equal(f.due) {
		return
	}
	f.due = at
	f.n.w.at(at, f.n, func() {
		if f.due.Equal(at) {
			f.due = time.Time{}
			f.core.Tick(f.n.w.now)
			f.arm()
		}
	})
}

// off turns a node off, and on again some time later.
func (w *World) off(name string, reboot bool) {
	for _, n := range w.nodes {
		if n.name == name || strconv.Itoa(int(n.id)) == name {
			n.crash("fenced")
			_ = reboot // whoever was turned off is turned on by an administrator
			w.after(w.between(5*time.Second, 30*time.Second), nil, n.boots)
		}
	}
}
