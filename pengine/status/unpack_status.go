package status

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
)

// unpackStatus reads the status section (unpack_status): first the state of each
// node, then, in as many passes as it takes, the histories, for that of a remote
// or guest node is only believed once its connection is known to be up.
func (ws *WorkingSet) unpackStatus(status *etree.Element) {
	ws.readHistory(status)
	states := ws.History
	for _, e := range childrenOf(status) {
		switch e.Tag {
		case "tickets":
			ws.unpackTickets(e)
		case "node_state":
			ws.unpackNodeState(states[0])
			states = states[1:]
		}
	}
	for ws.unpackHistories(false) {
	}
	ws.unpackHistories(ws.Flags.Has(FencingEnabled))

	for container := range NewestFirst(ws.stopNeeded) {
		if n := container.Current(); n != nil {
			container.StopAction(n, false)
		}
	}
	ws.stopNeeded = nil
	for _, n := range ws.Nodes {
		if !n.IsGuestOrRemote() {
			continue
		}
		if n.Shutdown && n.RemoteResource != nil {
			n.RemoteResource.SetNextRole(RoleStopped, "remote shutdown")
		}
		if !n.Unpacked {
			ws.remoteOnline(n)
		}
	}
}

// unpackTickets reads the states of tickets.
func (ws *WorkingSet) unpackTickets(tickets *etree.Element) {
	for _, e := range childrenOf(tickets) {
		if e.Tag != "ticket_state" {
			continue
		}
		id, _ := attribute(e, "id")
		if id == "" {
			continue
		}
		t := ws.Ticket(id)
		for _, a := range e.Attr {
			if a.Space == "" && a.Key != "id" {
				t.State[a.Key] = a.Value
			}
		}
		t.Granted = IsTrue(t.State["granted"])
		if t.Granted {
			ws.At("unpack_ticket_state").Infof("We have ticket '%s'", id)
		} else {
			ws.At("unpack_ticket_state").Infof("We do not have ticket '%s'", id)
		}
		if last, ok := t.State["last-granted"]; ok {
			t.LastGranted, _ = ws.ReadInt(last)
		}
		t.Standby = IsTrue(t.State["standby"])
		if t.Standby && t.Granted {
			ws.At("unpack_ticket_state").Infof("Granted ticket '%s' is in standby-mode", id)
		}
	}
}

// Ticket is the ticket of that id, which is made if the status does not have it
// (ticket_new).
func (ws *WorkingSet) Ticket(id string) *Ticket {
	t := ws.Tickets[id]
	if t == nil {
		t = &Ticket{ID: id, LastGranted: -1, State: map[string]string{}}
		ws.Tickets[id] = t
		ws.ticketIDs = append(ws.ticketIDs, id)
	}
	return t
}

// TicketList are the tickets in the order in which the reference shows them,
// which is that of its hash table.
func (ws *WorkingSet) TicketList() []*Ticket {
	list := make([]*Ticket, 0, len(ws.ticketIDs))
	for _, i := range ghash.Order(ws.ticketIDs) {
		list = append(list, ws.Tickets[ws.ticketIDs[i]])
	}
	return list
}

// unpackNodeState reads a node_state, but not the history in it
// (unpack_node_state).
func (ws *WorkingSet) unpackNodeState(h *NodeHistory) {
	if !h.HasNodeID {
		ws.At("unpack_node_state").Warningf("Ignoring malformed node_state entry without id")
		return
	}
	if !h.HasNodeName {
		ws.At("unpack_node_state").Warningf("Ignoring malformed node_state entry without uname")
		return
	}
	n := ws.FindNodeAny(h.NodeID, h.NodeName)
	if n == nil {
		ws.At("unpack_node_state").ConfigWarnf("Ignoring recorded node state for '%s' because it is no longer in the configuration", h.NodeName)
		return
	}
	h.Node = n
	if n.IsGuestOrRemote() {
		// Whether it is online its connection's history says, later.
		fenced, ok := attribute(h.Element, "node_fenced")
		n.RemoteWasFenced = ws.minInt(fenced, ok, 0) != 0
		return
	}
	ws.unpackTransientAttributes(h.Element, n)
	n.Unclean = false
	n.Unseen = false
	ws.determineOnline(h.Element, n)
	if !ws.Flags.Has(HaveQuorum) && n.Online && ws.NoQuorumPolicy == NoQuorumSuicide {
		ws.FenceNode(n, "cluster does not have quorum", false)
	}
}

