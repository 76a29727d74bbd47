package engine

import (
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// phase is how far a node is in the join (enum crm_join_phase).
type phase int8

const (
	nacked phase = iota - 1
	outside
	welcomed   // has an offer
	integrated // has asked to be let in
	finalized  // was told that it is
	confirmed  // and has told its history
)

var phaseNames = [...]string{"nack", "none", "welcomed", "integrated", "finalized", "confirmed"}

func (p phase) String() string { return phaseNames[p+1] }

// joinRound is the state of the join: as DC of everybody's, else of this node's.
type joinRound struct {
	id     int // of the round
	phases map[*peers.Peer]phase
	// ring is the membership that the offers are based on, highest the one for which the
	// last round was asked for.
	ring, highest uint64
	best          *etree.Element // the newest version of the CIB that a node has
	bestFrom      string

	query  int  // the call that asks for the version of the CIB here, 0 for none
	joined bool // this node has joined since it was started
}

// count is how many of the nodes known are in a phase (crmd_join_phase_count).
func (j *joinRound) count(c *Controller, p phase) (n int) {
	for _, peer := range c.peers() {
		if j.phases[peer] == p {
			n++
		}
	}
	return n
}

func (j *joinRound) log(c *Controller, level loglevel.Level) {
	for _, p := range c.peers() {
		c.logf(level, "crmd_join_phase_log", "join-%d: %s=%v", j.id, p.Name, j.phases[p])
	}
}

// peers are the cluster's nodes, none before this one has joined.
func (c *Controller) peers() []*peers.Peer {
	if c.cluster.Peers == nil {
		return nil
	}
	return c.cluster.Peers.Nodes()
}

// setPhase moves a node on in the join, or back (crm_update_peer_join).
func (c *Controller) setPhase(p *peers.Peer, to phase, source string) {
	if p == nil || p.Remote {
		return
	}
	const function = "crm_update_peer_join"
	switch last := c.join.phases[p]; {
	case to == last:
	case to <= outside || to == last+1:
		c.join.phases[p] = to
		c.logf(loglevel.Trace, function, "Node %s join-%d phase is now %v (was %v) | nodeid=%d source=%s", p.Name, c.join.id, to, last, p.ID, source)
	default:
		c.logf(loglevel.Warning, function, "Rejecting join-%d phase update for node %s because can't go from %v to %v | nodeid=%d source=%s",
			c.join.id, p.Name, last, to, p.ID, source)
	}
}

// dcMessage is a message of the DC's about the join (create_dc_message).
func (c *Controller) dcMessage(task, to string) *etree.Element {
	m := c.request("create_dc_message", task, to, crmmsg.Controller, crmmsg.DC, nil)
	m.CreateAttr(joinID, strconv.Itoa(c.join.id))
	m.CreateAttr(dcLeaving, yesNo(c.has(shuttingDown)))
	return m
}

// offer offers a node to join; with unknown only one that has no part in this round
// (join_make_offer).
func (c *Controller) offer(p *peers.Peer, unknown bool) {
	const function = "join_make_offer"
	if !p.Active() {
		c.logf(loglevel.Info, function, "Not making join-%d offer to inactive node %s", c.join.id, orElse(p.Name, "with unknown name"))
		if p.Expected == "" && p.State == peers.Lost {
			// Unless it is known to have resources it is not fenced then.
			c.cluster.Peers.SetExpected(p, expectDown)
		}
		return
	}
	if p.Name == "" {
		c.logf(loglevel.Info, function, "Not making join-%d offer to node uuid %s with unknown name", c.join.id, p.UUID)
		return
	}
	if c.join.ring != c.ring {
		c.join.ring = c.ring
		c.logf(loglevel.Info, function, "Making join-%d offers based on membership event %d", c.join.id, c.ring)
	}
	if ph := c.join.phases[p]; unknown && ph > outside {
		c.logf(loglevel.Info, function, "Not making join-%d offer to already known node %s (%v)", c.join.id, p.Name, ph)
		return
	}
	c.setPhase(p, outside, function)
	m := c.dcMessage(taskJoinOffer, p.Name)
	m.CreateAttr(featureAt, featureset.Current)
	c.logf(loglevel.Info, function, "Sending join-%d offer to %s", c.join.id, p.Name)
	c.host.Send(p.Name, cpgmsg.CRMD, m)
	c.setPhase(p, welcomed, function)
}

// offerAll begins a new round (do_dc_join_offer_all).
func (c *Controller) offerAll(e *event) {
	const function = "do_dc_join_offer_all"
	c.join.id++
	c.logf(loglevel.Debug, "start_join_round", "Starting new join round join-%d", c.join.id)
	clear(c.join.phases)
	c.join.best, c.join.bestFrom = nil, ""
	c.clear(haveCIB | cibAsked)
	c.setDC("", "")
	if e.cause == fsa.CHAMessage && e.input == fsa.INodeJoin {
		c.logf(loglevel.Info, function, "A new node joined the cluster")
	}
	for _, p := range c.peers() {
		c.offer(p, false)
	}
	c.logWaiting(function)
}

func (c *Controller) logWaiting(function string) {
	n := c.join.count(c, welcomed)
	c.logf(loglevel.Info, function, "Waiting on join-%d requests from %d outstanding node%s", c.join.id, n, plural(n))
}

// offerOne offers to whoever has come, or to all that have not joined (do_dc_join_offer_one).
func (c *Controller) offerOne(e *event) {
	const function = "do_dc_join_offer_one"
	if e.message == nil {
		c.logf(loglevel.Info, function, "Making join-%d offers to any unconfirmed nodes because an unknown node joined", c.join.id)
		for _, p := range c.peers() {
			c.offer(p, true)
		}
		c.checkJoin(function)
		return
	}
	to := e.message.SelectAttrValue(crmmsg.HostFrom, "")
	if to == "" {
		c.logf(loglevel.Error, function, "Can't make join-%d offer to unknown node", c.join.id)
		return
	}
	p := c.cluster.Peers.Get(0, to)
	c.setPhase(p, outside, function)
	c.offer(p, false)
	if to != c.cluster.Name { // so that the version of the CIB here is compared too
		c.offer(c.cluster.Peers.Get(0, c.cluster.Name), false)
	}
	c.abort(transition.Restart, "Node join", function)
	c.logWaiting(function)
}

// newer compares two versions of a CIB.
func newer(a, b *etree.Element) int {
	for _, name := range []string{"admin_epoch", "epoch", "num_updates"} {
		x, y := integer(a, name, -1), integer(b, name, -1)
		if x != y {
			if x > y {
				return 1
			}
			return -1
		}
	}
	return 0
}

func integer(e *etree.Element, name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(e.SelectAttrValue(name, ""), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// filterRequest takes a node in, or refuses it, and notes whether its CIB is the best
// (do_dc_join_filter_offer).
func (c *Controller) filterRequest(e *event) {
	const function = "do_dc_join_filter_offer"
	m := e.message
	if m == nil {
		return
	}
	from, ref := m.SelectAttrValue(crmmsg.HostFrom, ""), m.SelectAttrValue(crmmsg.Reference, "none")
	if from == "" {
		c.logf(loglevel.Error, function, "Ignoring invalid join request without node name")
		return
	}
	id := int(integer(m, joinID, -1))
	if id != c.join.id {
		c.logf(loglevel.Debug, function, "Ignoring join-%d request from %s because we are on join-%d", id, from, c.join.id)
		c.checkJoin(function)
		return
	}
	p, generation, version := c.cluster.Peers.Get(0, from), crmmsg.ContentsOf(m), m.SelectAttrValue(featureAt, "")
	accepted := true
	switch {
	case !p.Active():
		c.logf(loglevel.Error, function, "Rejecting join-%d request from inactive node %s | ref=%s", id, from, ref)
		accepted = false
	case generation == nil:
		c.logf(loglevel.Error, function, "Rejecting invalid join-%d request from node %s missing CIB generation | ref=%s", id, from, ref)
		accepted = false
	case version == "" || !compatible(featureset.Current, version):
		c.logf(loglevel.Error, function, "Rejecting join-%d request from node %s because feature set %s is incompatible with ours (%s) | ref=%s",
			id, from, orElse(version, "pre-3.1.0"), featureset.Current, ref)
		accepted = false
	case c.join.best == nil:
		c.logf(loglevel.Debug, function, "Accepting join-%d request from %s (with first CIB generation) | ref=%s", id, from, ref)
		c.join.best, c.join.bestFrom = xmltree.Copy(generation), from
	default:
		if d := newer(generation, c.join.best); d > 0 || d == 0 && c.isSelf(from) {
			c.logf(loglevel.Debug, function, "Accepting join-%d request from %s (with better CIB generation than current best from %s) | ref=%s", id, from, c.join.bestFrom, ref)
			c.join.best, c.join.bestFrom = xmltree.Copy(generation), from
		} else {
			c.logf(loglevel.Debug, function, "Accepting join-%d request from %s | ref=%s", id, from, ref)
		}
	}
	if accepted {
		if c.join.phases[p] == outside {
			// That it was fenced has been heard of only after it had come back and was offered to join.
			c.setPhase(p, welcomed, function)
		}
		c.setPhase(p, integrated, function)
		c.cluster.Peers.SetExpected(p, peers.Member)
	} else {
		c.setPhase(p, nacked, function)
		c.cluster.Peers.SetExpected(p, expectNack)
	}
	n := c.join.count(c, integrated)
	c.logf(loglevel.Debug, function, "%d node%s currently integrated in join-%d", n, plural(n), id)
	if !c.checkJoin(function) {
		n = c.join.count(c, welcomed)
		c.logf(loglevel.Debug, function, "Waiting on join-%d requests from %d outstanding node%s", id, n, plural(n))
	}
}

// finalizeJoin has all nodes get the best CIB (do_dc_join_finalize).
func (c *Controller) finalizeJoin() {
	const function = "do_dc_join_finalize"
	if n := c.join.count(c, welcomed); n != 0 {
		c.logf(loglevel.Debug, function, "Waiting on join-%d requests from %d outstanding node%s before finalizing join", c.join.id, n, plural(n))
		c.join.log(c, loglevel.Debug)
		return
	}
	n := c.join.count(c, integrated)
	if n == 0 {
		c.logf(loglevel.Debug, function, "Finalization not needed for join-%d at the current time", c.join.id)
		c.join.log(c, loglevel.Debug)
		c.checkJoin(function)
		return
	}
	c.clear(haveCIB)
	if c.join.bestFrom == "" || c.isSelf(c.join.bestFrom) {
		c.set(haveCIB)
	}
	from := c.cluster.Name
	if c.join.bestFrom != "" && !c.has(haveCIB) {
		from = c.join.bestFrom
		c.set(cibAsked)
		c.logf(loglevel.Notice, function, "Finalizing join-%d for %d node%s (sync'ing CIB from %s)", c.join.id, n, plural(n), from)
	} else {
		c.logf(loglevel.Debug, function, "Finalizing join-%d for %d node%s (sync'ing from local CIB)", c.join.id, n, plural(n))
	}
	c.join.log(c, loglevel.Debug)
	c.ask(call.Request{Op: call.Sync, Host: from, Options: call.QuorumOverride}, func(_ *etree.Element, err error) { c.synced(from, err) })
}

// synced is that all nodes have the best CIB (finalize_sync_callback).
func (c *Controller) synced(from string, err error) {
	const function = "finalize_sync_callback"
	c.clear(cibAsked)
	switch {
	case err != nil:
		level := loglevel.Error
		if rcOf(err) == crmexit.RCOldData {
			level = loglevel.Warning
		}
		c.logf(level, function, "Could not sync CIB from %s in join-%d: %v", from, c.join.id, rcOf(err))
		c.fail(fsa.IElectionDC, nil, function)
	case !c.IsDC():
		c.logf(loglevel.Debug, function, "Sync'ed CIB for join-%d but no longer DC", c.join.id)
	case c.state != fsa.SFinalizeJoin:
		c.logf(loglevel.Debug, function, "Sync'ed CIB for join-%d but no longer in S_FINALIZE_JOIN (%v)", c.join.id, c.state)
	default:
		c.set(haveCIB)
		if !c.checkJoin(function) {
			n := c.join.count(c, integrated)
			c.logf(loglevel.Debug, function, "Notifying %d node%s of join-%d results", n, plural(n), c.join.id)
			for _, p := range c.peers() {
				c.acknowledge(p)
			}
		}
	}
}

// acknowledge tells a node that it is in (finalize_join_for).
func (c *Controller) acknowledge(p *peers.Peer) {
	const function = "finalize_join_for"
	if ph := c.join.phases[p]; ph != integrated {
		c.logf(loglevel.Trace, function, "Not updating non-integrated node %s (%v) for join-%d", p.Name, ph, c.join.id)
		return
	}
	node := etree.NewElement("node")
	node.CreateAttr("id", p.UUID)
	node.CreateAttr("uname", p.Name)
	c.tell(modify("nodes", node, here|call.CanCreate))
	if !p.Active() { // a refusal would do no good: the next membership begins anew
		c.cluster.Peers.SetExpected(p, expectPending)
		return
	}
	c.logf(loglevel.Debug, function, "Acknowledging join-%d request from %s", c.join.id, p.Name)
	m := c.dcMessage(taskJoinAckNak, p.Name)
	m.CreateAttr(taskJoinAckNak, "true")
	c.setPhase(p, finalized, function)
	c.cluster.Peers.SetExpected(p, peers.Member)
	c.host.Send(p.Name, cpgmsg.CRMD, m)
}

// confirmJoin takes a node's history into the CIB (do_dc_join_ack).
func (c *Controller) confirmJoin(e *event) {
	const function = "do_dc_join_ack"
	m := e.message
	if m == nil {
		return
	}
	from, task := m.SelectAttrValue(crmmsg.HostFrom, ""), m.SelectAttrValue(crmmsg.Task, "")
	id, err := strconv.Atoi(m.SelectAttrValue(joinID, ""))
	switch {
	case from == "":
		c.logf(loglevel.Warning, function, "Ignoring message received without node identification")
		return
	case task != taskJoinConfirm:
		c.logf(loglevel.Debug, function, "Ignoring '%s' message from %s while waiting for '%s'", task, from, taskJoinConfirm)
		return
	case err != nil:
		c.logf(loglevel.Warning, function, "Ignoring join confirmation from %s without valid join ID", from)
		return
	}
	p := c.cluster.Peers.Get(0, from)
	if ph := c.join.phases[p]; ph != finalized {
		c.logf(loglevel.Info, function, "Ignoring out-of-sequence join-%d confirmation from %s (currently %v not %v)", id, from, ph, finalized)
		return
	}
	if id != c.join.id {
		c.logf(loglevel.Error, function, "Rejecting join-%d confirmation from %s because currently on join-%d", id, from, c.join.id)
		c.setPhase(p, nacked, function)
		return
	}
	c.setPhase(p, confirmed, function)
	old := history
	if c.options.shutdownLock {
		old = unlockedHistory
	}
	c.deleteNodeState(from, old, call.ScopeLocal)
	state := crmmsg.ContentsOf(m)
	if c.isSelf(from) { // what it is now
		if now := c.lrm.State(c.now); now != nil {
			state = now
		}
	}
	if state != nil {
		state = xmltree.Copy(state)
	}
	var n int
	n = c.ask(modify("status", state, here|call.CanCreate), func(_ *etree.Element, err error) {
		const function = "join_update_complete_callback"
		if err != nil {
			c.logf(loglevel.Error, function, "join-%d node history update (via CIB call %d) failed: %v (next transition may determine resource status incorrectly)", c.join.id, n, rcOf(err))
			c.fail(fsa.IError, nil, function)
			return
		}
		c.logf(loglevel.Debug, function, "join-%d node history update (via CIB call %d) complete", c.join.id, n)
		c.checkJoin(function)
	})
	c.logf(loglevel.Debug, function, "Updating node history for %s from join-%d confirmation (via CIB call %d)", from, id, n)
}

// checkJoin looks whether the join can go on. It is true if what follows has been seen to
// (check_join_state).
func (c *Controller) checkJoin(source string) bool {
	const function = "check_join_state"
	if c.join.ring != c.ring {
		c.logf(loglevel.Debug, function, "join-%d: Membership changed from %d to %d | highest=%d state=%v for=%s", c.join.id, c.join.ring, c.ring, c.join.highest, c.state, source)
		if c.join.highest < c.ring { // once for each
			c.join.highest = c.ring
			c.push(&event{cause: fsa.CFSAInternal, input: fsa.INodeJoin, origin: function})
		}
		return false
	}
	switch c.state {
	case fsa.SIntegration:
		if c.join.count(c, welcomed) > 0 {
			return false
		}
		n := c.join.count(c, integrated)
		c.logf(loglevel.Debug, function, "join-%d: Integration of %d peer%s complete | state=%v for=%s", c.join.id, n, plural(n), c.state, source)
		c.push(&event{cause: fsa.CFSAInternal, input: fsa.IIntegrated, origin: function})
		return true
	case fsa.SFinalizeJoin:
		if !c.has(haveCIB) {
			c.logf(loglevel.Debug, function, "join-%d: Delaying finalization until we have CIB | state=%v for=%s", c.join.id, c.state, source)
			return true
		}
		for _, ph := range []phase{welcomed, integrated, finalized} {
			if n := c.join.count(c, ph); n > 0 {
				c.logf(loglevel.Debug, function, "join-%d: Still waiting on %d %v node%s | state=%v for=%s", c.join.id, n, ph, plural(n), c.state, source)
				c.join.log(c, loglevel.Debug)
				return false
			}
		}
		c.logf(loglevel.Debug, function, "join-%d: Complete | state=%v for=%s", c.join.id, c.state, source)
		c.Input(fsa.CFSAInternal, fsa.IFinalized, function)
		return true
	}
	return false
}

// checkJoinCounts looks whether all nodes have joined when the join is over (check_join_counts).
func (c *Controller) checkJoinCounts() {
	const function = "check_join_counts"
	if n := c.join.count(c, finalized); n > 0 {
		c.logf(loglevel.Error, function, "%d cluster node%s failed to confirm join", n, plural(n))
		c.join.log(c, loglevel.Notice)
		return
	}
	active, n := c.cluster.Peers.ActiveNodes(), c.join.count(c, confirmed)
	switch {
	case n == active && n == 1:
		c.logf(loglevel.Debug, function, "Sole active cluster node is fully joined")
	case n == active:
		c.logf(loglevel.Debug, function, "All %d active cluster nodes are fully joined", n)
	case n > active:
		c.logf(loglevel.Error, function, "New election needed because more nodes confirmed join than are in membership (%d > %d)", n, active)
		c.Input(fsa.CFSAInternal, fsa.IElection, function)
	case c.join.ring != c.ring:
		c.logf(loglevel.Info, function, "New join needed because membership changed (%d -> %d)", c.join.ring, c.ring)
		c.push(&event{cause: fsa.CFSAInternal, input: fsa.INodeJoin, origin: function})
	default:
		c.logf(loglevel.Warning, function, "Only %d of %d active cluster nodes fully joined (%d did not respond to offer)", n, active, c.join.count(c, welcomed))
	}
}
