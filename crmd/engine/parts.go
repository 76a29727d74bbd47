package engine

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// parts is what transitioner and resources have in common to ask of the Controller.
type parts struct{ *Controller }

// Trigger has the state machine go on if it has stalled (trigger_fsa).
func (p parts) Trigger() { p.trigger() }

// forTransitions is the Controller as the transitioner sees it.
type forTransitions struct{ parts }

// InvokeScheduler adds A_PE_INVOKE to what is to be done.
func (p forTransitions) InvokeScheduler() { p.actions |= fsa.APEInvoke }

// ForgetSchedule has the answer of the scheduler that is awaited, if any, come to nothing.
func (p forTransitions) ForgetSchedule() { p.expect("") }

// TransitionEnded: nothing waits for that.
func (p forTransitions) TransitionEnded() {}

// InvokeLocal has this node's executor do what a message says.
func (p forTransitions) InvokeLocal(now time.Time, msg *etree.Element) { p.lrm.Invoke(now, msg) }

// Peers is the cache of nodes.
func (p forTransitions) Peers() *peers.Cache { return p.cluster.Peers }

// Joined is how many nodes have joined to the end.
func (p forTransitions) Joined() int { return p.join.count(p.Controller, confirmed) }

// ExpectDown says that a node is to leave.
func (p forTransitions) ExpectDown(peer *peers.Peer) { p.cluster.Peers.SetExpected(peer, expectDown) }

// PeerDown is that a node is down.
func (p forTransitions) PeerDown(peer *peers.Peer, full bool) { p.peerDown(peer, full) }

// NodeState is the entry of a node.
func (p forTransitions) NodeState(peer *peers.Peer, what te.NodeParts, origin string) *etree.Element {
	return p.nodeState(peer, what, origin)
}

// ForgetNode deletes what the CIB's status has of a node.
func (p forTransitions) ForgetNode(name string) { p.deleteNodeState(name, everything, call.ScopeLocal) }

// Exit ends the daemon.
func (p forTransitions) Exit(code crmexit.Code) { p.exit(code) }

// forResources is the Controller as this node's resources see it.
type forResources struct{ parts }

// SelfID is this node's id in the CIB.
func (p forResources) SelfID() string { return p.cluster.UUID }

// DCVersion is the feature set of the DC.
func (p forResources) DCVersion() string { return p.dcVersion }

// ShutdownLock is the option shutdown-lock.
func (p forResources) ShutdownLock() bool { return p.options.shutdownLock }

// Route sends a message of this node's to whom it is for.
func (p forResources) Route(_ time.Time, e *etree.Element) { p.relay(e, true) }

// LocalState is this node's entry in the status section; with status it is a member and online.
func (p forResources) LocalState(origin string, status bool) *etree.Element {
	if p.cluster.Peers == nil {
		return nil
	}
	self := p.cluster.Peers.Get(0, p.cluster.Name)
	if self == nil {
		return nil
	}
	var what te.NodeParts
	if status {
		what = te.NodeCluster | te.NodePeer
	}
	return p.nodeState(self, what, origin)
}

// hosted is the Host for the Controller's parts: what calls them back has the Controller settle
// afterwards, and alerts go to the executor.
type hosted struct {
	Host
	c *Controller
}

// CIB is Host.CIB.
func (h hosted) CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	return h.c.counted(r, then)
}

// Fence is Host.Fence.
func (h hosted) Fence(f *stonithwire.Fence, o stonithwire.CallOptions, then func(now time.Time, r stonithwire.Result)) int {
	return h.Host.Fence(f, o, func(now time.Time, r stonithwire.Result) {
		h.c.then(now, func() { then(now, r) })
	})
}

// Metadata is Host.Metadata.
func (h hosted) Metadata(class, provider, agent string, then func(now time.Time, xml string, err error)) {
	h.Host.Metadata(class, provider, agent, func(now time.Time, xml string, err error) {
		h.c.then(now, func() { then(now, xml, err) })
	})
}

// then is an event that a part has asked to be told of.
func (c *Controller) then(now time.Time, f func()) {
	c.event(now, func() {
		f()
		c.trigger()
	})
}

// AlertFencing tells those who want to know of fencing.
func (h hosted) AlertFencing(n *stonithwire.Notification) {
	h.c.alert(h.c.alerts.OfFencing(alert.FencingResult{Target: n.Target, Task: n.Kind, Text: n.Describe(), RC: int(n.Result.RC().Legacy())}, h.c.now, h.c.log))
}

// AlertResource tells those who want to know of an operation's result.
func (h hosted) AlertResource(r *alert.ResourceResult) {
	h.c.alert(h.c.alerts.OfResource(r, h.c.now, h.c.log))
}

// alertNode tells those who want to know that a node has come or gone.
func (c *Controller) alertNode(p *peers.Peer) {
	c.alert(c.alerts.OfNode(alert.NodeChange{Node: p.Name, NodeID: p.ID, State: string(p.State)}, c.now, c.log))
}

// alert has the executor call the agents.
func (c *Controller) alert(requests []lrmdwire.Request) {
	for i := range requests {
		if _, _, err := c.host.Exec(&requests[i]); err != nil {
			c.logf(loglevel.Error, "exec_alert_list", "Could not send alert: %v", err)
		}
	}
}

// infinity is the priority of an abort that nothing comes before.
const infinity = transition.Infinity

// abort has the transition under way end, or the scheduler invoked if there is none.
func (c *Controller) abort(next transition.Next, reason, function string) {
	c.te.Abort(c.now, infinity, next, reason, nil, function)
}

// gainDelay is how long more nodes may come after the one that brought quorum.
const gainDelay = 5 * time.Second

func (c *Controller) abortLater(next transition.Next, reason string) {
	c.te.AbortLater(c.now, infinity, next, reason, gainDelay)
}

// controlTransitioner starts the transitioner, or stops it.
func (c *Controller) controlTransitioner(a fsa.Actions) {
	if a.Has(fsa.ATEStop) {
		c.te.Stop(c.now)
	}
	if a.Has(fsa.ATEStart) {
		c.te.Start(c.now)
	}
}

// controlTransition begins a transition, or has one end (do_te_invoke).
func (c *Controller) controlTransition(a fsa.Actions, e *event) {
	const function = "do_te_invoke"
	var wait bool
	switch a {
	case fsa.ATECancel:
		wait = c.te.Cancel(c.now)
	case fsa.ATEHalt:
		wait = c.te.Halt(c.now)
	default:
		if e.message == nil {
			c.logf(loglevel.Error, function, "Bad command")
			c.fail(fsa.IFail, e, function)
			return
		}
		c.te.Invoke(c.now, e.message, c.scheduling.reference)
	}
	if wait {
		c.stall(a, e, function)
	}
}