func (ws *WorkingSet) unpackTransientAttributes(state *etree.Element, n *Node) {
	ws.addNodeAttributes(firstChild(state, "transient_attributes"), n, true)
	if IsTrue(n.Attributes["standby"]) {
		ws.At("unpack_transient_attributes").Infof("%s is in standby mode", n)
		n.Standby = true
	}
	if IsTrue(n.Attributes["maintenance"]) {
		ws.At("unpack_transient_attributes").Infof("%s is in maintenance mode", n)
		n.Maintenance = true
	}
	if discovery, ok := n.Attributes["resource-discovery-enabled"]; ok && !IsTrue(discovery) {
		ws.At("unpack_transient_attributes").Warningf("Ignoring resource-discovery-enabled attribute for %s because disabling resource discovery is not allowed for cluster nodes", n)
	}
}

// ShutdownRequested tells whether the node has asked to be shut down, which it
// does by a time (pe__shutdown_requested).
func (n *Node) ShutdownRequested() bool {
	shutdown, ok := n.Attribute("shutdown")
	return ok && shutdown != "0"
}

// unpackRemoteAttributes reads the transient attributes of a remote or guest
// node (unpack_handle_remote_attrs).
func (ws *WorkingSet) unpackRemoteAttributes(n *Node, state *etree.Element) {
	if !n.IsGuestOrRemote() {
		return
	}
	maintenance, ok := attribute(state, "node_in_maintenance")
	n.RemoteMaintenance = ws.minInt(maintenance, ok, 0) != 0
	if !n.RemoteRequiresReset {
		n.Unclean = false
		n.Unseen = false
	}
	ws.addNodeAttributes(firstChild(state, "transient_attributes"), n, true)
	if n.ShutdownRequested() {
		ws.At("unpack_handle_remote_attrs").Infof("%s is shutting down", n)
		n.Shutdown = true
	}
	if IsTrue(n.Attributes["standby"]) {
		ws.At("unpack_handle_remote_attrs").Infof("%s is in standby mode", n)
		n.Standby = true
	}
	if r := n.RemoteResource; IsTrue(n.Attributes["maintenance"]) || r != nil && !r.Is(Managed) {
		ws.At("unpack_handle_remote_attrs").Infof("%s is in maintenance mode", n)
		n.Maintenance = true
	}
	discovery, ok := n.Attributes["resource-discovery-enabled"]
	if !ok || IsTrue(discovery) {
		return
	}
	if n.IsRemote() && !ws.Flags.Has(FencingEnabled) {
		ws.At("unpack_handle_remote_attrs").Warningf("Ignoring resource-discovery-enabled attribute on Pacemaker Remote node %s because fencing is disabled", n)
		return
	}
	ws.At("unpack_handle_remote_attrs").Infof("%s has resource discovery disabled", n)
	n.DiscoveryEnabled = false
}

// determineOnline finds out whether a cluster node is up, clean and ready
// (determine_online_status).
func (ws *WorkingSet) determineOnline(state *etree.Element, n *Node) {
	expected, _ := attribute(state, "expected")
	n.Shutdown = n.ShutdownRequested()
	n.ExpectedUp = !n.Shutdown && strings.EqualFold(expected, "member")
	online := false
	switch {
	case n.Type == NodePing:
		n.Unclean = false
	case ws.Flags.Has(FencingEnabled):
		online = ws.onlineWithFencing(readState(state), n)
	default:
		online = ws.onlineWithoutFencing(readState(state), n)
	}
	if online {
		n.Online = true
	}
	if !online || n.Shutdown {
		n.Fixed = true
		n.Score = -Infinity
	}
	switch {
	case n.Type == NodePing:
		ws.At("determine_online_status").Infof("%s is not a Pacemaker node", n)
	case n.Unclean:
		ws.At("determine_online_status").ProcWarnf("%s is unclean", n)
	case n.Online:
		ws.At("determine_online_status").Infof("%s is %s", n, n.mood())
	}
}

func (n *Node) mood() string {
	switch {
	case n.Shutdown:
		return "shutting down"
	case n.Pending:
		return "pending"
	case n.Standby:
		return "standby"
	case n.Maintenance:
		return "maintenance"
	}
	return "online"
}

// nodeState is what a node_state says of the node's membership.
type nodeState struct {
	join, peer, inCluster, expected             string
	hasJoin, hasPeer, hasInCluster, hasExpected bool
}

