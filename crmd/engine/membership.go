package engine

import (
	"fmt"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// What a node is expected to be, besides peers.Member (CRMD_JOINSTATE_*).
const (
	expectDown    peers.State = "down"
	expectPending peers.State = "pending"
	expectNack    peers.State = "banned"
)

// allParts is all of a node's state.
const allParts = te.NodeCluster | te.NodePeer | te.NodeJoin | te.NodeExpected

// nodeState is a node's entry in the status section with what is to be updated, nil if too little
// is known of the node (create_node_state_update). origin is a function of the reference.
func (c *Controller) nodeState(p *peers.Peer, what te.NodeParts, origin string) *etree.Element {
	const function = "create_node_state_update"
	if p.State == peers.Unknown {
		c.logf(loglevel.Info, function, "Node update for %s cancelled: no state, not seen yet", orElse(p.Name, "(null)"))
		return nil
	}
	if p.UUID == "" {
		c.logf(loglevel.Info, function, "Node update for %s cancelled: no id", orElse(p.Name, "(null)"))
		return nil
	}
	e := etree.NewElement("node_state")
	if p.Remote {
		e.CreateAttr("remote_node", "true")
	}
	e.CreateAttr("id", p.UUID)
	if p.Name != "" {
		e.CreateAttr("uname", p.Name)
	}
	if what&te.NodeCluster != 0 {
		e.CreateAttr("in_ccm", yesNo(p.State == peers.Member))
	}
	if !p.Remote {
		if what&te.NodePeer != 0 {
			e.CreateAttr("crmd", choose(p.Processes&peers.CPG != 0, "online", "offline"))
		}
		if what&te.NodeJoin != 0 {
			e.CreateAttr("join", choose(c.join.phases[p] > outside, "member", "down"))
		}
		if what&te.NodeExpected != 0 && p.Expected != "" {
			e.CreateAttr("expected", string(p.Expected))
		}
	}
	e.CreateAttr("crm-debug-origin", origin)
	return e
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// populate writes the nodes to the CIB, and as DC their states (populate_cib_nodes). With nothing to
// update the nodes are those of corosync's list, if it has one.
func (c *Controller) populate(what te.NodeParts, origin string) {
	const function = "populate_cib_nodes"
	list := etree.NewElement("nodes")
	if what == 0 && len(c.cluster.Nodes) > 0 {
		for _, n := range c.cluster.Nodes {
			e := list.CreateElement("node")
			e.CreateAttr("id", fmt.Sprint(n.ID))
			e.CreateAttr("uname", n.Name)
		}
	} else {
		for _, p := range c.peers() {
			if p.UUID == "" || p.Name == "" {
				continue
			}
			e := list.CreateElement("node")
			e.CreateAttr("id", p.UUID)
			e.CreateAttr("uname", p.Name)
			c.findConflicts(p)
		}
	}
	n := c.updateNodes(modify("nodes", list, here), "Node list update", "node_list_update_callback")
	if n < 1 || !c.IsDC() || c.cluster.Peers == nil {
		return
	}
	list = etree.NewElement("status")
	for _, p := range append(c.peers(), c.cluster.Peers.Remotes()...) {
		if e := c.nodeState(p, what, origin); e != nil {
			list.AddChild(e)
		}
	}
	c.updateNodes(modify("status", list, here), "Node update", "crmd_node_update_complete")
	c.logf(loglevel.Trace, function, "Populated from %s", origin)
}

// updateNodes makes a change without which the CIB would be wrong about the nodes.
func (c *Controller) updateNodes(r call.Request, what, callback string) (n int) {
	n = c.ask(r, func(_ *etree.Element, err error) {
		if err != nil {
			c.logf(loglevel.Error, callback, "%s %d failed: %v (%d)", what, n, rcOf(err), rcOf(err))
			c.fail(fsa.IError, nil, callback)
		}
	})
	return n
}

// findConflicts looks for nodes of a peer's name with another id, and has those that nobody knows
// deleted (search_conflicting_node_callback).
func (c *Controller) findConflicts(p *peers.Peer) {
	const function = "search_conflicting_node_callback"
	path, uuid := "/cib/configuration/nodes/node[@uname='"+p.Name+"'][@id!='"+p.UUID+"']", p.UUID
	c.ask(call.Request{Op: ops.Query, Section: path, Options: call.ScopeLocal | call.XPath}, func(answer *etree.Element, err error) {
		if err != nil {
			if rc := rcOf(err); rc != errNoSuch {
				c.logf(loglevel.Notice, function, "Searching conflicting nodes for %s failed: %v (%d)", uuid, rc, rc)
			}
			return
		}
		if answer == nil {
			return
		}
		nodes := []*etree.Element{answer}
		if answer.Tag != "node" {
			nodes = answer.SelectElements("node")
		}
		for _, e := range nodes {
			id, name := e.SelectAttrValue("id", ""), e.SelectAttrValue("uname", "")
			if id == "" || name == "" || c.knows(id, name) {
				continue
			}
			c.logf(loglevel.Notice, function, "Deleting unknown node %s/%s which has conflicting uname with %s", id, name, uuid)
			state := etree.NewElement("node_state")
			state.CreateAttr("id", id)
			state.CreateAttr("uname", name)
			c.deleteConflict("nodes", xmltree.Copy(e), id)
			c.deleteConflict("status", state, id)
		}
	})
}

func (c *Controller) knows(id, name string) bool {
	for _, p := range c.peers() {
		if fold(p.UUID, id) && fold(p.Name, name) {
			return true
		}
	}
	return false
}

func (c *Controller) deleteConflict(section string, e *etree.Element, id string) {
	c.ask(call.Request{Op: ops.Delete, Section: section, Data: e, Options: here}, func(_ *etree.Element, err error) {
		rc, level := rcOf(err), loglevel.Debug
		if err != nil {
			level = loglevel.Notice
		}
		c.logf(level, "remove_conflicting_node_callback", "Deletion of the unknown conflicting node \"%s\": %v (rc=%d)", id, rc, rc)
	})
}

// updateQuorum takes what quorum says, as DC to the CIB too (crm_update_quorum).
func (c *Controller) updateQuorum(quorate, force bool) {
	const function = "crm_update_quorum"
	c.hadQuorum = c.hadQuorum || quorate
	if c.hadQuorum && !quorate && c.options.suicide {
		c.host.Panic()
	}
	if c.IsDC() && (force || c.hasQuorum != quorate) {
		cib := etree.NewElement("cib")
		cib.CreateAttr("have-quorum", choose(quorate, "1", "0"))
		cib.CreateAttr("dc-uuid", c.cluster.UUID)
		n := c.updateNodes(modify("cib", cib, here), "Quorum update", "cib_quorum_update_complete")
		c.logf(loglevel.Debug, function, "Updating quorum status to %t (call=%d)", quorate, n)
		// A transition mostly follows from what else goes with it, but not always.
		if quorate {
			c.abortLater(transition.Restart, "Quorum gained")
		} else {
			c.abort(transition.Restart, "Quorum lost", function)
		}
	}
	c.hasQuorum = quorate
}

// membersChanged is a new membership (post_cache_update).
func (c *Controller) membersChanged(ring uint64) {
	const function = "post_cache_update"
	c.ring = ring
	c.logf(loglevel.Debug, function, "Updated cache after membership event %d.", ring)
	for _, p := range c.peers() {
		if !p.Active() {
			c.gone(p)
		}
	}
	c.set(membership)
	if c.IsDC() {
		c.populate(te.NodeCluster|te.NodePeer|te.NodeExpected, function)
	}
	c.actions |= fsa.AElectionCheck // of those that are awaited some may be lost
	c.countEarly()
	c.trigger()
	// By this, a second DC is found out.
	from := crmmsg.Controller
	if c.IsDC() {
		from = crmmsg.DC
	}
	c.host.Send("", cpgmsg.CRMD, c.request(function, taskNoop, "", crmmsg.Controller, from, nil))
}

// gone is a node that is not active in a new membership (reap_dead_nodes).
func (c *Controller) gone(p *peers.Peer) {
	const function = "reap_dead_nodes"
	c.setPhase(p, outside, function)
	switch {
	case p.Name == "":
	case c.isSelf(p.Name):
		c.logf(loglevel.Error, function, "We're not part of the cluster anymore")
		c.Input(fsa.CFSAInternal, fsa.IError, function)
	case !c.IsDC() && c.isDC(p.Name):
		c.logf(loglevel.Warning, function, "Our DC node (%s) left the cluster", p.Name)
		c.Input(fsa.CFSAInternal, fsa.IElection, function)
	}
	if c.state == fsa.SIntegration || c.state == fsa.SFinalizeJoin {
		c.checkJoin(function)
	}
	if p.UUID != "" {
		c.te.PeerLost(c.now, p)
	}
}

// peerDown notes that a node is down for good (crmd_peer_down).
func (c *Controller) peerDown(p *peers.Peer, full bool) {
	const function = "crmd_peer_down"
	if full && p.State == peers.Unknown {
		c.cluster.Peers.SetState(p, peers.Lost, 0)
		c.cluster.Peers.SetProcesses(p, peers.NoProcess)
	}
	c.setPhase(p, outside, function)
	c.cluster.Peers.SetExpected(p, expectDown)
}

// alive is 1 for a node that is a member with a controller, -1 for one that is neither, and 0 for
// all between (node_alive).
func alive(p *peers.Peer) int {
	switch {
	case p.Remote && p.State == peers.Member, p.Active():
		return 1
	case p.Remote, p.Processes&peers.CPG == 0 && p.State != peers.Member:
		return -1
	}
	return 0
}

func stateText(s peers.State) string { return orElse(string(s), "in unknown state") }

// peerChanged follows a change of a node (peer_update_callback).
func (c *Controller) peerChanged(change peers.Change) {
	p := change.Peer
	if !p.Remote {
		c.set(peerData)
	}
	runs := p.Processes&peers.CPG != 0
	if change.Kind == peers.ProcessesChanged && runs && !c.IsDC() && !p.Remote {
		// So that it learns this node's name; nobody looks at it otherwise.
		c.logf(loglevel.Debug, "peer_update_callback", "Sending hello to node %d so that it learns our node name", p.ID)
		c.host.Send(p.Name, cpgmsg.CRMD, c.request("peer_update_callback", crmmsg.TaskHello, "", crmmsg.Controller, crmmsg.Controller, nil))
	}
	if p.Name == "" {
		return
	}
	appeared := false
	switch change.Kind {
	case peers.Named:
		c.logf(loglevel.Info, "peer_update_callback", "%s node %s is now %s", kindOf(p), p.Name, stateText(p.State))
		return
	case peers.StateChanged:
		appeared = c.stateChanged(p, change.Before)
	case peers.ProcessesChanged:
		appeared = runs
		if !c.processesChanged(p, change.Ran) {
			return
		}
	}
	if c.IsDC() {
		c.dcPeerChanged(p, appeared)
	}
	c.hurry()
	c.trigger()
}

func kindOf(p *peers.Peer) string { return choose(p.Remote, "Remote", "Cluster") }

func (c *Controller) stateChanged(p *peers.Peer, before peers.State) (appeared bool) {
	c.logf(loglevel.Info, "peer_update_callback", "%s node %s is now %s (was %s)", kindOf(p), p.Name, stateText(p.State), stateText(before))
	appeared = p.State == peers.Member
	switch {
	case !appeared:
		c.forgetVoter(p.Name)
	case !p.Remote:
		c.te.RemoveCleanup(p.Name)
	}
	c.alertNode(p)
	return appeared
}

// processesChanged is false if nothing else is to follow from the change.
func (c *Controller) processesChanged(p *peers.Peer, ran peers.Process) bool {
	const function = "peer_update_callback"
	appeared := p.Processes&peers.CPG != 0
	c.logf(loglevel.Info, function, "Node %s is %s a peer | DC=%s old=%#07x new=%#07x", p.Name, choose(appeared, "now", "no longer"),
		choose(c.IsDC(), "true", orElse(c.dc, "<none>")), uint32(ran), uint32(p.Processes))
	if (p.Processes^ran)&peers.CPG == 0 {
		return false
	}
	if !appeared {
		c.forgetVoter(p.Name)
	}
	switch {
	case !c.has(cibConnected), c.state == fsa.SStopping:
		return false
	case c.isSelf(p.Name) && !appeared:
		c.logf(loglevel.Notice, function, "Our peer connection failed")
		c.Input(fsa.CControllerStatusCallback, fsa.IError, function)
	case c.isDC(p.Name) && !p.Active():
		c.logf(loglevel.Notice, function, "Our peer on the DC (%s) is dead", c.dc)
		c.Input(fsa.CControllerStatusCallback, fsa.IElection, function)
		if featureset.Compare(c.dcVersion, "3.0.9") > 0 { // older ones would be fenced for it
			c.deleteNodeState(p.Name, attributes, call.ScopeLocal)
		}
	case c.IsDC(), c.dc == "", c.cluster.Peers.Leaving(c.dc):
		// The DC does that; where none is left, everybody has to.
		if !appeared {
			c.deleteNodeState(p.Name, attributes, call.ScopeLocal)
		} else {
			c.te.SyncFencing(c.now)
		}
	}
	return true
}

// dcPeerChanged is what a DC does about a node that comes or goes.
func (c *Controller) dcPeerChanged(p *peers.Peer, appeared bool) {
	const function = "peer_update_callback"
	what, life, down := te.NodePeer, alive(p), c.te.DownedBy(p.UUID)
	if appeared && life > 0 && !p.Remote {
		c.push(&event{cause: fsa.CFSAInternal, input: fsa.INodeJoin, origin: function})
	}
	switch {
	case down != nil && down.Task() == "stonith": // the fencer's answer confirms it
	case down != nil && !appeared && down.Task() == taskShutdown:
		if !p.Remote {
			what |= te.NodeJoin | te.NodeExpected
			c.peerDown(p, false)
			c.checkJoin(function)
		}
		if life >= 0 {
			c.logf(loglevel.Info, function, "%s of peer %s is in progress | action=%d", down.Task(), p.Name, down.ID)
		} else {
			c.logf(loglevel.Notice, function, "%s of peer %s is complete | action=%d", down.Task(), p.Name, down.ID)
			c.te.ShutdownDone(c.now, down)
		}
	case down != nil:
	case !appeared:
		if c.te.GraphID() == -1 {
			c.logf(loglevel.Info, function, "Stonith/shutdown of node %s is unknown to the current DC", p.Name)
		} else {
			c.logf(loglevel.Warning, function, "Stonith/shutdown of node %s was not expected", p.Name)
		}
		if !p.Remote {
			c.setPhase(p, outside, function)
			c.checkJoin(function)
		}
		c.abort(transition.Restart, "Node failure", function)
		c.te.PeerLost(c.now, p)
	}
	if p.Remote {
		what |= te.NodeCluster // no membership tells that
		if appeared {
			c.abort(transition.Restart, "Pacemaker Remote node integrated", function)
		}
	}
	if update := c.nodeState(p, what, function); update != nil {
		c.tell(modify("status", update, here|call.CanCreate))
	} else {
		c.logf(loglevel.Debug, function, "Node state update not yet possible for %s", p.Name)
	}
}