func readState(e *etree.Element) (s nodeState) {
	s.join, s.hasJoin = attribute(e, "join")
	s.peer, s.hasPeer = attribute(e, "crmd")
	s.inCluster, s.hasInCluster = attribute(e, "in_ccm")
	s.expected, s.hasExpected = attribute(e, "expected")
	return s
}

func orNull(s string, has bool) string {
	if !has {
		return "<null>"
	}
	return s
}

func (ws *WorkingSet) onlineWithoutFencing(s nodeState, n *Node) bool {
	switch {
	case !IsTrue(s.inCluster):
	case strings.EqualFold(s.peer, "online"):
		if strings.EqualFold(s.join, "member") {
			return true
		}
		ws.debugf("Node is not ready to run resources: %s", s.join)
	case n.ExpectedUp:
		ws.FenceNode(n, "peer is unexpectedly down", false)
		ws.At("determine_online_status_no_fencing").Infof("in_cluster=%s is_peer=%s join=%s expected=%s", orNull(s.inCluster, s.hasInCluster),
			orNull(s.peer, s.hasPeer), orNull(s.join, s.hasJoin), orNull(s.expected, s.hasExpected))
	}
	return false
}

func (ws *WorkingSet) onlineWithFencing(s nodeState, n *Node) bool {
	terminate := n.terminates()
	inCluster := IsTrue(s.inCluster)
	controller := strings.EqualFold(s.peer, "online")
	down := !s.hasExpected || strings.EqualFold(s.expected, "down")
	notReady := func(format string) {
		ws.At("determine_online_status_fencing").Infof(format, n)
		n.Standby = true
		n.Pending = true
	}
	switch {
	case n.Shutdown:
		// It cannot be asked to leave once it is gone.
		return controller
	case !s.hasInCluster:
		ws.FenceNode(n, "peer has not been seen by the cluster", false)
	case strings.EqualFold(s.join, "banned"):
		ws.FenceNode(n, "peer failed Pacemaker membership criteria", false)
	case !terminate && down:
		if inCluster || controller {
			notReady("- %s is not ready to run resources")
		}
	case terminate && strings.EqualFold(s.join, "down") && !inCluster && !controller:
		ws.At("determine_online_status_fencing").Infof("%s was just shot", n)
		return false
	case !inCluster:
		ws.FenceNode(n, "peer is no longer part of the cluster", true)
	case !controller:
		ws.FenceNode(n, "peer process is no longer available", false)
	case terminate:
		ws.FenceNode(n, "termination was requested", false)
	case strings.EqualFold(s.join, "member"):
		ws.At("determine_online_status_fencing").Infof("%s is active", n)
	case equalAny(s.join, "pending", "down"):
		notReady("%s is not ready to run resources")
	default:
		ws.FenceNode(n, "peer was in an unknown state", false)
		ws.At("determine_online_status_fencing").Warningf("%s: in-cluster=%s is-peer=%s join=%s expected=%s term=%d shutdown=%d", n, orNull(s.inCluster, s.hasInCluster),
			orNull(s.peer, s.hasPeer), orNull(s.join, s.hasJoin), orNull(s.expected, s.hasExpected), number(terminate), number(n.Shutdown))
	}
	return inCluster
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// terminates tells whether the node attribute terminate asks for fencing: it
// means yes, or is a time.
func (n *Node) terminates() bool {
	t, ok := n.Attribute("terminate")
	return ok && (IsTrue(t) || t != "" && t[0] >= '1' && t[0] <= '9')
}

// remoteOnline finds out whether a remote or guest node is up, from its
// connection and, of a guest, its container (determine_remote_online_status).
func (ws *WorkingSet) remoteOnline(n *Node) {
	r := n.RemoteResource
	if r == nil {
		n.Online = false
		return
	}
	container := r.Container
	var host *Node
	if container != nil && len(r.Running) == 1 {
		host = r.Running[0]
	}
	if r.Role == RoleStarted {
		n.Online = true
		if r.NextRole == RoleStopped {
			n.Shutdown = true
		}
	}
	switch {
	case container != nil && container.Is(Failed):
		n.Online = false
		n.RemoteRequiresReset = true
	case r.Is(Failed):
		n.Online = false
	case r.Role == RoleStopped || container != nil && container.Role == RoleStopped:
		n.Online = false
		n.RemoteRequiresReset = false
	case host != nil && !host.Online && host.Unclean:
		n.Online = false
		n.RemoteRequiresReset = true
	}
}
